//! Arguments of `wirken channel`.

use clap::{Args as ClapArgs, Subcommand};

use super::{Report, Unlock};

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
