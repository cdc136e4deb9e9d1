//! What a policy is asked and what it answers. Mirrors the WIT package `wirken:policy`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::chat::Part;

/// For whom and where something is asked. What strangers choose is said so in the WIT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    pub agent: String,
    pub channel: String,
    pub conversation: String,
    pub shared: bool,
    pub sender: String,
    pub session: String,
    pub component: String,
    /// 0 where nothing is judged.
    pub tier: u8,
    pub tainted: bool,
    pub now: Timestamp,
}

/// Whether something may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// Only if a person allows it this time, for this reason.
    Ask(String),
    Deny(String),
}

/// What becomes of a text or a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Pass,
    Replace(Vec<Part>),
    Refuse(String),
}

/// Something that a text holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: String,
    /// 1 low, 2 medium, 3 high.
    pub severity: u8,
    /// A stranger wrote it.
    pub excerpt: String,
}

/// A text that a model is about to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// `person`, `forward` or `tool`.
    pub source: &'static str,
    /// The tool's.
    pub name: String,
    pub text: String,
}

/// What is said of a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screening {
    pub decision: Decision,
    /// Most severe first.
    pub findings: Vec<Finding>,
}

/// What became of a text under a policy, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    #[default]
    Passed,
    Replaced,
    Refused,
}

/// What a policy said of a text, with what a stranger wrote in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    /// Of a refusal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}
