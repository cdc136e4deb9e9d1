//! The first process inside: it makes the root, starts the program, takes every process that ends, and counts their memory.
//!
//! With it everything inside ends. It runs no code of anybody else's, and no program can signal it or look into it.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, pipe};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use libc::{c_int, pid_t};
use rustix::fs::{Dir, Mode, OFlags, openat, statvfs};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal, setsid};
use rustix::thread::set_no_new_privs;

use super::child::{become_program, drop_capabilities};
use super::enter::{REPORT_BYTES, Streams, failed, is_gone, tell};
use super::request::{Outcome, Request};
use super::root::{self, Processes};
use super::{raw, request};

/// How often the memory of all is counted.
const COUNT_EVERY: Duration = Duration::from_millis(100);

/// The length of a page, for what the kernel counts in pages. Larger ones only make the count begin sooner.
const PAGE_BYTES: u64 = 4096;

/// What a socket may hold of what was sent through it: Linux's `net.core.wmem_default`, which the filter keeps it from raising.
const SOCKET_BYTES: u64 = 212_992;

pub(super) fn init(request: &Request, streams: Streams, helper: &OwnedFd, told: PipeWriter) -> c_int {
    let tied = set_parent_process_death_signal(Some(Signal::KILL));
    if tied.is_err() || is_gone(helper) {
        return 1;
    }
    let outcome = run(request, streams).unwrap_or_else(|outcome| outcome);
    tell(told, &outcome);
    0
}

fn run(request: &Request, streams: Streams) -> Result<Outcome, Outcome> {
    setsid().map_err(|error| failed("leave the gateway's session", &error.into()))?;
    raw::set_host_name("sandbox").map_err(|error| failed("name itself", &error))?;
    let processes = root::enter(request)?;
    // From here on nobody inside looks into this process, and it has no more rights than they.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| failed("hide its memory", &error.into()))?;
    raw::hold_child_signal().map_err(|error| failed("watch its processes", &error))?;
    let (reader, writer) = pipe().map_err(|error| failed("make a pipe", &error))?;
    let program = raw::fork(move || {
        let Err(outcome) = become_program(request, &streams);
        tell(writer, &outcome);
        1
    });
    let program = program.map_err(|error| failed("start a process", &error))?;
    drop_capabilities().map_err(|error| failed("give up capabilities", &error))?;
    set_no_new_privs(true).map_err(|error| failed("give up gaining privileges", &error.into()))?;
    match started(reader)? {
        Some(outcome) => Ok(outcome),
        None => look_after(program, request.memory, &processes),
    }
}

/// What came in the way of the program, if anything did. Where it was run, the kernel has closed the other end.
fn started(reader: PipeReader) -> Result<Option<Outcome>, Outcome> {
    let mut bytes = Vec::new();
    reader.take(REPORT_BYTES).read_to_end(&mut bytes).map_err(|error| failed("hear whether the program was started", &error))?;
    Ok((!bytes.is_empty()).then(|| request::Outcome::decode(&bytes)))
}

/// Until the program ends, or all together want too much.
fn look_after(program: pid_t, memory: u64, processes: &Processes) -> Result<Outcome, Outcome> {
    let mut counted = Instant::now();
    loop {
        // All that have ended, since one signal may stand for many.
        while let Some((process, status)) = raw::reap().map_err(|error| failed("wait for the program", &error))? {
            if process == program {
                return Ok(Outcome::Ended(code(status)));
            }
        }
        if counted.elapsed() >= COUNT_EVERY {
            if used(processes, memory).map_err(|error| failed("count the memory of its processes", &error.into()))? > memory {
                return Ok(Outcome::Memory);
            }
            counted = Instant::now();
        }
        raw::child_signal(COUNT_EVERY);
    }
}

/// As a shell tells it.
fn code(status: c_int) -> c_int {
    const SIGNAL: c_int = 128;
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { SIGNAL + libc::WTERMSIG(status) }
}

/// How much memory all processes, their sockets and the temporary files take, as far as it may matter.
fn used(processes: &Processes, memory: u64) -> Result<u64, Errno> {
    let temporary = statvfs("/tmp").map(|space| space.f_frsize * space.f_blocks.saturating_sub(space.f_bfree))?;
    let kept = temporary + sockets(processes) * SOCKET_BYTES;
    let mut all = Vec::new();
    for entry in Dir::read_from(processes)? {
        let process = entry?.file_name().to_str().ok().and_then(|name| name.parse::<pid_t>().ok());
        all.extend(process.filter(|process| *process != 1));
    }
    // What they have mapped is quick to learn, and mostly settles it.
    let mapped: u64 = all.iter().map(|process| pages(processes, *process, 0)).sum();
    if kept + mapped <= memory {
        return Ok(kept + mapped);
    }
    Ok(kept + all.iter().map(|process| own(processes, *process)).sum::<u64>())
}

/// A process's share of memory that no file holds, in use or swapped out.
fn own(processes: &Processes, process: pid_t) -> u64 {
    const COUNTED: [&str; 3] = ["Pss_Anon:", "Pss_Shmem:", "SwapPss:"];
    let Some(text) = read(processes, process, "smaps_rollup") else {
        // It hides its memory, or has just ended: what it holds counts in full.
        return pages(processes, process, 1);
    };
    let kilobytes = |line: &str| COUNTED.iter().find_map(|name| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    text.lines().filter_map(kilobytes).sum::<u64>() * 1024
}

/// How many sockets there are in this namespace: each of a pair is a line below the heading.
fn sockets(processes: &Processes) -> u64 {
    let lines = read(processes, 1, "net/unix").map_or(0, |text| text.lines().count());
    lines.saturating_sub(1) as u64
}

/// A field of `statm`: first what is mapped, then what is in memory.
fn pages(processes: &Processes, process: pid_t, field: usize) -> u64 {
    let told = read(processes, process, "statm").and_then(|text| text.split(' ').nth(field)?.parse::<u64>().ok());
    // A process that has ended has none.
    told.unwrap_or(0).saturating_mul(PAGE_BYTES)
}

fn read(processes: &Processes, process: pid_t, name: &str) -> Option<String> {
    let file = openat(processes, format!("{process}/{name}"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut text = String::new();
    File::from(file).read_to_string(&mut text).ok()?;
    Some(text)
}
