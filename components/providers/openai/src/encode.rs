//! A conversation as the body of `POST {base-url}/chat/completions`.

use serde_json::Value;

use crate::error::invalid;
use crate::json::Body;
use crate::settings::{Settings, header};
use crate::types::{AssistantItem, Blob, ChatRequest, Error, Message, Part, Request, Target, ToolCall, ToolDefinition, ToolResult};

/// What the API takes as `image_url`. Anything else would have the whole conversation refused.
const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// Between texts that the model, or a person, gave as separate pieces.
const BREAK: &str = "\n\n";

pub fn encode(target: &Target, request: &ChatRequest) -> Result<Request, Error> {
    let settings = Settings::load(target)?;
    if request.model.is_empty() {
        return Err(invalid("no model is named"));
    }
    let mut body = Body::default();
    body.raw("{");
    body.member("model", &request.model);
    body.key("messages");
    body.raw("[");
    messages(&mut body, &request.messages, settings.images);
    body.raw("]");
    tools(&mut body, &request.tools)?;
    for (at, (name, value)) in request.options.iter().enumerate() {
        if request.options.iter().take(at).any(|(other, _)| other == name) {
            return Err(invalid(format!("option {name} is given twice")));
        }
        option(&mut body, &settings, name, value, request.tools.is_empty())?;
    }
    body.key("stream");
    body.raw("true");
    body.key("stream_options");
    body.raw("{\"include_usage\":true}}");
    Ok(Request {
        method: "POST",
        url: settings.url("/chat/completions"),
        headers: vec![header("content-type", "application/json"), header("accept", "text/event-stream, application/json")],
        body: body.finish(),
        credentials: settings.credentials(),
    })
}

fn messages(body: &mut Body, messages: &[Message], with_images: bool) {
    // A tool message holds text alone, and nothing may stand between a call and its results: images come after them.
    let mut images: Vec<&Blob> = Vec::new();
    for message in messages {
        if !matches!(message, Message::Tool(_)) {
            tool_images(body, &mut images);
        }
        match message {
            Message::System(text) => plain(body, "system", text),
            Message::User(parts) if with_images => user(body, parts),
            Message::User(parts) => plain(body, "user", &text_of(parts)),
            Message::Assistant(items) => assistant(body, items),
            Message::Tool(results) => {
                for result in results {
                    tool_result(body, result);
                    images.extend(result.content.iter().filter_map(|part| match part {
                        Part::Blob(blob) if with_images => image_type(blob).and(Some(blob)),
                        _ => None,
                    }));
                }
            }
        }
    }
    tool_images(body, &mut images);
}

fn plain(body: &mut Body, role: &str, text: &str) {
    body.item();
    body.raw("{");
    body.member("role", role);
    body.member("content", text);
    body.raw("}");
}

fn user(body: &mut Body, parts: &[Part]) {
    if !parts.iter().any(|part| matches!(part, Part::Blob(blob) if image_type(blob).is_some())) {
        // Not every server takes a list of parts, and every server takes a string.
        return plain(body, "user", &text_of(parts));
    }
    body.item();
    body.raw("{");
    body.member("role", "user");
    body.key("content");
    body.raw("[");
    for part in parts {
        match part {
            Part::Blob(blob) if image_type(blob).is_some() => image(body, blob),
            other => text_part(body, &text_of(std::slice::from_ref(other))),
        }
    }
    body.raw("]}");
}

/// Reasoning and provider state stay behind: this API has no place for them.
fn assistant(body: &mut Body, items: &[AssistantItem]) {
    let texts: Vec<String> = items
        .iter()
        .filter_map(|item| match item {
            AssistantItem::Text(text) => Some(text.clone()),
            AssistantItem::Blob(blob) => Some(placeholder(blob)),
            _ => None,
        })
        .collect();
    let calls: Vec<&ToolCall> = items
        .iter()
        .filter_map(|item| match item {
            AssistantItem::ToolCall(call) => Some(call),
            _ => None,
        })
        .collect();
    if texts.is_empty() && calls.is_empty() {
        return;
    }
    body.item();
    body.raw("{");
    body.member("role", "assistant");
    body.key("content");
    if texts.is_empty() {
        body.raw("null");
    } else {
        body.string(&texts.join(BREAK));
    }
    if !calls.is_empty() {
        body.key("tool_calls");
        body.raw("[");
        calls.into_iter().for_each(|call| tool_call(body, call));
        body.raw("]");
    }
    body.raw("}");
}

fn tool_call(body: &mut Body, call: &ToolCall) {
    body.item();
    body.raw("{");
    body.member("id", &call.id);
    body.member("type", "function");
    body.key("function");
    body.raw("{");
    body.member("name", &call.name);
    body.member("arguments", if call.arguments.trim().is_empty() { "{}" } else { &call.arguments });
    body.raw("}}");
}

fn tool_result(body: &mut Body, result: &ToolResult) {
    let text = text_of(&result.content);
    body.item();
    body.raw("{");
    body.member("role", "tool");
    body.member("tool_call_id", &result.call_id);
    body.member("content", &if result.is_error { format!("Error: {text}") } else { text });
    body.raw("}");
}

fn tool_images(body: &mut Body, images: &mut Vec<&Blob>) {
    if images.is_empty() {
        return;
    }
    body.item();
    body.raw("{");
    body.member("role", "user");
    body.key("content");
    body.raw("[");
    for blob in images.drain(..) {
        text_part(body, &format!("From the tool's result: {}", described(blob)));
        image(body, blob);
    }
    body.raw("]}");
}

