//! The second sandbox: programs in namespaces of their own, by this system's kernel alone. For operators who have no container engine,
//! and chose this knowingly.
//!
//! A program finds the system's own programs to read, its workspace to write, 64 MB of temporary files and nothing else: no
//! network, no process but its own, no socket, no rights. Four things hold it, each of which would do much alone: namespaces
//! (`root`), Landlock (`rules`), the filter of system calls (`filter`), and limits (`child`, and `init` for the memory of all together).
//! Where the system withholds one, nothing is run, and the error names the piece and the remedy.
//!
//! The gateway has many threads, so that little may happen between its fork and an exec. So it starts its own binary again, which is
//! the helper: it has one thread, calls [`enter`], and makes the namespaces. Its fork is their first process, and a fork of that becomes
//! the program. The kernel kills the helper when the gateway ends, the first process when the helper does, and all others with that:
//! nothing is left by any end of the gateway. All that it mounts is in memory.
//!
//! *Not* held: that what runs is the system's own kernel, all of it that the filter leaves; what the workspace grows to; how much of the
//! processor is used in the time; and the memory of all together only by counting it ten times a second.

#[cfg(target_os = "linux")]
mod child;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod enter;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod init;
#[cfg(target_os = "linux")]
mod lacks;
#[cfg(target_os = "linux")]
mod parts;
#[cfg(target_os = "linux")]
mod raw;
#[cfg(target_os = "linux")]
mod request;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
mod rules;
#[cfg(target_os = "linux")]
mod run;

use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::enter;
#[cfg(target_os = "linux")]
pub use enter::enter;

use crate::mounts::Places;
use crate::program::Bounds;

/// What the operator decided, and what the gateway knows of itself.
#[derive(Clone, Debug)]
pub struct Settings {
    pub helper: Helper,
    pub places: Places,
    pub bounds: Bounds,
}

/// How this binary is started as the helper: it has to call [`enter`] with the last argument, which is added here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    /// An absolute path. `/proc/self/exe` is the caller's own binary.
    pub program: PathBuf,
    /// The hidden command. Behind it comes the number of the process that starts it.
    pub arguments: Vec<OsString>,
}

/// Runs programs in namespaces. Nothing is kept between two.
#[derive(Clone, Debug)]
pub struct Spaces {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is run elsewhere"))]
    settings: Settings,
}

impl Spaces {
    /// Asks the system nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

/// A piece of the sandbox, and whether this system gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    pub is_there: bool,
    /// What was found, or what to do where it is not there.
    pub told: String,
}
