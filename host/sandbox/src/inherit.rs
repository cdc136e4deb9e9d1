//! A child's side of the descriptors that it was given.

use std::io::{Error, ErrorKind, Result};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

use crate::FIRST_DESCRIPTOR;

/// Takes the descriptor that [`crate::spawn`] gave this process at a number. Each can be taken once.
///
/// It is to be called before threads are started. What is inherited is told from what this process opened by the mark that closes a
/// descriptor on exec: what came through exec cannot have it, what is opened by Rust always has, and what was taken gets it here.
pub fn inherited(number: RawFd) -> Result<OwnedFd> {
    if number < FIRST_DESCRIPTOR {
        return Err(Error::new(ErrorKind::InvalidInput, format!("descriptor {number} is a standard stream: those are not taken")));
    }
    #[expect(unsafe_code, reason = "there is no safe way to look at a number that may be no descriptor")]
    // SAFETY: the number is not -1, and what is done with the borrow, two calls of fcntl, is defined for a closed one.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = fcntl_getfd(descriptor).map_err(|_| Error::new(ErrorKind::NotFound, format!("descriptor {number} was not given")))?;
    if flags.contains(FdFlags::CLOEXEC) {
        let told = format!("descriptor {number} was not given to this process, or is taken");
        return Err(Error::new(ErrorKind::AlreadyExists, told));
    }
    fcntl_setfd(descriptor, flags | FdFlags::CLOEXEC)?;
    #[expect(unsafe_code, reason = "the number is how the parent names what it gave")]
    // SAFETY: it is open, and nothing in this process owns it: it came through exec, and the mark just set is not undone, so that it
    // is not taken twice.
    let owned = unsafe { OwnedFd::from_raw_fd(number) };
    Ok(owned)
}
