//! What a tool says it needs and how a call of one fails. Mirrors the WIT package `wirken:tool`.

use serde::{Deserialize, Serialize};

/// What a call will ask of the host, in the host's own words (`exec`, `http`, `write`, `send` …).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub action: String,
    pub target: String,
    pub detail: String,
}

/// `purpose` is the component's claim and is shown as such, last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPlan {
    pub purpose: String,
    pub intents: Vec<Intent>,
}

/// Why a tool's own code gave no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum ToolFailure {
    #[error("invalid arguments: {0}")]
    InvalidArguments(String),
    #[error("denied: {0}")]
    Denied(String),
    #[error("{0}")]
    Failed(String),
    #[error("{0}: {1}")]
    Other(String, String),
}
