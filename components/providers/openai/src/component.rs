//! The codec as a component: the world's types to ours, and back. Nothing is decided here.

use std::cell::RefCell;

use crate::bindings::exports::wirken::provider::codec as wit;
use crate::bindings::wirken::chat::types as chat;
use crate::bindings::wirken::http::types as http;
use crate::types;

pub(crate) struct OpenAi;

pub(crate) struct Decoder(RefCell<crate::Decoder>);

impl wit::Guest for OpenAi {
    type Decoder = Decoder;

    fn encode(target: wit::Target, request: wit::ChatRequest) -> Result<http::Request, wit::Error> {
        wirken_guest::init();
        crate::encode(&target.into(), &request.into()).map(Into::into).map_err(Into::into)
    }

    fn encode_task(target: wit::Target, task: wit::Task) -> Result<http::Request, wit::Error> {
        wirken_guest::init();
        crate::encode_task(&target.into(), &task.action).map(Into::into).map_err(Into::into)
    }

    fn decode_models(_target: wit::Target, status: u16, _headers: Vec<http::Header>, body: Vec<u8>) -> Result<wit::TaskPage, wit::Error> {
        wirken_guest::init();
        let models = crate::decode_models(status, &body)?;
        Ok(wit::TaskPage { models: models.into_iter().map(Into::into).collect(), next: None })
    }
}

impl wit::GuestDecoder for Decoder {
    fn new(_target: wit::Target, status: u16, headers: Vec<http::Header>) -> Self {
        wirken_guest::init();
        let headers: Vec<_> = headers.into_iter().map(|http::Header { name, value }| types::Header { name, value }).collect();
        Self(RefCell::new(crate::Decoder::new(status, &headers)))
    }

    fn push(&self, bytes: Vec<u8>) -> Vec<wit::Event> {
        wirken_guest::init();
        self.0.borrow_mut().push(&bytes).into_iter().map(Into::into).collect()
    }

    fn finish(&self) -> Vec<wit::Event> {
        wirken_guest::init();
        self.0.borrow_mut().finish().into_iter().map(Into::into).collect()
    }
}

impl From<wit::Target> for types::Target {
    fn from(wit::Target { base_url, settings }: wit::Target) -> Self {
        Self { base_url, settings }
    }
}

impl From<wit::ChatRequest> for types::ChatRequest {
    fn from(request: wit::ChatRequest) -> Self {
        let tool = |chat::ToolDefinition { name, description, input_schema }| types::ToolDefinition { name, description, input_schema };
        Self {
            model: request.model,
            messages: request.messages.into_iter().map(Into::into).collect(),
            tools: request.tools.into_iter().map(tool).collect(),
            options: request.options,
        }
    }
}

impl From<chat::Message> for types::Message {
    fn from(message: chat::Message) -> Self {
        match message {
            chat::Message::System(text) => Self::System(text),
            chat::Message::User(parts) => Self::User(parts.into_iter().map(Into::into).collect()),
            chat::Message::Assistant(items) => Self::Assistant(items.into_iter().map(Into::into).collect()),
            chat::Message::Tool(results) => Self::Tool(results.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<chat::Part> for types::Part {
    fn from(part: chat::Part) -> Self {
        match part {
            chat::Part::Text(text) => Self::Text(text),
            chat::Part::Blob(blob) => Self::Blob(blob.into()),
            chat::Part::Other((kind, json)) => Self::Other(kind, json),
        }
    }
}

impl From<chat::AssistantItem> for types::AssistantItem {
    fn from(item: chat::AssistantItem) -> Self {
        match item {
            chat::AssistantItem::Text(text) => Self::Text(text),
            chat::AssistantItem::Reasoning(text) => Self::Reasoning(text),
            chat::AssistantItem::Blob(blob) => Self::Blob(blob.into()),
            chat::AssistantItem::ToolCall(chat::ToolCall { id, name, arguments }) => {
                Self::ToolCall(types::ToolCall { id, name, arguments })
            }
            chat::AssistantItem::Opaque(_) => Self::Opaque,
            chat::AssistantItem::Other((kind, json)) => Self::Other(kind, json),
        }
    }
}

impl From<chat::ToolResult> for types::ToolResult {
    fn from(chat::ToolResult { call_id, name, content, is_error }: chat::ToolResult) -> Self {
        Self { call_id, name, content: content.into_iter().map(Into::into).collect(), is_error }
    }
}

impl From<http::Blob> for types::Blob {
    fn from(http::Blob { id, media_type, name, size }: http::Blob) -> Self {
        Self { id, media_type, name, size }
    }
}

impl From<types::Request> for http::Request {
    fn from(request: types::Request) -> Self {
        let segment = |segment| match segment {
            types::Segment::Bytes(bytes) => http::Segment::Bytes(bytes),
            types::Segment::BlobBase64(id) => http::Segment::BlobBase64(id),
        };
        Self {
            method: request.method.to_owned(),
            url: request.url,
            headers: request.headers.into_iter().map(|types::Header { name, value }| http::Header { name, value }).collect(),
            body: request.body.into_iter().map(segment).collect(),
            credentials: request.credentials,
            timeout_millis: None,
        }
    }
}

impl From<types::Error> for wit::Error {
    fn from(types::Error { kind, message, retry_after_millis }: types::Error) -> Self {
        Self { kind: kind.to_owned(), message, retry_after_millis }
    }
}

impl From<types::Event> for wit::Event {
    fn from(event: types::Event) -> Self {
        match event {
            types::Event::Text(text) => Self::Text(text),
            types::Event::Reasoning(text) => Self::Reasoning(text),
            types::Event::ToolCallBegin(id, name) => Self::ToolCallBegin(wit::CallBegin { id, name }),
            types::Event::ToolCallDelta(id, piece) => Self::ToolCallDelta(wit::CallDelta { id, piece }),
            types::Event::ToolCall(types::ToolCall { id, name, arguments }) => Self::ToolCall(chat::ToolCall { id, name, arguments }),
            types::Event::Usage(usage) => Self::Usage(usage),
            types::Event::Stop(reason) => Self::Stop(reason),
            types::Event::Failed(error) => Self::Failed(error.into()),
        }
    }
}

impl From<types::Model> for wit::Model {
    fn from(types::Model { id, display_name, context_window, max_output_tokens, features }: types::Model) -> Self {
        Self { id, display_name, context_window, max_output_tokens, features }
    }
}
