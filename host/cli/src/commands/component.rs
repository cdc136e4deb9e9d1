//! `wirken component`: the components, what they are, what they ask for, and which of them are in use.

mod author;
mod change;
mod run;
mod source;
mod told;

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;
use serde_json::{Map, Value, json};
use wirken_engine::{Engine, Options};
use wirken_gateway::control::{self, CallFailed, Request};
use wirken_gateway::folder::Folder;
use wirken_installed::{Components as Installation, wants_more};
use wirken_ledger::{Batch, Chain, Ledger};
use wirken_manifest::{Credential, Kind, Manifest};
use wirken_plugin::{Info, Package};
use wirken_scaffold::Language;
use wirken_types::Digest;
use wirken_types::event::Event;

use crate::args::{AuthorKind, AuthorLanguage, Component};
use crate::environment::Environment;
use crate::{output, parts};
pub(crate) use change::Change;
use source::{Bare, Source};

#[derive(Serialize)]
struct Components {
    components: Vec<Listed>,
    /// Added, and not to be read.
    broken: Vec<Broken>,
}

#[derive(Serialize)]
struct Broken {
    name: String,
    problem: String,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    info: Info,
    /// Of one that was added: whether it is in use, or why not. Of a bundled one: why it is not.
    state: Option<String>,
    /// The JSON Schema of its settings.
    settings: Map<String, Value>,
    credentials: Vec<Asked>,
}

#[derive(Serialize)]
struct Asked {
    name: String,
    description: String,
    origins: Vec<String>,
    place: String,
    optional: bool,
}

