//! A person asked to allow what a call is about to do, and what was answered.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Digest, GrantId, SessionId, Timestamp};

/// Names one question. 128 random bits, so that nobody who was not asked can answer it; it is answered once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApprovalId([u8; 16]);

impl ApprovalId {
    /// The bytes have to come from the system's generator.
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApprovalId({self})")
    }
}

impl FromStr for ApprovalId {
    type Err = InvalidApprovalId;

    fn from_str(text: &str) -> Result<Self, InvalidApprovalId> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidApprovalId(text.chars().take(64).collect()))?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ApprovalId {
    type Error = InvalidApprovalId;

    fn try_from(text: String) -> Result<Self, InvalidApprovalId> {
        text.parse()
    }
}

impl From<ApprovalId> for String {
    fn from(id: ApprovalId) -> Self {
        id.to_string()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no question: 32 hexadecimal digits were expected")]
pub struct InvalidApprovalId(String);

/// What a person answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// This call, and no other.
    Once,
    /// Until the session ends.
    Session,
    /// For as many days as the owner configured.
    Remember,
    Deny,
}

/// How much a person has to do with an action: 1 none, 2 asked on first use, 3 asked every time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Tier {
    #[default]
    Always = 1,
    Remembered = 2,
    EveryTime = 3,
}

impl From<Tier> for u8 {
    fn from(tier: Tier) -> Self {
        tier as Self
    }
}

impl TryFrom<u8> for Tier {
    type Error = InvalidTier;

    fn try_from(number: u8) -> Result<Self, InvalidTier> {
        match number {
            1 => Ok(Self::Always),
            2 => Ok(Self::Remembered),
            3 => Ok(Self::EveryTime),
            other => Err(InvalidTier(other)),
        }
    }
}

impl Tier {
    /// The tier above, or this one where there is none.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::Always => Self::Remembered,
            Self::Remembered | Self::EveryTime => Self::EveryTime,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no tier {0}: 1, 2 and 3 are")]
pub struct InvalidTier(u8);

/// One thing that a call is about to do, as the host judged it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// What it is, in the host's words.
    pub words: String,
    pub tier: Tier,
    /// Why it has this tier, where that is not plain from the words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What a grant would remember; none for what is never remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The action itself, exactly, so that what is done can be compared with what was allowed.
    pub action: Digest,
}

/// What a person is shown before deciding. All but `purpose` is made by the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub component: String,
    pub version: String,
    pub component_digest: Digest,
    pub tool: String,
    /// Verbatim, as the model gave them.
    pub arguments: String,
    pub actions: Vec<Judged>,
    /// The component's own claim: shown last, and as a claim.
    pub purpose: String,
    /// Why the host asks now, where it is not before the call: what it had done by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whose the right would be that a longer answer gives. None where nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
}

/// Somebody's right to have an agent do something through a component without being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: GrantId,
    pub holder: Holder,
    pub component: String,
    pub key: String,
    pub lasts: Lasts,
}

/// Whose it is: one person at one account, through one agent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    pub agent: String,
    pub account: String,
    pub sender: String,
}

/// How long a grant is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lasts {
    Session(SessionId),
    Until(Timestamp),
}
