//! One call of a tool component: a fresh instance from the pool, a file read, the result.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wirken_engine::{Engine, Options};
use wirken_manifest::Manifest;
use wirken_plugin::{Access, Grant, Owner, Package, Ports, ToolPlugin};
use wirken_types::event::ToolOutcome;

use crate::Times;

const CALLS: usize = 3_000;

pub(crate) async fn measure() -> Result<Times> {
    let folder = Path::new("components/dist/tools/files");
    let manifest =
        Manifest::parse(&std::fs::read_to_string(folder.join("component.toml")).context("run this from the repository's root")?)?;
    let package = Package { manifest, wasm: Cow::Owned(std::fs::read(folder.join("component.wasm"))?) };
    let engine = Engine::new(&Options::default())?;
    let workspace = tempfile::tempdir()?;
    std::fs::write(workspace.path().join("note.txt"), "a short note\n")?;
    let grant = Grant { workspace: Some((workspace.path().to_owned(), Access::ReadOnly)), ..Grant::default() };
    let tool = ToolPlugin::load(&engine, package, &Owner { grant, ..Owner::default() }).await?;
    let mut times = Times::default();
    for call in 0..CALLS + 200 {
        let began = Instant::now();
        let end = tool.call("files_read".into(), r#"{"path":"note.txt"}"#.into(), Ports::default()).await;
        let took = began.elapsed();
        ensure!(end.outcome == ToolOutcome::Ok, "the call failed: {end:?}");
        // The first ones fill the pool.
        if call >= 200 {
            times.add(took);
        }
    }
    Ok(times)
}
