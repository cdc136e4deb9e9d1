//! The last steps of the process that becomes the program: it gives up all that it does not need, and runs it.

use std::convert::Infallible;
use std::ffi::CString;
use std::io::{Error, ErrorKind};

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, chdir, setrlimit, setsid, umask};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::enter::{Streams, failed};
use super::lacks::{Lack, lacks};
use super::request::{Outcome, Request};
use super::{filter, raw, rules};
use crate::program::{ENVIRONMENT, WORKSPACE};

/// The largest file that it may write. Nothing else bounds what it puts into the workspace.
const FILE_BYTES: u64 = 1024 * 1024 * 1024;
/// What each process may have open at a time. A pipe takes memory of the kernel's that no limit counts.
const OPEN_FILES: u64 = 256;
/// The usual one: a larger one would raise what the kernel takes of arguments too.
const STACK_BYTES: u64 = 8 * 1024 * 1024;
/// Memory that is kept from being swapped out, which some programs of cryptography want a little of.
const LOCKED_BYTES: u64 = 64 * 1024;

/// Comes back only with what came in the way.
pub(super) fn become_program(request: &Request, streams: &Streams) -> Result<Infallible, Outcome> {
    // A signal to its group goes to nobody outside.
    setsid().map_err(|error| failed("make a session", &error.into()))?;
    for (number, stream) in [&streams.stdin, &streams.stdout, &streams.stderr].into_iter().enumerate() {
        raw::become_stream(stream, number.try_into().unwrap_or(2)).map_err(|error| failed("give it its streams", &error))?;
    }
    raw::usual_signals().map_err(|error| failed("reset its signals", &error))?;
    // What it makes in the workspace is for its owner alone.
    umask(Mode::from_raw_mode(0o077));
    chdir(WORKSPACE).map_err(|error| failed("enter the workspace", &error.into()))?;
    limit(request).map_err(|error| failed("set its limits", &error.into()))?;
    raw::close_on_exec().map_err(|error| failed("close its descriptors", &error))?;
    drop_capabilities().map_err(|error| failed("give up capabilities", &error))?;
    set_no_new_privs(true).map_err(|error| failed("give up gaining privileges", &error.into()))?;
    rules::confine().map_err(|error| lacks(Lack::Landlock, &Error::other(error)))?;
    filter::confine().map_err(|error| lacks(Lack::Filter, &Error::other(error)))?;
    if request.program.is_empty() {
        return Err(Outcome::Ended(0));
    }
    Err(refusal(&request.program, &execute(request)))
}

/// For good, and in every set.
pub(super) fn drop_capabilities() -> Result<(), Error> {
    // Numbers that the kernel does not know yet are none.
    for number in 0..64 {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Err(rustix::io::Errno::INVAL) => break,
            other => other?,
        }
    }
    clear_ambient_capability_set()?;
    let nothing =
        CapabilitySets { effective: CapabilitySet::empty(), permitted: CapabilitySet::empty(), inheritable: CapabilitySet::empty() };
    Ok(set_capabilities(None, nothing)?)
}

fn limit(request: &Request) -> Result<(), rustix::io::Errno> {
    // The helper and the first process are of the same user, and counted.
    const OURS: u64 = 2;
    // More it cannot use in its time: the clock outside ends it before.
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    for (resource, most) in [
        (Resource::As, request.memory),
        (Resource::Nproc, request.processes + OURS),
        (Resource::Cpu, request.seconds.saturating_mul(threads)),
        (Resource::Fsize, FILE_BYTES),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Stack, STACK_BYTES),
        (Resource::Memlock, LOCKED_BYTES),
        (Resource::Msgqueue, 0),
        (Resource::Core, 0),
    ] {
        let most = match resource {
            // Those may be lower here than they are wanted, and cannot be raised.
            Resource::Nofile | Resource::Memlock | Resource::Stack | Resource::Fsize => lowest(resource, most),
            _ => most,
        };
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

fn lowest(resource: Resource, most: u64) -> u64 {
    rustix::process::getrlimit(resource).maximum.map_or(most, |here| here.min(most))
}

/// Runs the program, at its path or in the first folder that has it.
fn execute(request: &Request) -> Error {
    let word = |text: &str| CString::new(text);
    let words = std::iter::once(&request.program).chain(&request.arguments).map(|text| word(text));
    let variables = ENVIRONMENT.iter().map(|(name, value)| word(&format!("{name}={value}")));
    let (words, variables) = match (words.collect::<Result<Vec<_>, _>>(), variables.collect::<Result<Vec<_>, _>>()) {
        (Ok(words), Ok(variables)) => (words, variables),
        (Err(error), _) | (_, Err(error)) => return error.into(),
    };
    let mut refused = Error::from(ErrorKind::NotFound);
    for path in paths(&request.program) {
        let Ok(path) = CString::new(path) else { continue };
        let error = raw::execute(&path, &words, &variables);
        if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
            refused = error;
        }
    }
    refused
}

fn paths(program: &str) -> Vec<String> {
    if program.contains('/') {
        return vec![program.to_owned()];
    }
    let path = ENVIRONMENT.iter().find(|(name, _)| *name == "PATH").map_or("", |(_, path)| *path);
    path.split(':').map(|folder| format!("{folder}/{program}")).collect()
}

fn refusal(program: &str, error: &Error) -> Outcome {
    Outcome::Invalid(match (error.kind(), error.raw_os_error()) {
        (ErrorKind::NotFound, _) => {
            format!("there is no program {program:?} in the sandbox: name one that is installed, or in the workspace")
        }
        (ErrorKind::PermissionDenied, _) => format!("{program:?} is not a program that may be run: see whether its file is executable"),
        (_, Some(libc::ENOEXEC)) => format!("{program:?} is no program of this system: name the interpreter that runs it"),
        _ => format!("{program:?} could not be run: {error}"),
    })
}
