//! Getting updates, and what comes between.

use serde_json::json;
use telegram::types::{Effect, Event, Response};

use crate::{Bot, message};

#[test]
fn asks_who_it_is_and_then_for_updates() {
    let mut bot = Bot::started(false);
    assert_eq!(bot.health, [("connecting", String::new())]);
    let effects = bot.done("getMe", &json!({ "id": 42, "username": "wirken_bot" }));
    assert!(
        matches!(effects.as_slice(), [Effect::Http(_, request), Effect::Health("ok", _)] if request.timeout_millis == 45_000),
        "{effects:?}"
    );
    let allowed = json!(["message", "edited_message", "callback_query", "my_chat_member"]);
    assert_eq!(*bot.parameters("getUpdates"), json!({ "timeout": 30, "limit": 100, "allowed_updates": allowed }));
    bot.done("getUpdates", &json!([]));
    assert_eq!(bot.health.len(), 2, "nothing changed");
    assert_eq!(bot.under_way("getUpdates"), 1);
}

#[test]
fn confirms_updates_only_behind_what_they_bring() {
    let mut bot = Bot::polling();
    let effects = bot.done("getUpdates", &json!([message(10, 1, "a"), message(12, 3, "c"), message(11, 2, "b")]));
    assert!(
        matches!(
            effects.as_slice(),
            [Effect::Inbound(_), Effect::Inbound(_), Effect::Inbound(_), Effect::StatePut(state), Effect::Http(..)]
                if state.key == "offset" && state.value == b"42:13"
        ),
        "{effects:?}"
    );
    assert_eq!(bot.parameters("getUpdates")["offset"], 13);
    let keys: Vec<_> = bot.messages().iter().map(|message| message.key.as_str()).collect();
    assert_eq!(keys, ["m:42:7:1", "m:42:7:3", "m:42:7:2"], "in the order of the answer");
}

#[test]
fn skips_what_is_malformed_and_confirms_it() {
    let mut bot = Bot::polling();
    let no_chat = json!({ "update_id": 20, "message": { "text": "secret" } });
    let broken = json!([no_chat, message(21, 1, "a"), { "update_id": 22, "poll": {} }, "secret", { "message": 1 }]);
    bot.done("getUpdates", &broken);
    assert_eq!(bot.parameters("getUpdates")["offset"], 23);
    assert_eq!((bot.messages().len(), bot.log.len()), (1, 4));
    assert!(bot.log.iter().all(|line| !line.contains("secret")), "{:?}", bot.log);
}

#[test]
fn a_token_that_telegram_does_not_know_is_the_end() {
    for status in [401, 404] {
        let mut bot = Bot::started(false);
        bot.refuse("getMe", status, "Unauthorized");
        assert!(bot.fatal[0].contains("@BotFather") && bot.fatal[0].contains("wirken credentials add <ACCOUNT> token"), "{:?}", bot.fatal);
        assert!(bot.calls.is_empty() && bot.timers.is_empty());
        let mut bot = Bot::polling();
        bot.refuse("getUpdates", status, "Unauthorized");
        assert_eq!((bot.fatal.len(), bot.calls.len(), bot.timers.len()), (1, 0, 0));
    }
    let mut bot = Bot::started(false);
    bot.respond("getMe", 404, "<html>not here</html>");
    assert!(bot.fatal.is_empty(), "that was not Telegram");
}

#[test]
fn backs_off_while_telegram_is_away_and_is_back_soon() {
    let mut bot = Bot::polling();
    for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
        bot.fail("getUpdates", "connect", false);
        assert_eq!(bot.health.last().unwrap().0, "unreachable");
        bot.pass(wait - 1);
        assert_eq!(bot.under_way("getUpdates"), 0);
        bot.pass(1);
        assert_eq!(bot.parameters("getUpdates")["timeout"], 0, "people want to see at once that it is back");
    }
    assert_eq!(bot.health.len(), 3, "told once");
    bot.done("getUpdates", &json!([]));
    assert_eq!((bot.health.last().unwrap().0, &bot.parameters("getUpdates")["timeout"]), ("ok", &json!(30)));
    bot.refuse("getUpdates", 500, "Internal Server Error");
    bot.pass(1_000);
    assert_eq!(bot.under_way("getUpdates"), 1, "it begins at one second again");
}

#[test]
fn asks_who_it_is_until_it_knows() {
    let mut bot = Bot::started(false);
    bot.fail("getMe", "timeout", true);
    bot.pass(1_000);
    bot.done("getMe", &json!({ "username": "no number" }));
    bot.pass(2_000);
    bot.done("getMe", &json!({ "id": 42 }));
    assert_eq!((bot.under_way("getUpdates"), bot.health.last().unwrap().0), (1, "ok"));
}

#[test]
fn waits_as_long_as_telegram_says() {
    let mut bot = Bot::polling();
    bot.slow_down("getUpdates", 17);
    assert_eq!(bot.health.last().unwrap().0, "slowed");
    bot.pass(16_999);
    assert_eq!(bot.under_way("getUpdates"), 0);
    bot.pass(1);
    bot.done("getUpdates", &json!([]));
    assert_eq!(bot.health.last().unwrap().0, "ok");
}

#[test]
fn says_that_another_program_polls() {
    let mut bot = Bot::polling();
    let conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    bot.refuse("getUpdates", 409, conflict);
    assert_eq!(bot.health.last().unwrap().0, "conflict");
    bot.pass(9_999);
    assert_eq!(bot.under_way("getUpdates"), 0);
    bot.pass(1);
    bot.done("getUpdates", &json!([]));
    assert_eq!(bot.health.last().unwrap().0, "ok");
}

