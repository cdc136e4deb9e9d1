//! What is wrong with bytes from the peer, or with a message that is to be sent.

/// Why something could not be encoded or decoded. After one on a connection the connection is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("a frame of {bytes} bytes was announced and {max} are allowed: close the connection")]
    FrameTooLong { bytes: usize, max: usize },
    #[error("{what} has {bytes} bytes and {max} are allowed: shorten it before it is sent")]
    TooLong { what: &'static str, bytes: usize, max: usize },
    #[error("{what} has {count} entries and {max} are allowed: send fewer at a time")]
    TooMany { what: &'static str, count: usize, max: usize },
    #[error("{what} has {bytes} bytes and must have {expected}: the peer speaks another protocol")]
    WrongLength { what: &'static str, bytes: usize, expected: usize },
    #[error("{what} is not UTF-8: the peer is not to be trusted")]
    NotText { what: &'static str },
    #[error("{what} is missing: the peer speaks another protocol")]
    Missing { what: &'static str },
    #[error("the message is of a kind that is not known here: the peer speaks another protocol")]
    UnknownKind,
    #[error("{bytes} bytes follow the message: the peer speaks another protocol")]
    Trailing { bytes: usize },
    #[error("the message is no Cap'n Proto message that may be read ({0}): the peer is not to be trusted")]
    Malformed(String),
    #[error("the bytes are no public key that a signature may be checked with: make a new pair")]
    BadKey,
    #[error("the system gave no randomness for a key ({0}): start again")]
    NoRandomness(String),
}

impl From<capnp::Error> for WireError {
    fn from(error: capnp::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<capnp::NotInSchema> for WireError {
    fn from(_: capnp::NotInSchema) -> Self {
        Self::UnknownKind
    }
}
