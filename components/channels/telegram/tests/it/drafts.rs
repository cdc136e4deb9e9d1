//! A text that grows while a model writes it, as messages that are sent, edited and deleted.

use serde_json::json;
use telegram::types::Outcome;

use crate::{Bot, delivered, draft};

/// Two parts: the first is full.
fn long(second: &str) -> String {
    format!("{}\n\n{second}", "a".repeat(4_094))
}

#[test]
fn sends_text_with_entities_and_without_a_preview() {
    let mut bot = Bot::polling();
    let id = bot.say_again("7", draft("**hi** there", &[], true), 1, Some("5"));
    let expected = json!({
        "chat_id": 7,
        "text": "hi there",
        "entities": [{ "type": "bold", "offset": 0, "length": 2 }],
        "link_preview_options": { "is_disabled": true },
        "reply_parameters": { "message_id": 5, "allow_sending_without_reply": true },
    });
    assert_eq!(*bot.parameters("sendMessage"), expected);
    assert_eq!(bot.outcome(id), None);
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100"])));
}

#[test]
fn speaks_in_the_topic_that_it_is_asked_in() {
    let mut bot = Bot::polling();
    bot.say("-1001/42", draft("x", &[], true));
    let parameters = bot.parameters("sendMessage");
    assert_eq!((&parameters["chat_id"], &parameters["message_thread_id"]), (&json!(-1_001), &json!(42)));
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    bot.say("-1001/42", draft("y", &["100"], true));
    let expected = json!({ "chat_id": -1_001, "message_id": 100, "text": "y", "link_preview_options": { "is_disabled": true } });
    assert_eq!(*bot.parameters("editMessageText"), expected);
}

#[test]
fn sends_a_part_once_the_one_before_is_there() {
    let mut bot = Bot::polling();
    let id = bot.say_again("7", draft(long("b"), &[], true), 1, Some("5"));
    assert_eq!(bot.under_way("sendMessage"), 1);
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    let parameters = bot.parameters("sendMessage");
    assert_eq!((&parameters["text"], parameters.get("reply_parameters")), (&json!("b"), None));
    bot.done("sendMessage", &json!({ "message_id": 101 }));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100", "101"])));
}

/// As many parts, each a full message.
fn parts(count: usize) -> String {
    vec!["a".repeat(4_096); count].join("\n\n")
}

/// Answers all that is sent, by numbers from 1000 on. How many were.
fn take_all(bot: &mut Bot) -> i64 {
    let mut taken = 0;
    while bot.call("sendMessage").is_some() {
        bot.done("sendMessage", &json!({ "message_id": 1_000 + taken }));
        taken += 1;
    }
    taken
}

#[test]
fn names_no_more_messages_than_the_host_takes() {
    let ids = |count: i64| (0..count).map(|number| (1_000 + number).to_string()).collect::<Vec<_>>();
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(parts(100), &[], true));
    assert_eq!((take_all(&mut bot), bot.outcome(id)), (100, Some(&Outcome::Delivered(ids(100)))));
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(parts(102), &[], true));
    let mut named = ids(99);
    named.push("1101".into());
    assert_eq!((take_all(&mut bot), bot.outcome(id)), (102, Some(&Outcome::Delivered(named))));
}

#[test]
fn shows_what_no_outcome_could_name_only_with_the_last_draft() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(parts(102), &[], false));
    assert_eq!(take_all(&mut bot), 100);
    let Some(Outcome::Delivered(shown)) = bot.outcome(id).cloned() else { panic!("it is not shown") };
    let shown: Vec<_> = shown.iter().map(String::as_str).collect();
    bot.pass(1_000);
    let id = bot.say("7", draft(parts(102), &shown, true));
    assert_eq!((bot.under_way("editMessageText"), take_all(&mut bot)), (0, 2));
    assert!(matches!(bot.outcome(id), Some(Outcome::Delivered(ids)) if ids.len() == 100));
}

#[test]
fn edits_only_what_changed() {
    let mut bot = Bot::polling();
    bot.say("7", draft(long("b"), &[], false));
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    bot.done("sendMessage", &json!({ "message_id": 101 }));
    bot.pass(1_000);
    let id = bot.say_again("7", draft(long("b and c"), &["100", "101"], false), 1, Some("5"));
    let parameters = bot.parameters("editMessageText");
    assert_eq!(
        (&parameters["message_id"], &parameters["text"], parameters.get("reply_parameters")),
        (&json!(101), &json!("b and c"), None)
    );
    bot.done("editMessageText", &json!(true));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100", "101"])));
    let same = bot.say("7", draft(long("b and c"), &["100", "101"], true));
    assert_eq!((bot.under_way("editMessageText"), bot.outcome(same)), (0, Some(&delivered(&["100", "101"]))));
}

