//! Arguments of `wirken component`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Report;

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
