//! Which chain a row stands in, and where: one chain per session and one for what belongs to none.
//!
//! There is no chain over all sessions: that would make every session wait for every other one, here and on more
//! machines.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wirken_types::id::InvalidId;
use wirken_types::{Digest, SessionId};

/// A hash chain, named in its rows by the session's id or by `system`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Chain {
    Session(SessionId),
    System,
}

impl Chain {
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::Session(id) => Some(id),
            Self::System => None,
        }
    }
}

impl From<SessionId> for Chain {
    fn from(id: SessionId) -> Self {
        Self::Session(id)
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => id.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for Chain {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text == "system" { Ok(Self::System) } else { text.parse().map(Self::Session) }
    }
}

impl TryFrom<String> for Chain {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Chain> for String {
    fn from(chain: Chain) -> Self {
        chain.to_string()
    }
}

/// Where a committed row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    pub chain: Chain,
    /// Counts from 0 in its chain, without gaps.
    pub seq: u64,
    pub hash: Digest,
}
