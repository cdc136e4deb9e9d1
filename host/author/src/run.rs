//! The programs of the languages: which they are, and how they are run.

#![expect(clippy::disallowed_methods, reason = "a build tool: it runs compilers and installers, as its author would")]

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::Error;

/// Which programs to run. Their environment is that of whoever runs this, so that a proxy, say, counts.
#[derive(Clone, Debug)]
pub struct Tools {
    pub cargo: OsString,
    /// Another compiler than cargo's own: what the variable `RUSTC` says.
    pub rustc: Option<OsString>,
    pub npm: OsString,
    pub python: OsString,
}

impl Default for Tools {
    fn default() -> Self {
        Self { cargo: "cargo".into(), rustc: None, npm: "npm".into(), python: "python3".into() }
    }
}

/// A program with its arguments, in a folder.
pub(crate) struct Run<'a> {
    pub(crate) program: OsString,
    pub(crate) arguments: &'a [&'a str],
    pub(crate) folder: &'a Path,
    /// A variable of its own.
    pub(crate) variable: Option<(&'a str, &'a OsStr)>,
    /// What to do where the program is missing.
    pub(crate) hint: &'static str,
}

impl Run<'_> {
    /// Runs it to its end. What it has to say goes to where this program says it, its standard output as its errors, since
    /// that of a command is for its result.
    pub(crate) fn wait(&self, what: &str) -> Result<(), Error> {
        let mut command = self.command();
        let output = command.stdout(Stdio::from(std::io::stderr())).status().map_err(|error| self.missing(error))?;
        if output.success() { Ok(()) } else { Err(Error::Failed { what: what.to_owned() }) }
    }

    /// What it writes to its standard output.
    pub(crate) fn output(&self, what: &str) -> Result<Vec<u8>, Error> {
        let mut command = self.command();
        let Output { status, stdout, .. } = command.stderr(Stdio::inherit()).output().map_err(|error| self.missing(error))?;
        if status.success() { Ok(stdout) } else { Err(Error::Failed { what: what.to_owned() }) }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).current_dir(self.folder).stdin(Stdio::null()).envs(self.variable);
        command
    }

    fn missing(&self, error: std::io::Error) -> Error {
        let program = self.program.to_string_lossy().into_owned();
        match error.kind() {
            ErrorKind::NotFound => Error::Missing { program, hint: self.hint },
            _ => Error::File { path: program.into(), source: error },
        }
    }
}
