//! Between the generated types and the host's own. Both sides are plain values; nothing is checked here.

use wirken_types::{chat, http, provider, tool};

use crate::raw::provider::exports::wirken::provider::codec as wire;
use crate::raw::provider::wirken::{chat::types as wire_chat, http::types as wire_http};
use crate::raw::tool::exports::wirken::tool::tools as wire_tools;
use crate::raw::tool::wirken::tool::types as wire_tool;

pub(crate) fn blob_in(blob: wire_http::Blob) -> http::Blob {
    http::Blob { id: blob.id, media_type: blob.media_type, name: blob.name, size: blob.size }
}

pub(crate) fn blob_out(blob: &http::Blob) -> wire_http::Blob {
    wire_http::Blob { id: blob.id.clone(), media_type: blob.media_type.clone(), name: blob.name.clone(), size: blob.size }
}

pub(crate) fn header_out(header: &http::Header) -> wire_http::Header {
    wire_http::Header { name: header.name.clone(), value: header.value.clone() }
}

pub(crate) fn request_in(request: wire_http::Request) -> http::Request {
    http::Request {
        method: request.method,
        url: request.url,
        headers: request.headers.into_iter().map(|header| http::Header { name: header.name, value: header.value }).collect(),
        body: request
            .body
            .into_iter()
            .map(|segment| match segment {
                wire_http::Segment::Bytes(bytes) => http::Segment::Bytes(bytes),
                wire_http::Segment::Blob(id) => http::Segment::Blob(id),
                wire_http::Segment::BlobBase64(id) => http::Segment::BlobBase64(id),
            })
            .collect(),
        credentials: request.credentials,
        timeout_millis: request.timeout_millis,
    }
}

fn call_in(call: wire_chat::ToolCall) -> chat::ToolCall {
    chat::ToolCall { id: call.id, name: call.name, arguments: call.arguments }
}

pub(crate) fn call_out(call: &chat::ToolCall) -> wire_chat::ToolCall {
    wire_chat::ToolCall { id: call.id.clone(), name: call.name.clone(), arguments: call.arguments.clone() }
}

pub(crate) fn result_out(result: &chat::ToolResult) -> wire_chat::ToolResult {
    wire_chat::ToolResult {
        call_id: result.call_id.clone(),
        name: result.name.clone(),
        content: result.content.iter().map(part_out).collect(),
        is_error: result.is_error,
    }
}

pub(crate) fn intent_out(intent: &tool::Intent) -> wire_tool::Intent {
    wire_tool::Intent { action: intent.action.clone(), target: intent.target.clone(), detail: intent.detail.clone() }
}

fn part_out(part: &chat::Part) -> wire_chat::Part {
    match part {
        chat::Part::Text(text) => wire_chat::Part::Text(text.clone()),
        chat::Part::Blob(blob) => wire_chat::Part::Blob(blob_out(blob)),
        chat::Part::Other(kind, value) => wire_chat::Part::Other((kind.clone(), value.clone())),
    }
}

pub(crate) fn part_in(part: wire_chat::Part) -> chat::Part {
    match part {
        wire_chat::Part::Text(text) => chat::Part::Text(text),
        wire_chat::Part::Blob(blob) => chat::Part::Blob(blob_in(blob)),
        wire_chat::Part::Other((kind, value)) => chat::Part::Other(kind, value),
    }
}

fn item_out(item: &chat::AssistantItem) -> wire_chat::AssistantItem {
    use chat::AssistantItem as Ours;
    use wire_chat::AssistantItem as Theirs;
    match item {
        Ours::Text(text) => Theirs::Text(text.clone()),
        Ours::Reasoning(text) => Theirs::Reasoning(text.clone()),
        Ours::Blob(blob) => Theirs::Blob(blob_out(blob)),
        Ours::ToolCall(call) => Theirs::ToolCall(call_out(call)),
        Ours::Opaque(opaque) => Theirs::Opaque(wire_chat::Opaque { model: opaque.model.clone(), value: opaque.value.clone() }),
        Ours::Other(kind, value) => Theirs::Other((kind.clone(), value.clone())),
    }
}

