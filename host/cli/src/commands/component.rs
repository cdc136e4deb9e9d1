//! `wirken component list`: the components, what they are and what they import.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value};
use wirken_engine::{Engine, Options};
use wirken_manifest::{Credential, Manifest};
use wirken_plugin::{Info, Package};

use crate::args::Component;
use crate::environment::Environment;
use crate::{output, parts};

#[derive(Serialize)]
struct Components {
    components: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    info: Info,
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
    let Component::List { report } = args;
    if report.format == output::Format::Text {
        output::note("Reading the components …");
    }
    // A command that looks leaves the compiled copies as they are: one that was tampered with is for the next start to record.
    let cache = Some(parts::folder(environment)?.cache());
    let engine = Engine::new(&Options { cache, cache_read_only: true, ..Options::default() })?;
    let components = parts::all_packages()?.iter().map(|package| listed(&engine, package)).collect::<anyhow::Result<_>>()?;
    output::report(report.format, &Components { components }, |list| {
        let rows: Vec<Vec<String>> = list.components.iter().map(row).collect();
        output::table(&["NAME", "KIND", "VERSION", "DIGEST", "IMPORTS"], &rows)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn listed(engine: &Engine, package: &Package) -> anyhow::Result<Listed> {
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
    Ok(Listed { info: wirken_plugin::describe(engine, package)?, settings: settings.clone(), credentials })
}

fn row(Listed { info, .. }: &Listed) -> Vec<String> {
    let imports: Vec<&str> = info.imports.iter().filter(|import| !import.is_types_only()).map(|import| import.name.as_str()).collect();
    let imports = if imports.is_empty() { "nothing".to_owned() } else { imports.join(" ") };
    vec![info.name.clone(), info.kind.word().to_owned(), info.version.clone(), info.digest.short(), imports]
}
