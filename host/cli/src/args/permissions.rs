//! Arguments of `wirken permissions`.

use clap::Subcommand;

use super::Report;

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
