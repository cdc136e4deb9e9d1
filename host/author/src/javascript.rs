//! JavaScript: componentize-qjs, from the project's own `node_modules`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::run::Run;
use crate::{Error, Tools};

const NO_NPM: &str = "install Node 20 or newer, with npm (https://nodejs.org)";
const PROGRAM: &str = "node_modules/.bin/componentize-qjs";

/// The part of `package.json` that is read.
#[derive(Deserialize)]
struct Package {
    main: Option<String>,
}

/// Makes a component of the package's main module.
pub(crate) fn build(folder: &Path, tools: &Tools, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    let manifest = folder.join("package.json");
    let text = std::fs::read_to_string(&manifest).map_err(Error::at(&manifest))?;
    let package: Package =
        serde_json::from_str(&text).map_err(|error| Error::Unreadable { what: "package.json".into(), message: error.to_string() })?;
    let main = package.main.as_deref().unwrap_or("index.js");
    let program = folder.join(PROGRAM);
    if !program.exists() {
        // `ci` keeps to the lock file.
        let verb = if folder.join("package-lock.json").is_file() { "ci" } else { "install" };
        progress(&format!("installing what package.json names with npm {verb}"));
        let arguments = [verb, "--no-audit", "--no-fund"];
        Run { program: tools.npm.clone(), arguments: &arguments, folder, variable: None, hint: NO_NPM }.wait("npm")?;
    }
    progress(&format!("making a component of {main} with componentize-qjs"));
    // No async, which no host of this version takes, and of WASI what the engine asks for and a component does not need.
    let arguments = [
        "--wit",
        "wit",
        "--js",
        main,
        "--module-root",
        ".",
        "--sync",
        "--stub-wasi",
        "--opt-size",
        "--minify",
        "--output",
        crate::build::OUTPUT,
    ];
    let hint = "add componentize-qjs to the devDependencies of package.json";
    // From the project's own folder, whatever the working directory is.
    let program = program.canonicalize().map_err(|_| Error::Missing { program: "componentize-qjs".into(), hint })?;
    Run { program: program.into(), arguments: &arguments, folder, variable: None, hint }.wait("componentize-qjs")?;
    Ok(folder.join(crate::build::OUTPUT))
}
