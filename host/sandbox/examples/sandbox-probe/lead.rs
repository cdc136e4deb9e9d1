//! Roles that start others: between a test, which may be root's, and the children, an ordinary process of an ordinary user.

use std::fs::File;
use std::io::{PipeWriter, Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;

use wirken_sandbox::{Child, Spawn, inherited, spawn};

use crate::attacks::ATTACKS;
use crate::raw::{call, signed};
use crate::scene::{SECRET, Scene};
use crate::uses::USES;

/// The exit status of the program that an attack starts.
pub(crate) const STARTED: i32 = 7;

/// Where a child answers.
pub(crate) fn answer() -> PipeWriter {
    inherited(3).unwrap().into()
}

/// Starts this program in another role, with a channel for its answer.
fn start(arguments: Vec<String>, mut descriptors: Vec<(OwnedFd, i32)>) -> (Child, std::io::PipeReader) {
    let (reader, writer) = pipe().unwrap();
    descriptors.push((writer.into(), 3));
    let arguments = arguments.into_iter().map(Into::into).collect();
    let child = spawn(Spawn { program: "/proc/self/exe".into(), arguments, descriptors, stderr: None }).unwrap();
    (child, reader)
}

/// What a child answered, or else how it ended.
fn outcome(arguments: Vec<String>) -> String {
    let (child, mut reader) = start(arguments, Vec::new());
    let mut told = String::new();
    reader.read_to_string(&mut told).unwrap();
    let status = child.wait().unwrap();
    match (told.is_empty(), status.code(), status.signal()) {
        (false, Some(0), _) => told,
        (true, Some(STARTED), _) => "done".into(),
        (_, Some(code), _) => format!("{told} exit {code}"),
        (_, _, signal) => format!("{told} signal {signal:?}"),
    }
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
}

fn with(role: &str, mode: &str, name: &str, scene: &Scene) -> Vec<String> {
    let mut arguments = vec![role.to_owned(), mode.to_owned(), name.to_owned()];
    arguments.extend(scene.arguments());
    arguments
}

/// A process of this user's with a secret in its memory, and a file of its own at descriptor 4. It ends with the writer.
fn victim(scene: &mut Scene, mode: &str) -> (Child, PipeWriter) {
    let (hold, held) = pipe().unwrap();
    let vault = File::open(scene.vault()).unwrap();
    let (child, mut reader) = start(vec!["victim".into(), mode.into()], vec![(vault.into(), 4), (hold.into(), 5)]);
    let mut told = String::new();
    let mut byte = [0];
    while reader.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        told.push(byte[0].into());
    }
    let (pid, address) = told.split_once(' ').unwrap();
    (scene.victim, scene.address) = (pid.parse().unwrap(), address.parse().unwrap());
    (child, held)
}

/// Every attack, first by an ordinary process and then by a confined one.
pub(crate) fn attacks(arguments: &[String]) {
    let mut scene = Scene::from_arguments(arguments);
    for (name, _) in ATTACKS {
        let mut results = Vec::new();
        for mode in ["bare", "confined"] {
            scene.reset();
            // A new one for each: an attack that works may leave it changed.
            let (_child, _held) = victim(&mut scene, "bare");
            results.push(outcome(with("attack", mode, name, &scene)));
        }
        tell(&format!("{name}\t{}\t{}", results[0], results[1]));
    }
}

/// Every honest use, by a confined process.
pub(crate) fn uses(arguments: &[String]) {
    let scene = Scene::from_arguments(arguments);
    scene.reset();
    for (name, _) in USES {
        let results = ["bare", "confined"].map(|mode| outcome(with("use", mode, name, &scene)));
        tell(&format!("{name}\t{}\t{}", results[0], results[1]));
    }
}

/// What an ordinary process of the same user, its own parent even, can learn of a confined one.
pub(crate) fn looking_in() {
    let folder = std::env::current_dir().unwrap();
    let nobody = String::new();
    let mut scene = Scene::from_arguments(&[folder.to_str().unwrap().to_owned(), nobody.clone(), nobody.clone(), nobody]);
    scene.reset();
    for mode in ["bare", "confined"] {
        let (_child, _held) = victim(&mut scene, mode);
        let pid = scene.victim;
        let mut found = vec![0; SECRET.len()];
        let (ours, theirs) = ([found.as_mut_ptr() as usize, found.len()], [scene.address, found.len()]);
        let read = call(libc::SYS_process_vm_readv, &[signed(pid), ours.as_ptr() as usize, 1, theirs.as_ptr() as usize, 1, 0]);
        for (what, done) in [
            ("memory", File::open(format!("/proc/{pid}/mem")).is_ok()),
            ("environment", std::fs::read(format!("/proc/{pid}/environ")).is_ok()),
            ("map", std::fs::read(format!("/proc/{pid}/maps")).is_ok()),
            ("descriptors", std::fs::read_dir(format!("/proc/{pid}/fd")).is_ok()),
            ("copied", read.is_ok() && found == SECRET.as_bytes()),
            ("traced", call(libc::SYS_ptrace, &[0x4206, signed(pid), 0, 0]).is_ok()),
        ] {
            tell(&format!("{mode} {what} {done}"));
        }
    }
}

/// Starts a child, tells its number, and waits to be killed.
pub(crate) fn guardian(arguments: &[String]) {
    let (child, mut reader) = start(vec!["sleep".into(), arguments[0].clone()], Vec::new());
    let mut told = [0; 7];
    reader.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"asleep\n");
    tell(&child.pid().to_string());
    loop {
        std::thread::park();
    }
}

/// Starts what is not there, and hands it descriptors at numbers that are free here: among them are those that the pipe for the report
/// would be given.
pub(crate) fn unrunnable() {
    let mut channel = answer();
    let (mut reader, writer) = pipe().unwrap();
    let descriptors = (4..44).map(|number| (rustix::io::fcntl_dupfd_cloexec(&writer, 100).unwrap(), number)).collect();
    drop(writer);
    let started = spawn(Spawn { descriptors, ..Spawn::new("/not/there") });
    let mut told = Vec::new();
    reader.read_to_end(&mut told).unwrap();
    write!(channel, "{:?}, {} bytes", started.err().map(|error| error.kind()), told.len()).unwrap();
}

/// Starts a child that complains, and waits to be killed.
pub(crate) fn relayed() {
    let (child, _reader) = start(vec!["complain".into()], Vec::new());
    child.wait().unwrap();
    loop {
        std::thread::park();
    }
}
