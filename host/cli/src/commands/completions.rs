//! `wirken completions`: what a shell needs to complete wirken's commands.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::output;

pub(crate) fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    // What wirken starts itself with is nobody's to type.
    let all = Args::command();
    let seen = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let mut command = clap::Command::new("wirken").version(env!("CARGO_PKG_VERSION")).args(all.get_arguments().cloned()).subcommands(seen);
    clap_complete::generate(shell, &mut command, "wirken", &mut script);
    output::piece(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}