fn text_part(body: &mut Body, text: &str) {
    body.item();
    body.raw("{");
    body.member("type", "text");
    body.member("text", text);
    body.raw("}");
}

fn image(body: &mut Body, blob: &Blob) {
    body.item();
    body.raw("{");
    body.member("type", "image_url");
    body.key("image_url");
    body.raw("{");
    body.key("url");
    body.blob_string(&format!("data:{};base64,", image_type(blob).unwrap_or_default()), &blob.id);
    body.raw("}}");
}

fn image_type(blob: &Blob) -> Option<&'static str> {
    let media_type = blob.media_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("image/jpg") {
        return Some("image/jpeg");
    }
    IMAGE_TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(media_type))
}

/// Parts as one text; what is not text is named in its place.
fn text_of(parts: &[Part]) -> String {
    let texts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Blob(blob) => placeholder(blob),
            Part::Other(kind, json) => format!("[{kind}] {json}"),
        })
        .collect();
    texts.join(BREAK)
}

fn placeholder(blob: &Blob) -> String {
    format!("[{}]", described(blob))
}

fn described(blob: &Blob) -> String {
    format!("{}, {}, {} bytes", blob.name.as_deref().unwrap_or("a file"), blob.media_type, blob.size)
}

fn tools(body: &mut Body, tools: &[ToolDefinition]) -> Result<(), Error> {
    if tools.is_empty() {
        return Ok(());
    }
    body.key("tools");
    body.raw("[");
    for tool in tools {
        let schema = tool.input_schema.trim();
        if !matches!(serde_json::from_str(schema), Ok(Value::Object(_))) {
            return Err(invalid(format!("the input schema of tool {} is not a JSON object", tool.name)));
        }
        body.item();
        body.raw("{\"type\":\"function\",\"function\":{");
        body.member("name", &tool.name);
        body.member("description", &tool.description);
        body.key("parameters");
        body.raw(schema);
        body.raw("}}");
    }
    body.raw("]");
    Ok(())
}

fn option(body: &mut Body, settings: &Settings, name: &str, json: &str, no_tools: bool) -> Result<(), Error> {
    let value: Value = serde_json::from_str(json).map_err(|error| invalid(format!("option {name} is not JSON: {error}")))?;
    match (name, &value) {
        (_, Value::Null) => {}
        ("max-output-tokens", Value::Number(number)) if number.as_u64().is_some_and(|tokens| tokens > 0) => {
            body.key(settings.max_tokens_field);
            body.raw(json.trim());
        }
        ("max-output-tokens", _) => return Err(invalid("option max-output-tokens: not a positive whole number")),
        ("temperature", Value::Number(number)) if number.as_f64().is_some_and(|temperature| temperature >= 0.0) => {
            body.key("temperature");
            body.raw(json.trim());
        }
        ("temperature", _) => return Err(invalid("option temperature: not a number of at least 0")),
        ("effort", Value::String(effort)) => body.member("reasoning_effort", effort),
        ("effort", _) => return Err(invalid("option effort: not a string")),
        ("stop", Value::String(_)) => {
            body.key("stop");
            body.raw(json.trim());
        }
        ("stop", Value::Array(words)) if words.iter().all(Value::is_string) => {
            body.key("stop");
            body.raw(json.trim());
        }
        ("stop", _) => return Err(invalid("option stop: neither a string nor a list of strings")),
        ("tool-choice", choice) => return tool_choice(body, choice, no_tools),
        ("response-schema", Value::Object(_)) => {
            body.key("response_format");
            body.raw("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":");
            body.raw(if closed(&value) { "true" } else { "false" });
            body.key("schema");
            body.raw(json.trim());
            body.raw("}}");
        }
        ("response-schema", _) => return Err(invalid("option response-schema: not a JSON object")),
        _ => return Err(invalid(format!("this API has no option {name}"))),
    }
    Ok(())
}

/// `"auto"`, `"none"`, `"required"`, or `{"name": …}` of one tool.
fn tool_choice(body: &mut Body, choice: &Value, no_tools: bool) -> Result<(), Error> {
    let named = choice.get("name").and_then(Value::as_str);
    match (choice.as_str(), named) {
        // The API refuses a choice where there are no tools, even this one.
        (Some("auto" | "none"), _) if no_tools => {}
        _ if no_tools => return Err(invalid("option tool-choice: there are no tools to choose from")),
        (Some(mode @ ("auto" | "none" | "required")), _) => body.member("tool_choice", mode),
        (_, Some(name)) => {
            body.key("tool_choice");
            body.raw("{\"type\":\"function\",\"function\":{");
            body.member("name", name);
            body.raw("}}");
        }
        _ => return Err(invalid("option tool-choice: neither \"auto\", \"none\" nor \"required\", nor {\"name\": …}")),
    }
    Ok(())
}

/// Whether each object of a schema names all its members and requires them: the condition of `strict`, under which the
/// API refuses any other schema.
fn closed(schema: &Value) -> bool {
    let object = schema.get("properties").and_then(Value::as_object).is_none_or(|properties| {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|list| list.iter().any(|item| item.as_str() == Some(name)));
        schema.get("additionalProperties") == Some(&Value::Bool(false)) && properties.keys().all(|name| is_required(name))
    });
    let children = match schema {
        Value::Object(members) => members.values().all(closed),
        Value::Array(items) => items.iter().all(closed),
        _ => true,
    };
    object && children
}
