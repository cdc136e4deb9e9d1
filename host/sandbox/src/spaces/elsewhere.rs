//! Systems other than Linux: no program is run, and that is said.

use std::io;

use tokio::sync::mpsc;

use super::{Part, Spaces};
use crate::Error;
use crate::program::{Ended, Piece, Program, ProgramError};

const NOT_HERE: &str = "the sandbox without a container engine is there on Linux only: install a container engine";

impl Spaces {
    /// Refuses: nothing here holds a program.
    pub async fn run(&self, _: &Program, _: mpsc::Sender<Piece>) -> Result<Ended, ProgramError> {
        Err(ProgramError::Unavailable(NOT_HERE.to_owned()))
    }

    /// That there is nothing.
    pub async fn describe(&self) -> Vec<Part> {
        vec![Part { name: "Linux", is_there: false, told: NOT_HERE.to_owned() }]
    }
}

/// Refuses: there is no gateway that could have started this.
pub fn enter(_: u32) -> Result<(), Error> {
    Err(Error::System { what: "make namespaces", source: io::Error::new(io::ErrorKind::Unsupported, NOT_HERE) })
}
