//! Running what is not trusted: child processes of our own binary, and programs that a component asks for.
//!
//! A program ([`program`]) is run by a sandbox that was chosen for it, such as [`containers`], and never by the bare host. Which folders
//! it is given is judged in [`mounts`]. The rest of this page is about the child processes, and what such a child gives up once it
//! has all that it needs.
//!
//! The parent calls [`spawn`]: the child gets the named descriptors, and nothing else of the parent: no environment, no
//! other descriptor, no terminal. The child, in this order:
//!
//! 1. [`die_with_parent`], before anything else;
//! 2. [`inherited`], for each descriptor that it was promised;
//! 3. whatever needs the file system, another program's socket or executable memory: connect, load the code;
//! 4. [`harden`], while it has one thread, so that no other thread is left outside;
//! 5. its runtime, with as many threads as it likes.
//!
//! After that it can compute, and speak TCP and UDP: it opens no file but those named, starts no program, reaches no other process
//! of its user, opens no Unix socket and maps no executable memory. Two mechanisms of the kernel hold it, and what one of them
//! cannot the other does where it can: Landlock (`files`) judges what a path or a process is, the filter (`calls`) which
//! system calls there are. What neither enforces here stands in the [`Report`] in plain words; the caller decides whether that will do.
//!
//! *Not* held: where it connects to (`wirken-egress` judges addresses), that it takes UDP ports, what it uses of time and memory, and
//! that it sees names, sizes and times of files in folders that its user may search: neither mechanism knows `stat`.
//!
//! On other systems than Linux nothing is started, and the report says that nothing holds.

pub mod containers;
mod error;
mod image;
pub mod mounts;
pub mod program;
mod report;
pub mod spaces;

#[cfg(target_os = "linux")]
mod calls;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod harden;
#[cfg(target_os = "linux")]
mod inherit;
#[cfg(target_os = "linux")]
mod lacks;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod relay;
#[cfg(target_os = "linux")]
mod spawn;

use std::ffi::OsString;
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Child, die_with_parent, harden, inherited, probe, spawn};
pub use error::Error;
#[cfg(target_os = "linux")]
pub use harden::{die_with_parent, harden, probe};
pub use image::let_go;
#[cfg(target_os = "linux")]
pub use inherit::inherited;
#[cfg(target_os = "linux")]
pub use process::Child;
pub use report::Report;
#[cfg(target_os = "linux")]
pub use spawn::spawn;

/// The first number that a descriptor may be given: below are the standard streams.
pub const FIRST_DESCRIPTOR: RawFd = 3;

/// A process to be started.
#[derive(Debug)]
pub struct Spawn {
    /// An absolute path. `/proc/self/exe` is the caller's own binary, whatever has become of its file since.
    pub program: PathBuf,
    /// Without the program's name, which comes first by itself.
    pub arguments: Vec<OsString>,
    /// What the child inherits, and at which number: from [`FIRST_DESCRIPTOR`] on, each number once. Each is authority that hardening
    /// does not take back. A Unix socket of datagrams is all of them: it can turn to any path.
    pub descriptors: Vec<(OwnedFd, RawFd)>,
    /// Where the child's diagnostics go. Where nothing is given they are passed on to this process's, without control characters: the
    /// child is not handed that stream, which may be a terminal that it could read. The other two streams are empty.
    pub stderr: Option<OwnedFd>,
}

impl Spawn {
    /// A process without arguments and descriptors.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), descriptors: Vec::new(), stderr: None }
    }
}

/// What a child may still do after [`harden`]. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Files that may be read, and folders with all that is below them. A link opens what it leads to when the child is hardened;
    /// what is not there then is skipped. It is the file that is opened up and not its name: one that replaces it later cannot be
    /// read.
    pub readable: Vec<PathBuf>,
}
