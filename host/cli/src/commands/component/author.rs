//! `wirken component new|build|test|dev`: from an empty folder to a component that is in use.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::{Map, json};
use wirken_author::{Built, Tools};
use wirken_engine::Engine;
use wirken_gateway::folder::Folder;
use wirken_installed::{Components, wants_more};
use wirken_manifest::Kind;
use wirken_plugin::{Asked, ChannelPlugin, Grant, Owner, PolicyPlugin, ProviderPlugin, ToolPlugin};
use wirken_scaffold::Language;
use wirken_types::Digest;

use super::change::Change;
use super::source::{Bare, Source};
use crate::environment::Environment;
use crate::output;

/// How often the sources are looked at.
const LOOK: Duration = Duration::from_millis(400);
/// Folders in which an author's tools keep what they made.
const MADE: [&str; 6] = ["target", "node_modules", ".venv", "__pycache__", "dist", ".git"];

pub(super) fn new(name: &str, kind: Kind, language: Language, format: output::Format) -> anyhow::Result<()> {
    let files = wirken_scaffold::scaffold(name, kind, language)?;
    let folder = PathBuf::from(name);
    wirken_author::create(&folder, &files)?;
    let report = json!({ "folder": folder, "files": files.iter().map(|file| &file.path).collect::<Vec<_>>() });
    output::report(format, &report, |_| {
        format!(
            "{name}/ holds a {} that works. Next:\n  cd {name}\n  wirken component test\n  wirken component build\n  wirken component add .",
            kind.word()
        )
    })
}

#[derive(Serialize)]
struct BuiltReport {
    path: PathBuf,
    bytes: u64,
    digest: Digest,
    imports: Vec<String>,
}

pub(super) fn build(environment: &Environment, folder: &Path, format: output::Format) -> anyhow::Result<()> {
    let built = make(environment, folder)?;
    let wasm = std::fs::read(&built.path).with_context(|| format!("could not read {}", built.path.display()))?;
    let report = BuiltReport { path: built.path, bytes: wasm.len() as u64, digest: Digest::of(&wasm), imports: built.shape.authority };
    output::report(format, &report, |report| {
        let imports = if report.imports.is_empty() { "nothing but types".to_owned() } else { report.imports.join(", ") };
        format!("{}: {} bytes; it imports {imports}.", report.path.display(), report.bytes)
    })
}

fn make(environment: &Environment, folder: &Path) -> anyhow::Result<Built> {
    let tools = Tools { rustc: environment.rustc.clone(), ..Tools::default() };
    Ok(wirken_author::build(folder, &tools, &mut |line| output::note(line))?)
}

#[derive(Serialize)]
struct Checked {
    checks: Vec<String>,
}

/// The component's own tests, then what every component of its kind has to do in this host.
pub(super) async fn test(environment: &Environment, engine: &Engine, folder: &Path, format: output::Format) -> anyhow::Result<()> {
    let mut checks = Vec::new();
    let language = wirken_author::detect(folder)?;
    let (program, arguments): (&str, &[&str]) = match language {
        Language::Rust => ("cargo", &["test", "--quiet"]),
        Language::JavaScript => ("npm", &["test", "--silent"]),
        Language::Python => ("python3", &["-m", "unittest", "--quiet"]),
    };
    output::note(format_args!("Running `{program} {}` …", arguments.join(" ")));
    run(program, arguments, folder)?;
    checks.push(format!("its own tests pass ({program} {})", arguments.join(" ")));
    make(environment, folder)?;
    let source = Source::read(folder, &Bare::default())?;
    let info = wirken_plugin::validate(engine, &source.package())?;
    checks.push(format!("what it imports is offered here and asked for ({} interfaces)", info.imports.len()));
    conform(engine, &source, &mut checks).await?;
    output::report(format, &Checked { checks }, |checked| {
        checked.checks.iter().map(|check| format!("ok: {check}")).collect::<Vec<_>>().join("\n")
    })
}

