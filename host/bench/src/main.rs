//! Measures the shipped binary from outside, as its users meet it, and one component call from inside.
//!
//! Prints a table and writes `target/bench/summary.json`: flat, the units in the names. Nothing here judges.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for developers that starts the binary it measures and prints what it finds"
)]

mod browser;
mod calls;
mod process;
mod soak;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use wirken_testkit::llm::{FakeLlm, Reply, Script};

use browser::Browser;
use process::Gateway;

/// What the endpoint calls its model.
pub(crate) const MODEL: &str = "fake-model";
/// Commands whose first line is timed, and whether that is a remark on stderr.
const COMMANDS: [(&str, &[&str], bool); 5] = [
    ("ask", &["ask", "-m", "hi"], true),
    ("component_list", &["component", "list"], true),
    ("status", &["status"], false),
    ("sessions", &["sessions", "list", "--all"], false),
    ("audit_verify", &["audit", "verify"], false),
];
const WARM_UP: usize = 50;
const TURNS: usize = 500;
/// Turns of one chat: a model is told the whole of it each time.
const CHAT: usize = 20;
/// Of the one that grows long.
const LONG_CHAT: usize = 300;
const LONG_TURNS: usize = 50;
const STARTS: usize = 15;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let binary = PathBuf::from(arguments.next().context("usage: wirken-bench PATH-OF-WIRKEN [soak SECONDS]")?);
    if arguments.next().as_deref() == Some("soak") {
        let seconds = arguments.next().context("soak SECONDS")?.parse()?;
        return soak::run(&binary, seconds);
    }
    bench(&binary)
}

fn bench(binary: &Path) -> Result<()> {
    let mut summary = Map::new();
    let mut put = |name: &str, value: f64| {
        println!("{name:<44} {value:>12.3}");
        summary.insert(name.to_owned(), json!((value * 1000.0).round() / 1000.0));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;

    put("binary_mib", std::fs::metadata(binary)?.len() as f64 / (1024.0 * 1024.0));
    let disk = disk()?;
    put("disk_fdatasync_p50_ms", disk.at(50));
    put("disk_fdatasync_p95_ms", disk.at(95));
    let calls = runtime.block_on(calls::measure())?;
    put("tool_call_p50_us", calls.at(50) * 1000.0);
    put("tool_call_p95_us", calls.at(95) * 1000.0);

    let llm = runtime.block_on(FakeLlm::start(Script::reply(|_| Reply::text("A short answer, in one piece.")).with_models([MODEL])))?;
    let folder = tempfile::tempdir()?;
    process::set_up(binary, folder.path(), &llm.base_url())?;
    // The first start compiles; the cache is warm from then on.
    drop(Gateway::start(binary, folder.path())?);
    let mut first_line = Times::default();
    let mut ready = Times::default();
    for _ in 0..STARTS {
        let gateway = Gateway::start(binary, folder.path())?;
        first_line.add(gateway.first_line);
        ready.add(gateway.ready);
    }
    put("first_line_p50_ms", first_line.at(50));
    for (name, args, remark) in COMMANDS {
        let mut times = Times::default();
        for _ in 0..STARTS {
            times.add(process::first_line(binary, folder.path(), args, remark)?);
        }
        put(&format!("first_line_{name}_p50_ms"), times.at(50));
    }
    put("ready_warm_p50_ms", ready.at(50));

    let gateway = Gateway::start(binary, folder.path())?;
    std::thread::sleep(Duration::from_secs(1));
    put("idle_pss_mib", gateway.pss()?);
    let mut turns = Times::default();
    let mut long = Times::default();
    let mut direct = Times::default();
    let (cpu, wall) = runtime.block_on(async {
        let mut browser = Browser::log_in(&gateway.url).await?;
        for turn in 0..WARM_UP {
            browser.turn(&format!("warm {turn}")).await?;
        }
        let (cpu, began) = (gateway.cpu()?, Instant::now());
        for turn in 0..TURNS {
            if turn % CHAT == 0 {
                browser.new_chat();
            }
            turns.add(browser.turn(&format!("turn {turn}")).await?);
        }
        let (cpu, wall) = (gateway.cpu()? - cpu, began.elapsed());
        browser.new_chat();
        for turn in 0..LONG_CHAT + LONG_TURNS {
            let took = browser.turn(&format!("long {turn}")).await?;
            if turn >= LONG_CHAT {
                long.add(took);
            }
        }
        // The model's own part of a turn: the same request to the same server, from here.
        for _ in 0..TURNS {
            direct.add(browser::direct(&llm.base_url()).await?);
        }
        anyhow::Ok((cpu, wall))
    })?;
    put("turn_p50_ms", turns.at(50));
    put("turn_p95_ms", turns.at(95));
    put("llm_alone_p50_ms", direct.at(50));
    put("turn_overhead_p50_ms", turns.at(50) - direct.at(50));
    put("turn_overhead_p95_ms", turns.at(95) - direct.at(50));
    put("turn_cpu_ms", cpu.as_secs_f64() * 1000.0 / TURNS as f64);
    put("turns_per_second_one_browser", TURNS as f64 / wall.as_secs_f64());
    put("long_chat_turn_overhead_p50_ms", long.at(50) - direct.at(50));
    put("pss_after_turns_mib", gateway.pss()?);
    drop(gateway);

    let path = PathBuf::from("target/bench/summary.json");
    std::fs::create_dir_all("target/bench")?;
    std::fs::write(&path, serde_json::to_string_pretty(&Value::Object(summary))? + "\n")?;
    println!("\nwritten to {}", path.display());
    Ok(())
}

/// Durations, and what share of them was below which.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
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
