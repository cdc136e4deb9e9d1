//! What is asked of a model and what it answers, whichever API carries it. Mirrors the WIT package `wirken:provider`.

use serde::{Deserialize, Serialize};

use crate::chat::{Message, Opaque, ToolCall, ToolDefinition, Usage};

/// Where requests go and how: the human's settings, never a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub base_url: String,
    /// A JSON document.
    pub settings: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRequest {
    pub model: String,
    pub messages: Vec<Message>,
    pub tools: Vec<ToolDefinition>,
    /// `max-output-tokens`, `temperature`, `tool-choice` … and their JSON values.
    pub options: Vec<(String, String)>,
}

/// Why a model gave no (whole) answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct ProviderError {
    /// `rate-limited`, `overloaded`, `authentication`, `context-length`, `invalid-request`, `refused`, `protocol` …
    pub kind: String,
    pub message: String,
    pub retry_after_millis: Option<u64>,
}

/// One step of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Text(String),
    Reasoning(String),
    /// A call began: its id and tool name.
    ToolCallBegin(String, String),
    /// A piece of a call's arguments, for display only: its id and the piece.
    ToolCallDelta(String, String),
    /// The complete call.
    ToolCall(ToolCall),
    Opaque(Opaque),
    Usage(Usage),
    /// `end`, `tool-use`, `length`, `refusal` …
    Stop(String),
    /// Label, done, total.
    Progress(String, u64, Option<u64>),
    /// The last event of a response that failed; what came before it stands.
    Failed(ProviderError),
    Other(String, String),
}

/// A model that an endpoint offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Model {
    pub id: String,
    pub display_name: Option<String>,
    pub context_window: Option<u32>,
    pub max_output_tokens: Option<u32>,
    pub features: Vec<String>,
}
