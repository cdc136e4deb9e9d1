//! Arguments of `wirken credentials`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Report, Unlock};

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
