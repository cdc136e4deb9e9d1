//! Arguments as they are typed.

mod channel;
mod component;
mod credentials;
mod permissions;
mod skill;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;

use crate::output::Format;

pub(crate) use channel::{Channel, ChannelAdd};
pub(crate) use component::{AuthorKind, AuthorLanguage, Component};
pub(crate) use credentials::Credentials;
pub(crate) use permissions::{Pending, Permissions};
pub(crate) use skill::Skill;

/// A secure gateway between you, an AI agent and its tools, in which every plugin is a WebAssembly component.
#[derive(Debug, Parser)]
#[command(
    name = "wirken",
    version,
    after_help = "Environment: WIRKEN_DATA_DIR names the data folder (default: ~/.wirken), WIRKEN_LOG what is logged to stderr (default: warn; of libraries, warnings are the most)."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Choose a provider, its credential and a workspace
    Setup(Setup),
    /// Start the gateway and its browser chat
    Run(Run),
    /// Ask the agent one thing and print its answer
    Ask(Ask),
    /// Keep the keys that providers and channels need
    #[command(subcommand)]
    Credentials(Credentials),
    /// Read and check the record of everything that happened
    #[command(subcommand)]
    Audit(Audit),
    /// List, show and close conversations
    #[command(subcommand)]
    Sessions(Sessions),
    /// Say what is running and how
    Status(Report),
    /// Look at the components that are installed
    #[command(subcommand)]
    Component(Component),
    /// Check the configuration
    #[command(subcommand)]
    Config(Config),
    /// Connect messengers, and say who may write through them
    #[command(subcommand)]
    Channel(Channel),
    /// Say what the agent may do without asking, and answer what it asks
    #[command(subcommand)]
    Permissions(Permissions),
    /// Say which skills there are, which are of use, and why the others are not
    #[command(subcommand, alias = "skills")]
    Skill(Skill),
    /// Say what this machine has of what programs need to run
    Doctor(Report),
    /// Browser chat
    #[command(subcommand)]
    Webchat(Webchat),
    /// Print what a shell needs to complete these commands
    Completions { shell: Shell },
    /// The process of a channel, which the gateway starts by itself
    #[command(hide = true)]
    Adapter { parent: u32 },
    /// The helper of the sandbox of namespaces, which the gateway starts by itself
    #[command(hide = true)]
    Space { parent: u32 },
}

/// How a report is written.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Report {
    /// Text for people, JSON for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// How the vault is opened.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct Unlock {
    /// Read the vault's passphrase from this file instead of asking for it
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Setup {
    /// Ask nothing; take everything from these options
    #[arg(long)]
    pub(crate) non_interactive: bool,
    /// The provider component
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The model, as its endpoint names it
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// A setting of the provider; may be repeated
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// The folder that the agent works in
    #[arg(long, value_name = "FOLDER")]
    pub(crate) workspace: Option<PathBuf>,
    /// Keep the vault's key in a file that only you can read, instead of under a passphrase
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(crate) key_file: bool,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    /// Read the provider's credential from stdin
    #[arg(long)]
    pub(crate) credential_stdin: bool,
    /// Replace a configuration that is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(short, long)]
    pub(crate) port: Option<u16>,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Ask {
    /// What to ask
    #[arg(short, long)]
    pub(crate) message: String,
    /// The agent to ask
    #[arg(long, default_value = "default")]
    pub(crate) agent: String,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    #[command(flatten)]
    pub(crate) report: Report,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// What happened, oldest first
    Log {
        /// Only this kind of event, or this action of the system
        #[arg(long)]
        action: Option<String>,
        /// Only this session, by its id or the end of it, or `system`
        #[arg(long)]
        session: Option<String>,
        /// Only what is newer than this: a time (2026-01-31T12:00:00Z) or a span (90m, 2h, 7d)
        #[arg(long)]
        since: Option<String>,
        /// At most this many, the newest
        #[arg(short = 'n', long, default_value_t = 100)]
        number: usize,
        #[command(flatten)]
        report: Report,
    },
    /// Check every hash, link and payload; exit code 1 when something was changed
    Verify {
        /// Only this session, by its id or the end of it, or `system`
        #[arg(long)]
        session: Option<String>,
        #[command(flatten)]
        report: Report,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// The sessions, last used first
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        report: Report,
    },
    /// One session, message by message
    Show {
        /// Its id, or the end of it
        session: String,
        #[command(flatten)]
        report: Report,
    },
    /// Close one: nothing more is said in it
    Close {
        /// Its id, or the end of it
        session: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Say whether the configuration is right
    Check {
        #[command(flatten)]
        report: Report,
    },
    /// Print the JSON Schema of the configuration
    Schema,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Webchat {
    /// Print a new address to log in with, valid for ten minutes
    Login {
        #[command(flatten)]
        report: Report,
    },
}
