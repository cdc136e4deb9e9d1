//! What components cost: a call beside the least that any host of Wasmtime does for one, what is checked around it, the load
//! of a large one, and a crowd of calls.

mod bare;
mod cached;
mod calls;
mod checks;
mod crowd;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;
use wirken_engine::{Engine, Options, Wasm};
use wirken_manifest::Manifest;
use wirken_plugin::Package;

use crate::{Summary, Times};

/// The first rounds fill the pool and the caches of the processor, and are not counted.
const WARM_UP: usize = 200;

pub(crate) fn measure(runtime: &Runtime, summary: &mut Summary) -> Result<()> {
    let engine = Engine::new(&Options::default())?;
    times(summary, "tool_call", &on(runtime, calls::files(engine.clone()))?);
    let echo = on(runtime, calls::echo(engine.clone()))?;
    times(summary, "bare_call", &echo.bare);
    times(summary, "echo_call", &echo.whole);
    summary.put("echo_call_over_bare_call_p50", echo.whole.at(50) / echo.bare.at(50));
    if let Some(package) = example("geometry-rust")? {
        let plain = on(runtime, calls::reflected(engine.clone(), package))?;
        times(summary, "bare_plain_call", &plain.bare);
        times(summary, "reflected_call", &plain.whole);
        summary.put("reflected_call_over_bare_plain_call_p50", plain.whole.at(50) / plain.bare.at(50));
    }
    let found = on(runtime, checks::policies(engine.clone()))?;
    found.iter().for_each(|(name, found)| times(summary, name, found));
    times(summary, "http_grant_check", &checks::grant()?);
    for (grants, found) in checks::decisions()? {
        times(summary, &format!("permission_decision_{grants}_grants"), &found);
    }
    let crowd = on(runtime, crowd::measure(engine))?;
    times(summary, "calls_1000_at_once", &crowd.times);
    summary.put("calls_1000_at_once_total_ms", crowd.total.as_secs_f64() * 1000.0);
    summary.put("calls_1000_at_once_per_second", crowd::CALLS as f64 / crowd.total.as_secs_f64());
    summary.put("calls_1000_at_once_peak_memory_mib", crowd.memory_mib);
    if let Some(package) = example("roman-python")? {
        let manifest = std::fs::read_to_string(dist("examples/roman-python/component.toml"))?;
        cached::measure(&manifest, &package.wasm, summary)?;
    }
    Ok(())
}

fn times(summary: &mut Summary, name: &str, times: &Times) {
    summary.put(&format!("{name}_p50_us"), times.at(50) * 1000.0);
    summary.put(&format!("{name}_p95_us"), times.at(95) * 1000.0);
}

/// On one of the runtime's own threads, where the gateway does it.
fn on<R: Send + 'static>(runtime: &Runtime, what: impl Future<Output = Result<R>> + Send + 'static) -> Result<R> {
    runtime.block_on(runtime.spawn(what))?
}

fn dist(path: &str) -> PathBuf {
    Path::new("components/dist").join(path)
}

fn package(path: &str) -> Result<Package> {
    let folder = dist(path);
    let manifest = std::fs::read_to_string(folder.join("component.toml")).context("run this from the repository's root")?;
    Ok(Package { manifest: Manifest::parse(&manifest)?, wasm: Wasm::of(std::fs::read(folder.join("component.wasm"))?) })
}

/// One of the examples, which are built with tools that not every machine has. Where it is missing, its figures are too.
fn example(name: &str) -> Result<Option<Package>> {
    let folder = dist("examples").join(name);
    let Ok(wasm) = std::fs::read(folder.join("component.wasm")) else {
        println!("{name} is not measured: `.ci/examples {name}` builds it");
        return Ok(None);
    };
    let manifest = match std::fs::read_to_string(folder.join("component.toml")) {
        Ok(text) => Manifest::parse(&text)?,
        // One of plain functions has none.
        Err(_) => Manifest::parse("name = \"plain\"\nkind = \"tool\"\nversion = \"0.0.0\"\nworld = \"reflected\"\n")?,
    };
    Ok(Some(Package { manifest, wasm: Wasm::of(wasm) }))
}
