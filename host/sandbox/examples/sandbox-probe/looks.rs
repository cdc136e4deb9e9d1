//! Roles that tell what they are, or wait.

use std::io::{Read, Write};

use rustix::process::{PTracer, Resource, dumpable_behavior, getrlimit, parent_process_death_signal, set_ptracer};
use wirken_sandbox::{Confinement, die_with_parent, harden, inherited};

use crate::lead::answer;
use crate::scene::{SECRET, Scene};

/// Confined as an adapter is, but for what it may read.
pub(crate) fn confine(scene: &Scene) {
    let readable = vec![scene.readable(), scene.folder.join("shelf"), "/not/there".into()];
    let report = harden(&Confinement { readable }).unwrap();
    assert!(report.is_complete(), "{report:?}");
}

/// Somebody else of the same user: tells its number and where in its memory the secret is, and waits to be let go.
pub(crate) fn victim(arguments: &[String]) {
    let mut channel = answer();
    let _vault = inherited(4).unwrap();
    // Where only a process's parents may trace it: without this, it would be that which refuses and not the filter.
    let _ = set_ptracer(PTracer::Any);
    let secret = SECRET.to_owned();
    if arguments.first().is_some_and(|mode| mode == "confined") {
        harden(&Confinement::default()).unwrap();
    }
    writeln!(channel, "{} {}", std::process::id(), secret.as_ptr() as usize).unwrap();
    let _ = inherited(5).map(std::io::PipeReader::from).unwrap().read(&mut [0]);
    assert_eq!(secret, SECRET);
}

/// What it was started with.
pub(crate) fn look() {
    let channel = answer();
    let mut told = String::new();
    for entry in std::fs::read_dir("/proc/self/fd").unwrap() {
        let path = entry.unwrap().path();
        let target = path.read_link().unwrap_or_default();
        if !target.to_string_lossy().ends_with("/fd") {
            told += &format!("descriptor {} {}\n", path.file_name().unwrap().to_str().unwrap(), target.display());
        }
    }
    for (name, value) in std::env::vars_os() {
        told += &format!("variable {name:?}={value:?}\n");
    }
    told += &format!("arguments {:?}\n", std::env::args().skip(1).collect::<Vec<_>>());
    told += &format!("folder {}\n", std::env::current_dir().unwrap().display());
    let (session, group) = (rustix::process::getsid(None).unwrap(), rustix::process::getpgrp());
    told += &format!("leads {}\n", [session, group].iter().all(|id| *id == rustix::process::getpid()));
    told += &format!("terminal {}\n", std::fs::File::open("/dev/tty").is_ok());
    told += &format!("taken again {:?}\n", inherited(3).map_err(|error| error.kind()));
    told += &format!("opened {:?}\n", inherited(opened()).map_err(|error| error.kind()));
    told += &format!("missing {:?}\n", inherited(900).map_err(|error| error.kind()));
    told += &format!("standard {:?}\n", inherited(2).map_err(|error| error.kind()));
    let mut channel = channel;
    channel.write_all(told.as_bytes()).unwrap();
}

/// The number of a descriptor that this process opened itself, and still has.
fn opened() -> i32 {
    use std::os::fd::IntoRawFd;
    std::fs::File::open("/dev/null").unwrap().into_raw_fd()
}

/// Says that it runs, and waits for what never comes.
pub(crate) fn sleep(arguments: &[String]) {
    let mut channel = answer();
    if arguments.first().is_some_and(|mode| mode == "confined") {
        harden(&Confinement::default()).unwrap();
    }
    writeln!(channel, "asleep").unwrap();
    loop {
        std::thread::park();
    }
}

/// Whether it is the child of the process of that number.
pub(crate) fn tied(arguments: &[String]) {
    let mut channel = answer();
    match die_with_parent(arguments[0].parse().unwrap()) {
        Ok(()) => write!(channel, "tied").unwrap(),
        Err(error) => write!(channel, "{error}").unwrap(),
    }
}

/// Too late: another thread is there.
pub(crate) fn with_threads() {
    let mut channel = answer();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || held.recv());
    let before = harden(&Confinement::default()).unwrap_err();
    drop(hold);
    let _ = other.join().unwrap();
    // The kernel takes a moment to be rid of a thread that was joined.
    let after = (0..1000).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        harden(&Confinement::default()).ok()
    });
    write!(channel, "{before}; {}", after.is_some()).unwrap();
}

/// Asks to read what cannot be a path.
pub(crate) fn misled() {
    let mut channel = answer();
    let error = harden(&Confinement { readable: vec!["/etc\0/hosts".into()] }).unwrap_err();
    write!(channel, "{error:?}").unwrap();
}

/// What the kernel says of a hardened process.
pub(crate) fn hardened() {
    let mut channel = answer();
    let promised = wirken_sandbox::probe();
    let report = harden(&Confinement::default()).unwrap();
    let capabilities = rustix::thread::capabilities(None).unwrap();
    writeln!(channel, "as promised {}", report == promised).unwrap();
    writeln!(channel, "version {:?}", report.landlock_abi).unwrap();
    writeln!(channel, "no new privileges {}", rustix::thread::no_new_privs().unwrap()).unwrap();
    writeln!(channel, "dumpable {:?}", dumpable_behavior().unwrap()).unwrap();
    writeln!(channel, "dies with its parent {:?}", parent_process_death_signal().unwrap()).unwrap();
    writeln!(channel, "core {:?}", getrlimit(Resource::Core)).unwrap();
    writeln!(channel, "capabilities {:?} {:?}", capabilities.effective, capabilities.permitted).unwrap();
}

/// On the standard error stream.
pub(crate) fn complain() {
    std::io::stderr().write_all("a complaint\t\u{1b}]0;\u{9b}31m é\r\n".as_bytes()).unwrap();
}
