//! What a child does to itself: first the tie to its parent, later everything else at once.

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior, set_parent_process_death_signal, setrlimit,
};
use rustix::thread::{CapabilitySet, CapabilitySets, secure_computing_mode, set_capabilities, set_no_new_privs};

use crate::lacks::{Landlock, report};
use crate::{Confinement, Error, Report, calls, files};

/// Ties this process to the one that started it: the kernel kills it as soon as its parent ends, however that ends.
///
/// [`crate::spawn`] has done the same before this program was; here it is seen to hold. The number is the parent's, as it told
/// it: it may have ended, and another have become the parent, before either took hold.
pub fn die_with_parent(expected: u32) -> Result<(), Error> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| Error::system("tie this process to its parent", error))?;
    // Nobody is the parent of a process that came from another namespace.
    let found = getppid().map_or(0, |parent| parent.as_raw_nonzero().get().unsigned_abs());
    if found == expected { Ok(()) } else { Err(Error::Orphan { expected, found }) }
}

/// Gives up for good what this process does not need: see the crate. To be called once, with one thread.
///
/// What the kernel does not have is left out and told. After an error the process may be confined by half: end it.
pub fn harden(confinement: &Confinement) -> Result<Report, Error> {
    let threads = threads()?;
    if threads != 1 {
        return Err(Error::Threads(threads));
    }
    let nothing =
        CapabilitySets { effective: CapabilitySet::empty(), permitted: CapabilitySet::empty(), inheritable: CapabilitySet::empty() };
    // Where the gateway runs as root, what is left is a user who owns root's files: Landlock keeps those.
    set_capabilities(None, nothing).map_err(|error| Error::system("give up capabilities", error))?;
    set_no_new_privs(true).map_err(|error| Error::system("give up gaining privileges", error))?;
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|error| Error::system("give up core dumps", error))?;
    // The memory holds credentials: no other process of this user may look into it.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| Error::system("hide this process's memory", error))?;
    // The kernel forgets it where credentials change.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| Error::system("tie this process to its parent", error))?;
    let landlock = files::confine(confinement)?;
    let filter = calls::confine()?;
    Ok(report(landlock, filter))
}

/// What [`harden`] could enforce on this system. Changes nothing.
#[must_use]
pub fn probe() -> Report {
    let landlock: Landlock = files::offered();
    report(landlock, calls::ARCHITECTURE_IS_KNOWN && secure_computing_mode().is_ok())
}

/// How many threads this process has, as the kernel says.
pub(crate) fn threads() -> Result<usize, Error> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|error| Error::system("count this process's threads (/proc/self/status)", error))?;
    let count = status.lines().find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok());
    count.ok_or_else(|| Error::system("count this process's threads (/proc/self/status)", std::io::ErrorKind::InvalidData))
}
