//! Showing that the agent is at work.

use serde_json::json;
use telegram::types::Event;

use crate::Bot;

fn typing(bot: &mut Bot, active: bool) {
    bot.handle(Event::Typing("-1001/4".into(), active));
}

#[test]
fn is_told_at_once_and_again_until_it_ends() {
    let mut bot = Bot::polling();
    typing(&mut bot, true);
    assert_eq!(*bot.parameters("sendChatAction"), json!({ "chat_id": -1_001, "message_thread_id": 4, "action": "typing" }));
    bot.done("sendChatAction", &json!(true));
    bot.pass(4_499);
    assert_eq!(bot.under_way("sendChatAction"), 0);
    bot.pass(1);
    assert_eq!(bot.under_way("sendChatAction"), 1);
    typing(&mut bot, true);
    bot.fail("sendChatAction", "timeout", true);
    typing(&mut bot, false);
    bot.pass(60_000);
    assert_eq!((bot.under_way("sendChatAction"), bot.timers.len()), (0, 0));
    typing(&mut bot, false);
}

#[test]
fn is_never_told_twice_at_once() {
    let mut bot = Bot::polling();
    typing(&mut bot, true);
    bot.pass(20_000);
    assert_eq!(bot.under_way("sendChatAction"), 1, "the first is not answered yet");
    typing(&mut bot, false);
    typing(&mut bot, true);
    assert_eq!(bot.under_way("sendChatAction"), 1);
    bot.done("sendChatAction", &json!(true));
    bot.pass(4_500);
    assert_eq!(bot.under_way("sendChatAction"), 1);
    typing(&mut bot, false);
    bot.done("sendChatAction", &json!(true));
    assert_eq!((bot.calls.len(), bot.timers.len()), (1, 0), "the poll");
}

#[test]
fn ends_by_itself_and_where_telegram_slows_down() {
    let mut bot = Bot::polling();
    typing(&mut bot, true);
    let mut told = 0;
    for _ in 0..100 {
        told += bot.under_way("sendChatAction");
        if bot.under_way("sendChatAction") > 0 {
            bot.refuse("sendChatAction", 400, "Bad Request: chat not found");
        }
        bot.pass(4_500);
    }
    assert_eq!((told, bot.timers.len()), (60, 0));

    let mut bot = Bot::polling();
    typing(&mut bot, true);
    bot.slow_down("sendChatAction", 30);
    bot.pass(60_000);
    assert_eq!((bot.under_way("sendChatAction"), bot.timers.len()), (0, 0));
}

#[test]
fn is_shown_in_so_many_conversations_at_once() {
    let mut bot = Bot::polling();
    for chat in 1..=200 {
        bot.handle(Event::Typing(chat.to_string(), true));
    }
    assert_eq!((bot.timers.len(), bot.under_way("sendChatAction")), (64, 12));
    for chat in 1..=200 {
        bot.handle(Event::Typing(chat.to_string(), false));
    }
    assert_eq!(bot.timers.len(), 0);
    bot.handle(Event::Typing("nowhere".into(), true));
    assert_eq!(bot.timers.len(), 0);
}
