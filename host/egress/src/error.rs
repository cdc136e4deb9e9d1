//! Why a request did not happen, or broke off: what to tell the component, the human, and whoever might try again.

use std::fmt;

use wirken_types::http::Failure;

/// In which direction a secret was on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The component had put it into its request. Nothing was sent.
    Outgoing,
    /// The far end had put it into its response. The bytes went no further.
    Incoming,
}

/// A request that was refused, failed or broke off.
///
/// No message contains a secret, a query, or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The authority does not cover it.
    #[error("{0}")]
    Denied(String),
    /// It is not a request that can be sent.
    #[error("{0}")]
    Invalid(String),
    /// It asks for something that this host does not offer.
    #[error("{0}")]
    Unavailable(String),
    /// No connection came about: no request byte left.
    #[error("cannot connect to {host}: {reason}")]
    Connect { host: String, reason: String },
    /// The far end could not prove who it is: no request byte left.
    #[error("no secure connection to {host}: {reason}")]
    Tls { host: String, reason: String },
    #[error("{what} took longer than {millis} ms")]
    Timeout { what: &'static str, millis: u64, sent: bool },
    #[error("{what} is larger than the limit of {bytes} bytes")]
    Limit { what: &'static str, bytes: u64, sent: bool },
    /// A secret was about to cross, by the label it is stored under. For the caller to record.
    #[error("{} contained the value of the credential {label:?} ({encoding}), and was stopped", place(*.direction))]
    Leak { label: String, encoding: &'static str, direction: Direction },
    /// The exchange began and broke off.
    #[error("the connection to {host} broke off: {reason}")]
    Interrupted { host: String, reason: String },
    /// The far end answered with something that cannot be passed on.
    #[error("{0}")]
    Protocol(String),
}

fn place(direction: Direction) -> &'static str {
    match direction {
        Direction::Outgoing => "the request",
        Direction::Incoming => "the response",
    }
}

impl Error {
    /// The kind that a component sees.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::Unavailable(_) => "unavailable",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Timeout { .. } => "timeout",
            Self::Limit { .. } => "limit",
            Self::Leak { .. } => "leak",
            Self::Interrupted { .. } => "interrupted",
            Self::Protocol(_) => "protocol",
        }
    }

    /// False only when not one byte of the request left.
    #[must_use]
    pub fn sent(&self) -> bool {
        match self {
            Self::Denied(_) | Self::Invalid(_) | Self::Unavailable(_) | Self::Connect { .. } | Self::Tls { .. } => false,
            Self::Timeout { sent, .. } | Self::Limit { sent, .. } => *sent,
            Self::Leak { direction, .. } => *direction == Direction::Incoming,
            Self::Interrupted { .. } | Self::Protocol(_) => true,
        }
    }

    /// Whether the same request may well succeed later. Whether it may be repeated at all is for [`Error::sent`] and
    /// the method to say.
    #[must_use]
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Timeout { .. } | Self::Interrupted { .. })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { kind: error.kind().to_owned(), sent: error.sent(), message: error.to_string() }
    }
}

/// The causes of an error in one line, outermost first, repeated ones once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let line = error.to_string();
        if !text.contains(&line) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&line);
        }
        next = error.source();
    }
    text
}

/// Shows an origin or a name that a component chose without letting it write control characters into a terminal.
pub(crate) fn quoted(text: &str) -> impl fmt::Display + '_ {
    struct Quoted<'a>(&'a str);
    impl fmt::Display for Quoted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            const SHOWN: usize = 200;
            for (at, character) in self.0.chars().enumerate() {
                if at == SHOWN {
                    return f.write_str("…");
                }
                if character.is_control() { write!(f, "{}", character.escape_default())? } else { write!(f, "{character}")? }
            }
            Ok(())
        }
    }
    Quoted(text)
}
