//! As many calls at once as a busy machine has in an hour: how long each waits and runs, and the memory that all of them
//! take together.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use wirken_engine::Engine;
use wirken_plugin::{Owner, Ports, ToolPlugin};
use wirken_types::event::ToolOutcome;

use super::package;
use crate::Times;

pub(super) const CALLS: usize = 1_000;
/// The first makes the pool's memory; the last is told of.
const ROUNDS: usize = 3;

pub(super) struct Crowd {
    /// Of each call, from when all were begun to its own end.
    pub(super) times: Times,
    pub(super) total: Duration,
    /// The most that was in use, beyond what was before.
    pub(super) memory_mib: f64,
}

pub(super) async fn measure(engine: Engine) -> Result<Crowd> {
    let tool = ToolPlugin::load(&engine, package("fixtures/echo")?, &Owner::default()).await?;
    let before = memory("VmRSS:")?;
    // The most so far is forgotten.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let mut last = None;
    for _ in 0..ROUNDS {
        last = Some(crowd(&tool).await?);
    }
    let (times, total) = last.context("no round")?;
    Ok(Crowd { times, total, memory_mib: memory("VmHWM:")? - before })
}

async fn crowd(tool: &ToolPlugin) -> Result<(Times, Duration)> {
    let mut calls = JoinSet::new();
    let began = Instant::now();
    for _ in 0..CALLS {
        let tool = tool.clone();
        calls.spawn(async move {
            let end = tool.call("echo".into(), r#"{"text":"a short note"}"#.into(), Ports::default()).await;
            (began.elapsed(), end.outcome)
        });
    }
    let ends = calls.join_all().await;
    let total = began.elapsed();
    ensure!(ends.iter().all(|(_, outcome)| *outcome == ToolOutcome::Ok), "a call failed");
    Ok((Times::of(ends.into_iter().map(|(took, _)| took).collect()), total))
}

fn memory(name: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name} in /proc/self/status"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
