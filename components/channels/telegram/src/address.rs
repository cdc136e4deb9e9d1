//! Whether a message is meant for the bot, and its text without what only said so.

use serde_json::Value;

use crate::entity::slice;
use crate::people::{flag, int, text};

/// The bot, as `getMe` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Me {
    pub(crate) id: i64,
    pub(crate) username: Option<String>,
}

impl Me {
    pub(crate) fn read(me: &Value) -> Option<Self> {
        Some(Self { id: int(me, "id")?, username: text(me, "username").filter(|name| !name.is_empty()).map(str::to_owned) })
    }

    fn is(&self, name: &str) -> bool {
        self.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

/// The text and the entities that Telegram found in it; those of a caption where that is what there is.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    text: &'a str,
    entities: &'a [Value],
}

impl<'a> Body<'a> {
    pub(crate) fn read(message: &'a Value) -> Self {
        let (body, entities) = match text(message, "text") {
            Some(body) => (body, "entities"),
            None => (text(message, "caption").unwrap_or_default(), "caption_entities"),
        };
        Self { text: body, entities: message.get(entities).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() }
    }

    /// The entities of a kind, each with its offset and its part of the text. Those that lie outside of the text are none.
    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = (&'a Value, usize, &'a str)> {
        let body = self.text;
        let of_kind = self.entities.iter().filter(move |entity| text(entity, "type") == Some(kind));
        of_kind.filter_map(move |entity| {
            let number = |key| usize::try_from(int(entity, key)?).ok();
            let offset = number("offset")?;
            Some((entity, offset, slice(body, offset, number("length")?)?))
        })
    }

    /// Whether it names the bot, or commands it. A command that names no bot counts where the text begins with it.
    fn names(&self, me: &Me) -> bool {
        self.of_kind("mention").any(|(_, _, name)| name.strip_prefix('@').is_some_and(|name| me.is(name)))
            || self.of_kind("text_mention").any(|(entity, _, _)| entity.get("user").and_then(|user| int(user, "id")) == Some(me.id))
            || self.of_kind("bot_command").any(|(_, offset, command)| match command.split_once('@') {
                Some((_, name)) => me.is(name),
                None => offset == 0,
            })
    }

