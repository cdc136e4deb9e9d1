//! Arguments as they are typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;

use crate::output::Format;

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
pub(crate) enum Credentials {
    /// Keep a credential for a component, or replace the one it has
    Add {
        /// Whose requests carry it: a provider's component, or a channel's account; `network` for the password of the proxy
        component: String,
        /// What the component calls it: `wirken component list --format json` names them; `proxy` for the proxy
        name: String,
        /// Where it may go, as https://host[:port] or *.suffix; may be repeated. Default: what the component's settings say
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
        /// Where in a request, as `bearer`, `header:NAME` or `path-prefix:PREFIX`; may be repeated. Default: what the component asks for
        #[arg(long = "place", value_name = "PLACE")]
        places: Vec<String>,
        /// Read the value from stdin
        #[arg(long, conflicts_with = "value_file")]
        stdin: bool,
        /// Read the value from this file
        #[arg(long, value_name = "FILE")]
        value_file: Option<PathBuf>,
        /// Where there is no vault yet: keep its key in a file that only you can read, instead of under a passphrase
        #[arg(long, conflicts_with = "passphrase_file")]
        key_file: bool,
        #[command(flatten)]
        unlock: Unlock,
    },
    /// Give one another value, for the same origins and places; what is under way ends with the old one
    Rotate {
        /// Whose requests carry it: `wirken credentials list` names them
        component: String,
        /// What the component calls it
        name: String,
        /// Read the value from stdin
        #[arg(long, conflicts_with = "value_file")]
        stdin: bool,
        /// Read the value from this file
        #[arg(long, value_name = "FILE")]
        value_file: Option<PathBuf>,
        #[command(flatten)]
        unlock: Unlock,
    },
    /// List them, and which are to be rotated; values are never shown
    List {
        #[command(flatten)]
        unlock: Unlock,
        #[command(flatten)]
        report: Report,
    },
    /// Remove one
    Remove {
        /// Whose requests carry it: a provider's component, or a channel's account
        component: String,
        /// What the component calls it
        name: String,
        #[command(flatten)]
        unlock: Unlock,
    },
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
pub(crate) enum Component {
    /// The components, what they are and what they import
    List {
        #[command(flatten)]
        report: Report,
    },
    /// What a component is, what it asks for and what is allowed to it; by its name, or by its file or folder
    Inspect {
        component: String,
        #[command(flatten)]
        report: Report,
    },
    /// Add a component: show what it may do, ask, and put it to use
    Add {
        /// A folder with component.toml and component.wasm, or a component's file
        path: PathBuf,
        /// Allow what it asks for without asking at the terminal
        #[arg(long)]
        yes: bool,
        /// For a file without a manifest: the name it is to have; else its file's
        #[arg(long)]
        name: Option<String>,
        /// For a file without a manifest: an origin that it may send requests to, such as https://api.example.com
        #[arg(long, value_name = "ORIGIN")]
        network: Vec<String>,
        /// For a file without a manifest: how far the workspace is to be open to it
        #[arg(long, value_name = "ACCESS", value_parser = ["read-only", "read-write"])]
        workspace: Option<String>,
        #[command(flatten)]
        report: Report,
    },
    /// Begin a component: a folder with a small one that works
    New {
        /// Its name, and that of its folder
        name: String,
        #[arg(long, value_enum, default_value_t = AuthorKind::Tool)]
        kind: AuthorKind,
        #[arg(long, value_enum, default_value_t = AuthorLanguage::Rust)]
        lang: AuthorLanguage,
        #[command(flatten)]
        report: Report,
    },
    /// Build the component of a folder with its language's own tools
    Build {
        #[arg(default_value = ".")]
        folder: PathBuf,
        #[command(flatten)]
        report: Report,
    },
    /// Run a component's own tests, build it, and try what every component has to do
    Test {
        #[arg(default_value = ".")]
        folder: PathBuf,
        #[command(flatten)]
        report: Report,
    },
    /// Build a component and put it to use each time that a source changes
    Dev {
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Put a component to use again that was disabled, or that crashed again and again
    Enable {
        name: String,
        #[command(flatten)]
        report: Report,
    },
    /// Take a component out of use, and keep it
    Disable {
        name: String,
        #[command(flatten)]
        report: Report,
    },
    /// Remove a component that was added, with what was allowed to it
    Remove {
        name: String,
        #[command(flatten)]
        report: Report,
    },
    /// Read the components anew, in the gateway that runs
    Reload {
        #[command(flatten)]
        report: Report,
    },
    /// Call one tool of a component, and show what it answers
    Run {
        /// An added or bundled component's name, or a component's file or folder
        component: String,
        /// Which of its tools; none lists them
        tool: Option<String>,
        /// A JSON document
        #[arg(default_value = "{}")]
        arguments: String,
        /// Open this folder to it as its workspace
        #[arg(long, value_name = "FOLDER")]
        workspace: Option<PathBuf>,
        /// Open that folder for reading alone
        #[arg(long, requires = "workspace")]
        read_only: bool,
        /// Let it send the requests that its manifest asks for
        #[arg(long)]
        network: bool,
        /// One of its settings, as KEY=VALUE
        #[arg(long = "setting", value_name = "KEY=VALUE")]
        settings: Vec<String>,
        #[command(flatten)]
        report: Report,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum AuthorKind {
    Tool,
    Provider,
    Channel,
    Policy,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum AuthorLanguage {
    Rust,
    Js,
    Python,
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

#[derive(Debug, Subcommand)]
pub(crate) enum Permissions {
    /// What is granted, to whom, and for how long
    List {
        #[command(flatten)]
        report: Report,
    },
    /// Grant the right to run one program in this form, for as many days as are configured
    Approve {
        /// Through which account the person speaks: `webchat`, `cli`, or a channel's
        #[arg(long, default_value = "webchat")]
        account: String,
        /// Who: the platform's id of the person
        #[arg(long, default_value = "owner")]
        sender: String,
        /// The component whose tool runs it
        #[arg(long, default_value = "exec")]
        component: String,
        /// The program
        program: String,
        /// Its arguments, behind `--`; what counts are the options, and the folders of what else they name
        #[arg(last = true)]
        arguments: Vec<String>,
        #[command(flatten)]
        report: Report,
    },
    /// Take a grant back, at once
    Revoke {
        /// Its id, or the end of it
        grant: String,
        #[command(flatten)]
        report: Report,
    },
    /// What the agent waits to be allowed
    #[command(subcommand)]
    Pending(Pending),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pending {
    /// The open questions
    List {
        #[command(flatten)]
        report: Report,
    },
    /// One of them, whole
    Show {
        /// Its code
        code: String,
        #[command(flatten)]
        report: Report,
    },
    /// Allow it, once unless told otherwise
    Approve {
        /// Its code
        code: String,
        /// Until the session ends
        #[arg(long, conflicts_with = "remember")]
        session: bool,
        /// For as many days as are configured
        #[arg(long)]
        remember: bool,
        #[command(flatten)]
        report: Report,
    },
    /// Deny it
    Deny {
        /// Its code
        code: String,
        /// What the agent is told
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        report: Report,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// Connect an account on a messaging platform
    Add(ChannelAdd),
    /// The channels, how they do, and who may write
    List {
        #[command(flatten)]
        report: Report,
    },
    /// Disconnect an account; what was said stays
    Remove {
        /// The account: `wirken channel list` names them
        account: String,
        #[command(flatten)]
        unlock: Unlock,
    },
    /// Let in the person who was given this code
    Approve {
        /// The account: `wirken channel list` names them
        account: String,
        /// As the person got it
        code: String,
    },
    /// Let a person in no longer
    Revoke {
        /// The account: `wirken channel list` names them
        account: String,
        /// The platform's id of the person
        sender: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ChannelAdd {
    /// The channel component: `wirken component list` names them
    pub(crate) component: String,
    /// What to call the account. Default: as the component
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// A setting of the component; may be repeated
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// The platform's id of a person who needs no code; may be repeated
    #[arg(long = "allow", value_name = "ID")]
    pub(crate) allow: Vec<String>,
    /// Ask nothing; take everything from these options
    #[arg(long)]
    pub(crate) non_interactive: bool,
    /// Read the account's credential from stdin
    #[arg(long)]
    pub(crate) credential_stdin: bool,
    /// Where there is no vault yet: keep its key in a file that only you can read, instead of under a passphrase
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(crate) key_file: bool,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}