#[expect(clippy::disallowed_methods, reason = "an author's own tests are programs that the author starts by this command")]
fn run(program: &str, arguments: &[&str], folder: &Path) -> anyhow::Result<()> {
    let status = Command::new(program).args(arguments).current_dir(folder).status();
    let status = status.with_context(|| format!("{program} could not be started: is it installed?"))?;
    if !status.success() {
        bail!("the component's own tests failed: see above");
    }
    Ok(())
}

/// What every component of its kind has to do, tried.
async fn conform(engine: &Engine, source: &Source, checks: &mut Vec<String>) -> anyhow::Result<()> {
    let package = source.package();
    match source.manifest.kind {
        Kind::Provider => drop(ProviderPlugin::load(engine, package)?),
        Kind::Channel => drop(ChannelPlugin::load(engine, package)?),
        Kind::Policy => drop(PolicyPlugin::load(engine, package, &Map::new())?),
        Kind::Tool => {
            let settings = source.manifest.settings(&Map::new())?;
            let grant = Grant::whole(&Asked::of(&source.manifest, &settings)?, None);
            let owner = Owner { grant, ..Owner::default() };
            let (first, second) =
                (ToolPlugin::load(engine, source.package(), &owner).await?, ToolPlugin::load(engine, package, &owner).await?);
            if first.definitions() != second.definitions() {
                bail!("it lists other tools at another time: `definitions` has to answer the same always");
            }
            checks.push(format!("it lists {} tools, the same each time", first.definitions().len()));
            for definition in first.definitions() {
                for arguments in ["{}", "[]", "no JSON", ""] {
                    let plans = [
                        first.plan(definition.name.clone(), arguments.to_owned()).await,
                        first.plan(definition.name.clone(), arguments.to_owned()).await,
                    ];
                    if let Some(why) = plans.iter().filter_map(|plan| plan.as_ref().err()).find(|why| why.contains("did not say")) {
                        bail!("`plan` of {} crashes on {arguments:?}: {why}", definition.name);
                    }
                    if plans[0] != plans[1] {
                        bail!("`plan` of {} answers differently to the same arguments {arguments:?}", definition.name);
                    }
                }
            }
            checks.push("each plan answers arguments that make no sense, and the same each time".to_owned());
        }
    }
    checks.push("it loads".to_owned());
    Ok(())
}

/// Builds, adds and builds again, for as long as nobody stops it.
pub(super) fn dev(environment: &Environment, home: &Folder, folder: &Path) -> anyhow::Result<()> {
    let mut seen = SystemTime::UNIX_EPOCH;
    loop {
        let newest = newest(folder);
        if newest > seen {
            match put_to_use(environment, home, folder) {
                Ok(()) => {}
                // What is being written is often wrong; the version before stays in use.
                Err(error) => output::note(format_args!("{error:#}")),
            }
            // What the build itself wrote is no change.
            seen = newest.max(self::newest(folder));
            output::note("Waiting for a change. Stop with Ctrl-C.");
        }
        std::thread::sleep(LOOK);
    }
}

fn put_to_use(environment: &Environment, home: &Folder, folder: &Path) -> anyhow::Result<()> {
    make(environment, folder)?;
    let source = Source::read(folder, &Bare::default())?;
    let before = Components::of(home.root()).read(&source.manifest.name).ok();
    let more = match &before {
        Some(before) => wants_more(&before.consent, &source.manifest),
        None => vec!["to be added".to_owned()],
    };
    if !more.is_empty() {
        // Nothing is allowed on the way: it is asked for as at any other time.
        return super::add(home, &source, false, output::Format::Text);
    }
    let change = Change::Add { manifest: &source.manifest_text, wasm: &source.path, digest: Digest::of(&source.wasm) };
    super::changed(home, &change, output::Format::Text)
}

/// When a source was changed last.
fn newest(folder: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let Ok(data) = entry.metadata() else { continue };
            if data.is_dir() {
                if !MADE.iter().any(|made| name == *made) {
                    folders.push(path);
                }
            } else if name != "component.wasm" {
                newest = newest.max(data.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            }
        }
    }
    newest
}
