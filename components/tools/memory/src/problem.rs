//! How a call fails, in words that help a model to do better.

use std::fmt;

use crate::shelf::Refusal;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Arguments(String),
    Denied(String),
    Failed(String),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal { kind, message } = refusal;
        match kind.as_str() {
            "denied" => Self::Denied(format!("no notes are kept here: {message}")),
            "limit" => Self::Failed(format!("there is no room for more: {message}; forget notes that are not needed")),
            "unavailable" | "failed" | "timeout" => Self::Failed(message),
            other => Self::Failed(format!("{other}: {message}")),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Arguments(text) | Self::Denied(text) | Self::Failed(text)) = self;
        f.write_str(text)
    }
}