    /// Without the bot's name where the text begins with it, alone or behind a command. All of the text where nothing
    /// else would be left.
    pub(crate) fn stripped(&self, me: &Me) -> String {
        let begins = |kind| self.of_kind(kind).find(|(_, offset, _)| *offset == 0).map(|(_, _, part)| part);
        if let Some(mention) = begins("mention").filter(|part| part.strip_prefix('@').is_some_and(|name| me.is(name))) {
            let rest = self.text.strip_prefix(mention).unwrap_or_default();
            let rest = rest.trim_start_matches(|character: char| character.is_whitespace() || matches!(character, ',' | ':'));
            return if rest.is_empty() { self.text.to_owned() } else { rest.to_owned() };
        }
        match begins("bot_command").and_then(|command| Some((command, command.split_once('@')?))) {
            Some((command, (bare, name))) if me.is(name) => format!("{bare}{}", self.text.strip_prefix(command).unwrap_or_default()),
            _ => self.text.to_owned(),
        }
    }
}

/// The message that this one answers. The first message of a topic stands there for all that answer nothing.
pub(crate) fn answered(message: &Value) -> Option<&Value> {
    let answered = message.get("reply_to_message").filter(|answered| answered.get("forum_topic_created").is_none())?;
    let topic = int(message, "message_thread_id").filter(|_| flag(message, "is_topic_message"));
    (topic.is_none() || int(answered, "message_id") != topic).then_some(answered)
}

pub(crate) fn is_meant_for(me: &Me, message: &Value, body: &Body<'_>, is_private: bool) -> bool {
    let answers_us = || answered(message).and_then(|answered| int(answered.get("from")?, "id")) == Some(me.id);
    is_private || body.names(me) || answers_us()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn me() -> Me {
        Me { id: 42, username: Some("Wirken_Bot".into()) }
    }

    fn entity(kind: &str, offset: i64, length: i64) -> Value {
        json!({ "type": kind, "offset": offset, "length": length })
    }

    fn meant(message: &Value) -> bool {
        is_meant_for(&me(), message, &Body::read(message), false)
    }

    fn stripped(text: &str, entity: Value) -> String {
        Body::read(&json!({ "text": text, "entities": [entity] })).stripped(&me())
    }

    #[test]
    fn a_name_a_command_or_an_answer_means_the_bot() {
        let with = |text: &str, entity: Value| json!({ "text": text, "entities": [entity] });
        for message in [
            with("👍 @wirken_bot!", entity("mention", 3, 11)),
            with("/help", entity("bot_command", 0, 5)),
            with("see /help@WIRKEN_BOT", entity("bot_command", 4, 16)),
            with("Wirken, x", json!({ "type": "text_mention", "offset": 0, "length": 6, "user": { "id": 42 } })),
            json!({ "caption": "@wirken_bot", "caption_entities": [entity("mention", 0, 11)] }),
            json!({ "text": "yes", "reply_to_message": { "message_id": 5, "from": { "id": 42 } } }),
        ] {
            assert!(meant(&message), "{message}");
        }
        for message in [
            json!({ "text": "@wirken_bot" }),
            with("@wirken_both", entity("mention", 0, 12)),
            with("/help@other_bot", entity("bot_command", 0, 15)),
            with("or /help", entity("bot_command", 3, 5)),
            with("👍 @wirken_bot", entity("mention", 1, 11)),
            with("@wirken_bot", entity("mention", 0, 12)),
            with("@wirken_bot", entity("mention", -1, 11)),
            with("Wirken", json!({ "type": "text_mention", "offset": 0, "length": 6, "user": { "id": 43 } })),
            json!({ "text": "@wirken_bot", "caption_entities": [entity("mention", 0, 11)] }),
            json!({ "text": "yes", "reply_to_message": { "message_id": 5, "from": { "id": 43 } } }),
            json!({ "text": "x", "entities": [7, null, { "type": "mention" }, { "type": "mention", "offset": "0", "length": 1 }] }),
        ] {
            assert!(!meant(&message), "{message}");
        }
        assert!(is_meant_for(&me(), &json!({}), &Body::read(&json!({})), true));
    }

    #[test]
    fn the_first_message_of_a_topic_is_not_answered_by_all_that_follow() {
        let message =
            json!({ "message_thread_id": 5, "is_topic_message": true, "reply_to_message": { "message_id": 5, "from": { "id": 42 } } });
        assert!(!meant(&message));
        let message = json!({ "reply_to_message": { "message_id": 5, "from": { "id": 42 }, "forum_topic_created": {} } });
        assert!(!meant(&message));
        let message =
            json!({ "message_thread_id": 5, "is_topic_message": true, "reply_to_message": { "message_id": 6, "from": { "id": 42 } } });
        assert!(meant(&message));
    }

    #[test]
    fn strips_the_name_where_the_text_begins_with_it_and_nowhere_else() {
        for (text, kind, offset, length, expected) in [
            ("@wirken_bot, what is it?", "mention", 0, 11, "what is it?"),
            ("@wirken_bot: \n x", "mention", 0, 11, "x"),
            ("@wirken_bot", "mention", 0, 11, "@wirken_bot"),
            ("@wirken_bot ,", "mention", 0, 11, "@wirken_bot ,"),
            ("hey @wirken_bot x", "mention", 4, 11, "hey @wirken_bot x"),
            ("@ada x", "mention", 0, 4, "@ada x"),
            ("/sum@wirken_bot 1 2", "bot_command", 0, 15, "/sum 1 2"),
            ("/sum@other_bot 1", "bot_command", 0, 14, "/sum@other_bot 1"),
            ("/start", "bot_command", 0, 6, "/start"),
        ] {
            assert_eq!(stripped(text, entity(kind, offset, length)), expected, "{text}");
        }
    }
}
