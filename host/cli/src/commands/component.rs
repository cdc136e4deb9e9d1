//! `wirken component list`: the components, what they are and what they import.

use std::process::ExitCode;

use serde::Serialize;
use wirken_engine::Engine;
use wirken_plugin::Info;

use crate::args::Component;
use crate::environment::Environment;
use crate::{output, parts};

#[derive(Serialize)]
struct Components {
    components: Vec<Info>,
}

pub(crate) fn run(environment: &Environment, args: Component) -> anyhow::Result<ExitCode> {
    let Component::List { report } = args;
    let engine: Engine = parts::engine(&parts::folder(environment)?)?;
    let components =
        parts::all_packages()?.iter().map(|package| Ok(wirken_plugin::describe(&engine, package)?)).collect::<anyhow::Result<_>>()?;
    output::report(report.format, &Components { components }, |list| {
        let rows: Vec<Vec<String>> = list.components.iter().map(row).collect();
        output::table(&["NAME", "KIND", "VERSION", "DIGEST", "IMPORTS"], &rows)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(info: &Info) -> Vec<String> {
    let imports: Vec<&str> = info.imports.iter().filter(|import| !import.is_types_only()).map(|import| import.name.as_str()).collect();
    let imports = if imports.is_empty() { "nothing".to_owned() } else { imports.join(" ") };
    vec![info.name.clone(), info.kind.word().to_owned(), info.version.clone(), info.digest.short(), imports]
}
