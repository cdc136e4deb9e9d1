//! Effects as a recording tells them.

use serde_json::{Value, json};
use wirken_types::channel::{Attachment, Conversation, Effect, Inbound, Outcome, Sender};

use crate::provider::request;
use crate::traffic::document;

/// Effects that a recording may leave out: they count in a step that names one of their kind.
const QUIET: [&str; 7] = ["http-cancel", "set-timer", "cancel-timer", "state-put", "state-delete", "health", "log"];

/// Of these effects, those that a step with these expectations speaks of.
pub(super) fn heard(wanted: &[Value], effects: &[Effect]) -> Vec<Value> {
    let kind = |value: &Value| value.as_object().and_then(|members| members.keys().find(|key| *key != "as").cloned()).unwrap_or_default();
    let named: Vec<String> = wanted.iter().map(kind).collect();
    effects.iter().map(effect).filter(|effect| !QUIET.contains(&kind(effect).as_str()) || named.contains(&kind(effect))).collect()
}

pub(super) fn effect(effect: &Effect) -> Value {
    match effect {
        Effect::Http(_, described) => json!({ "http": request::told(described) }),
        Effect::HttpCancel(_) => json!({ "http-cancel": {} }),
        Effect::SocketConnect(_) => json!({ "socket-connect": {} }),
        Effect::SetTimer(_, millis) => json!({ "set-timer": { "after-millis": millis } }),
        Effect::CancelTimer(_) => json!({ "cancel-timer": {} }),
        Effect::Inbound(inbound) => json!({ "inbound": self::inbound(inbound) }),
        Effect::Outcome(_, outcome) => json!({ "outcome": self::outcome(outcome) }),
        Effect::Media(token, Ok((_, described))) => json!({ "media": { "token": token, "request": request::told(described) } }),
        Effect::Media(token, Err(why)) => json!({ "media": { "token": token, "failed": why } }),
        Effect::StatePut(state) => json!({ "state-put": { "key": state.key, "value": text(&state.value) } }),
        Effect::StateDelete(key) => json!({ "state-delete": key }),
        Effect::Health(health) => json!({ "health": { "state": health.state, "detail": health.detail } }),
        Effect::Log(level, message) => json!({ "log": { "level": level, "message": message } }),
        Effect::Fatal(reason) => json!({ "fatal": reason }),
        Effect::Unavailable(name) => json!({ *name: {} }),
    }
}

/// A text stays one, also where it would read as a number.
fn text(bytes: &[u8]) -> Value {
    str::from_utf8(bytes).map_or_else(|_| document(bytes), Value::from)
}

fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Delivered(ids) => json!({ "delivered": ids }),
        Outcome::Failed(failure) => json!({ "failed": { "kind": failure.kind, "sent": failure.sent, "message": failure.message } }),
        Outcome::InDoubt(why) => json!({ "in-doubt": why }),
        Outcome::Later(millis) => json!({ "later": millis }),
    }
}

fn inbound(inbound: &Inbound) -> Value {
    match inbound {
        Inbound::Message(message) => json!({ "message": {
            "key": message.key,
            "id": message.id,
            "edit-of": message.edit_of,
            "forwarded": message.forwarded,
            "conversation": conversation(&message.conversation),
            "sender": sender(&message.sender),
            "text": message.text,
            "attachments": message.attachments.iter().map(attachment).collect::<Vec<_>>(),
            "reply-to": message.reply_to,
            "mentions-agent": message.mentions_agent,
            "sent-at-millis": message.sent_at_millis,
        } }),
        Inbound::Choice(choice) => json!({ "choice": {
            "key": choice.key,
            "prompt-id": choice.prompt_id,
            "choice-id": choice.choice_id,
            "conversation": conversation(&choice.conversation),
            "sender": sender(&choice.sender),
        } }),
        Inbound::Notice(notice) => json!({ "notice": {
            "key": notice.key,
            "kind": notice.kind,
            "conversation": conversation(&notice.conversation),
            "sender": notice.sender.as_ref().map(sender),
            "detail": document(notice.detail.as_bytes()),
        } }),
    }
}

fn conversation(conversation: &Conversation) -> Value {
    let Conversation { id, kind, parent, title } = conversation;
    json!({ "id": id, "kind": kind, "parent": parent, "title": title })
}

fn sender(sender: &Sender) -> Value {
    json!({ "id": sender.id, "display-name": sender.display_name, "is-bot": sender.is_bot })
}

fn attachment(attachment: &Attachment) -> Value {
    match attachment {
        Attachment::Stored(blob) => json!({ "stored": { "media-type": blob.media_type, "name": blob.name, "size": blob.size } }),
        Attachment::Remote(remote) => {
            json!({ "remote": { "token": remote.token, "media-type": remote.media_type, "name": remote.name, "size": remote.size } })
        }
    }
}

#[cfg(test)]
mod tests {
    use wirken_types::channel::{Health, State};

    use super::*;

    #[test]
    fn quiet_effects_count_where_one_of_their_kind_is_named() {
        let effects = [
            Effect::Health(Health { state: "ok".into(), detail: String::new() }),
            Effect::StatePut(State { key: "after".into(), value: b"7".to_vec() }),
            Effect::Fatal("no".into()),
        ];
        assert_eq!(heard(&[], &effects), [json!({"fatal": "no"})]);
        let wanted = [json!({"state-put": {"value": "7"}})];
        assert_eq!(heard(&wanted, &effects), [json!({"state-put": {"key": "after", "value": "7"}}), json!({"fatal": "no"})]);
    }
}
