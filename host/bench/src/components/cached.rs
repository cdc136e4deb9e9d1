//! The load of a large component that was compiled before: Python, with all of its interpreter.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use wirken_engine::{CacheEvent, Code, Engine, Options};

use crate::{Summary, Times};

const FIRST_LOADS: usize = 9;
const LATER_LOADS: usize = 50;

pub(super) fn measure(wasm: &[u8], summary: &mut Summary) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = Options { cache: Some(folder.path().to_owned()), ..Options::default() };
    let (compiled, event, _) = load(&Engine::new(&options)?, wasm)?;
    ensure!(event == CacheEvent::Compiled, "it was {event:?}");
    let native = native_bytes(folder.path())? as f64 / (1024.0 * 1024.0);
    summary.put("python_component_mib", wasm.len() as f64 / (1024.0 * 1024.0));
    summary.put("python_native_code_mib", native);
    summary.put("python_compile_ms", compiled.as_secs_f64() * 1000.0);

    let (mut first, mut later) = (Times::default(), Times::default());
    // An engine that has authenticated nothing is as a process that has not.
    for _ in 0..FIRST_LOADS {
        let (took, event, _) = load(&Engine::new(&options)?, wasm)?;
        ensure!(event == CacheEvent::Hit, "it was {event:?}");
        first.add(took);
    }
    let engine = Engine::new(&options)?;
    // In use, as a loaded component is.
    let _in_use = load(&engine, wasm)?;
    for _ in 0..LATER_LOADS {
        let (took, event, _) = load(&engine, wasm)?;
        ensure!(event == CacheEvent::Hit, "it was {event:?}");
        later.add(took);
    }
    summary.put("python_first_cached_load_p50_ms", first.at(50));
    summary.put("python_first_cached_load_ms_per_native_mib", first.at(50) / native);
    summary.put("python_later_cached_load_p50_ms", later.at(50));
    summary.put("python_later_cached_load_p95_ms", later.at(95));
    Ok(())
}

fn load(engine: &Engine, wasm: &[u8]) -> Result<(Duration, CacheEvent, Code)> {
    let began = Instant::now();
    let (code, outcome) = engine.load(wasm)?;
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
