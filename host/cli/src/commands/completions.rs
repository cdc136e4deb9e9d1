//! `wirken completions`: what a shell needs to complete wirken's commands.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::output;

pub(crate) fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "wirken", &mut script);
    output::piece(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}
