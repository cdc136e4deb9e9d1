//! Systems other than Linux: nothing is started, nothing is confined, and both are said.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::process::ExitStatus;

use crate::{Confinement, Error, Report, Spawn};

const NOT_HERE: &str = "child processes are started on Linux only";

/// A process that was started: there is none on this system.
#[derive(Debug)]
pub enum Child {}

impl Child {
    #[must_use]
    pub fn pid(&self) -> u32 {
        match *self {}
    }

    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        match *self {}
    }

    pub fn wait(&self) -> io::Result<ExitStatus> {
        match *self {}
    }

    pub fn kill(&self) -> io::Result<()> {
        match *self {}
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match *self {}
    }
}

impl AsRawFd for Child {
    fn as_raw_fd(&self) -> RawFd {
        match *self {}
    }
}

/// Refuses: a child that nothing holds is not started.
pub fn spawn(_: Spawn) -> io::Result<Child> {
    Err(io::Error::new(io::ErrorKind::Unsupported, NOT_HERE))
}

/// Refuses: there is no parent that could have started this.
pub fn die_with_parent(_: u32) -> Result<(), Error> {
    Err(Error::System { what: "tie this process to its parent", source: io::Error::new(io::ErrorKind::Unsupported, NOT_HERE) })
}

/// Refuses: nothing was inherited.
pub fn inherited(_: RawFd) -> io::Result<OwnedFd> {
    Err(io::Error::new(io::ErrorKind::Unsupported, NOT_HERE))
}

/// Confines nothing, and says so.
pub fn harden(_: &Confinement) -> Result<Report, Error> {
    Ok(probe())
}

/// What holds a child on this system: nothing.
#[must_use]
pub fn probe() -> Report {
    let sentence = "this system is not Linux: child processes are not started, and could not be confined";
    Report { landlock_abi: None, lacking: vec![sentence.to_owned()] }
}
