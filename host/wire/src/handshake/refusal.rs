//! Why a peer is not believed.

use crate::error::WireError;

/// Recorded by the gateway, and told to the peer by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no adapter with this id was started: start it from the gateway")]
    UnknownAdapter,
    #[error("the peer speaks another version of the protocol: start both from the same binary")]
    Version,
    #[error("the signature is not one of the expected key over this handshake: the peer is not the process that was started")]
    BadSignature,
    #[error("the message does not belong here in the handshake: the peer is not to be trusted")]
    OutOfOrder,
    #[error("the message cannot be read: the peer is not to be trusted")]
    Malformed,
    #[error("the message is longer than any of a handshake: the peer is not to be trusted")]
    TooLong,
}

impl Refusal {
    pub const ALL: [Self; 6] = [Self::UnknownAdapter, Self::Version, Self::BadSignature, Self::OutOfOrder, Self::Malformed, Self::TooLong];

    /// For records and messages; it does not change.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownAdapter => "unknown-adapter",
            Self::Version => "version",
            Self::BadSignature => "bad-signature",
            Self::OutOfOrder => "out-of-order",
            Self::Malformed => "malformed",
            Self::TooLong => "too-long",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// The message that tells the peer.
    pub fn encode(self) -> Vec<u8> {
        super::message::refused(self)
    }
}

/// Of what [`crate::Frames`] or a codec found in a handshake.
impl From<WireError> for Refusal {
    fn from(error: WireError) -> Self {
        match error {
            WireError::FrameTooLong { .. } => Self::TooLong,
            _ => Self::Malformed,
        }
    }
}
