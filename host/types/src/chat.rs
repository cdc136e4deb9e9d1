//! The neutral conversation model. It mirrors the WIT package `wirken:chat`; the bindings convert between the two.

use serde::{Deserialize, Serialize};

/// A piece of what somebody said or a tool returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Text(String),
    Blob(crate::http::Blob),
    /// A kind and its JSON document, for what this version has no case for.
    Other(String, String),
}

impl Part {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// The texts of some parts, one line each.
pub fn plain_text(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        if let Part::Text(piece) = part {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(piece);
        }
    }
    text
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Chosen by the model; unique within its response.
    pub id: String,
    pub name: String,
    /// A JSON document as the model wrote it.
    pub arguments: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    pub call_id: String,
    pub name: String,
    pub content: Vec<Part>,
    pub is_error: bool,
}

/// Provider state that goes back unchanged, in place, to the same model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opaque {
    pub model: String,
    pub value: String,
}

/// What a model produced, in its order: signatures are valid only in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssistantItem {
    Text(String),
    Reasoning(String),
    Blob(crate::http::Blob),
    ToolCall(ToolCall),
    Opaque(Opaque),
    Other(String, String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    System(String),
    User(Vec<Part>),
    Assistant(Vec<AssistantItem>),
    Tool(Vec<ToolResult>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolDefinition {
    pub name: String,
    pub description: String,
    /// A JSON Schema document.
    pub input_schema: String,
}

/// Totals of one response by name (`input`, `cached-input`, `output`, `reasoning` …); the last of a name wins.
pub type Usage = Vec<(String, u64)>;
