//! One call of a tool: a fresh instance from the pool, what it does, the result.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use wirken_engine::Engine;
use wirken_plugin::{Access, Grant, Owner, Package, Ports, ToolEnd, ToolPlugin};
use wirken_types::chat::plain_text;
use wirken_types::event::ToolOutcome;

use super::bare::{Answer, Bare, Part, Point};
use super::{WARM_UP, package};
use crate::Times;

const CALLS: usize = 3_000;

/// The same call twice: with nothing around it, and as the gateway makes it.
pub(super) struct Beside {
    pub(super) bare: Times,
    pub(super) whole: Times,
}

/// A file is read.
pub(super) async fn files(engine: Engine) -> Result<Times> {
    let workspace = tempfile::tempdir()?;
    std::fs::write(workspace.path().join("note.txt"), "a short note\n")?;
    let grant = Grant { workspace: Some((workspace.path().to_owned(), Access::ReadOnly)), ..Grant::default() };
    let tool = ToolPlugin::load(&engine, package("tools/files")?, &Owner { grant, ..Owner::default() }).await?;
    let mut times = Times::default();
    for round in 0..CALLS + WARM_UP {
        let (took, _) = call(&tool, "files_read", r#"{"path":"note.txt"}"#).await?;
        if round >= WARM_UP {
            times.add(took);
        }
    }
    Ok(times)
}

/// The least that a tool does. The two take turns, so that whatever else the machine does meets both.
pub(super) async fn echo(engine: Engine) -> Result<Beside> {
    const ARGUMENTS: &str = r#"{"text":"a short note"}"#;
    let package = package("fixtures/echo")?;
    let (code, _) = engine.load(&package.wasm)?;
    let bare = Bare::new(code.component(), "wirken:tool/tools@0.1.0", "call")?;
    let tool = ToolPlugin::load(&engine, package, &Owner::default()).await?;
    let mut beside = Beside { bare: Times::default(), whole: Times::default() };
    for round in 0..CALLS + WARM_UP {
        let began = Instant::now();
        let (answer,): (Answer,) = bare.call(("echo", ARGUMENTS))?;
        let alone = began.elapsed();
        ensure!(matches!(answer.as_deref(), Ok([Part::Text(text)]) if text == "a short note"), "{answer:?}");
        let (whole, text) = call(&tool, "echo", ARGUMENTS).await?;
        ensure!(text == "a short note", "{text}");
        if round >= WARM_UP {
            beside.bare.add(alone);
            beside.whole.add(whole);
        }
    }
    Ok(beside)
}

/// A plain function that knows nothing of this host, called with values that are known at run time alone.
pub(super) async fn reflected(engine: Engine, package: Package) -> Result<Beside> {
    const ARGUMENTS: &str = r#"{"points":[{"x":0,"y":0},{"x":2,"y":4}]}"#;
    let (code, _) = engine.load(&package.wasm)?;
    let bare = Bare::new(code.component(), "example:geometry/shapes@0.1.0", "centroid")?;
    let tool = ToolPlugin::load(&engine, package, &Owner::default()).await?;
    let points = [Point { x: 0.0, y: 0.0 }, Point { x: 2.0, y: 4.0 }];
    let mut beside = Beside { bare: Times::default(), whole: Times::default() };
    for round in 0..CALLS + WARM_UP {
        let began = Instant::now();
        let (middle,): (Option<Point>,) = bare.call((&points[..],))?;
        let alone = began.elapsed();
        ensure!(matches!(middle, Some(Point { x: 1.0, y: 2.0 })), "{middle:?}");
        let (whole, text) = call(&tool, "centroid", ARGUMENTS).await?;
        ensure!(text == r#"{"x":1.0,"y":2.0}"#, "{text}");
        if round >= WARM_UP {
            beside.bare.add(alone);
            beside.whole.add(whole);
        }
    }
    Ok(beside)
}

async fn call(tool: &ToolPlugin, name: &str, arguments: &str) -> Result<(Duration, String)> {
    let began = Instant::now();
    let ToolEnd { outcome, content, .. } = tool.call(name.into(), arguments.into(), Ports::default()).await;
    let took = began.elapsed();
    let text = plain_text(&content);
    ensure!(outcome == ToolOutcome::Ok, "the call failed: {text}");
    Ok((took, text))
}
