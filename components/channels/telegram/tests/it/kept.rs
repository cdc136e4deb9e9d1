//! The offset, from one instance to the next.

use std::collections::BTreeMap;

use serde_json::json;
use telegram::types::{Effect, Event, Response};

use crate::{Bot, message};

/// One that confirmed the updates before 51, and then ended.
fn ended() -> Bot {
    let mut bot = Bot::polling();
    bot.done("getUpdates", &json!([message(50, 1, "a")]));
    bot
}

#[test]
fn the_next_instance_goes_on_where_the_last_one_was() {
    let mut bot = Bot::after(&ended(), 42);
    assert_eq!((&bot.parameters("getUpdates")["offset"], bot.puts), (&json!(51), 0));
    bot.done("getUpdates", &json!([message(51, 2, "b")]));
    assert_eq!((bot.state["offset"].as_slice(), bot.puts), (&b"42:52"[..], 1));
}

#[test]
fn another_bot_begins_anew() {
    let mut bot = Bot::after(&ended(), 43);
    assert_eq!((bot.parameters("getUpdates").get("offset"), bot.puts), (None, 0));
    bot.done("getUpdates", &json!([message(3, 1, "a")]));
    assert_eq!(bot.state["offset"], b"43:4");
}

#[test]
fn a_damaged_offset_is_none() {
    for value in [&b""[..], b"42", b"42:-5", b"42:0", b"\xff:\xff"] {
        let mut bot = Bot::with_state(BTreeMap::from([("offset".to_owned(), value.to_vec())]), false).start();
        bot.done("getMe", &json!({ "id": 42 }));
        assert_eq!(bot.parameters("getUpdates").get("offset"), None, "{value:?}");
        bot.done("getUpdates", &json!([message(3, 1, "a")]));
        assert_eq!(bot.state["offset"], b"42:4");
    }
}

#[test]
fn is_kept_only_where_it_changed() {
    let mut bot = ended();
    assert_eq!(bot.puts, 1);
    bot.done("getUpdates", &json!([]));
    bot.fail("getUpdates", "timeout", true);
    bot.pass(1_000);
    bot.done("getUpdates", &json!([message(50, 1, "a")]));
    bot.pass(1_000);
    bot.done("getUpdates", &json!([]));
    assert_eq!(bot.puts, 1);
}

#[test]
fn is_kept_before_the_poll_also_where_an_update_brings_nothing() {
    let mut bot = Bot::polling();
    let effects = bot.done("getUpdates", &json!([{ "update_id": 7, "poll": {} }]));
    let at = |which: fn(&Effect) -> bool| effects.iter().position(which).unwrap();
    assert!(at(|effect| matches!(effect, Effect::StatePut(_))) < at(|effect| matches!(effect, Effect::Http(..))), "{effects:?}");
    assert_eq!(bot.state["offset"], b"42:8");
}

#[test]
fn numbers_that_begin_anew_are_kept() {
    let mut bot = Bot::after(&ended(), 42);
    bot.done("getUpdates", &json!([message(9, 2, "b")]));
    bot.pass(1_000);
    assert_eq!((&bot.parameters("getUpdates")["offset"], bot.state["offset"].as_slice()), (&json!(10), &b"42:10"[..]));
}

#[test]
fn gets_past_an_update_that_the_host_does_not_pass_on_after_a_restart_too() {
    let mut bot = Bot::after(&ended(), 42);
    bot.fail("getUpdates", "leak", true);
    bot.pass(1_000);
    assert_eq!((&bot.parameters("getUpdates")["offset"], &bot.parameters("getUpdates")["limit"]), (&json!(51), &json!(1)));
    bot.fail("getUpdates", "leak", true);
    bot.pass(2_000);
    assert_eq!((&bot.parameters("getUpdates")["offset"], bot.state["offset"].as_slice()), (&json!(52), &b"42:52"[..]));
    assert_eq!(Bot::after(&bot, 42).parameters("getUpdates")["offset"], 52, "and it is not tried again");
}

#[test]
fn goes_on_behind_the_update_that_ended_an_instance_wherever_the_last_one_was() {
    for (update, next) in [(51, 52), (9, 10)] {
        let mut bot = Bot::with_state(ended().state, true).start();
        let body = format!(r#"{{"update_id":{update}}}"#).into_bytes();
        bot.handle(Event::Poisoned(Response { status: 200, headers: Vec::new(), body }));
        assert_eq!(bot.puts, 0, "it does not know yet whose that is");
        bot.done("getMe", &json!({ "id": 42 }));
        assert_eq!(
            (&bot.parameters("getUpdates")["offset"], bot.state["offset"].as_slice()),
            (&json!(next), format!("42:{next}").as_bytes())
        );
    }
}

#[test]
fn several_updates_that_ended_an_instance_come_again_from_where_the_last_one_was() {
    let mut bot = Bot::with_state(ended().state, true).start();
    let body = br#"[{"update_id":51},{"update_id":52}]"#.to_vec();
    bot.handle(Event::Poisoned(Response { status: 200, headers: Vec::new(), body }));
    bot.done("getMe", &json!({ "id": 42 }));
    assert_eq!((&bot.parameters("getUpdates")["offset"], &bot.parameters("getUpdates")["limit"]), (&json!(51), &json!(1)));
}
