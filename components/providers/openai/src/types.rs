//! The values of `wirken:http`, `wirken:chat` and `wirken:provider`, as plain Rust. `component` converts.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub id: String,
    pub media_type: String,
    pub name: Option<String>,
    pub size: u64,
}

/// A piece of a body. The host puts a blob's content, in Base64, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    Bytes(Vec<u8>),
    BlobBase64(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Vec<Segment>,
    pub credentials: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Blob(Blob),
    Other(String, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    pub call_id: String,
    pub name: String,
    pub content: Vec<Part>,
    pub is_error: bool,
}

/// What a model produced before. State of a provider (`opaque`) has no place in this API, and is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssistantItem {
    Text(String),
    Reasoning(String),
    Blob(Blob),
    ToolCall(ToolCall),
    Opaque,
    Other(String, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    System(String),
    User(Vec<Part>),
    Assistant(Vec<AssistantItem>),
    Tool(Vec<ToolResult>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolDefinition {
    pub name: String,
    pub description: String,
    pub input_schema: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub base_url: String,
    pub settings: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatRequest {
    pub model: String,
    pub messages: Vec<Message>,
    pub tools: Vec<ToolDefinition>,
    pub options: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub kind: &'static str,
    pub message: String,
    pub retry_after_millis: Option<u64>,
}

/// One step of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Text(String),
    Reasoning(String),
    ToolCallBegin(String, String),
    ToolCallDelta(String, String),
    ToolCall(ToolCall),
    Usage(Vec<(String, u64)>),
    Stop(String),
    Failed(Error),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub id: String,
    pub display_name: Option<String>,
    pub context_window: Option<u32>,
    pub max_output_tokens: Option<u32>,
    pub features: Vec<String>,
}
