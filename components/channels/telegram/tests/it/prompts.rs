//! Questions with buttons, from the question to its end.

use serde_json::{Value, json};
use telegram::types::{Choice, Content, Inbound, Outcome, Prompt, PromptEnd};

use crate::{Bot, delivered};

fn prompt(id: &str, literal: &str) -> Content {
    let choices = [("yes", "Allow"), ("no", "Refuse")].map(|(id, label)| Choice { id: id.into(), label: label.into() });
    let literal = vec![("Command".to_owned(), literal.to_owned())];
    Content::Prompt(Prompt { id: id.into(), title: "Run this?".into(), literal, choices: choices.into() })
}

fn close(shown: &[&str], text: &str) -> Content {
    Content::PromptClosed(PromptEnd { shown: shown.iter().map(|id| (*id).to_owned()).collect(), text: text.into() })
}

fn press(data: &Value) -> Value {
    let message = json!({ "message_id": 100, "date": 1, "chat": { "id": 7, "type": "private" } });
    json!({ "update_id": 1, "callback_query": { "id": "900", "from": { "id": 7 }, "message": message, "data": data } })
}

#[test]
fn a_question_of_very_many_messages_is_closed_where_its_buttons_are() {
    let mut bot = Bot::polling();
    let asked = bot.say("7", prompt("p", &"x".repeat(120 * 4_096)));
    let mut last = 1_000;
    while bot.call("sendMessage").is_some() {
        last += 1;
        bot.done("sendMessage", &json!({ "message_id": last }));
    }
    let Some(Outcome::Delivered(shown)) = bot.outcome(asked).cloned() else { panic!("it is not shown") };
    assert!(shown.len() == 100 && last > 1_100, "{last}");
    let shown: Vec<_> = shown.iter().map(String::as_str).collect();
    let closed = bot.say("7", close(&shown, "Allowed"));
    assert_eq!(bot.parameters("editMessageText")["message_id"], last);
    bot.done("editMessageText", &json!(true));
    assert_eq!(bot.outcome(closed), Some(&delivered(&shown)));
}

#[test]
fn asks_takes_the_answer_and_closes() {
    let mut bot = Bot::polling();
    let asked = bot.say("7", prompt("p", "rm **x**"));
    let parameters = bot.parameters("sendMessage").clone();
    assert_eq!(parameters["text"], "Run this?\n\nCommand: rm **x**");
    assert_eq!(parameters["entities"][1], json!({ "type": "code", "offset": 20, "length": 8 }));
    let expected = json!([[{ "text": "Allow", "callback_data": "p|yes" }], [{ "text": "Refuse", "callback_data": "p|no" }]]);
    assert_eq!(parameters["reply_markup"]["inline_keyboard"], expected);
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    assert_eq!(bot.outcome(asked), Some(&delivered(&["100"])));

    bot.done("getUpdates", &json!([press(&expected[0][0]["callback_data"])]));
    assert!(
        matches!(bot.inbound.as_slice(), [Inbound::Choice(choice)] if choice.prompt_id == "p" && choice.choice_id == "yes"),
        "{:?}",
        bot.inbound
    );
    assert_eq!(*bot.parameters("answerCallbackQuery"), json!({ "callback_query_id": "900" }));

    let closed = bot.say("7", close(&["100"], "Allowed by Ada."));
    let parameters = bot.parameters("editMessageText");
    assert_eq!((&parameters["text"], parameters.get("reply_markup")), (&json!("Run this?\n\nCommand: rm **x**\n\nAllowed by Ada."), None));
    bot.done("editMessageText", &json!(true));
    assert_eq!(bot.outcome(closed), Some(&delivered(&["100"])));
}

#[test]
fn remembers_choices_that_do_not_fit_a_button() {
    let mut bot = Bot::polling();
    let id = "long".repeat(30);
    bot.say("7", prompt(&id, "x"));
    let data = bot.parameters("sendMessage")["reply_markup"]["inline_keyboard"][1][0]["callback_data"].clone();
    bot.done("getUpdates", &json!([press(&data)]));
    assert!(matches!(bot.inbound.as_slice(), [Inbound::Choice(choice)] if choice.prompt_id == id && choice.choice_id == "no"));
}

#[test]
fn tells_whoever_presses_an_old_button() {
    let mut bot = Bot::polling();
    bot.done("getUpdates", &json!([press(&json!("#0000.1"))]));
    assert!(bot.inbound.is_empty());
    assert_eq!(bot.parameters("answerCallbackQuery")["text"], "This question is not open any more.");
}

#[test]
fn puts_the_buttons_below_the_last_part() {
    let mut bot = Bot::polling();
    let asked = bot.say("7", prompt("p", &format!("{}\n\nend", "x".repeat(4_075))));
    assert_eq!(bot.parameters("sendMessage").get("reply_markup"), None);
    bot.done("sendMessage", &json!({ "message_id": 100 }));
    assert!(bot.parameters("sendMessage").get("reply_markup").is_some());
    bot.done("sendMessage", &json!({ "message_id": 101 }));
    assert_eq!(bot.outcome(asked), Some(&delivered(&["100", "101"])));
    let closed = bot.say("7", close(&["100", "101"], "Refused."));
    assert_eq!(bot.parameters("editMessageText")["message_id"], 101);
    bot.done("editMessageText", &json!(true));
    assert_eq!((bot.outcome(closed), bot.calls.len()), (Some(&delivered(&["100", "101"])), 1));
}

#[test]
fn closes_what_it_does_not_remember_and_what_is_gone() {
    let mut bot = Bot::polling();
    bot.say("7", close(&["100"], "Over."));
    assert_eq!(bot.parameters("editMessageText")["text"], "Over.");
    bot.done("editMessageText", &json!(true));
    let gone = bot.say("7", close(&["100", "101"], "Over."));
    bot.refuse("editMessageText", 400, "Bad Request: message to edit not found");
    assert_eq!((bot.outcome(gone), bot.under_way("sendMessage")), (Some(&delivered(&["100"])), 0));
    let nothing = bot.say("7", close(&[], "Over."));
    assert_eq!(bot.outcome(nothing), Some(&delivered(&[])));
}

#[test]
fn many_presses_at_once_do_not_fill_the_hosts_queue() {
    let mut bot = Bot::polling();
    let many: Vec<_> = (0..100)
        .map(|number| json!({ "update_id": number, "callback_query": { "id": number.to_string(), "from": { "id": 7 } } }))
        .collect();
    bot.done("getUpdates", &json!(many));
    assert_eq!((bot.under_way("answerCallbackQuery"), bot.under_way("getUpdates")), (12, 1));
}
