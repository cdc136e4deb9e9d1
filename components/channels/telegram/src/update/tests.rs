//! Updates as Telegram sends them, and as it should not.

use super::*;
use crate::types::{Conversation, Sender};

fn me() -> Me {
    Me { id: 42, username: Some("wirken_bot".into()) }
}

fn read_one(update: &Value) -> Result<Read, &'static str> {
    read(update, &me(), &Prompts::new(&[1; 32]))
}

fn said(update: &Value) -> InboundMessage {
    match read_one(update) {
        Ok(Read::Inbound(Inbound::Message(message))) => message,
        other => panic!("{other:?}"),
    }
}

fn private(extra: &Value) -> Value {
    let mut message = json!({
        "message_id": 5,
        "date": 1_700_000_000,
        "chat": { "id": 7, "type": "private", "first_name": "Ada" },
        "from": { "id": 7, "is_bot": false, "first_name": "Ada" },
    });
    for (key, value) in extra.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

#[test]
fn tells_a_private_message_whole() {
    let reply = json!({ "message_id": 3, "from": { "id": 42 } });
    let message = said(&json!({ "update_id": 1, "message": private(&json!({ "text": "hello", "reply_to_message": reply })) }));
    let expected = InboundMessage {
        key: "m:42:7:5".into(),
        id: "5".into(),
        edit_of: None,
        forwarded: false,
        conversation: Conversation { id: "7".into(), kind: "direct", parent: None, title: None },
        sender: Sender { id: "7".into(), display_name: Some("Ada".into()), is_bot: false },
        text: "hello".into(),
        attachments: Vec::new(),
        reply_to: Some("3".into()),
        mentions_agent: true,
        sent_at_millis: Some(1_700_000_000_000),
    };
    assert_eq!(message, expected);
}

#[test]
fn a_repeat_under_another_number_has_the_same_key() {
    let message = private(&json!({ "text": "x" }));
    let key = |update: i64| said(&json!({ "update_id": update, "message": message })).key;
    assert_eq!(key(1), key(99));
}

#[test]
fn another_bot_has_other_keys_and_none_is_too_long() {
    let message =
        private(&json!({ "text": "x", "message_id": i64::MIN, "edit_date": i64::MIN, "chat": { "id": i64::MIN, "type": "group" } }));
    let chat = json!({ "id": -5, "type": "group" });
    let from = json!({ "id": 7 });
    let press = json!({ "id": "x".repeat(MAX_QUERY_BYTES), "from": from, "message": private(&json!({})), "data": "p|yes" });
    let updates = [
        json!({ "update_id": 1, "message": message }),
        json!({ "update_id": 1, "edited_message": message }),
        json!({ "update_id": 1, "callback_query": press }),
        json!({ "update_id": i64::MIN, "my_chat_member": { "chat": chat, "from": from, "new_chat_member": { "status": "member" } } }),
    ];
    for update in updates {
        let key = |bot| match read(&update, &Me { id: bot, username: None }, &Prompts::new(&[1; 32])) {
            Ok(Read::Inbound(Inbound::Message(message))) => message.key,
            Ok(Read::Inbound(Inbound::Notice(notice))) => notice.key,
            Ok(Read::Press { inbound: Some(choice), .. }) => choice.key,
            other => panic!("{other:?}"),
        };
        assert_ne!(key(42), key(43));
        assert!(key(i64::MIN).len() <= 256, "{}", key(i64::MIN));
    }
}

#[test]
fn an_edit_has_a_key_of_its_own_and_names_what_it_replaces() {
    let edit = said(&json!({ "update_id": 2, "edited_message": private(&json!({ "text": "x", "edit_date": 1_700_000_009 })) }));
    assert_eq!(
        (edit.key.as_str(), edit.edit_of.as_deref(), edit.sent_at_millis),
        ("e:42:7:5:1700000009", Some("5"), Some(1_700_000_009_000))
    );
    assert!(read_one(&json!({ "update_id": 2, "edited_message": private(&json!({ "text": "x" })) })).is_err());
}

#[test]
fn marks_what_is_forwarded() {
    for extra in [json!({ "text": "x", "forward_origin": { "type": "user" } }), json!({ "text": "x", "is_automatic_forward": true })] {
        assert!(said(&json!({ "update_id": 1, "message": private(&extra) })).forwarded, "{extra}");
    }
    assert!(!said(&json!({ "update_id": 1, "message": private(&json!({ "text": "x", "is_automatic_forward": false })) })).forwarded);
}

#[test]
fn takes_captions_files_and_things_without_a_file() {
    let photo = json!([{ "file_id": "f", "width": 1, "height": 1 }]);
    let message = said(&json!({ "update_id": 1, "message": private(&json!({ "caption": "see", "photo": photo })) }));
    assert_eq!((message.text.as_str(), message.attachments.len()), ("see", 1));
    let message = said(&json!({ "update_id": 1, "message": private(&json!({ "location": { "latitude": 1.5, "longitude": 2 } })) }));
    assert_eq!(message.text, "Location: 1.5, 2");
    let pinned = json!({ "update_id": 1, "message": private(&json!({ "pinned_message": {} })) });
    assert_eq!(read_one(&pinned), Ok(Read::Nothing));
}

#[test]
fn bounds_a_text() {
    let of = |length: usize| said(&json!({ "update_id": 1, "message": private(&json!({ "text": "x".repeat(length) })) })).text.len();
    assert_eq!([of(400_000), of(400_001)], [400_000, 400_000]);
}

#[test]
fn a_press_is_a_choice_if_it_is_known() {
    let query = |data: &str| {
        let message = private(&json!({}));
        json!({ "update_id": 1, "callback_query": { "id": "77", "from": { "id": 7 }, "message": message, "data": data } })
    };
    let Ok(Read::Press { query: id, inbound: Some(choice) }) = read_one(&query("p|yes")) else { panic!("no choice") };
    assert_eq!((id.as_str(), choice.key.as_str(), choice.prompt_id.as_str(), choice.choice_id.as_str()), ("77", "c:42:77", "p", "yes"));
    assert_eq!((choice.conversation.id.as_str(), choice.sender.id.as_str()), ("7", "7"));
    assert_eq!(read_one(&query("other")), Ok(Read::Press { query: "77".into(), inbound: None }));
    for broken in
        [json!({}), json!({ "id": "77" }), json!({ "id": "", "from": { "id": 7 } }), json!({ "id": "x".repeat(201), "from": { "id": 7 } })]
    {
        assert!(read_one(&json!({ "callback_query": broken })).is_err(), "{broken}");
    }
    assert!(read_one(&json!({ "callback_query": { "id": "x".repeat(200), "from": { "id": 7 } } })).is_ok());
}

#[test]
fn tells_of_coming_and_going() {
    let change = |status: &str, extra: bool| {
        let new = json!({ "status": status, "is_member": extra });
        let chat = json!({ "id": -5, "type": "group", "title": "Ops" });
        let change = json!({ "chat": chat, "from": { "id": 7 }, "old_chat_member": { "status": "left" }, "new_chat_member": new });
        json!({ "update_id": 9, "my_chat_member": change })
    };
    for (status, is_member, kind) in [
        ("member", false, "joined"),
        ("administrator", false, "joined"),
        ("restricted", true, "joined"),
        ("restricted", false, "left"),
        ("kicked", true, "left"),
    ] {
        let Ok(Read::Inbound(Inbound::Notice(notice))) = read_one(&change(status, is_member)) else { panic!("no notice") };
        assert_eq!((notice.key.as_str(), notice.kind, notice.conversation.id.as_str()), ("n:42:9", kind, "-5"));
        assert_eq!(serde_json::from_str::<Value>(&notice.detail).unwrap(), json!({ "new": status, "old": "left" }));
    }
    assert!(read_one(&change("crowned", true)).is_err());
}

#[test]
fn refuses_what_is_malformed_without_quoting_it() {
    for update in [
        json!({ "update_id": 1 }),
        json!({ "update_id": 1, "secret": { "text": "secret" } }),
        json!({ "update_id": 1, "message": "secret" }),
        json!({ "update_id": 1, "message": private(&json!({ "text": "secret", "from": null })) }),
        json!({ "update_id": 1, "message": private(&json!({ "text": "secret", "message_id": "5" })) }),
        json!({ "update_id": 1, "message": private(&json!({ "text": "secret", "chat": { "id": 7.5, "type": "private" } })) }),
        json!("secret"),
        Value::Null,
    ] {
        let why = read_one(&update).unwrap_err();
        assert!(why.starts_with("it") && !why.contains("secret"), "{why}");
    }
}
