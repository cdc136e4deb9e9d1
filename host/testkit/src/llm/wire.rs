//! Replies in OpenAI's words: whole, and as server-sent events.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};

use super::check::text_of;
use super::reply::{Reply, Usage};

/// A model, as the list of models shows it.
pub(crate) fn model(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 1_700_000_000, "owned_by": "wirken-testkit" })
}

/// A response that is not streamed, in two pieces.
pub(crate) fn whole(reply: &Reply, request: &Value, id: u64) -> Vec<Bytes> {
    let calls: Vec<_> = reply.tool_calls.iter().enumerate().map(|(at, call)| {
        json!({ "id": call_id(&call.id, id, at), "type": "function", "function": { "name": call.name, "arguments": call.arguments } })
    }).collect();
    let content = if reply.text.is_empty() && !calls.is_empty() { Value::Null } else { json!(reply.text) };
    let mut message = json!({ "role": "assistant", "content": content, "refusal": null });
    if let (false, Some(message)) = (calls.is_empty(), message.as_object_mut()) {
        message.insert("tool_calls".to_owned(), calls.into());
    }
    let body = json!({
        "id": response_id(id),
        "object": "chat.completion",
        "created": now(),
        "model": request.get("model"),
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": reply.reason() }],
        "usage": usage(reply, request),
    });
    let mut first = Bytes::from(body.to_string());
    let second = first.split_off(first.len() / 2);
    vec![first, second]
}

/// A streamed response, an event each.
pub(crate) fn stream(reply: &Reply, request: &Value, id: u64) -> Vec<Bytes> {
    let with_usage = request.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or_default();
    // What all events have in common is written once: a long stream is mostly this.
    let mut head = json!({
        "id": response_id(id),
        "object": "chat.completion.chunk",
        "created": now(),
        "model": request.get("model"),
        "system_fingerprint": null,
    })
    .to_string();
    head.truncate(head.len().saturating_sub(1));
    let event = |choices: Value, usage: Option<Value>| {
        let usage = if with_usage { format!(",\"usage\":{}", usage.unwrap_or(Value::Null)) } else { String::new() };
        Bytes::from(format!("data: {head},\"choices\":{choices}{usage}}}\n\n"))
    };
    let delta = |delta: Value| event(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }]), None);

    let mut events = vec![delta(json!({ "role": "assistant", "content": "", "refusal": null }))];
    events.extend(pieces(&reply.text, reply.piece).into_iter().map(|piece| delta(json!({ "content": piece }))));
    for (at, call) in reply.tool_calls.iter().enumerate() {
        let begin = json!({
            "index": at,
            "id": call_id(&call.id, id, at),
            "type": "function",
            "function": { "name": call.name, "arguments": "" },
        });
        events.push(delta(json!({ "tool_calls": [begin] })));
        for piece in pieces(&call.arguments, reply.piece) {
            events.push(delta(json!({ "tool_calls": [{ "index": at, "function": { "arguments": piece } }] })));
        }
    }
    events.push(event(json!([{ "index": 0, "delta": {}, "logprobs": null, "finish_reason": reply.reason() }]), None));
    if with_usage {
        events.push(event(json!([]), Some(usage(reply, request))));
    }
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

/// Cuts a text into pieces of so many characters, or into words with the space before them.
fn pieces(text: &str, size: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = if size == 0 {
            rest.char_indices().skip(1).find(|(_, character)| *character == ' ').map(|(at, _)| at)
        } else {
            rest.char_indices().nth(size).map(|(at, _)| at)
        };
        let (piece, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn usage(reply: &Reply, request: &Value) -> Value {
    let words = |text: &str| text.split_whitespace().count() as u64;
    let Usage { prompt, completion } = reply.usage.unwrap_or_else(|| {
        let messages = request.get("messages").and_then(Value::as_array);
        let prompt = messages.map(|messages| messages.iter().map(|message| words(&text_of(message))).sum()).unwrap_or_default();
        Usage { prompt, completion: words(&reply.text) + reply.tool_calls.iter().map(|call| words(&call.arguments)).sum::<u64>() }
    });
    json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt.saturating_add(completion) })
}

fn response_id(id: u64) -> String {
    format!("chatcmpl-{id:08}")
}

fn call_id(given: &str, id: u64, at: usize) -> String {
    if given.is_empty() { format!("call_{id:08}_{at}") } else { given.to_owned() }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole_text() {
        for (text, size, expected) in [
            ("one two  three", 0, &["one", " two", " ", " three"][..]),
            ("", 0, &[]),
            (" ", 0, &[" "]),
            ("äöü", 2, &["äö", "ü"]),
            ("abc", 9, &["abc"]),
        ] {
            assert_eq!(pieces(text, size), expected);
            assert_eq!(pieces(text, size).concat(), text);
        }
    }
}