pub(crate) fn run(environment: &Environment, args: Component) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    match args {
        Component::List { report } => list(&folder, report.format)?,
        Component::Inspect { component, report } => inspect(&folder, &component, report.format)?,
        Component::Add { path, yes, name, network, workspace, report } => {
            add(&folder, &Source::read(&path, &Bare { name, network, workspace })?, yes, report.format)?;
        }
        Component::New { name, kind, lang, report } => {
            let kind = match kind {
                AuthorKind::Tool => Kind::Tool,
                AuthorKind::Provider => Kind::Provider,
                AuthorKind::Channel => Kind::Channel,
                AuthorKind::Policy => Kind::Policy,
            };
            let language = match lang {
                AuthorLanguage::Rust => Language::Rust,
                AuthorLanguage::Js => Language::JavaScript,
                AuthorLanguage::Python => Language::Python,
            };
            author::new(&name, kind, language, report.format)?;
        }
        Component::Build { folder: of, report } => author::build(environment, &of, report.format)?,
        Component::Test { folder: of, report } => {
            let engine = looking(&folder)?;
            parts::runtime()?.block_on(author::test(environment, &engine, &of, report.format))?;
        }
        Component::Dev { folder: of } => author::dev(environment, &folder, &of)?,
        Component::Enable { name, report } => changed(&folder, &Change::Enable(&name), "It is in use again.", report.format)?,
        Component::Disable { name, report } => changed(&folder, &Change::Disable(&name), "It is not in use any more.", report.format)?,
        Component::Remove { name, report } => changed(&folder, &Change::Remove(&name), "It is gone.", report.format)?,
        Component::Reload { report } => {
            let answer = parts::small_runtime()?.block_on(control::call(&folder.control(), &Request::ComponentReload))?;
            output::report(report.format, &answer, |_| "The components were read anew.".into())?;
        }
        Component::Run { component, tool, arguments, workspace, read_only, network, settings, report } => {
            let source = Source::find(&Installation::of(folder.root()), &component, &Bare::default())?;
            let settings = crate::questions::settings(&crate::questions::Answers { interactive: false }, &source.manifest, &settings)?;
            let given = run::Given { workspace, read_only, network, settings };
            let engine = looking(&folder)?;
            let ended = parts::runtime()?.block_on(run::run(&engine, &source, tool, arguments, given, report.format))?;
            return Ok(if ended { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A command that looks leaves the compiled copies as they are: one that was tampered with is for the next start to record.
fn looking(folder: &Folder) -> anyhow::Result<Engine> {
    Ok(Engine::new(&Options { cache: Some(folder.cache()), cache_read_only: true, ..Options::default() })?)
}

fn list(folder: &Folder, format: output::Format) -> anyhow::Result<()> {
    if format == output::Format::Text {
        output::note("Reading the components …");
    }
    let engine = looking(folder)?;
    // Why a bundled one is out of use is known to the gateway alone.
    let resting = resting(folder)?;
    let state = |package: &Package| resting.get(&package.manifest.name).and_then(Value::as_str).map(str::to_owned);
    let mut components: Vec<Listed> =
        parts::all_packages()?.iter().map(|package| listed(&engine, package, state(package))).collect::<Result<_, _>>()?;
    let installed = Installation::of(folder.root());
    let mut broken = Vec::new();
    for name in installed.names()? {
        match installed.read(&name) {
            Ok(found) => {
                let state = found.rests().map_or_else(|| "in use".to_owned(), |rest| rest.to_string());
                let package = Package { manifest: found.manifest, wasm: Cow::Owned(found.wasm) };
                match listed(&engine, &package, Some(state)) {
                    Ok(listed) => components.push(listed),
                    Err(error) => broken.push(Broken { name, problem: error.to_string() }),
                }
            }
            Err(error) => broken.push(Broken { name, problem: error.to_string() }),
        }
    }
    output::report(format, &Components { components, broken }, |list| {
        let rows: Vec<Vec<String>> = list.components.iter().map(row).collect();
        let mut text = output::table(&["NAME", "KIND", "VERSION", "DIGEST", "STATE", "IMPORTS"], &rows);
        for Broken { name, problem } in &list.broken {
            text.push_str(&format!("\n{name} cannot be used: {problem}"));
        }
        text
    })
}

/// What a gateway that runs says of components that are not in use, by name.
fn resting(folder: &Folder) -> anyhow::Result<Value> {
    // Where it does not answer, what is in the folder can be listed all the same.
    let status = parts::small_runtime()?.block_on(control::call(&folder.control(), &Request::Status));
    Ok(status.ok().and_then(|mut status| status.get_mut("resting").map(Value::take)).unwrap_or_default())
}

#[derive(Serialize)]
struct Inspected {
    #[serde(flatten)]
    listed: Listed,
    /// What it asks for, in words.
    asks: Vec<String>,
    /// Why this host would not load it.
    problem: Option<String>,
}

fn inspect(folder: &Folder, component: &str, format: output::Format) -> anyhow::Result<()> {
    let installed = Installation::of(folder.root());
    let source = Source::find(&installed, component, &Bare::default())?;
    let state = installed.read(component).ok().map(|found| found.rests().map_or_else(|| "in use".to_owned(), |rest| rest.to_string()));
    let engine = looking(folder)?;
    let package = source.package();
    let problem = wirken_plugin::validate(&engine, &package).err().map(|error| error.to_string());
    let inspected = Inspected { listed: listed(&engine, &package, state)?, asks: told::asks(&source.manifest), problem };
    output::report(format, &inspected, |inspected| {
        let Listed { info, state, .. } = &inspected.listed;
        let mut text = format!(
            "{} {}, a {}: {}\ndigest {}\n{}\n",
            info.name,
            info.version,
            info.kind.word(),
            output::one_line(&info.description, 400),
            info.digest,
            state.as_deref().unwrap_or("bundled, or not added")
        );
        let imports: Vec<&str> = info.imports.iter().filter(|import| !import.is_types_only()).map(|import| import.name.as_str()).collect();
        text.push_str(&format!("imports {}\n", if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") }));
        for line in &inspected.asks {
            text.push_str(&format!("- {line}\n"));
        }
        if let Some(problem) = &inspected.problem {
            text.push_str(&format!("This host would not load it: {problem}.\n"));
        }
        text.trim_end().to_owned()
    })
}

/// Shows what a component may do, asks, and puts it to use.
fn add(folder: &Folder, source: &Source, yes: bool, format: output::Format) -> anyhow::Result<()> {
    let manifest = &source.manifest;
    if parts::all_packages()?.iter().any(|package| package.manifest.name == manifest.name) {
        bail!("a bundled component is named {} already: give yours another name", manifest.name);
    }
    let engine = parts::engine(folder)?;
    let info = wirken_plugin::validate(&engine, &source.package())?;
    let before = Installation::of(folder.root()).read(&manifest.name).ok();
    output::note(format_args!(
        "{} {}, a {}: {}\n{} ({} bytes)",
        info.name,
        info.version,
        info.kind.word(),
        output::one_line(&info.description, 400),
        info.digest,
        source.wasm.len()
    ));
    for line in told::asks(manifest) {
        output::note(format_args!("- {line}"));
    }
    let (mut asks, mut stays) = (!yes, String::new());
    if let Some(before) = &before {
        let version = &before.manifest.version;
        let more = wants_more(&before.consent, manifest);
        let words = if more.is_empty() {
            "nothing that was not allowed before".to_owned()
        } else {
            format!("more than before: {}", more.join("; "))
        };
        output::note(format_args!("It takes the place of version {version}, and asks for {words}."));
        if before.rests().is_none() {
            stays = format!("; version {version} stays in use");
            // Nothing is to be allowed that was not, to a component that is in use.
            asks &= !more.is_empty() || before.manifest.kind != manifest.kind;
        }
    }
    if asks {
        if !io::stdin().is_terminal() {
            bail!("there is no terminal to ask on: read what it asks for, and add it with --yes{stays}");
        }
        io::stderr().write_all(b"Allow this? [y/N] ")?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            bail!("nothing was added{stays}");
        }
    }
    let change = Change::Add { manifest: &source.manifest_text, wasm: &source.path, digest: Digest::of(&source.wasm) };
    let done = match manifest.kind {
        Kind::Policy => "It is added. Name it in policies.order of config.toml, and start the gateway again: it is asked from then on.",
        Kind::Tool => "It is in use.",
        Kind::Provider | Kind::Channel => "It is kept, and not in use: of added components this wirken loads tools and policies.",
    };
    changed(folder, &change, done, format)
}

/// Makes a change, through the gateway where one runs.
fn changed(folder: &Folder, change: &Change<'_>, done: &str, format: output::Format) -> anyhow::Result<()> {
    let name = change.name()?;
    let runtime = parts::runtime()?;
    let answer = match runtime.block_on(control::call(&folder.control(), &change.request())) {
        Ok(answer) => answer,
        Err(CallFailed::NotRunning) => {
            let _lock = parts::lock(folder, "it has just been started: try again")?;
            let ledger = Ledger::open(&wirken_ledger::path_in(folder.root()), wirken_ledger::Options::default())?;
            let record = |action: String| {
                let event = Event::System { action, subject: name.clone(), detail: change.detail() };
                runtime.block_on(ledger.append(Batch::of(Chain::System, [event])))
            };
            record(change.action().to_owned())?;
            let made = change.make(&Installation::of(folder.root()));
            if made.is_err() {
                record(format!("{}-failed", change.action()))?;
            }
            runtime.block_on(ledger.close())?;
            made?;
            json!({ "resting": null })
        }
        Err(error) => return Err(error.into()),
    };
    let resting = answer.get("resting").and_then(Value::as_str).filter(|_| !matches!(change, Change::Disable(_) | Change::Remove(_)));
    let report = json!({ "component": name, "change": change.action(), "resting": resting });
    output::report(format, &report, |_| match resting {
        Some(why) => format!("{name} is kept, and not in use: {why}."),
        None => format!("{name}: {done}"),
    })
}

fn listed(engine: &Engine, package: &Package, state: Option<String>) -> anyhow::Result<Listed> {
    let Manifest { settings, credentials, .. } = &package.manifest;
    let asked = |credential: &Credential| {
        anyhow::Ok(Asked {
            name: credential.name.clone(),
            description: credential.description.clone(),
            origins: credential.origins.clone(),
            place: credential.place()?.to_string(),
            optional: credential.optional,
        })
    };
    let credentials = credentials.iter().map(asked).collect::<anyhow::Result<_>>()?;
    Ok(Listed { info: wirken_plugin::describe(engine, package)?, state, settings: settings.clone(), credentials })
}

fn row(Listed { info, state, .. }: &Listed) -> Vec<String> {
    let imports: Vec<&str> = info.imports.iter().filter(|import| !import.is_types_only()).map(|import| import.name.as_str()).collect();
    let imports = if imports.is_empty() { "nothing".to_owned() } else { imports.join(" ") };
    vec![
        info.name.clone(),
        info.kind.word().to_owned(),
        info.version.clone(),
        info.digest.short(),
        state.clone().unwrap_or_else(|| "bundled".into()),
        imports,
    ]
}