fn message_out(message: &chat::Message) -> wire_chat::Message {
    match message {
        chat::Message::System(text) => wire_chat::Message::System(text.clone()),
        chat::Message::User(parts) => wire_chat::Message::User(parts.iter().map(part_out).collect()),
        chat::Message::Assistant(items) => wire_chat::Message::Assistant(items.iter().map(item_out).collect()),
        chat::Message::Tool(results) => wire_chat::Message::Tool(results.iter().map(result_out).collect()),
    }
}

pub(crate) fn chat_request_out(request: &provider::ChatRequest) -> wire::ChatRequest {
    wire::ChatRequest {
        model: request.model.clone(),
        messages: request.messages.iter().map(message_out).collect(),
        tools: request
            .tools
            .iter()
            .map(|tool| wire_chat::ToolDefinition {
                name: tool.name.clone(),
                description: tool.description.clone(),
                input_schema: tool.input_schema.clone(),
            })
            .collect(),
        options: request.options.clone(),
    }
}

pub(crate) fn target_out(target: &provider::Target) -> wire::Target {
    wire::Target { base_url: target.base_url.clone(), settings: target.settings.clone() }
}

pub(crate) fn provider_error_in(error: wire::Error) -> provider::ProviderError {
    provider::ProviderError { kind: error.kind, message: error.message, retry_after_millis: error.retry_after_millis }
}

pub(crate) fn event_in(event: wire::Event) -> provider::Event {
    use provider::Event as Ours;
    match event {
        wire::Event::Text(text) => Ours::Text(text),
        wire::Event::Reasoning(text) => Ours::Reasoning(text),
        wire::Event::ToolCallBegin(wire::CallBegin { id, name }) => Ours::ToolCallBegin(id, name),
        wire::Event::ToolCallDelta(wire::CallDelta { id, piece }) => Ours::ToolCallDelta(id, piece),
        wire::Event::ToolCall(call) => Ours::ToolCall(call_in(call)),
        wire::Event::Opaque(opaque) => Ours::Opaque(chat::Opaque { model: opaque.model, value: opaque.value }),
        wire::Event::Usage(usage) => Ours::Usage(usage),
        wire::Event::Stop(reason) => Ours::Stop(reason),
        wire::Event::Progress(wire::Progress { label, done, total }) => Ours::Progress(label, done, total),
        wire::Event::Failed(error) => Ours::Failed(provider_error_in(error)),
        wire::Event::Other((kind, value)) => Ours::Other(kind, value),
    }
}

pub(crate) fn model_in(model: wire::Model) -> provider::Model {
    provider::Model {
        id: model.id,
        display_name: model.display_name,
        context_window: model.context_window,
        max_output_tokens: model.max_output_tokens,
        features: model.features,
    }
}

pub(crate) fn definition_in(definition: wire_chat::ToolDefinition) -> chat::ToolDefinition {
    chat::ToolDefinition { name: definition.name, description: definition.description, input_schema: definition.input_schema }
}

pub(crate) fn plan_in(plan: wire_tools::CallPlan) -> tool::CallPlan {
    let intent = |intent: wire_tool::Intent| tool::Intent { action: intent.action, target: intent.target, detail: intent.detail };
    tool::CallPlan { purpose: plan.purpose, intents: plan.intents.into_iter().map(intent).collect() }
}

pub(crate) fn tool_failure_in(failure: wire_tools::Failure) -> tool::ToolFailure {
    match failure {
        wire_tools::Failure::InvalidArguments(text) => tool::ToolFailure::InvalidArguments(text),
        wire_tools::Failure::Denied(text) => tool::ToolFailure::Denied(text),
        wire_tools::Failure::Failed(text) => tool::ToolFailure::Failed(text),
        wire_tools::Failure::Other((kind, text)) => tool::ToolFailure::Other(kind, text),
    }
}
