//! A process that was started, by a handle that never means another.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};

/// A process that [`crate::spawn`] started. Dropping it kills the process: nobody would look after it.
///
/// As a descriptor it is the kernel's handle of the process, and becomes readable when that has ended. It is the same one for as long
/// as this lives.
#[derive(Debug)]
pub struct Child {
    pid: u32,
    handle: OwnedFd,
    /// Locked for moments only: whoever waits does so on the handle.
    process: Mutex<std::process::Child>,
}

impl Child {
    /// The number is this process's own until it is waited for, so that the handle opened here is too.
    pub(crate) fn new(mut process: std::process::Child) -> io::Result<Self> {
        let pid = process.id();
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
        match number.ok_or(Errno::SRCH).and_then(|number| pidfd_open(number, PidfdFlags::empty())) {
            Ok(handle) => Ok(Self { pid, handle, process: Mutex::new(process) }),
            Err(error) => {
                process.kill()?;
                process.wait()?;
                let told = format!("no handle of the new process, which needs Linux 5.3: {error}");
                Err(io::Error::new(io::Error::from(error).kind(), told))
            }
        }
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended, if it has.
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        self.process().try_wait()
    }

    /// Blocks until it has ended, and tells how. Others may kill it meanwhile, or wait too.
    pub fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            // It stays to be waited for, since that is for the line above.
            match waitid(WaitId::PidFd(self.handle.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
                // No such child: somebody else who waits was faster, and the line above knows what he found.
                Ok(_) | Err(Errno::INTR | Errno::CHILD) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Kills it. That it had ended before is no error.
    pub fn kill(&self) -> io::Result<()> {
        match pidfd_send_signal(&self.handle, Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn process(&self) -> MutexGuard<'_, std::process::Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A process that ends takes a moment, and a drop may stand in an async task: waiting is for another thread.
        if matches!(self.try_wait(), Ok(None))
            && self.kill().is_ok()
            && let Ok(handle) = self.handle.try_clone()
        {
            let reap = move || waitid(WaitId::PidFd(handle.as_fd()), WaitIdOptions::EXITED);
            // Without a thread it stays as a number that is taken, until this process ends.
            let _ = std::thread::Builder::new().name("wirken-reaper".into()).spawn(reap);
        }
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

impl AsRawFd for Child {
    fn as_raw_fd(&self) -> RawFd {
        self.handle.as_raw_fd()
    }
}
