//! Between the generated types that worlds share, at 0.1, and the host's own. Both sides are plain values; nothing is
//! checked here.

use wirken_types::{chat, http, tool};

use crate::raw::v0_1::provider::wirken::{chat::types as wire_chat, http::types as wire_http};
use crate::raw::v0_1::tool::wirken::tool::types as wire_tool;

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

pub(crate) fn call_in(call: wire_chat::ToolCall) -> chat::ToolCall {
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

pub(crate) fn intent_in(intent: wire_tool::Intent) -> tool::Intent {
    tool::Intent { action: intent.action, target: intent.target, detail: intent.detail }
}

pub(crate) fn part_out(part: &chat::Part) -> wire_chat::Part {
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

pub(crate) fn definition_in(definition: wire_chat::ToolDefinition) -> chat::ToolDefinition {
    chat::ToolDefinition { name: definition.name, description: definition.description, input_schema: definition.input_schema }
}
