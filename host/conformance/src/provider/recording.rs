//! One exchange with an endpoint, as a recording tells it.

use serde::Deserialize;
use serde_json::{Map, Value};
use wirken_types::chat::{AssistantItem, Message, Opaque, Part, ToolCall, ToolDefinition, ToolResult};
use wirken_types::http::Header;
use wirken_types::provider::ChatRequest;

use crate::traffic::Body;

/// What was asked, what was sent, what came, and what that means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    /// For whoever reads the file.
    #[serde(default)]
    #[expect(dead_code, reason = "it is read by people")]
    about: String,
    /// The owner's, without the manifest's defaults.
    #[serde(default)]
    pub(super) settings: Map<String, Value>,
    pub(super) chat: Chat,
    /// As much of the request as matters.
    pub(super) request: Value,
    pub(super) response: Answer,
    /// What it means, without what is for display only; pieces of text that follow each other are one.
    pub(super) events: Vec<Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    pub(super) body: Body,
}

impl Answer {
    /// As the host hands them over: names in lower case.
    pub(super) fn headers(&self) -> Vec<Header> {
        let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.headers.iter().map(|(name, given)| Header { name: name.to_ascii_lowercase(), value: value(given) }).collect()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chat {
    model: String,
    messages: Vec<Said>,
    #[serde(default)]
    tools: Vec<Tool>,
    #[serde(default)]
    options: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Said {
    System(String),
    User(String),
    Assistant(Vec<Item>),
    Tool(Vec<Outcome>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Item {
    Text(String),
    Reasoning(String),
    ToolCall(Call),
    Opaque(Value),
    Other(String, Value),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    id: String,
    name: String,
    /// As the model wrote it, or the document that it means.
    arguments: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Outcome {
    call_id: String,
    name: String,
    text: String,
    #[serde(default)]
    is_error: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Tool {
    name: String,
    #[serde(default)]
    description: String,
    input_schema: Value,
}

impl Chat {
    pub(super) fn request(&self) -> ChatRequest {
        ChatRequest {
            model: self.model.clone(),
            messages: self.messages.iter().map(|said| message(said, &self.model)).collect(),
            tools: self.tools.iter().map(tool).collect(),
            options: self.options.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        }
    }
}

fn message(said: &Said, model: &str) -> Message {
    match said {
        Said::System(text) => Message::System(text.clone()),
        Said::User(text) => Message::User(vec![Part::text(text.clone())]),
        Said::Assistant(items) => Message::Assistant(items.iter().map(|made| item(made, model)).collect()),
        Said::Tool(results) => Message::Tool(results.iter().map(result).collect()),
    }
}

fn item(item: &Item, model: &str) -> AssistantItem {
    match item {
        Item::Text(text) => AssistantItem::Text(text.clone()),
        Item::Reasoning(text) => AssistantItem::Reasoning(text.clone()),
        Item::ToolCall(Call { id, name, arguments }) => {
            let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
            AssistantItem::ToolCall(ToolCall { id: id.clone(), name: name.clone(), arguments })
        }
        Item::Opaque(value) => AssistantItem::Opaque(Opaque { model: model.to_owned(), value: value.to_string() }),
        Item::Other(kind, value) => AssistantItem::Other(kind.clone(), value.to_string()),
    }
}

fn result(outcome: &Outcome) -> ToolResult {
    let Outcome { call_id, name, text, is_error } = outcome.clone();
    ToolResult { call_id, name, content: vec![Part::text(text)], is_error }
}

fn tool(tool: &Tool) -> ToolDefinition {
    let Tool { name, description, input_schema } = tool.clone();
    ToolDefinition { name, description, input_schema: input_schema.to_string() }
}
