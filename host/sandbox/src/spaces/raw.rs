//! The system calls of namespaces and mounts, which no safe crate that is at hand wraps: each by number, with types around it.
//!
//! Only the helper uses them. It has one thread, so that a fork of it may go on as any process does.
#![expect(unsafe_code, reason = "no safe wrapper of these calls is at hand")]

use std::ffi::{CStr, CString};
use std::io::{Error, Result};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null;
use std::time::Duration;

use libc::{c_int, c_long, pid_t};

/// What a fork of the helper ends with when its own code is at fault.
const BROKEN: c_int = 70;

fn checked(result: c_long) -> Result<c_long> {
    if result == -1 { Err(Error::last_os_error()) } else { Ok(result) }
}

fn descriptor(result: c_long) -> Result<OwnedFd> {
    let number = RawFd::try_from(checked(result)?).map_err(|_| Error::from_raw_os_error(libc::EBADF))?;
    // SAFETY: the kernel opened it just now, and nothing else knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

pub(super) fn unshare(namespaces: c_int) -> Result<()> {
    // SAFETY: it takes a number. No flag here takes the table of descriptors apart from another thread's: there is none.
    checked(unsafe { libc::unshare(namespaces) }.into()).map(drop)
}

/// Forks: the child runs this and ends with its number, and the parent goes on without what it holds.
pub(super) fn fork(child: impl FnOnce() -> c_int) -> Result<pid_t> {
    // SAFETY: the caller has one thread, so that no lock is held by one that the child lacks.
    match unsafe { libc::fork() } {
        -1 => Err(Error::last_os_error()),
        0 => {
            // What it unwound into would be the parent's code.
            let code = catch_unwind(AssertUnwindSafe(child)).unwrap_or(BROKEN);
            // SAFETY: it does not come back, and runs nothing of the parent's on its way.
            unsafe { libc::_exit(code) }
        }
        number => Ok(number),
    }
}

/// Takes one child that has ended, if there is any, and tells its number and its status.
pub(super) fn reap() -> Result<Option<(pid_t, c_int)>> {
    wait(-1, libc::WNOHANG)
}

/// Waits for this child's end.
pub(super) fn wait_for(child: pid_t) -> Result<()> {
    loop {
        match wait(child, 0) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => return other.map(drop),
        }
    }
}

fn wait(child: pid_t, options: c_int) -> Result<Option<(pid_t, c_int)>> {
    let mut status = 0;
    // SAFETY: it writes to the one place that it is given.
    let found = checked(unsafe { libc::waitpid(child, &raw mut status, options) }.into())?;
    let found = pid_t::try_from(found).map_err(|_| Error::from_raw_os_error(libc::ECHILD))?;
    Ok((found != 0).then_some((found, status)))
}

pub(super) fn kill(process: pid_t) -> Result<()> {
    // SAFETY: it takes numbers. The caller has not waited for the process, so that the number is its own.
    checked(unsafe { libc::kill(process, libc::SIGKILL) }.into()).map(drop)
}

/// Which of these can be read, or has lost its other end. Without a time it waits for as long as it takes.
pub(super) fn readable<const N: usize>(descriptors: [&OwnedFd; N], wait: Option<Duration>) -> Result<[bool; N]> {
    let mut polled = descriptors.map(|descriptor| libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 });
    let millis = wait.map_or(-1, |wait| c_int::try_from(wait.as_millis()).unwrap_or(c_int::MAX));
    loop {
        // SAFETY: the array has as many entries as it says.
        match checked(unsafe { libc::poll(polled.as_mut_ptr(), N as libc::nfds_t, millis) }.into()) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(polled.map(|polled| polled.revents != 0)),
        }
    }
}

/// Holds back the signal that a child has ended, for [`child_signal`] to find.
pub(super) fn hold_child_signal() -> Result<()> {
    mask(libc::SIG_BLOCK, &children())
}

/// Waits until a child has ended, or the time is over.
pub(super) fn child_signal(wait: Duration) {
    let time = libc::timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    // SAFETY: both are read only. That nothing came is for the caller to see.
    unsafe { libc::sigtimedwait(&children(), std::ptr::null_mut(), &time) };
}

/// Every signal as a program expects it at its start: none held back, and none ignored. Rust's own start ignores one.
pub(super) fn usual_signals() -> Result<()> {
    // SAFETY: an empty set is what sigemptyset leaves, and the default handler is nobody's code.
    let none = unsafe {
        let mut set = MaybeUninit::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        for signal in 1..=libc::SIGRTMAX() {
            libc::signal(signal, libc::SIG_DFL);
        }
        set.assume_init()
    };
    mask(libc::SIG_SETMASK, &none)
}

fn children() -> libc::sigset_t {
    // SAFETY: sigemptyset initializes it.
    unsafe {
        let mut set = MaybeUninit::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
        set.assume_init()
    }
}

fn mask(how: c_int, set: &libc::sigset_t) -> Result<()> {
    // SAFETY: the set is read only.
    checked(unsafe { libc::sigprocmask(how, set, std::ptr::null_mut()) }.into()).map(drop)
}

