//! What can go wrong while a child gives up its rights. What the kernel does not have is no error: it is in the report.

use std::io;
use std::path::PathBuf;

/// Why a process is not confined. Whoever gets one in a child ends the process: it may be confined by half.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("this process has {0} threads: it can be confined only while it has one, since others would stay outside")]
    Threads(usize),
    #[error("this process is not a child of {expected} (its parent is {found}): the one that started it is gone")]
    Orphan { expected: u32, found: u32 },
    #[error("could not {what}")]
    System { what: &'static str, source: io::Error },
    #[error("could not open {} to let it be read", path.display())]
    Readable { path: PathBuf, source: io::Error },
    #[cfg(target_os = "linux")]
    #[error("Landlock refused the rules of this process")]
    Landlock(#[from] landlock::RulesetError),
    #[cfg(target_os = "linux")]
    #[error("the system call filter of this process could not be built or installed")]
    Filter(#[from] seccompiler::Error),
}

impl Error {
    #[cfg(target_os = "linux")]
    pub(crate) fn system(what: &'static str, source: impl Into<io::Error>) -> Self {
        Self::System { what, source: source.into() }
    }
}
