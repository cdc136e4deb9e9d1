//! The load of a large component that was compiled before: Python, with all of its interpreter. It is loaded as the gateway
//! does it, from the folder in which its owner added it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use wirken_engine::{CacheEvent, Code, Engine, Options, Wasm};
use wirken_installed::{Components, Consent};
use wirken_manifest::Manifest;

use crate::{Summary, Times};

const FIRST_LOADS: usize = 9;
const LATER_LOADS: usize = 50;
/// A file that was just written is read again.
const SETTLES: Duration = Duration::from_secs(5);

pub(super) fn measure(manifest: &str, wasm: &Wasm, summary: &mut Summary) -> Result<()> {
    let (data, cache) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let parsed = Manifest::parse(manifest)?;
    let components = Components::of(data.path());
    components.put(manifest, wasm, &Consent::whole(&parsed, manifest, wasm))?;
    std::thread::sleep(SETTLES);

    let options = Options { cache: Some(cache.path().to_owned()), ..Options::default() };
    let (compiled, event, _) = load(&components, &Engine::new(&options)?, &parsed.name)?;
    ensure!(event == CacheEvent::Compiled, "it was {event:?}");
    let native = native_bytes(cache.path())? as f64 / (1024.0 * 1024.0);
    summary.put("python_component_mib", wasm.size() as f64 / (1024.0 * 1024.0));
    summary.put("python_native_code_mib", native);
    summary.put("python_compile_ms", compiled.as_secs_f64() * 1000.0);

    let (mut first, mut later, mut back) = (Times::default(), Times::default(), Times::default());
    // An engine that has authenticated nothing, and a folder of which nothing was read, are as a process that has not.
    for _ in 0..FIRST_LOADS {
        let (took, event, _) = load(&Components::of(data.path()), &Engine::new(&options)?, &parsed.name)?;
        ensure!(event == CacheEvent::Hit, "it was {event:?}");
        first.add(took);
    }
    let engine = Engine::new(&options)?;
    // In use, as a loaded component is.
    let in_use = load(&components, &engine, &parsed.name)?;
    for _ in 0..LATER_LOADS {
        later.add(again(&components, &engine, &parsed.name)?);
    }
    drop(in_use);
    // As one that is disabled and enabled.
    for _ in 0..LATER_LOADS {
        back.add(again(&components, &engine, &parsed.name)?);
    }
    summary.put("python_first_cached_load_p50_ms", first.at(50));
    summary.put("python_first_cached_load_ms_per_native_mib", first.at(50) / native);
    for (name, times) in [("later", &later), ("unused", &back)] {
        summary.put(&format!("python_{name}_cached_load_p50_ms"), times.at(50));
        summary.put(&format!("python_{name}_cached_load_p95_ms"), times.at(95));
    }
    Ok(())
}

fn again(components: &Components, engine: &Engine, name: &str) -> Result<Duration> {
    let (took, event, _) = load(components, engine, name)?;
    ensure!(event == CacheEvent::Hit, "it was {event:?}");
    Ok(took)
}

fn load(components: &Components, engine: &Engine, name: &str) -> Result<(Duration, CacheEvent, Code)> {
    let began = Instant::now();
    let installed = components.read(name)?;
    ensure!(installed.rests().is_none(), "it is not as it was allowed");
    let (code, outcome) = engine.load(&installed.wasm)?;
    Ok((began.elapsed(), outcome.event, code))
}

fn native_bytes(folder: &Path) -> Result<u64> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "cwasm") {
            return Ok(entry.metadata()?.len());
        }
    }
    None.context("the cache kept nothing")
}
