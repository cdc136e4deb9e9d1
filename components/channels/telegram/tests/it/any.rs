//! Whatever Telegram answers, the bot goes on.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Bot;

/// Names that mean something in an update, and one that does not.
const NAMES: [&str; 30] = [
    "update_id",
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "message_id",
    "chat",
    "id",
    "type",
    "from",
    "sender_chat",
    "text",
    "caption",
    "entities",
    "offset",
    "length",
    "date",
    "edit_date",
    "photo",
    "file_id",
    "width",
    "reply_to_message",
    "is_topic_message",
    "message_thread_id",
    "new_chat_member",
    "status",
    "data",
    "location",
    "user",
    "other",
];

fn any_json() -> impl Strategy<Value = Value> {
    let words = ["private", "mention", "bot_command", "text_mention", "@wirken_bot", "/x@wirken_bot", "p|c", "member", "👩‍🚀"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..12).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(NAMES.to_vec()), inner), 0..10)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn fields() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    prop::collection::vec((prop::sample::select(NAMES.to_vec()), any_json()), 0..4)
}

/// It waits for an answer or for a timer, and for one only.
fn goes_on(bot: &Bot) -> bool {
    bot.under_way("getUpdates") + bot.under_way("getMe") + bot.timers.len() == 1
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn goes_on_after_any_updates(updates in prop::collection::vec(any_json(), 0..5), recovering: bool) {
        let mut bot = Bot::started(recovering);
        bot.done("getMe", &json!({ "id": 42, "username": "wirken_bot" }));
        bot.done("getUpdates", &Value::from(updates));
        prop_assert!(goes_on(&bot));
    }

    #[test]
    fn goes_on_after_any_kind_of_update(others in fields(), what in any_json(), kind in 1_usize..5) {
        let (mut bot, mut update) = (Bot::polling(), others);
        update.push((NAMES[kind], what));
        let mut update: Value = update.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        update["update_id"] = 5.into();
        bot.done("getUpdates", &json!([update]));
        prop_assert!(goes_on(&bot));
        prop_assert_eq!(&bot.parameters("getUpdates")["offset"], 6);
    }

    #[test]
    fn goes_on_after_any_document(body in any_json(), status in 200_u16..600) {
        let mut bot = Bot::polling();
        bot.respond("getUpdates", status, body.to_string());
        prop_assert!(goes_on(&bot));
    }

    #[test]
    fn goes_on_after_any_bytes(body in prop::collection::vec(any::<u8>(), 0..64), status in 200_u16..600) {
        let mut bot = Bot::polling();
        bot.respond("getUpdates", status, body);
        prop_assert!(goes_on(&bot));
    }
}
