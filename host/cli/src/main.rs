//! The `wirken` binary: arguments in, one command run, an exit code out.
//!
//! Data goes to stdout, everything else to stderr. Errors say what was wrong and what to do.

mod args;
mod channels;
mod commands;
mod environment;
mod keys;
mod log;
mod memory;
mod network;
mod output;
mod parts;
mod policies;
mod programs;
mod provider;
mod questions;
mod restart;
mod shelf;
mod skills;
mod tooling;
mod uses;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    // A core dump would hold every secret that is in memory. What cannot be lowered was low already.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(rustix::process::Resource::Core, none).ok();
    // Nor does another program of this user look into the memory. Where the kernel refuses, it is as before.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).ok();
    // Whatever is made from here on, by tools in the workspace too, is for its owner alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let environment = environment::read();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // The terminal is gone or the text was shown; there is nobody else to tell.
            error.print().ok();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    log::start(&environment);
    let result = match args.command {
        Command::Setup(args) => commands::setup::run(&environment, args),
        Command::Run(args) => commands::run::run(&environment, &args),
        Command::Ask(args) => commands::ask::run(&environment, &args),
        Command::Credentials(args) => commands::credentials::run(&environment, args),
        Command::Audit(args) => commands::audit::run(&environment, args),
        Command::Sessions(args) => commands::sessions::run(&environment, args),
        Command::Status(args) => commands::status::run(&environment, args),
        Command::Component(args) => commands::component::run(&environment, args),
        Command::Config(args) => commands::config::run(&environment, args),
        Command::Channel(args) => commands::channel::run(&environment, args),
        Command::Permissions(args) => commands::permissions::run(&environment, args),
        Command::Skill(args) => commands::skill::run(&environment, args),
        Command::Doctor(args) => commands::doctor::run(&environment, args),
        Command::Completions { shell } => commands::completions::run(shell),
        Command::Space { parent } => wirken_sandbox::spaces::enter(parent).map(|()| ExitCode::SUCCESS).map_err(anyhow::Error::from),
        Command::Adapter { parent } => wirken_adapters_native::run(parent).map_err(anyhow::Error::from),
        Command::Webchat(args) => commands::webchat::run(&environment, args),
    };
    match result {
        Ok(code) => code,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
