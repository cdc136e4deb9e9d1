//! Who said something, and where. Telegram vouches for the numbers; names are whatever their owners want.

use serde_json::Value;

use crate::place::Place;
use crate::types::{Conversation, Sender};

/// Of a name that is passed on, in bytes.
const MAX_NAME_BYTES: usize = 256;

pub(crate) fn int(value: &Value, key: &str) -> Option<i64> {
    value.get(key)?.as_i64()
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

/// The place of a message, and how the host is told of it.
pub(crate) fn conversation(message: &Value) -> Result<(Place, Conversation), &'static str> {
    let chat = message.get("chat").ok_or("it has no chat")?;
    let id = int(chat, "id").ok_or("its chat has no number")?;
    let kind = match text(chat, "type").ok_or("its chat has no kind")? {
        "private" => "direct",
        "channel" => "channel",
        _ => "group",
    };
    let title = text(chat, "title").and_then(name);
    // Topics in a private chat are still the one human: they share its conversation.
    let topic = int(message, "message_thread_id").filter(|_| kind != "direct" && flag(message, "is_topic_message"));
    let place = Place { chat: id, topic };
    let (kind, parent) = if topic.is_some() { ("thread", Some(id.to_string())) } else { (kind, None) };
    Ok((place, Conversation { id: place.id(), kind, parent, title }))
}

/// Whoever a message is from. A chat may speak itself: through its anonymous administrators, or as a channel that posts
/// into a group. Then `from` is a stand-in that says nothing.
pub(crate) fn sender(message: &Value) -> Result<Sender, &'static str> {
    let Some(chat) = message.get("sender_chat") else {
        return user(message.get("from").ok_or("it is from nobody")?);
    };
    let id = int(chat, "id").ok_or("its sender has no number")?;
    let display_name = text(chat, "title").and_then(name).or_else(|| full_name(chat));
    Ok(Sender { id: id.to_string(), display_name, is_bot: false })
}

pub(crate) fn user(user: &Value) -> Result<Sender, &'static str> {
    let id = int(user, "id").ok_or("its sender has no number")?;
    Ok(Sender { id: id.to_string(), display_name: full_name(user), is_bot: flag(user, "is_bot") })
}

fn full_name(person: &Value) -> Option<String> {
    let names: Vec<_> = ["first_name", "last_name"].into_iter().filter_map(|key| text(person, key)).collect();
    name(&names.join(" "))
}

/// One line of at most so many bytes, if there is anything on it.
pub(crate) fn name(text: &str) -> Option<String> {
    let line: String = text.trim().chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let cut = line.get(..line.floor_char_boundary(MAX_NAME_BYTES)).unwrap_or_default().trim();
    (!cut.is_empty()).then(|| cut.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_private_chats_groups_channels_and_topics_apart() {
        let of = |message: &Value| conversation(message).map(|(_, conversation)| conversation).unwrap();
        let private =
            of(&json!({ "chat": { "id": 7, "type": "private", "first_name": "Ada" }, "message_thread_id": 3, "is_topic_message": true }));
        assert_eq!((private.id.as_str(), private.kind, private.parent, private.title), ("7", "direct", None, None));
        let forum = json!({ "id": -1_001, "type": "supergroup", "title": " Ops\n", "is_forum": true });
        let topic = of(&json!({ "chat": forum, "message_thread_id": 3, "is_topic_message": true }));
        assert_eq!(
            (topic.id.as_str(), topic.kind, topic.parent.as_deref(), topic.title.as_deref()),
            ("-1001/3", "thread", Some("-1001"), Some("Ops"))
        );
        let thread_of_replies = of(&json!({ "chat": forum, "message_thread_id": 3 }));
        assert_eq!((thread_of_replies.id.as_str(), thread_of_replies.kind), ("-1001", "group"));
        assert_eq!(of(&json!({ "chat": { "id": -5, "type": "channel" } })).kind, "channel");
        for broken in [json!({}), json!({ "chat": 7 }), json!({ "chat": { "id": "7", "type": "private" } }), json!({ "chat": { "id": 7 } })]
        {
            assert!(conversation(&broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn knows_who_speaks_for_a_chat() {
        let ada = json!({ "id": 7, "first_name": "Ada", "last_name": "L", "is_bot": false });
        let expected = Sender { id: "7".into(), display_name: Some("Ada L".into()), is_bot: false };
        assert_eq!(sender(&json!({ "from": ada })), Ok(expected));
        let stand_in = json!({ "id": 1_087_968_824, "first_name": "Group", "is_bot": true });
        let anonymous = sender(&json!({ "from": stand_in, "sender_chat": { "id": -1_001, "title": "Ops" } })).unwrap();
        assert_eq!((anonymous.id.as_str(), anonymous.display_name.as_deref(), anonymous.is_bot), ("-1001", Some("Ops"), false));
        assert!(sender(&json!({ "from": stand_in })).unwrap().is_bot);
        assert!(sender(&json!({})).is_err() && sender(&json!({ "from": {} })).is_err() && sender(&json!({ "sender_chat": 1 })).is_err());
    }

    #[test]
    fn bounds_names() {
        assert_eq!(name(&"x".repeat(256)).unwrap().len(), 256);
        assert_eq!(name(&format!("x{}", "ü".repeat(256))).unwrap().len(), 255);
        assert_eq!((name(" \n"), name("a\u{0}b").as_deref()), (None, Some("a b")));
    }
}
