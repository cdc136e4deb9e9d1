//! `wirken component test`: a component's own tests, and what every component of its kind has to do.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use wirken_conformance::{Report, Rule, Traffic, conform};
use wirken_engine::Engine;
use wirken_scaffold::Language;

use super::author::make;
use super::source::{Bare, Source};
use crate::environment::Environment;
use crate::output;

const OWN: Rule = Rule { name: "own-tests", words: "its own tests pass" };
const OFFERED: Rule = Rule { name: "imports", words: "what it imports is offered here, and asked for by its manifest" };

/// Whether all of it holds. What is wrong is in the report.
pub(super) async fn test(environment: &Environment, engine: &Engine, folder: &Path, format: output::Format) -> anyhow::Result<bool> {
    let mut report = Report::default();
    let own = own_tests(folder)?;
    let goes_on = own.is_ok();
    report.add(OWN, "", own);
    if goes_on {
        make(environment, folder)?;
        built(engine, folder, &mut report).await?;
    }
    let holds = report.holds();
    output::report(format, &report, |report| {
        let lines: Vec<String> = report.checks.iter().map(|check| output::Safe(&check.to_string()).to_string()).collect();
        let bad = report.checks.iter().filter(|check| check.problem.is_some()).count();
        let sum = if bad == 0 {
            format!("{} checks, and all hold.", lines.len())
        } else {
            format!("{bad} of {} checks do not hold.", lines.len())
        };
        format!("{}\n{sum}", lines.join("\n"))
    })?;
    Ok(holds)
}

async fn built(engine: &Engine, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let source = Source::read(folder, &Bare::default())?;
    let package = source.package();
    match wirken_plugin::validate(engine, &package) {
        Ok(_) => report.add(OFFERED, "", Ok(())),
        Err(error) => {
            report.add(OFFERED, "", Err(error.problem.to_string()));
            return Ok(());
        }
    }
    output::note("Trying what every component of its kind has to do …");
    let traffic = Traffic::read(folder)?;
    report.checks.extend(conform(engine, &package, &traffic).await.checks);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an author's own tests are programs that the author starts by this command")]
fn own_tests(folder: &Path) -> anyhow::Result<Result<(), String>> {
    let (program, arguments): (&str, &[&str]) = match wirken_author::detect(folder)? {
        Language::Rust => ("cargo", &["test", "--quiet"]),
        Language::JavaScript => ("npm", &["test", "--silent"]),
        Language::Python => ("python3", &["-m", "unittest", "--quiet"]),
    };
    let command = format!("{program} {}", arguments.join(" "));
    output::note(format_args!("Running `{command}` …"));
    // What they say is no part of the report.
    let status = Command::new(program).args(arguments).current_dir(folder).stdout(std::io::stderr()).status();
    let status = status.with_context(|| format!("{program} could not be started: is it installed?"))?;
    Ok(if status.success() { Ok(()) } else { Err(format!("`{command}` failed: see above")) })
}
