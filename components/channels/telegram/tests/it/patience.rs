//! A request that fails at once is sent again by a timer or by the host, never in the same breath.

use serde_json::{Value, json};
use telegram::types::{Choice, Content, Effect, Event, Outcome, Prompt};

use crate::{Bot, draft};

/// What the host says of a request, and whether it left.
const FAILURES: [(&str, bool); 9] = [
    ("limit", false),
    ("denied", false),
    ("invalid", false),
    ("leak", false),
    ("connect", false),
    ("timeout", true),
    ("leak", true),
    ("interrupted", true),
    ("limit", true),
];

/// Every kind of request, each as it is under way.
fn requests() -> Vec<(&'static str, Bot)> {
    let polling = Bot::polling;
    let mut webhook = polling();
    webhook.refuse("getUpdates", 409, "Conflict: can't use getUpdates method while webhook is active");
    let mut sending = polling();
    sending.say("7", draft("x", &[], true));
    let mut half_sent = polling();
    half_sent.say("7", draft(format!("{}\n\nb", "a".repeat(4_094)), &[], true));
    half_sent.done("sendMessage", &json!({ "message_id": 100 }));
    let mut editing = polling();
    editing.say("7", draft("x", &["100"], false));
    let mut asking = polling();
    let choices = vec![Choice { id: "yes".into(), label: "Yes".into() }];
    asking.say("7", Content::Prompt(Prompt { id: "p".into(), title: "Run it?".into(), literal: Vec::new(), choices }));
    let mut deleting = polling();
    deleting.say("7", draft("x", &["100", "101"], true));
    deleting.done("editMessageText", &json!(true));
    let mut typing = polling();
    typing.handle(Event::Typing("7".into(), true));
    let mut pressed = polling();
    let press = json!({ "id": "900", "from": { "id": 7 }, "data": "old" });
    pressed.done("getUpdates", &json!([{ "update_id": 1, "callback_query": press }]));
    vec![
        ("getMe", Bot::started(false)),
        ("getUpdates", polling()),
        ("deleteWebhook", webhook),
        ("sendMessage", sending),
        ("sendMessage", half_sent),
        ("editMessageText", editing),
        ("sendMessage", asking),
        ("deleteMessage", deleting),
        ("sendChatAction", typing),
        ("answerCallbackQuery", pressed),
    ]
}

/// It asks for nothing now, and for nothing soon: not by a timer, and not by the host's.
fn is_patient(effects: &[Effect], case: &str) {
    for effect in effects {
        let patient = match effect {
            Effect::Http(..) => false,
            Effect::SetTimer(_, millis) | Effect::Outcome(_, Outcome::Later(millis)) => *millis >= 1_000,
            _ => true,
        };
        assert!(patient, "{case}: {effects:?}");
    }
}

#[test]
fn no_failure_is_followed_by_a_request() {
    for (kind, sent) in FAILURES {
        for (method, mut bot) in requests() {
            let effects = bot.fail(method, kind, sent);
            is_patient(&effects, &format!("{method}: {kind}, {sent}"));
        }
    }
}

#[test]
fn no_refusal_is_followed_by_a_request() {
    for status in [400, 403, 409, 418, 429, 500, 502] {
        for (method, mut bot) in requests() {
            let effects = bot.refuse(method, status, "no");
            is_patient(&effects, &format!("{method}: {status}"));
        }
    }
}

#[test]
fn whatever_fails_for_ever_is_asked_for_by_the_second_at_most() {
    for (kind, sent) in FAILURES {
        for (method, mut bot) in requests() {
            let mut failures = 0_u64;
            for _second in 0..100 {
                while let Some(next) = bot.calls.values().next().map(|(method, _): &(String, Value)| method.clone()) {
                    bot.fail(&next, kind, sent);
                    failures += 1;
                    assert!(failures < 300, "{method}: {kind}, {sent}");
                }
                bot.pass(1_000);
            }
        }
    }
}
