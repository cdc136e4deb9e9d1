//! The helper: takes what it was given, makes the namespaces, forks what becomes their first process, and waits for its end.
//!
//! It stays outside of the namespace of processes. When it ends, the kernel kills the first process inside, and with that every
//! other; and when the gateway ends, the kernel kills the helper.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{OwnedFd, RawFd};

use rustix::process::{DumpableBehavior, PidfdFlags, getegid, geteuid, getpid, pidfd_open, set_dumpable_behavior};

use super::child::drop_capabilities;
use super::init::init;
use super::lacks::{Lack, lacks};
use super::raw;
use super::request::{Outcome, Request};
use crate::harden::{die_with_parent, threads};
use crate::{Error, inherited};

/// Where the helper finds what it is given.
pub(super) const REQUEST: RawFd = 3;
pub(super) const REPORT: RawFd = 4;
pub(super) const LEASH: RawFd = 5;
pub(super) const STDIN: RawFd = 6;
pub(super) const STDOUT: RawFd = 7;
pub(super) const STDERR: RawFd = 8;

/// Who the program is inside. Not 0: a user of that number has rights over its own namespace whenever it runs a program.
pub(super) const USER: u32 = 1000;

/// The most that is told of how it went.
pub(super) const REPORT_BYTES: u64 = 64 * 1024;

/// What becomes the standard streams of the program.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Runs one program in namespaces of its own, as the process that [`super::Spaces`] started for it. The command line calls this for
/// its hidden command, with the number of the process that started it, before it has any other thread.
///
/// Comes back when the program and all that it started have ended. How that went is told to the gateway, and is no error here.
pub fn enter(parent: u32) -> Result<(), Error> {
    die_with_parent(parent)?;
    let count = threads()?;
    if count != 1 {
        return Err(Error::Threads(count));
    }
    let take = |number| inherited(number).map_err(|error| Error::system("take what the gateway gives this process", error));
    let (request, mut report, leash) = (take(REQUEST)?, File::from(take(REPORT)?), take(LEASH)?);
    let streams = Streams { stdin: take(STDIN)?, stdout: take(STDOUT)?, stderr: take(STDERR)? };
    let outcome = read(request).and_then(|request| supervise(parent, request, streams, &leash)).unwrap_or_else(|outcome| outcome);
    report.write_all(&outcome.encode()).map_err(|error| Error::system("tell how the program ended", error))
}

fn read(request: OwnedFd) -> Result<Request, Outcome> {
    let mut bytes = Vec::new();
    let read = File::from(request).read_to_end(&mut bytes);
    read.and_then(|_| Request::decode(&bytes)).map_err(|error| failed("read what is to be run", &error))
}

pub(super) fn failed(what: &str, error: &io::Error) -> Outcome {
    Outcome::Failed(format!("the sandbox could not {what}: {error}"))
}

fn supervise(parent: u32, request: Request, streams: Streams, leash: &OwnedFd) -> Result<Outcome, Outcome> {
    if geteuid().is_root() {
        return Err(lacks(Lack::OrdinaryUser, &io::ErrorKind::PermissionDenied.into()));
    }
    // The command line hides its memory, and with it the files below from itself. There is no secret in this process.
    set_dumpable_behavior(DumpableBehavior::Dumpable).map_err(|error| failed("open its own settings", &error.into()))?;
    // Where memory runs out on this system, the kernel is to take it from here.
    drop(std::fs::write("/proc/self/oom_score_adj", "1000"));
    separate()?;
    // What its credentials were changed for may have undone it.
    die_with_parent(parent).map_err(|error| Outcome::Failed(error.to_string()))?;
    let myself = pidfd_open(getpid(), PidfdFlags::empty()).map_err(|error| failed("take a handle of itself", &error.into()))?;
    let (told, tell) = pipe().map_err(|error| failed("make a pipe", &error))?;
    let first = raw::fork(move || init(&request, streams, &myself, tell)).map_err(|error| failed("start a process", &error))?;
    // It waits, and needs nothing for that.
    drop_capabilities().map_err(|error| failed("give up capabilities", &error))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| failed("hide its memory", &error.into()))?;
    let outcome = watch(first, leash, told);
    // Until the first process is waited for, others may still be there.
    raw::wait_for(first).map_err(|error| failed("wait for the program", &error))?;
    outcome
}

/// Makes the namespaces. Whoever is in them is nobody outside: the user has one number, and the groups have none.
fn separate() -> Result<(), Outcome> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    raw::unshare(libc::CLONE_NEWUSER).map_err(|error| lacks(Lack::UserNamespaces, &error))?;
    let maps = [("setgroups", "deny".to_owned()), ("uid_map", format!("{USER} {user} 1")), ("gid_map", format!("{USER} {group} 1"))];
    for (file, text) in maps {
        std::fs::write(format!("/proc/self/{file}"), text).map_err(|error| lacks(Lack::UserNamespaces, &error))?;
    }
    let others =
        libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | libc::CLONE_NEWCGROUP;
    raw::unshare(others).map_err(|error| lacks(Lack::OtherNamespaces, &error))
}

/// Waits for what the first process tells by its end. When the gateway lets go, that end is made.
fn watch(first: libc::pid_t, leash: &OwnedFd, told: PipeReader) -> Result<Outcome, Outcome> {
    let told = OwnedFd::from(told);
    let kill = || raw::kill(first).map_err(|error| failed("end the program", &error));
    let mut bytes = Vec::new();
    loop {
        let [let_go, spoke] = raw::readable([leash, &told], None).map_err(|error| failed("watch the program", &error))?;
        if let_go {
            kill()?;
            return Ok(Outcome::Failed("the program was ended".to_owned()));
        }
        if spoke {
            break;
        }
    }
    let read = PipeReader::from(told).take(REPORT_BYTES).read_to_end(&mut bytes);
    kill()?;
    read.map_err(|error| failed("hear how the program ended", &error))?;
    Ok(Outcome::decode(&bytes))
}

/// A handle that tells whether this process is still there.
pub(super) fn is_gone(process: &OwnedFd) -> bool {
    raw::readable([process], Some(std::time::Duration::ZERO)).map_or(true, |[ended]| ended)
}

/// Tells how it went; the process that tells ends then.
pub(super) fn tell(mut to: PipeWriter, outcome: &Outcome) {
    // Nobody who listens: everything here ends with him.
    drop(to.write_all(&outcome.encode()));
}
