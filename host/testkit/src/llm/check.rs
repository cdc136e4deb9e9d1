//! What the real API refuses: the mistakes that a client of it can make unnoticed as long as its server is a fake.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;

use super::reply::Problem;

const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];

pub(crate) fn check(headers: &HeaderMap, body: &Value, models: &[String]) -> Result<(), Problem> {
    let json = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !json {
        return Err(Problem::invalid("you must provide a Content-Type of application/json", None));
    }
    if !body.is_object() {
        return Err(Problem::invalid("the body is not an object", None));
    }
    let Some(model) = body.get("model").and_then(Value::as_str) else {
        return Err(Problem::invalid("you must provide a model parameter", None));
    };
    if !models.iter().any(|known| known == model) {
        return Err(Problem::unknown_model(model));
    }
    match body.get("messages").and_then(Value::as_array) {
        None => return Err(Problem::invalid("Missing required parameter: 'messages'.", Some("messages"))),
        Some(messages) if messages.is_empty() => {
            return Err(Problem::invalid("Invalid 'messages': empty array. Expected an array with minimum length 1.", Some("messages")));
        }
        Some(messages) => check_messages(messages)?,
    }
    if body.get("stream").is_some_and(|value| !value.is_boolean() && !value.is_null()) {
        return Err(Problem::invalid("Invalid type for 'stream': expected a boolean.", Some("stream")));
    }
    let streaming = body.get("stream").and_then(Value::as_bool).unwrap_or_default();
    if !streaming && body.get("stream_options").is_some_and(|value| !value.is_null()) {
        return Err(Problem::invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", Some("stream_options")));
    }
    match body.get("tools") {
        None | Some(Value::Null) => {}
        Some(Value::Array(tools)) if !tools.is_empty() => check_tools(tools)?,
        Some(_) => return Err(Problem::invalid("Invalid 'tools': expected an array with minimum length 1.", Some("tools"))),
    }
    Ok(())
}

/// Every call of an assistant is answered by a tool message before anything else is said, and nothing else is answered.
fn check_messages(messages: &[Value]) -> Result<(), Problem> {
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        let param = format!("messages.[{at}]");
        let invalid = |what: String| Err(Problem::invalid(what, Some(&param)));
        let Some(role) = message.get("role").and_then(Value::as_str).filter(|role| ROLES.contains(role)) else {
            return invalid(format!("Invalid value for the role of message {at}"));
        };
        if role == "tool" {
            let Some(id) = message.get("tool_call_id").and_then(Value::as_str) else {
                return invalid(format!("Missing parameter 'tool_call_id' of message {at}"));
            };
            if !open.remove(id) {
                return invalid("messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.".to_owned());
            }
        } else if !open.is_empty() {
            return invalid(format!(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. (No response for: {open:?})"
            ));
        }
        let calls = message.get("tool_calls").filter(|calls| !calls.is_null());
        if let Some(calls) = calls {
            let Some(calls) = calls.as_array().filter(|calls| role == "assistant" && !calls.is_empty()) else {
                return invalid(format!("Invalid 'tool_calls' of message {at}"));
            };
            for call in calls {
                open.insert(check_call(call).ok_or_else(|| Problem::invalid(format!("Invalid call in message {at}"), Some(&param)))?);
            }
        }
        if !has_content(message) && calls.is_none() {
            return invalid(format!("Invalid value for 'content' of message {at}: expected a string, got null."));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(Problem::invalid(format!("No response for the calls {open:?}"), Some("messages"))) }
}

/// The id of a call that is one.
fn check_call(call: &Value) -> Option<&str> {
    let function = call.get("function")?;
    let id = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty())?;
    let whole = call.get("type").and_then(Value::as_str) == Some("function")
        && function.get("name").is_some_and(Value::is_string)
        && function.get("arguments").is_some_and(Value::is_string);
    whole.then_some(id)
}

fn check_tools(tools: &[Value]) -> Result<(), Problem> {
    let mut names = BTreeSet::new();
    for (at, tool) in tools.iter().enumerate() {
        let param = format!("tools[{at}].function.name");
        let function = tool.get("function").filter(|_| tool.get("type").and_then(Value::as_str) == Some("function"));
        let name = function.and_then(|function| function.get("name")).and_then(Value::as_str).unwrap_or_default();
        let wellformed =
            (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !wellformed {
            return Err(Problem::invalid(
                format!("Invalid '{param}': string does not match pattern '^[a-zA-Z0-9_-]{{1,64}}$'."),
                Some(&param),
            ));
        }
        if !names.insert(name) {
            return Err(Problem::invalid(format!("Duplicate tool name: {name}"), Some(&param)));
        }
        let parameters = function.and_then(|function| function.get("parameters"));
        if parameters.is_some_and(|schema| schema.get("type").and_then(Value::as_str) != Some("object")) {
            return Err(Problem::invalid(format!("Invalid schema for function '{name}': schema must be of type 'object'."), Some(&param)));
        }
    }
    Ok(())
}

fn has_content(message: &Value) -> bool {
    match message.get("content") {
        Some(Value::String(_)) => true,
        Some(Value::Array(parts)) => !parts.is_empty() && parts.iter().all(|part| part.get("type").is_some_and(Value::is_string)),
        _ => false,
    }
}

/// A message's text, its parts joined.
pub(crate) fn text_of(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect(),
        _ => String::new(),
    }
}
