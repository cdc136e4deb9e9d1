//! What a child is started with, and how it is looked after.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write, pipe};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use rustix::io::FdFlags;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use wirken_sandbox::{Spawn, spawn};

use crate::support::{answer, asleep, probe, start};

fn descriptors(told: &str) -> Vec<i32> {
    let mut numbers: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("descriptor ")?.split(' ').next()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn inherits_the_given_descriptors_and_no_other() {
    // As a careless library opens one: it survives exec.
    let (careless, _writer) = pipe().unwrap();
    rustix::io::fcntl_setfd(&careless, FdFlags::empty()).unwrap();
    assert_eq!(descriptors(&answer(&["look"])), [0, 1, 2, 3]);

    let (first, _) = pipe().unwrap();
    let (second, _) = pipe().unwrap();
    let (child, mut reader) = start(&["look"], vec![(first.into(), 7), (second.into(), 40)]);
    let mut told = String::new();
    reader.read_to_string(&mut told).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(descriptors(&told), [0, 1, 2, 3, 7, 40]);
    assert!(rustix::io::fcntl_getfd(&careless).unwrap().is_empty());
}

#[test]
fn gives_each_descriptor_its_number_when_they_are_mixed_up() {
    let (mut from_first, first) = pipe().unwrap();
    let (mut from_second, second) = pipe().unwrap();
    let (first, second) = (OwnedFd::from(first), OwnedFd::from(second));
    // Each takes the number that the other has here; `sleep` answers at 3, where one of them comes through another number.
    let (one, other) = (first.as_raw_fd(), second.as_raw_fd());
    let third = first.try_clone().unwrap();
    let descriptors = vec![(first, other), (second, one), (third, 3)];
    let child = spawn(Spawn { arguments: vec!["sleep".into()], descriptors, ..Spawn::new(probe()) }).unwrap();
    asleep(&mut from_first);
    let target = |number: i32| std::fs::read_link(format!("/proc/{}/fd/{number}", child.pid())).unwrap();
    let here = |end: &std::io::PipeReader| std::fs::read_link(format!("/proc/self/fd/{}", end.as_raw_fd())).unwrap();
    assert_eq!((target(other), target(one)), (here(&from_first), here(&from_second)));
    drop(child);
    // Nobody holds the other end any more.
    assert_eq!(from_second.read(&mut [0]).unwrap(), 0);
}

#[test]
fn has_no_environment_no_terminal_and_a_session_of_its_own() {
    let told = answer(&["look", "an argument", ""]);
    assert!(!told.contains("variable"), "{told}");
    for line in ["arguments [\"look\", \"an argument\", \"\"]", "folder /", "leads true", "terminal false"] {
        assert!(told.lines().any(|said| said == line), "{line}: {told}");
    }
    for stream in ["descriptor 0 /dev/null", "descriptor 1 /dev/null"] {
        assert!(told.lines().any(|said| said == stream), "{stream}: {told}");
    }
}

#[test]
fn takes_what_it_was_given_once_and_nothing_else() {
    let told = answer(&["look"]);
    for line in ["taken again Err(AlreadyExists)", "opened Err(AlreadyExists)", "missing Err(NotFound)", "standard Err(InvalidInput)"] {
        assert!(told.lines().any(|said| said == line), "{line}: {told}");
    }
}

#[test]
fn complains_where_it_is_told_to() {
    let (mut reader, writer) = pipe().unwrap();
    let arguments = vec!["complain".into()];
    let child = spawn(Spawn { arguments, stderr: Some(writer.into()), ..Spawn::new(probe()) }).unwrap();
    let mut told = String::new();
    reader.read_to_string(&mut told).unwrap();
    assert_eq!(told, "a complaint\t\u{1b}]0;\u{9b}31m é\r\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn complains_through_its_parent_and_cannot_steer_a_terminal() {
    #[expect(clippy::disallowed_methods, reason = "a process whose own stream can be watched")]
    let mut parent = Command::new(probe()).arg("relayed").stderr(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(parent.stderr.take().unwrap()).read_line(&mut told).unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(told, "a complaint\t\u{fffd}]0;\u{fffd}31m é\u{fffd}\n");
    assert!(answer(&["look"]).lines().any(|line| line.starts_with("descriptor 2 pipe:")));
}

#[test]
fn refuses_what_cannot_be_started() {
    let null = || OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    let refused = |spawned: Spawn| spawn(spawned).unwrap_err();
    let with = |descriptors| Spawn { descriptors, arguments: vec!["complain".into()], ..Spawn::new(probe()) };

    let error = refused(with(vec![(null(), 2)]));
    assert_eq!(
        (error.kind(), error.to_string()),
        (ErrorKind::InvalidInput, "descriptor 2 is a standard stream: give one from 3 on".into())
    );
    let error = refused(with(vec![(null(), 3), (null(), 4), (null(), 3)]));
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidInput, "descriptor 3 is given twice: give each number once".into()));
    let error = refused(Spawn::new("sandbox-probe"));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let error = refused(Spawn::new("/not/there"));
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // The thread that starts processes has survived all of it.
    assert!(descriptors(&answer(&["look"])).contains(&3));
}

#[test]
fn a_program_that_cannot_be_run_writes_into_nothing_it_was_given() {
    // In a process of its own: here other tests take and free the numbers that it is about.
    assert_eq!(answer(&["unrunnable"]), "Some(NotFound), 0 bytes");
}

#[test]
fn is_killed_and_says_so_as_often_as_it_is_asked() {
    let (child, mut reader) = start(&["sleep"], Vec::new());
    asleep(&mut reader);
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(child.try_wait().unwrap().unwrap().signal(), Some(9));
    child.kill().unwrap();
}

#[test]
fn is_killed_while_others_wait_for_it() {
    let (child, mut reader) = start(&["sleep"], Vec::new());
    asleep(&mut reader);
    let child = std::sync::Arc::new(child);
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let child = std::sync::Arc::clone(&child);
            std::thread::spawn(move || child.wait().unwrap().signal())
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(50));
    child.kill().unwrap();
    assert!(waiting.into_iter().all(|thread| thread.join().unwrap() == Some(9)));
}

