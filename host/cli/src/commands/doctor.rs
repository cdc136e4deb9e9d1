//! `wirken doctor`: what this machine offers of that which wirken needs, and what to do where something is missing.

use std::process::ExitCode;

use serde::Serialize;
use wirken_config::Config;
use wirken_gateway::Sandbox;

use crate::args::Report;
use crate::environment::Environment;
use crate::{output, parts, programs};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Diagnosis {
    programs: Programs,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Programs {
    /// `container`, `namespaces` or `none`.
    sandbox: &'static str,
    runs: bool,
    found: Vec<String>,
    /// Why no program runs, and what to do.
    refusals: Vec<String>,
    notes: Vec<String>,
}

pub(crate) fn run(environment: &Environment, args: Report) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    let config: Config = parts::config(&folder)?;
    let sandbox = programs::sandbox(&folder, &config, environment.home.clone());
    let mut programs = parts::small_runtime()?.block_on(describe(&sandbox));
    if !matches!(sandbox, Sandbox::Missing(_))
        && let Err(why) = programs::judge_workspace(&folder, &config, environment.home.clone())
    {
        programs.refusals.push(why);
        programs.runs = false;
    }
    if matches!(sandbox, Sandbox::Missing(_)) {
        programs.notes = parts::small_runtime()?.block_on(programs::offered(&folder, environment.home.clone()));
    }
    let diagnosis = Diagnosis { programs };
    output::report(args.format, &diagnosis, text)?;
    Ok(ExitCode::from(u8::from(!diagnosis.programs.runs)))
}

async fn describe(sandbox: &Sandbox) -> Programs {
    match sandbox {
        Sandbox::Containers(containers) => {
            let described = containers.describe().await;
            let runs = described.is_ready();
            Programs { sandbox: "container", runs, found: described.found, refusals: described.refusals, notes: described.notes }
        }
        Sandbox::Spaces(spaces) => {
            let (mut found, mut refusals) = (Vec::new(), Vec::new());
            for part in spaces.describe().await {
                let list = if part.is_there { &mut found } else { &mut refusals };
                list.push(format!("{}: {}", part.name, part.told));
            }
            Programs { sandbox: "namespaces", runs: refusals.is_empty(), found, refusals, notes: Vec::new() }
        }
        Sandbox::Missing(why) => {
            Programs { sandbox: "none", runs: false, found: Vec::new(), refusals: vec![why.clone()], notes: Vec::new() }
        }
    }
}

fn text(diagnosis: &Diagnosis) -> String {
    let Programs { sandbox, runs, found, refusals, notes } = &diagnosis.programs;
    let mut text = match (*sandbox, runs) {
        ("container", true) => "Programs run in containers.\n".to_owned(),
        ("namespaces", true) => "Programs run in namespaces of this kernel.\n".to_owned(),
        _ => "No program runs: the agent's exec tool answers so.\n".to_owned(),
    };
    for (mark, lines) in [("  + ", found), ("  - ", refusals), ("  ! ", notes)] {
        lines.iter().for_each(|line| text.push_str(&format!("{mark}{}\n", output::one_line(line, 600))));
    }
    text
}
