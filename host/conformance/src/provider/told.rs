//! The events of a response as a recording tells them.

use serde_json::{Map, Value, json};
use wirken_types::provider::Event;

use crate::traffic::document;

/// What a response came to: without what is for display only, and with pieces of one text put together.
pub(super) fn events(events: &[Event]) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    for event in events {
        let (kind, text) = match event {
            Event::Text(text) => ("text", text),
            Event::Reasoning(text) => ("reasoning", text),
            other => {
                told.extend(self::event(other));
                continue;
            }
        };
        match told.last_mut().and_then(|last| last.get_mut(kind)) {
            Some(Value::String(whole)) => whole.push_str(text),
            _ => told.push(json!({ kind: text })),
        }
    }
    told
}

fn event(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Text(text) => json!({ "text": text }),
        Event::Reasoning(text) => json!({ "reasoning": text }),
        Event::ToolCallBegin(..) | Event::ToolCallDelta(..) | Event::Progress(..) => return None,
        Event::ToolCall(call) => {
            json!({ "tool-call": { "id": call.id, "name": call.name, "arguments": document(call.arguments.as_bytes()) } })
        }
        Event::Opaque(opaque) => json!({ "opaque": document(opaque.value.as_bytes()) }),
        Event::Usage(totals) => {
            let totals: Map<String, Value> = totals.iter().map(|(name, total)| (name.clone(), Value::from(*total))).collect();
            json!({ "usage": totals })
        }
        Event::Stop(reason) => json!({ "stop": reason }),
        Event::Failed(error) => {
            json!({ "failed": { "kind": error.kind, "message": error.message, "retry-after-millis": error.retry_after_millis } })
        }
        Event::Other(kind, value) => json!({ "other": [kind, document(value.as_bytes())] }),
    })
}

/// The same without its totals, which some APIs send behind everything else.
pub(super) fn without_usage(events: &[Event]) -> Vec<Value> {
    self::events(events).into_iter().filter(|event| event.get("usage").is_none()).collect()
}

/// What is wrong with these events whatever the response was.
pub(super) fn broken(events: &[Event]) -> Result<(), String> {
    if let Some(at) = events.iter().position(|event| matches!(event, Event::Failed(_)))
        && at + 1 < events.len()
    {
        return Err(format!("{} events follow `failed`, which is the last", events.len() - at - 1));
    }
    for event in events {
        match event {
            Event::Failed(error) if error.kind.is_empty() => return Err("a `failed` has no kind".into()),
            Event::Failed(error) if error.message.trim().is_empty() => {
                return Err(format!("a `failed` of kind {} has no message: nobody learns what happened", error.kind));
            }
            Event::Stop(reason) if reason.is_empty() => return Err("a `stop` gives no reason".into()),
            Event::Opaque(opaque) if serde_json::from_str::<Value>(&opaque.value).is_err() => {
                return Err("the value of an `opaque` is not JSON".into());
            }
            Event::Other(kind, value) if serde_json::from_str::<Value>(value).is_err() => {
                return Err(format!("the document of an `other` of kind {kind:?} is not JSON"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The kind of the failure that ends them.
pub(super) fn failure(events: &[Event]) -> Option<&str> {
    match events.last() {
        Some(Event::Failed(error)) => Some(error.kind.as_str()),
        _ => None,
    }
}

/// The last event in a word, for messages.
pub(super) fn end(events: &[Event]) -> String {
    match events.last() {
        None => "no event at all".into(),
        Some(event) => self::event(event).map_or_else(|| "a piece for display".into(), |event| crate::matching::shown(&event)),
    }
}

#[cfg(test)]
mod tests {
    use wirken_types::provider::ProviderError;

    use super::*;

    fn failed(kind: &str, message: &str) -> Event {
        Event::Failed(ProviderError { kind: kind.into(), message: message.into(), retry_after_millis: None })
    }

    #[test]
    fn pieces_of_a_text_are_one_and_display_is_left_out() {
        let all = [
            Event::Text("a".into()),
            Event::Text("b".into()),
            Event::ToolCallBegin("1".into(), "f".into()),
            Event::Text("c".into()),
            Event::Reasoning("d".into()),
            Event::Usage(vec![("input".into(), 3)]),
            Event::Stop("end".into()),
        ];
        let expected = [json!({"text": "abc"}), json!({"reasoning": "d"}), json!({"usage": {"input": 3}}), json!({"stop": "end"})];
        assert_eq!(events(&all), expected);
        assert_eq!(without_usage(&all).len(), 3);
    }

    #[test]
    fn a_failure_is_last_and_says_what_happened() {
        let good = [Event::Text("a".into()), failed("protocol", "it broke off")];
        assert_eq!((broken(&good), failure(&good)), (Ok(()), Some("protocol")));
        for bad in [
            vec![failed("a", "b"), Event::Stop("end".into())],
            vec![failed("", "b")],
            vec![failed("a", " ")],
            vec![Event::Stop(String::new())],
        ] {
            assert!(broken(&bad).is_err(), "{bad:?}");
        }
        assert_eq!(failure(&[]), None);
    }
}