#[test]
fn deletes_what_is_too_much_and_does_not_care_whether_it_can() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft("short", &["100", "101", "102"], true));
    bot.done("editMessageText", &json!(true));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100"])));
    assert_eq!(*bot.parameters("deleteMessage"), json!({ "chat_id": 7, "message_id": 101 }));
    bot.refuse("deleteMessage", 400, "Bad Request: message can't be deleted");
    bot.fail("deleteMessage", "connect", false);
    assert_eq!(bot.outcomes.len(), 1);
}

#[test]
fn a_message_that_is_as_wanted_counts_as_edited() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft("x", &["100"], true));
    bot.refuse(
        "editMessageText",
        400,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
    );
    assert_eq!(bot.outcome(id), Some(&delivered(&["100"])));
}

#[test]
fn sends_anew_what_was_deleted_and_all_that_follows_it() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(long("b"), &["100", "101"], true));
    bot.refuse("editMessageText", 400, "Bad Request: message to edit not found");
    bot.done("sendMessage", &json!({ "message_id": 110 }));
    bot.done("sendMessage", &json!({ "message_id": 111 }));
    assert_eq!(bot.outcome(id), Some(&delivered(&["110", "111"])));
    assert_eq!((bot.under_way("deleteMessage"), &bot.parameters("deleteMessage")["message_id"]), (1, &json!(101)));
}

#[test]
fn drafts_keep_telegrams_pace_and_the_last_one_does_not_wait() {
    for (chat, pace) in [("7", 1_000), ("-7", 3_000)] {
        let mut bot = Bot::polling();
        bot.say(chat, draft("a", &[], false));
        bot.done("sendMessage", &json!({ "message_id": 100 }));
        bot.pass(400);
        let early = bot.say(chat, draft("a b", &["100"], false));
        assert_eq!(bot.outcome(early), Some(&Outcome::Later(pace - 400)));
        bot.pass(pace - 401);
        let early = bot.say(chat, draft("a b", &["100"], false));
        assert_eq!(bot.outcome(early), Some(&Outcome::Later(1)));
        bot.pass(1);
        bot.say(chat, draft("a b", &["100"], false));
        bot.done("editMessageText", &json!(true));
        let elsewhere = bot.say("8", draft("x", &[], false));
        assert_eq!(bot.outcome(elsewhere), None);
        bot.say(chat, draft("a b c", &["100"], true));
        assert_eq!(bot.parameters("editMessageText")["text"], "a b c");
    }
}

#[test]
fn a_clock_that_was_set_back_keeps_no_draft_waiting_for_long() {
    let mut bot = Bot::polling();
    bot.say("7", draft("a", &[], false));
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    bot.now -= 86_400_000;
    let early = bot.say("7", draft("b", &["100"], false));
    assert_eq!(bot.outcome(early), Some(&Outcome::Later(1_000)));
}

#[test]
fn waits_for_something_to_see() {
    let mut bot = Bot::polling();
    let blank = bot.say("7", draft("\n\u{200b}", &[], false));
    assert!(matches!(bot.outcome(blank), Some(Outcome::Later(_))));
    let last = bot.say("7", draft("\n\u{200b}", &[], true));
    assert!(matches!(bot.outcome(last), Some(Outcome::Failed(failure)) if failure.kind == "invalid" && !failure.sent));
    bot.say("7", draft("[](https://a.example)", &[], true));
    assert_eq!(bot.parameters("sendMessage")["text"], "[](https://a.example)");
}

#[test]
fn sends_a_part_without_entities_where_telegram_takes_none() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(format!("**x**{}", long("*b*")), &[], true));
    bot.refuse("sendMessage", 400, "Bad Request: can't parse entities: whatever");
    let parameters = bot.parameters("sendMessage");
    assert_eq!((parameters.get("entities"), parameters["text"].as_str().unwrap().len()), (None, 4_095));
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    assert!(bot.parameters("sendMessage").get("entities").is_some(), "the next part has its own chance");
    bot.refuse("sendMessage", 400, "Bad Request: can't parse MessageEntity");
    bot.refuse("sendMessage", 400, "Bad Request: can't parse MessageEntity");
    assert!(matches!(bot.outcome(id), Some(Outcome::Failed(failure)) if failure.kind == "refused"));
}
