//! Python: componentize-py, from the project's own `.venv`.

use std::path::{Path, PathBuf};

use crate::run::Run;
use crate::{Error, Tools};

/// The module that holds what the world asks for.
pub(crate) const MODULE: &str = "app";

const NO_PYTHON: &str = "install Python 3.10 or newer, with venv (Debian: apt-get install python3-venv)";
const PROGRAM: &str = ".venv/bin/componentize-py";

/// Makes a component of `app.py` and what it imports.
pub(crate) fn build(folder: &Path, tools: &Tools, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    if !folder.join(PROGRAM).exists() {
        install(folder, tools, progress)?;
    }
    progress(&format!("making a component of {MODULE}.py with componentize-py"));
    let hint = "add componentize-py to requirements.txt, and remove .venv";
    let program = std::path::absolute(folder.join(PROGRAM)).map_err(Error::at(folder))?;
    let arguments = ["--quiet", "--wit-path", "wit", "componentize", MODULE, "--stub-wasi", "--output", crate::build::OUTPUT];
    Run { program: program.into(), arguments: &arguments, folder, variable: None, hint }.wait("componentize-py")?;
    Ok(folder.join(crate::build::OUTPUT))
}

fn install(folder: &Path, tools: &Tools, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
    progress("installing what requirements.txt names into .venv");
    let python = Run { program: tools.python.clone(), arguments: &["-m", "venv", ".venv"], folder, variable: None, hint: NO_PYTHON };
    python.wait("python3 -m venv")?;
    let program = std::path::absolute(folder.join(".venv/bin/python")).map_err(Error::at(folder))?;
    let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"];
    Run { program: program.into(), arguments: &arguments, folder, variable: None, hint: NO_PYTHON }.wait("pip")
}
