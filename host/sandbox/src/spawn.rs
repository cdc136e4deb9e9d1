//! Starting a process: what it inherits, and the one thread that starts them all.
//!
//! A child is killed when its parent ends (PR_SET_PDEATHSIG). To the kernel the parent of a process is the *thread* that forked it:
//! started from a worker thread of a runtime, a child would die whenever the runtime retires that thread. So one thread starts them all,
//! and ends only with this process.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use command_fds::{CommandFdExt, FdMapping};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal, setsid};

use crate::{Child, FIRST_DESCRIPTOR, Spawn, relay};

/// Starts a process with an empty environment, the given descriptors and no others, in a session of its own: what is typed at this
/// process's terminal does not reach it, and it cannot type there. It works in `/`, and dies with this process.
///
/// Blocks until the program runs or has been refused.
pub fn spawn(spawn: Spawn) -> io::Result<Child> {
    check(&spawn)?;
    let (reply, answer) = sync_channel(1);
    spawner()?.send(Job { spawn, reply }).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

struct Job {
    spawn: Spawn,
    reply: SyncSender<io::Result<Child>>,
}

/// Never taken back: the thread ends when its last sender is dropped, and every child would die with it.
static SPAWNER: Mutex<Option<Sender<Job>>> = Mutex::new(None);

fn spawner() -> io::Result<Sender<Job>> {
    let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(jobs) = &*spawner {
        return Ok(jobs.clone());
    }
    let (jobs, receiver) = channel();
    std::thread::Builder::new().name("wirken-spawner".into()).spawn(move || serve(&receiver))?;
    *spawner = Some(jobs.clone());
    Ok(jobs)
}

fn serve(jobs: &Receiver<Job>) {
    for Job { spawn, reply } in jobs {
        // A panic would end the thread, and with it every child there is.
        let child = catch_unwind(AssertUnwindSafe(|| start(spawn))).unwrap_or_else(|_| Err(gone()));
        // Nobody who waits: the child is dropped, and so killed.
        let _ = reply.send(child);
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes failed")
}

fn check(spawn: &Spawn) -> io::Result<()> {
    let refuse = |what: String| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    if !spawn.program.is_absolute() {
        return refuse(format!("{} is not an absolute path: name the program by one", spawn.program.display()));
    }
    for (index, (_, number)) in spawn.descriptors.iter().enumerate() {
        if *number < FIRST_DESCRIPTOR {
            return refuse(format!("descriptor {number} is a standard stream: give one from {FIRST_DESCRIPTOR} on"));
        }
        if spawn.descriptors.iter().take(index).any(|(_, other)| other == number) {
            return refuse(format!("descriptor {number} is given twice: give each number once"));
        }
    }
    Ok(())
}

fn start(spawn: Spawn) -> io::Result<Child> {
    let Spawn { program, arguments, descriptors, stderr } = spawn;
    let kept = reserve(descriptors.iter().map(|(_, number)| *number))?;
    #[expect(clippy::disallowed_methods, reason = "this is the crate that starts programs")]
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(match stderr {
        Some(stderr) => stderr,
        None => relay::to_our_stderr()?,
    });
    let parent = getpid();
    #[expect(
        unsafe_code,
        reason = "a session, and descriptors that others opened carelessly, can be dealt with only between fork and exec"
    )]
    // SAFETY: the closure makes system calls and nothing else: it takes no lock and allocates nothing.
    unsafe {
        command.pre_exec(move || detach(parent));
    }
    let mappings = descriptors.into_iter().map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd }).collect();
    // After `detach`, which marks them all for closing: these lose the mark.
    command.fd_mappings(mappings).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let child = command.spawn();
    drop(kept);
    Child::new(child?)
}

/// Keeps free numbers from being taken by the pipe on which a new process reports that its program could not be run: the child would
/// overwrite that pipe with the descriptor that it is given, and the report would go there.
fn reserve(numbers: impl Iterator<Item = RawFd>) -> io::Result<Vec<OwnedFd>> {
    let placeholder: OwnedFd = std::fs::File::open("/dev/null")?.into();
    let mut kept = Vec::new();
    for number in numbers {
        let copy = fcntl_dupfd_cloexec(&placeholder, number)?;
        if copy.as_raw_fd() == number {
            kept.push(copy);
        }
    }
    kept.push(placeholder);
    Ok(kept)
}

/// In the child, before its program runs.
fn detach(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Some(parent) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    setsid()?;
    close_on_exec()
}

/// Marks every descriptor but the standard streams: libraries open some that are not, and what is inherited here is authority.
fn close_on_exec() -> io::Result<()> {
    #[expect(unsafe_code, reason = "no safe wrapper of close_range is at hand")]
    // SAFETY: it marks and closes nothing, so that no owner is deceived. It is one system call, and needs Linux 5.11.
    let result = unsafe { libc::syscall(libc::SYS_close_range, FIRST_DESCRIPTOR, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