#[test]
fn deletes_a_webhook_only_where_it_is_in_the_way() {
    let active = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    let mut bot = Bot::polling();
    bot.refuse("getUpdates", 409, active);
    assert_eq!(*bot.parameters("deleteWebhook"), json!({ "drop_pending_updates": false }));
    bot.done("deleteWebhook", &json!(true));
    bot.refuse("getUpdates", 409, active);
    assert_eq!((bot.under_way("deleteWebhook"), bot.health.last().unwrap().0), (0, "conflict"), "somebody sets it again and again");
    bot.pass(10_000);
    bot.done("getUpdates", &json!([]));
    bot.refuse("getUpdates", 409, active);
    bot.fail("deleteWebhook", "connect", false);
    bot.pass(1_000);
    assert_eq!(bot.under_way("getUpdates"), 1);
}

#[test]
fn takes_one_update_at_a_time_while_it_recovers() {
    let mut bot = Bot::started(true);
    bot.done("getMe", &json!({ "id": 42 }));
    assert_eq!(bot.parameters("getUpdates")["limit"], 1);
    bot.done("getUpdates", &json!([message(5, 1, "a")]));
    assert_eq!((&bot.parameters("getUpdates")["limit"], &bot.parameters("getUpdates")["offset"]), (&json!(1), &json!(6)));
    bot.done("getUpdates", &json!([]));
    assert_eq!(bot.parameters("getUpdates")["limit"], 100);
}

fn poison(body: &str) -> Event {
    Event::Poisoned(Response { status: 200, headers: Vec::new(), body: body.into() })
}

#[test]
fn goes_on_behind_the_update_that_ended_an_instance() {
    let mut bot = Bot::started(true);
    bot.handle(poison(r#"{"ok":true,"result":[{"update_id":30,"message":"#));
    bot.done("getMe", &json!({ "id": 42 }));
    assert_eq!((&bot.parameters("getUpdates")["offset"], &bot.parameters("getUpdates")["limit"]), (&json!(31), &json!(1)));

    let mut bot = Bot::polling();
    let before = bot.call("getUpdates").unwrap().0;
    bot.handle(poison(r#"{"update_id":30}"#));
    assert!(!bot.calls.contains_key(&before), "it would bring the same again");
    assert_eq!(bot.parameters("getUpdates")["offset"], 31);
}

#[test]
fn loses_none_of_the_updates_that_came_with_the_one_that_ended_an_instance() {
    let mut bot = Bot::polling();
    bot.handle(poison(r#"[{"update_id":30},{"update_id":31}]"#));
    assert_eq!((bot.parameters("getUpdates").get("offset"), &bot.parameters("getUpdates")["limit"]), (None, &json!(1)));
}

#[test]
fn polls_again_where_an_instance_was_ended_by_something_else() {
    let mut bot = Bot::polling();
    bot.handle(poison("<html>"));
    assert_eq!(bot.calls.len(), 0);
    bot.pass(1_000);
    assert_eq!(bot.parameters("getUpdates").get("offset"), None);
}

#[test]
fn gets_past_an_update_that_cannot_be_read() {
    let mut bot = Bot::polling();
    // Deeper than any parser goes.
    let deep = format!(r#"{{"ok":true,"result":[{{"update_id":40,"message":{}"#, "[".repeat(1_000));
    bot.respond("getUpdates", 200, deep.as_str());
    bot.pass(1_000);
    assert_eq!((bot.parameters("getUpdates").get("offset"), &bot.parameters("getUpdates")["limit"]), (None, &json!(1)));
    bot.respond("getUpdates", 200, deep.as_str());
    bot.pass(2_000);
    assert_eq!(bot.parameters("getUpdates")["offset"], 41);
    bot.done("getUpdates", &json!([]));
    assert_eq!((&bot.parameters("getUpdates")["limit"], bot.health.last().unwrap().0), (&json!(100), "ok"));
}

#[test]
fn gets_past_an_update_that_the_host_does_not_pass_on() {
    let mut bot = Bot::polling();
    bot.done("getUpdates", &json!([message(50, 1, "a")]));
    bot.fail("getUpdates", "leak", true);
    bot.pass(1_000);
    assert_eq!((&bot.parameters("getUpdates")["offset"], &bot.parameters("getUpdates")["limit"]), (&json!(51), &json!(1)));
    bot.fail("getUpdates", "leak", true);
    bot.pass(2_000);
    assert_eq!(bot.parameters("getUpdates")["offset"], 52);
}

#[test]
fn a_server_that_repeats_itself_is_asked_once_a_second() {
    let mut bot = Bot::polling();
    bot.done("getUpdates", &json!([message(60, 1, "a")]));
    bot.done("getUpdates", &json!([message(60, 1, "a")]));
    assert_eq!(bot.under_way("getUpdates"), 0);
    bot.pass(1_000);
    bot.done("getUpdates", &json!([{ "update_id": "no number" }]));
    assert_eq!((bot.under_way("getUpdates"), bot.health.last().unwrap().0), (0, "unreachable"));
}

#[test]
fn wrong_settings_are_told_to_the_operator() {
    let mut connection = telegram::Connection::new(r#"{"api-url":"nowhere"}"#, &[], &[], false);
    assert!(matches!(connection.start(0).as_slice(), [Effect::Fatal(message)] if message.contains("api-url")));
    assert_eq!(connection.handle(0, Event::Timer(1)), []);
}
