//! What becomes of what is under way at the last event.

use serde_json::json;
use telegram::types::{Effect, Event, Outcome, Response};

use crate::{Bot, delivered, draft, message};

fn parts(count: usize) -> String {
    vec!["a".repeat(4_094); count].join("\n\n")
}

/// One that was stopped while the part after these was on its way.
fn stopped(text: String, shown: &[&str], done: &[i64]) -> (Bot, u64) {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(text, shown, true));
    for number in done {
        bot.done("sendMessage", &json!({ "message_id": number }));
    }
    bot.handle(Event::Shutdown);
    (bot, id)
}

/// Only requests of the bot's before count, and no timer.
fn asks_for_nothing(bot: &Bot) {
    assert_eq!((bot.calls.len(), bot.timers.len()), (0, 0), "{:?}", bot.calls);
}

fn in_doubt(bot: &Bot, id: u64, why: &str) {
    assert_eq!(bot.outcome(id), Some(&Outcome::InDoubt(why.to_owned())));
}

#[test]
fn gives_up_its_poll_and_its_timers() {
    let mut bot = Bot::polling();
    let poll = bot.call("getUpdates").unwrap().0;
    bot.handle(Event::Typing("7".into(), true));
    bot.handle(Event::Shutdown);
    assert_eq!((bot.under_way("getUpdates"), bot.timers.len()), (0, 0));
    let body = json!({ "ok": true, "result": [message(1, 1, "a")] }).to_string().into_bytes();
    assert_eq!(bot.handle(Event::HttpResponse(poll, Response { status: 200, headers: Vec::new(), body })), []);
    bot.fail("sendChatAction", "connect", false);
    bot.handle(Event::Typing("8".into(), true));
    bot.handle(Event::Poisoned(Response { status: 200, headers: Vec::new(), body: b"{\"update_id\":3}".into() }));
    asks_for_nothing(&bot);
    let mut waiting = Bot::polling();
    waiting.fail("getUpdates", "connect", false);
    waiting.handle(Event::Shutdown);
    asks_for_nothing(&waiting);
}

#[test]
fn an_answer_that_comes_still_is_told() {
    let (mut bot, id) = stopped("x".into(), &[], &[]);
    assert_eq!(bot.outcome(id), None);
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100"])));

    let (mut bot, id) = stopped(parts(2), &[], &[100]);
    bot.done("sendMessage", &json!({ "message_id": 101 }));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100", "101"])));

    let (mut bot, id) = stopped("x".into(), &[], &[]);
    bot.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user");
    assert!(matches!(bot.outcome(id), Some(Outcome::Failed(failure)) if failure.kind == "forbidden"));

    let (mut bot, id) = stopped("x".into(), &[], &[]);
    bot.fail("sendMessage", "interrupted", true);
    in_doubt(&bot, id, "it failed: interrupted");

    let (mut bot, id) = stopped("x".into(), &[], &[]);
    bot.fail("sendMessage", "connect", false);
    assert_eq!(bot.outcome(id), Some(&Outcome::Later(1_000)));
    asks_for_nothing(&bot);
}

#[test]
fn says_how_much_of_it_is_shown() {
    let (mut bot, id) = stopped(parts(3), &[], &[]);
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    in_doubt(&bot, id, "part 1 of 3 is shown; part 2: the channel was stopped before Telegram confirmed it");
    asks_for_nothing(&bot);

    let (mut bot, id) = stopped(parts(3), &[], &[100]);
    bot.done("sendMessage", &json!({ "message_id": 101 }));
    in_doubt(&bot, id, "parts 1 to 2 of 3 are shown; part 3: the channel was stopped before Telegram confirmed it");
    asks_for_nothing(&bot);

    let (mut bot, id) = stopped(parts(3), &[], &[100]);
    bot.slow_down("sendMessage", 5);
    in_doubt(&bot, id, "part 1 of 3 is shown; part 2: the channel was stopped before Telegram confirmed it");
    asks_for_nothing(&bot);
}

#[test]
fn what_waits_to_be_sent_again_is_told_at_once() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft(parts(2), &[], true));
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    bot.slow_down("sendMessage", 5);
    let edit = bot.say("8", draft("x", &["200"], true));
    bot.fail("editMessageText", "interrupted", true);
    assert_eq!((bot.outcome(id), bot.outcome(edit)), (None, None));
    bot.handle(Event::Shutdown);
    in_doubt(&bot, id, "part 1 of 2 is shown; part 2: the channel was stopped before Telegram confirmed it");
    in_doubt(&bot, edit, "the channel was stopped before Telegram confirmed it");
    asks_for_nothing(&bot);
}

#[test]
fn an_edit_that_would_be_sent_again_is_in_doubt() {
    let (mut bot, id) = stopped("x".into(), &["100"], &[]);
    bot.refuse("editMessageText", 502, "Bad Gateway");
    in_doubt(&bot, id, "the channel was stopped before Telegram confirmed it");
    asks_for_nothing(&bot);
}

#[test]
fn what_nothing_is_shown_of_is_for_later() {
    let (mut bot, id) = stopped("**x**".into(), &[], &[]);
    bot.refuse("sendMessage", 400, "Bad Request: can't parse entities");
    assert_eq!(bot.outcome(id), Some(&Outcome::Later(0)), "it would be sent without them");
    let (mut bot, id) = stopped("x".into(), &["100"], &[]);
    bot.refuse("editMessageText", 400, "Bad Request: message to edit not found");
    assert_eq!(bot.outcome(id), Some(&Outcome::Later(0)), "it would be sent anew");
    let id = bot.say("7", draft("x", &[], true));
    assert_eq!(bot.outcome(id), Some(&Outcome::Later(0)), "it came after the end");
    asks_for_nothing(&bot);
}

#[test]
fn deletes_nothing_after_the_end() {
    let (mut bot, id) = stopped("x".into(), &["100", "101"], &[]);
    let effects = bot.done("editMessageText", &json!(true));
    assert_eq!(effects, [Effect::Outcome(id, delivered(&["100"]))]);
}

#[test]
fn an_answer_that_comes_after_a_refused_token_is_told() {
    let mut bot = Bot::polling();
    let id = bot.say("7", draft("x", &[], true));
    bot.refuse("getUpdates", 401, "Unauthorized");
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    assert_eq!(bot.outcome(id), Some(&delivered(&["100"])));
    bot.handle(Event::Shutdown);
    asks_for_nothing(&bot);
}
