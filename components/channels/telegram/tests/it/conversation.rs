//! A whole conversation: a question in a group, an answer that grows, an edit, a restart.

use serde_json::{Value, json};
use telegram::types::{Event, Inbound};

use crate::{Bot, delivered, draft};

fn group(update: i64, number: i64, text: &str) -> Value {
    let entities: Vec<_> =
        text.find("@wirken_bot").map(|at| json!({ "type": "mention", "offset": at, "length": 11 })).into_iter().collect();
    let chat = json!({ "id": -100, "type": "supergroup", "title": "Ops" });
    let from = json!({ "id": 7, "first_name": "Ada", "is_bot": false });
    let message = json!({ "message_id": number, "date": 1, "chat": chat, "from": from, "text": text, "entities": entities });
    json!({ "update_id": update, "message": message })
}

#[test]
fn a_question_in_a_group_is_answered_while_it_is_written() {
    let mut bot = Bot::polling();
    bot.done("getUpdates", &json!([group(1, 10, "lunch?"), group(2, 11, "@wirken_bot: how late is it?")]));
    let told: Vec<_> = bot.messages().iter().map(|message| (message.text.as_str(), message.mentions_agent)).collect();
    assert_eq!(told, [("lunch?", false), ("how late is it?", true)]);
    assert_eq!(bot.parameters("getUpdates")["offset"], 3);

    bot.handle(Event::Typing("-100".into(), true));
    bot.done("sendChatAction", &json!(true));
    let first = bot.say_again("-100", draft("It is", &[], false), 1, Some("11"));
    assert_eq!(bot.parameters("sendMessage")["reply_parameters"]["message_id"], 11);
    bot.done("sendMessage", &json!({ "message_id": 12 }));
    assert_eq!(bot.outcome(first), Some(&delivered(&["12"])));
    bot.handle(Event::Typing("-100".into(), false));

    // The host comes back with what the text is by then.
    bot.pass(500);
    bot.say("-100", draft("It is **half**", &["12"], false));
    bot.pass(2_500);
    bot.say("-100", draft("It is **half past**", &["12"], false));
    bot.done("editMessageText", &json!(true));
    let last = bot.say("-100", draft("It is **half past ten**.", &["12"], true));
    assert_eq!(bot.parameters("editMessageText")["entities"][0], json!({ "type": "bold", "offset": 6, "length": 13 }));
    bot.done("editMessageText", &json!({ "message_id": 12 }));
    assert_eq!(bot.outcome(last), Some(&delivered(&["12"])));
    assert_eq!((bot.calls.len(), bot.timers.len()), (1, 0), "only the poll is left");
}

#[test]
fn an_instance_without_an_offset_is_told_again_under_the_same_keys() {
    let updates = json!([group(1, 10, "@wirken_bot a"), group(2, 11, "@wirken_bot b")]);
    let keys = |bot: &Bot| bot.messages().iter().map(|message| message.key.clone()).collect::<Vec<_>>();
    let mut before = Bot::polling();
    before.done("getUpdates", &updates);
    let mut after = Bot::polling();
    assert_eq!(after.parameters("getUpdates").get("offset"), None);
    after.done("getUpdates", &updates);
    assert_eq!(keys(&before), keys(&after));

    // What the one before showed is edited, though this one does not know what it shows.
    let id = after.say("-100", draft("x", &["12"], true));
    after.refuse("editMessageText", 400, "Bad Request: message is not modified");
    assert_eq!(after.outcome(id), Some(&delivered(&["12"])));
}

#[test]
fn the_bot_is_thrown_out_and_what_it_says_then_is_forbidden() {
    let mut bot = Bot::polling();
    let chat = json!({ "id": -100, "type": "supergroup", "title": "Ops" });
    let (old, new) = (json!({ "status": "member" }), json!({ "status": "kicked" }));
    let change = json!({ "chat": chat, "from": { "id": 7, "first_name": "Ada" }, "old_chat_member": old, "new_chat_member": new });
    bot.done("getUpdates", &json!([{ "update_id": 9, "my_chat_member": change }]));
    assert!(
        matches!(bot.inbound.as_slice(), [Inbound::Notice(notice)] if notice.kind == "left" && notice.key == "n:42:9"),
        "{:?}",
        bot.inbound
    );
    let id = bot.say("-100", draft("hello?", &[], true));
    bot.refuse("sendMessage", 403, "Forbidden: bot was kicked from the supergroup chat");
    assert!(matches!(bot.outcome(id), Some(telegram::types::Outcome::Failed(failure)) if failure.kind == "forbidden" && failure.sent));
}
