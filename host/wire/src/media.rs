//! A file that came with a message, on its way from the platform to the gateway.
//!
//! The gateway wants it under a number of its own. The adapter begins it, sends it in pieces as far as it has credit for,
//! and ends it or says why there is none; the gateway gives new credit for what it has put away. Each number gets one of
//! `Ended` and `Failed`, also where the gateway has dropped it meanwhile, and nothing after that.

use wirken_types::http::Blob;

use crate::codec::{data, read_blob, text, within, write_blob};
use crate::error::WireError;
use crate::limits::{MAX_MEDIUM_BYTES, MAX_NAME_BYTES, MAX_PIECE_BYTES, MAX_REASON_BYTES};
use crate::wire_capnp::{medium_news as wire_news, medium_order as wire_order};

/// What the gateway says of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediumOrder {
    /// It is wanted, up to so many bytes.
    Wanted { token: String, most: u64 },
    /// So many bytes more may come.
    Credit { bytes: u32 },
    /// It is kept.
    Kept(Blob),
    /// It is not wanted any more.
    Dropped,
}

/// What the adapter says of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediumNews {
    /// It comes; its size, where the platform says so.
    Begun {
        size: Option<u64>,
    },
    Piece {
        bytes: Vec<u8>,
    },
    Ended,
    Failed {
        reason: String,
    },
}

impl MediumOrder {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Wanted { token, .. } => token.len(),
            Self::Kept(_) => 512,
            Self::Credit { .. } | Self::Dropped => 0,
        }
    }
}

impl MediumNews {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Piece { bytes } => bytes.len(),
            Self::Failed { reason } => reason.len(),
            Self::Begun { .. } | Self::Ended => 0,
        }
    }
}

pub(crate) fn write_order(mut to: wire_order::Builder<'_>, id: u64, from: &MediumOrder) -> Result<(), WireError> {
    to.set_id(id);
    match from {
        MediumOrder::Wanted { token, most } => {
            within("a medium's token", token.len(), MAX_NAME_BYTES)?;
            within_medium(*most)?;
            let mut to = to.init_wanted();
            to.set_token(token.as_str());
            to.set_most(*most);
        }
        MediumOrder::Credit { bytes } => to.set_credit(*bytes),
        MediumOrder::Kept(blob) => write_blob(to.init_kept(), blob)?,
        MediumOrder::Dropped => to.set_dropped(()),
    }
    Ok(())
}

pub(crate) fn order(from: wire_order::Reader<'_>) -> Result<(u64, MediumOrder), WireError> {
    let order = match from.which()? {
        wire_order::Which::Wanted(wanted) => {
            let most = wanted.get_most();
            within_medium(most)?;
            MediumOrder::Wanted { token: text("a medium's token", MAX_NAME_BYTES, wanted.get_token())?, most }
        }
        wire_order::Which::Credit(bytes) => MediumOrder::Credit { bytes },
        wire_order::Which::Kept(blob) => {
            if !from.has_kept() {
                return Err(WireError::Missing { what: "a kept medium" });
            }
            MediumOrder::Kept(read_blob(blob?)?)
        }
        wire_order::Which::Dropped(()) => MediumOrder::Dropped,
    };
    Ok((from.get_id(), order))
}

pub(crate) fn write_news(mut to: wire_news::Builder<'_>, id: u64, from: &MediumNews) -> Result<(), WireError> {
    to.set_id(id);
    match from {
        MediumNews::Begun { size } => {
            let mut to = to.init_begun();
            match size {
                Some(size) => {
                    within_medium(*size)?;
                    to.set_bytes(*size);
                }
                None => to.set_unknown(()),
            }
        }
        MediumNews::Piece { bytes } => {
            within("a piece of a medium", bytes.len(), MAX_PIECE_BYTES)?;
            to.set_piece(bytes);
        }
        MediumNews::Ended => to.set_ended(()),
        MediumNews::Failed { reason } => {
            within("a medium's failure", reason.len(), MAX_REASON_BYTES)?;
            to.set_failed(reason.as_str());
        }
    }
    Ok(())
}

pub(crate) fn news(from: wire_news::Reader<'_>) -> Result<(u64, MediumNews), WireError> {
    let news = match from.which()? {
        wire_news::Which::Begun(begun) => MediumNews::Begun {
            size: match begun.which()? {
                wire_news::begun::Which::Unknown(()) => None,
                wire_news::begun::Which::Bytes(size) => {
                    within_medium(size)?;
                    Some(size)
                }
            },
        },
        wire_news::Which::Piece(bytes) => MediumNews::Piece { bytes: data("a piece of a medium", MAX_PIECE_BYTES, bytes)?.to_vec() },
        wire_news::Which::Ended(()) => MediumNews::Ended,
        wire_news::Which::Failed(reason) => MediumNews::Failed { reason: text("a medium's failure", MAX_REASON_BYTES, reason)? },
    };
    Ok((from.get_id(), news))
}

fn within_medium(bytes: u64) -> Result<(), WireError> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    within("a medium", bytes, MAX_MEDIUM_BYTES)
}
