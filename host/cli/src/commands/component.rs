//! `wirken component`: the components, what they are, what they ask for, and which of them are in use.

mod author;
mod change;
mod dev;
mod left;
mod now;
mod run;
mod source;
mod test;
mod told;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;
use serde_json::{Map, Value, json};
use wirken_engine::{Engine, Options};
use wirken_gateway::control::{self, CallFailed, Request};
use wirken_gateway::folder::Folder;
use wirken_installed::wants_more;
use wirken_ledger::{Batch, Chain, Ledger};
use wirken_manifest::{Credential, Kind, Manifest};
use wirken_plugin::{Info, Package};
use wirken_scaffold::Language;
use wirken_types::event::Event;

use crate::args::{AuthorKind, AuthorLanguage, Component};
use crate::environment::Environment;
use crate::shelf::{self, Shelf};
use crate::uses::{self, State, Uses};
use crate::{output, parts};
pub(crate) use change::Change;
use left::Left;
use now::Now;
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
    /// It came with the binary.
    bundled: bool,
    /// Whether it is in use, or why not; none of a file that was not added.
    state: Option<String>,
    /// The accounts that are connected through a channel.
    accounts: Vec<String>,
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
            let holds = parts::runtime()?.block_on(test::test(environment, &engine, &of, report.format))?;
            return Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Component::Dev { folder: of } => dev::dev(environment, &folder, &of)?,
        Component::Enable { name, report } => changed(&folder, &Change::Enable(&name), report.format)?,
        Component::Disable { name, report } => changed(&folder, &Change::Disable(&name), report.format)?,
        Component::Remove { name, report } => changed(&folder, &Change::Remove(&name), report.format)?,
        Component::Reload { report } => {
            let answer = parts::small_runtime()?.block_on(control::call(&folder.control(), &Request::ComponentReload))?;
            output::report(report.format, &answer, |_| "The components were read anew.".into())?;
        }
        Component::Run { component, tool, arguments, workspace, read_only, network, settings, report } => {
            let source = Source::find(&Shelf::of(&folder), &component, &Bare::default())?;
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
    let (engine, shelf, now) = (looking(folder)?, Shelf::of(folder), Now::of(folder)?);
    let mut components = Vec::new();
    for found in shelf::bundled()? {
        let state = now.uses.bundled(&found.manifest, now.resting(&found.manifest.name));
        components.push(listed(&engine, &found.into_package(), true, Some(&state), &now.uses)?);
    }
    let mut broken = Vec::new();
    for name in shelf.added().names()? {
        let described = shelf.added().read(&name).map_err(anyhow::Error::from).and_then(|found| {
            let state = now.uses.added(&found, now.resting(&name))?;
            let package = Package { manifest: found.manifest, wasm: found.wasm };
            listed(&engine, &package, false, Some(&state), &now.uses)
        });
        match described {
            Ok(listed) => components.push(listed),
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
    let shelf = Shelf::of(folder);
    let source = Source::find(&shelf, component, &Bare::default())?;
    let now = Now::of(folder)?;
    // By its name, and not a file that has the name of one.
    let known = (source.manifest.name == component).then(|| now.state(&shelf, component)).transpose()?.flatten();
    let engine = looking(folder)?;
    let package = source.package();
    let problem = wirken_plugin::validate(&engine, &package).err().map(|error| error.to_string());
    let bundled = known.is_some() && shelf::is_bundled(component)?;
    let listed = listed(&engine, &package, bundled, known.as_ref(), &now.uses)?;
    let inspected = Inspected { listed, asks: told::asks(&source.manifest), problem };
    output::report(format, &inspected, |inspected| {
        let Listed { info, .. } = &inspected.listed;
        let mut text = format!(
            "{} {}, a {}: {}\nworld {}\ndigest {}\n{}\n",
            info.name,
            info.version,
            info.kind.word(),
            output::one_line(&info.description, 400),
            output::one_line(&info.world, 200),
            info.digest,
            inspected.listed.describe_state()
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
    let change = Change::Add { manifest: &source.manifest_text, wasm: &source.path, digest: source.wasm.digest() };
    change.check(&Shelf::of(folder), &Now::of(folder)?.uses, parts::config(folder).ok().as_ref())?;
    let engine = parts::engine(folder)?;
    let info = wirken_plugin::validate(&engine, &source.package())?;
    let before = Shelf::of(folder).added().read(&manifest.name).ok();
    output::note(format_args!(
        "{} {}, a {}: {}\n{} ({} bytes)",
        info.name,
        info.version,
        info.kind.word(),
        output::one_line(&info.description, 400),
        info.digest,
        source.wasm.size()
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
    changed(folder, &change, format)
}

/// Makes a change, through the gateway where one runs, and tells what has become of the component.
fn changed(folder: &Folder, change: &Change<'_>, format: output::Format) -> anyhow::Result<()> {
    let (name, shelf) = (change.name()?, Shelf::of(folder));
    let runtime = parts::runtime()?;
    let is_removed = matches!(change, Change::Remove(_));
    let (now, left) = match runtime.block_on(control::call(&folder.control(), &change.request())) {
        Ok(answer) => (Now::told(&answer)?, Left::told(&answer)),
        Err(CallFailed::NotRunning) => {
            let _lock = parts::lock(folder, "it has just been started: try again")?;
            let now = Now::of(folder)?;
            change.check(&shelf, &now.uses, parts::config(folder).ok().as_ref())?;
            let left = if is_removed { Left::behind(folder, &shelf, &now, &name)? } else { Left::Held(Vec::new()) };
            let ledger = Ledger::open(&wirken_ledger::path_in(folder.root()), wirken_ledger::Options::default())?;
            let record = |action: String| {
                let event = Event::System { action, subject: name.clone(), detail: change.detail() };
                runtime.block_on(ledger.append(Batch::of(Chain::System, [event])))
            };
            record(change.action().to_owned())?;
            let made = change.make(shelf.added());
            if made.is_err() {
                record(format!("{}-failed", change.action()))?;
            }
            runtime.block_on(ledger.close())?;
            made?;
            (now, left)
        }
        Err(error) => return Err(error.into()),
    };
    let state = now.state(&shelf, &name)?;
    let resting = match &state {
        Some(State::Rests(why)) if !matches!(change, Change::Disable(_)) => Some(why),
        _ => None,
    };
    let told = state.as_ref().map(ToString::to_string);
    let (action, credentials) = (change.action(), left.names());
    let report = json!({ "component": name, "change": action, "state": told, "resting": resting, "credentials": credentials });
    output::report(format, &report, |_| match (change, &state) {
        (Change::Disable(_), _) => format!("{name}: It is not in use any more.{}", now.uses.missed(&name)),
        (Change::Remove(_), _) => format!("{name}: It is gone.{}", left.words(&name)),
        (_, None) => format!("{name}: It is gone."),
        (_, Some(state)) => match shelf.added().manifest(&name) {
            Ok(manifest) => uses::told(&manifest, state, &now.uses),
            Err(error) => format!("{name} is kept, and not in use: {error}."),
        },
    })
}

fn listed(engine: &Engine, package: &Package, bundled: bool, state: Option<&State>, uses: &Uses) -> anyhow::Result<Listed> {
    let Manifest { name, kind, settings, credentials, .. } = &package.manifest;
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
    let accounts = if *kind == Kind::Channel && state.is_some() { uses.accounts(name) } else { Vec::new() };
    let (info, state) = (wirken_plugin::describe(engine, package)?, state.map(ToString::to_string));
    Ok(Listed { info, bundled, state, accounts, settings: settings.clone(), credentials })
}

impl Listed {
    fn describe_state(&self) -> String {
        let Self { bundled, state, accounts, .. } = self;
        let mut text = if *bundled { "bundled, " } else { "" }.to_owned();
        text.push_str(state.as_deref().unwrap_or("not added"));
        if !accounts.is_empty() {
            text.push_str(&format!(" ({})", accounts.join(", ")));
        }
        text
    }
}

fn row(listed: &Listed) -> Vec<String> {
    let info = &listed.info;
    let imports: Vec<&str> = info.imports.iter().filter(|import| !import.is_types_only()).map(|import| import.name.as_str()).collect();
    let imports = if imports.is_empty() { "nothing".to_owned() } else { imports.join(" ") };
    vec![info.name.clone(), info.kind.word().to_owned(), info.version.clone(), info.digest.short(), listed.describe_state(), imports]
}
