//! A child ends with the process that started it, and not with the thread that asked for it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::support::{answer, asleep, probe, start};

/// Starts a parent that starts a child, kills the parent, and sees the child end.
fn dies(mode: &str) {
    #[expect(clippy::disallowed_methods, reason = "the process in the middle has to be one that can be killed")]
    let mut guardian = Command::new(probe()).args(["guardian", mode]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(guardian.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let child = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
    let handle = pidfd_open(child, PidfdFlags::empty()).unwrap();
    let ended = |wait| {
        let timeout = Timespec { tv_sec: wait, tv_nsec: 0 };
        poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout)).unwrap() == 1
    };
    assert!(!ended(0), "it ended before its parent did");
    // Rust's kill is SIGKILL: the parent has no chance to do anything.
    guardian.kill().unwrap();
    guardian.wait().unwrap();
    assert!(ended(20), "it outlived its parent");
}

#[test]
fn dies_with_a_parent_that_is_killed() {
    dies("bare");
}

#[test]
fn dies_with_a_parent_that_is_killed_when_confined() {
    dies("confined");
}

#[test]
fn outlives_the_thread_that_asked_for_it() {
    let (child, mut reader) = std::thread::spawn(|| start(&["sleep"], Vec::new())).join().unwrap();
    asleep(&mut reader);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(child.try_wait().unwrap(), None);
}

#[test]
fn knows_its_parent_from_another_process() {
    let myself = std::process::id();
    assert_eq!(answer(&["tied", &myself.to_string()]), "tied");
    let told = answer(&["tied", &(myself + 1).to_string()]);
    assert_eq!(told, format!("this process is not a child of {} (its parent is {myself}): the one that started it is gone", myself + 1));
}
