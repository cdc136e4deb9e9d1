//! What becomes of an outbound when something goes wrong.

use serde_json::json;
use telegram::types::{Content, Outcome};

use crate::{Bot, delivered, draft};

fn long() -> String {
    format!("{}\n\nb", "a".repeat(4_094))
}

/// One whose first part of two is shown.
fn half_done() -> (Bot, u64) {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(long(), &[], true));
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    (bot, id)
}

fn kind(outcome: Option<&Outcome>) -> (&str, &str) {
    match outcome {
        Some(Outcome::Failed(failure)) => (&failure.kind, &failure.message),
        Some(Outcome::InDoubt(why)) => ("in-doubt", why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_never_left_is_for_later() {
    for (attempt, wait) in [(0, 1_000), (1, 1_000), (2, 2_000), (5, 16_000), (6, 30_000), (u32::MAX, 30_000)] {
        let mut bot = Bot::polling();
        let id = bot.say_again("7", draft("x", &[], true), attempt, None);
        bot.fail("sendMessage", "connect", false);
        assert_eq!(bot.outcome(id), Some(&Outcome::Later(wait)));
    }
}

#[test]
fn what_telegram_slows_down_is_for_later_as_long_as_nothing_is_shown() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft("x", &[], true));
    bot.slow_down("sendMessage", 11);
    assert_eq!(bot.outcome(id), Some(&Outcome::Later(11_000)));
    let id = bot.say("7", draft("x", &["100"], true));
    bot.slow_down("editMessageText", 3);
    assert_eq!(bot.outcome(id), Some(&Outcome::Later(3_000)));
}

#[test]
fn the_rest_of_what_is_shown_waits_by_itself() {
    let (mut bot, id) = half_done();
    bot.slow_down("sendMessage", 11);
    bot.pass(10_999);
    assert_eq!(bot.under_way("sendMessage"), 0);
    bot.pass(1);
    for wait in [2_000, 4_000] {
        bot.fail("sendMessage", "connect", false);
        bot.pass(wait);
    }
    bot.done("sendMessage", &json!({ "message_id": 101 }));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100", "101"])));
}

#[test]
fn the_rest_does_not_wait_for_ever() {
    let (mut bot, id) = half_done();
    for _ in 0..20 {
        bot.slow_down("sendMessage", 1);
        assert_eq!(bot.outcome(id), None);
        bot.pass(1_000);
    }
    bot.slow_down("sendMessage", 1);
    assert_eq!(kind(bot.outcome(id)), ("unavailable", "part 1 of 2 is shown; part 2: Too Many Requests"));
}

#[test]
fn a_message_that_may_be_there_is_not_sent_again() {
    for go_wrong in [
        (|bot: &mut Bot| _ = bot.fail("sendMessage", "interrupted", true)) as fn(&mut Bot),
        |bot| _ = bot.refuse("sendMessage", 500, "Internal Server Error"),
        |bot| _ = bot.respond("sendMessage", 502, "<html>"),
        |bot| _ = bot.respond("sendMessage", 200, "<html>"),
        |bot| _ = bot.done("sendMessage", &json!({ "message_id": "no number" })),
    ] {
        let (mut bot, id) = half_done();
        go_wrong(&mut bot);
        let (kind, why) = kind(bot.outcome(id));
        assert!(kind == "in-doubt" && why.starts_with("part 1 of 2 is shown; part 2: "), "{kind}: {why}");
        assert_eq!((bot.under_way("sendMessage"), bot.timers.len()), (0, 0));
    }
}

#[test]
fn an_edit_is_sent_again_a_few_times() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft("x", &["100"], true));
    for wait in [1_000, 2_000, 4_000, 8_000, 16_000] {
        bot.fail("editMessageText", "interrupted", true);
        bot.pass(wait - 1);
        assert_eq!(bot.under_way("editMessageText"), 0);
        bot.pass(1);
    }
    bot.refuse("editMessageText", 502, "Bad Gateway");
    assert_eq!(kind(bot.outcome(id)), ("in-doubt", "Bad Gateway"));
    let id = bot.say("7", draft("x", &["100"], true));
    bot.refuse("editMessageText", 502, "Bad Gateway");
    bot.pass(1_000);
    bot.done("editMessageText", &json!(true));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100"])));
}

#[test]
fn a_refusal_is_told_in_telegrams_words() {
    for (status, description, expected) in [
        (400, "Bad Request: chat not found", "refused"),
        (403, "Forbidden: bot was blocked by the user", "forbidden"),
        (413, "Request Entity Too Large", "refused"),
    ] {
        let mut bot = Bot::polling();
        let id = bot.say("7", draft("x", &[], true));
        bot.refuse("sendMessage", status, description);
        assert_eq!(kind(bot.outcome(id)), (expected, description));
        let (mut bot, id) = half_done();
        bot.refuse("sendMessage", status, description);
        assert_eq!(kind(bot.outcome(id)), (expected, format!("part 1 of 2 is shown; part 2: {description}").as_str()));
    }
}

#[test]
fn what_the_host_will_never_send_is_not_tried_again() {
    for refused in ["leak", "invalid"] {
        let mut bot = Bot::polling();
        let id = bot.say("7", draft("x", &[], true));
        bot.fail("sendMessage", refused, false);
        assert_eq!(kind(bot.outcome(id)).0, refused);
    }
}

#[test]
fn what_this_channel_cannot_send_fails() {
    let mut bot = Bot::polling();
    let id = bot.say("7", Content::Attachment);
    assert_eq!(kind(bot.outcome(id)).0, "unavailable");
    let id = bot.say("nowhere", draft("x", &[], true));
    assert_eq!(kind(bot.outcome(id)).0, "invalid");
}

#[test]
fn takes_no_more_at_once_than_the_host_allows() {
    let mut bot = Bot::polling();
    let ids: Vec<_> = (1..=48).map(|chat| bot.say(&chat.to_string(), draft("x", &[], true))).collect();
    assert_eq!(bot.under_way("sendMessage"), 48);
    let one_more = bot.say("49", draft("x", &[], true));
    assert!(matches!(bot.outcome(one_more), Some(Outcome::Later(_))));
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    assert_eq!(bot.outcome(ids[0]), Some(&delivered(&["100"])));
    bot.say("49", draft("x", &[], true));
    assert_eq!(bot.under_way("sendMessage"), 48);
}
