//! The `wirken` binary: arguments in, one command run, an exit code out.
//!
//! Data goes to stdout, everything else to stderr. Errors say what was wrong and what to do.

mod args;
mod commands;
mod environment;
mod output;
mod parts;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    // A core dump would hold every secret that is in memory. What cannot be lowered was low already.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(rustix::process::Resource::Core, none).ok();
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
    start_log(&environment);
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

fn start_log(environment: &environment::Environment) {
    let wanted = environment.log.as_deref().unwrap_or("warn");
    let filter = tracing_subscriber::EnvFilter::try_new(wanted).unwrap_or_else(|error| {
        let name = environment::LOG;
        output::note(format_args!(
            "{name} is not understood ({error}), so warnings alone are logged: write `debug`, or `wirken_egress=debug`."
        ));
        tracing_subscriber::EnvFilter::new("warn")
    });
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(environment.color).init();
}