#[test]
fn ends_when_nobody_holds_it() {
    let (child, mut reader) = start(&["sleep"], Vec::new());
    asleep(&mut reader);
    let pid = child.pid();
    drop(child);
    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    // It is not left behind as a process that nobody waits for, either.
    let left = || std::path::Path::new(&format!("/proc/{pid}")).exists();
    let gone = (0..2000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        !left()
    });
    assert!(gone);
}

#[tokio::test]
async fn its_end_can_be_awaited() {
    let (child, mut reader) = start(&["sleep"], Vec::new());
    asleep(&mut reader);
    assert_eq!(child.as_fd().as_raw_fd(), child.as_raw_fd());
    #[expect(unsafe_code, reason = "tokio has no safe way to watch a descriptor of somebody else's type")]
    // SAFETY: a child has the same handle for as long as it lives, and closes it then.
    let child = unsafe { AsyncFd::register_with_interest(child, Interest::READABLE) }.unwrap();
    child.get_ref().kill().unwrap();
    let _ = child.readable().await.unwrap();
    assert_eq!(child.get_ref().try_wait().unwrap().unwrap().signal(), Some(9));
}

#[test]
fn many_are_started_at_once() {
    let threads: Vec<_> = (0..16)
        .map(|number: i32| {
            std::thread::spawn(move || {
                let (reader, mut writer) = pipe().unwrap();
                writer.write_all(&[0; 8]).unwrap();
                let (child, mut answer) = start(&["look"], vec![(reader.into(), 10 + number)]);
                let mut told = String::new();
                answer.read_to_string(&mut told).unwrap();
                assert!(child.wait().unwrap().success());
                assert_eq!(descriptors(&told), [0, 1, 2, 3, 10 + number]);
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