/// Makes this descriptor one of the standard streams.
pub(super) fn become_stream(from: &OwnedFd, number: RawFd) -> Result<()> {
    // SAFETY: the standard streams have no owner in this process, which is about to become another program.
    checked(unsafe { libc::dup2(from.as_raw_fd(), number) }.into()).map(drop)
}

/// Marks every descriptor but the standard streams to be closed when a program is run.
pub(super) fn close_on_exec() -> Result<()> {
    // SAFETY: it marks and closes nothing, so that no owner is deceived.
    checked(unsafe { libc::syscall(libc::SYS_close_range, crate::FIRST_DESCRIPTOR, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) })
        .map(drop)
}

/// Becomes this program. It comes back only with the reason why not.
pub(super) fn execute(path: &CStr, arguments: &[CString], environment: &[CString]) -> Error {
    let list = |words: &[CString]| words.iter().map(|word| word.as_ptr()).chain([null()]).collect::<Vec<_>>();
    let (arguments, environment) = (list(arguments), list(environment));
    // SAFETY: both lists end with a null, and what they point to outlives the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    Error::last_os_error()
}

pub(super) fn set_host_name(name: &str) -> Result<()> {
    // SAFETY: it reads as many bytes as it is told.
    checked(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }.into()).map(drop)
}

/// A copy of what is mounted at an open file or folder, and below, in nobody's tree yet.
pub(super) fn copy_mounts(at: &OwnedFd) -> Result<OwnedFd> {
    let options = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    let flags = options | (libc::AT_RECURSIVE | libc::AT_EMPTY_PATH).cast_unsigned();
    // SAFETY: the path ends with a null and is read only.
    descriptor(unsafe { libc::syscall(libc::SYS_open_tree, at.as_raw_fd(), c"".as_ptr(), flags) })
}

/// A new file system of a kind, in nobody's tree yet.
pub(super) fn new_mount(kind: &CStr, options: &[(&CStr, &CStr)], attributes: u64) -> Result<OwnedFd> {
    const SET_STRING: c_int = 1;
    const CREATE: c_int = 6;
    const CLOEXEC: c_int = 1;
    // SAFETY: the strings end with a null and are read only.
    let context = descriptor(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), CLOEXEC) })?;
    let number = context.as_raw_fd();
    for (key, value) in options {
        // SAFETY: as above.
        checked(unsafe { libc::syscall(libc::SYS_fsconfig, number, SET_STRING, key.as_ptr(), value.as_ptr(), 0) })?;
    }
    // SAFETY: this command takes nothing else.
    checked(unsafe { libc::syscall(libc::SYS_fsconfig, number, CREATE, null::<u8>(), null::<u8>(), 0) })?;
    // SAFETY: it takes numbers.
    descriptor(unsafe { libc::syscall(libc::SYS_fsmount, number, CLOEXEC, attributes) })
}

/// Restricts what was mounted, and all that came with it.
pub(super) fn restrict_mounts(mounts: &OwnedFd, attributes: u64) -> Result<()> {
    set_attributes(mounts, libc::AT_RECURSIVE, libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 })
}

/// Restricts this one mount, and none below.
pub(super) fn restrict_mount(mount: &OwnedFd, attributes: u64) -> Result<()> {
    set_attributes(mount, 0, libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 })
}

fn set_attributes(mount: &OwnedFd, flags: c_int, attributes: libc::mount_attr) -> Result<()> {
    let (flags, size) = (libc::AT_EMPTY_PATH | flags, size_of::<libc::mount_attr>());
    // SAFETY: the structure is read only and as long as it says.
    checked(unsafe { libc::syscall(libc::SYS_mount_setattr, mount.as_raw_fd(), c"".as_ptr(), flags, &raw const attributes, size) })
        .map(drop)
}

/// Puts what was mounted into the tree, at a path below a folder.
pub(super) fn attach(mount: &OwnedFd, folder: impl AsFd, path: &CStr) -> Result<()> {
    let (folder, flags) = (folder.as_fd().as_raw_fd(), libc::MOVE_MOUNT_F_EMPTY_PATH);
    // SAFETY: the paths end with a null and are read only.
    checked(unsafe { libc::syscall(libc::SYS_move_mount, mount.as_raw_fd(), c"".as_ptr(), folder, path.as_ptr(), flags) }).map(drop)
}

/// Keeps this namespace's mounts to itself.
pub(super) fn keep_mounts_private() -> Result<()> {
    let flags = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: only the path is read; what has no meaning for these flags may be null.
    checked(unsafe { libc::mount(null(), c"/".as_ptr(), null(), flags, null()) }.into()).map(drop)
}

/// Makes the current folder, where something is mounted, the root of this namespace, and lets go of the old one.
pub(super) fn take_root() -> Result<()> {
    // SAFETY: the paths end with a null. The old root comes to lie on the new one, and is what the second call takes away.
    checked(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    // SAFETY: as above.
    checked(unsafe { libc::umount2(c".".as_ptr(), libc::MNT_DETACH) }.into()).map(drop)
}
