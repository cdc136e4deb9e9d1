//! Why a program was not run, or was ended.

use std::time::Duration;

/// What the component, and so the model, is told. What a program wrote before it was ended has been passed on piece by piece.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// The sandbox has not what it takes. The text tells the operator what to do.
    #[error("{0}")]
    Unavailable(String),
    /// It asks for what no program gets.
    #[error("{0}")]
    Denied(String),
    /// It is not a command that can be run: the program is not there either.
    #[error("{0}")]
    Invalid(String),
    /// It was killed. Files that it was writing may be incomplete.
    #[error("the program was ended after {}: give it less to do, or a longer timeout where there is one", time(*.after))]
    Timeout { after: Duration },
    /// The system killed it because it wanted more than it may have.
    #[error("{0}")]
    Limit(String),
    /// The sandbox broke. Whether the program did something before is unknown.
    #[error("{0}")]
    Failed(String),
}

fn time(time: Duration) -> String {
    match time.as_millis() {
        millis if millis % 1000 == 0 => format!("{} s", time.as_secs()),
        millis => format!("{millis} ms"),
    }
}

impl ProgramError {
    /// The kind that a component sees.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Denied(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::Timeout { .. } => "timeout",
            Self::Limit(_) => "limit",
            Self::Failed(_) => "failed",
        }
    }
}
