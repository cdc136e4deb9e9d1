//! Arguments of `wirken skill`.

use clap::Subcommand;

use super::Report;

#[derive(Debug, Subcommand)]
pub(crate) enum Skill {
    /// The skills that are of use
    List {
        /// Those that are not, too, and why
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        report: Report,
    },
    /// One skill: what it is for, where it is, what it needs
    Info {
        /// Its name
        skill: String,
        #[command(flatten)]
        report: Report,
    },
    /// What is wrong with skills, and which the model is not told of
    Check {
        #[command(flatten)]
        report: Report,
    },
    /// Let a skill be used again, from the next turn on
    Enable {
        /// Its name
        skill: String,
    },
    /// Keep a skill from being used, from the next turn on
    Disable {
        /// Its name
        skill: String,
    },
}
