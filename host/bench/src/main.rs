//! Measures the shipped binary from outside, as its users meet it, and components and one message to an adapter from inside.
//!
//! Prints a table and writes `target/bench/summary.json`: flat, the units in the names. Nothing here judges.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for developers that starts the binary it measures and prints what it finds"
)]

mod browser;
mod channel;
mod components;
mod fakes;
mod ipc;
mod process;
mod skills;
mod soak;
mod webchat;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use fakes::Fakes;

/// What the endpoint calls its model.
pub(crate) const MODEL: &str = "fake-model";
/// Turns of one chat: a model is told the whole of it each time.
pub(crate) const CHAT: usize = 20;
pub(crate) const STARTS: usize = 15;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().context("usage: wirken-bench PATH-OF-WIRKEN [soak SECONDS | channel | components | skills]")?;
    if first == fakes::ARGUMENT {
        return fakes::serve();
    }
    let binary = PathBuf::from(first);
    match arguments.next().as_deref() {
        Some("soak") => {
            let seconds = arguments.next().context("soak SECONDS")?.parse()?;
            soak::run(&binary, seconds)
        }
        Some("channel") => channel::measure(&binary, &mut Fakes::start()?, 0.0, &mut Summary::default()),
        Some("components") => components::measure(&runtime()?, &mut Summary::default()),
        Some("skills") => skills::measure(&mut Summary::default()),
        Some(other) => anyhow::bail!("{other:?} is none of soak, channel, components and skills"),
        None => bench(&binary),
    }
}

fn bench(binary: &Path) -> Result<()> {
    let mut summary = Summary::default();
    let runtime = runtime()?;

    summary.put("binary_mib", std::fs::metadata(binary)?.len() as f64 / (1024.0 * 1024.0));
    let disk = disk()?;
    summary.put("disk_fdatasync_p50_ms", disk.at(50));
    summary.put("disk_fdatasync_p95_ms", disk.at(95));
    components::measure(&runtime, &mut summary)?;
    skills::measure(&mut summary)?;
    let ipc = ipc::measure()?;
    summary.put("ipc_1kib_p50_us", ipc.at(50) * 1000.0);
    summary.put("ipc_1kib_p99_us", ipc.at(99) * 1000.0);
    let bare = ipc::measure_bare()?;
    summary.put("bare_socket_1kib_p50_us", bare.at(50) * 1000.0);
    summary.put("ipc_1kib_over_bare_socket_p50", ipc.at(50) / bare.at(50));
    let ipc = ipc::measure_awake()?;
    summary.put("ipc_1kib_awake_p50_us", ipc.at(50) * 1000.0);
    summary.put("ipc_1kib_awake_p99_us", ipc.at(99) * 1000.0);

    let mut fakes = Fakes::start()?;
    let llm = webchat::measure(binary, &runtime, &fakes, &mut summary)?;
    channel::measure(binary, &mut fakes, llm, &mut summary)?;

    let path = PathBuf::from("target/bench/summary.json");
    std::fs::create_dir_all("target/bench")?;
    std::fs::write(&path, serde_json::to_string_pretty(&Value::Object(summary.0))? + "\n")?;
    println!("\nwritten to {}", path.display());
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

/// What was found, by name.
#[derive(Default)]
pub(crate) struct Summary(Map<String, Value>);

impl Summary {
    pub(crate) fn put(&mut self, name: &str, value: f64) {
        println!("{name:<48} {value:>12.3}");
        self.0.insert(name.to_owned(), json!((value * 1000.0).round() / 1000.0));
    }
}

/// Durations, and what share of them was below which.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(times: Vec<Duration>) -> Self {
        Self(times)
    }

    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// A percentile in milliseconds.
    pub(crate) fn at(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort();
        let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

/// What one durable write of 4 KiB costs on the disk that the ledger is on.
fn disk() -> Result<Times> {
    let mut file = tempfile::tempfile()?;
    let mut times = Times::default();
    for _ in 0..200 {
        file.write_all(&[7; 4096])?;
        let began = Instant::now();
        file.sync_data()?;
        times.add(began.elapsed());
    }
    Ok(times)
}
