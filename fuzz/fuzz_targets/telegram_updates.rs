//! What Telegram answers and what a model writes: no bytes stop the poll, nothing of an update is told twice, every
//! message is one that Telegram takes, and a question and its end each get one outcome.
//!
//! An input is: flags, the length of the draft in units of 16 bytes, the draft, the body of an answer. The draft is a
//! question's text too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telegram::types::{Choice, Content, Draft, Effect, Event, Inbound, Outbound, Outcome, Prompt, PromptEnd, Response};
use telegram::{Connection, MAX_ENTITIES, MAX_UNITS, render, split};

const ME: &str = r#"{"ok":true,"result":{"id":42,"username":"wirken_bot"}}"#;

fuzz_target!(|input: &[u8]| {
    let [flags, length, rest @ ..] = input else { return };
    let (draft, body) = rest.split_at(rest.len().min(usize::from(*length) * 16));
    poll(*flags, body);
    say(*flags, &String::from_utf8_lossy(draft), body);
});

fn response(status: u16, body: &[u8]) -> Response {
    Response { status, headers: Vec::new(), body: body.to_vec() }
}

/// The requests of a list of effects, by id and method.
fn calls(effects: &[Effect]) -> Vec<(u64, &str)> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::Http(id, request) = effect { Some((*id, request.url.rsplit('/').next()?)) } else { None })
        .collect()
}

fn polling(flags: u8) -> (Connection, u64) {
    let mut connection = Connection::new("{}", &[], &[7; 32], flags & 1 != 0);
    let me = calls(&connection.start(1_000))[0].0;
    let poll = calls(&connection.handle(1_000, Event::HttpResponse(me, response(200, ME.as_bytes()))))[0].0;
    (connection, poll)
}

fn poll(flags: u8, body: &[u8]) {
    let status = [200, 200, 200, 200, 400, 409, 429, 502][usize::from(flags >> 1) % 8];
    let (mut connection, poll) = polling(flags);
    let effects = connection.handle(2_000, Event::HttpResponse(poll, response(status, body)));
    let asks = calls(&effects).iter().filter(|(_, method)| matches!(*method, "getUpdates" | "deleteWebhook")).count();
    let waits = effects.iter().filter(|effect| matches!(effect, Effect::SetTimer(..))).count();
    let ends = effects.iter().filter(|effect| matches!(effect, Effect::Fatal(_))).count();
    assert_eq!(asks + waits + ends, 1, "it neither goes on nor ends");
    let asked = effects.iter().position(|effect| matches!(effect, Effect::Http(..))).unwrap_or(effects.len());
    for (at, effect) in effects.iter().enumerate() {
        if let Effect::Inbound(inbound) = effect {
            check(inbound);
        }
        assert!(at < asked || !matches!(effect, Effect::Inbound(_) | Effect::StatePut(_)), "confirmed before it is told");
    }
    let effects = connection.handle(3_000, Event::Poisoned(response(200, body)));
    assert!(calls(&effects).len() <= 1);
}

/// The contract's bounds.
fn check(inbound: &Inbound) {
    let (key, conversation, ids) = match inbound {
        Inbound::Message(message) => {
            assert!(message.text.len() <= 400_000);
            (&message.key, &message.conversation, vec![&message.id, &message.sender.id])
        }
        Inbound::Choice(choice) => (&choice.key, &choice.conversation, vec![&choice.prompt_id, &choice.choice_id, &choice.sender.id]),
        Inbound::Notice(notice) => (&notice.key, &notice.conversation, Vec::new()),
    };
    assert!(!key.is_empty() && !conversation.id.is_empty());
    assert!([key, &conversation.id].into_iter().chain(ids).all(|id| id.len() <= 256));
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn say(flags: u8, text: &str, body: &[u8]) {
    let rendered = render(text);
    for part in split(&rendered) {
        let units: Vec<u16> = part.text.encode_utf16().collect();
        assert!((1..=MAX_UNITS).contains(&units.len()) && part.entities.len() <= MAX_ENTITIES);
        for entity in &part.entities {
            let covered = units.get(entity.offset..entity.offset + entity.length);
            assert!(covered.is_some_and(|covered| !covered.is_empty() && String::from_utf16(covered).is_ok()), "{entity:?}");
        }
    }
    assert!(units(&rendered.text) <= 8 * text.len() + 64 * 1024, "it grew");

    let shown = if flags & 2 != 0 { vec!["5".to_owned(), "6".to_owned()] } else { Vec::new() };
    deliver(flags, body, Content::Text(Draft { shown: shown.clone(), text: text.to_owned(), last: true }));
    let (id, label) = text.split_once('\n').unwrap_or((text, text));
    let choice = Choice { id: id.to_owned(), label: label.to_owned() };
    let literal = vec![(label.to_owned(), text.to_owned()), (id.to_owned(), label.to_owned())];
    deliver(flags, body, Content::Prompt(Prompt { id: id.to_owned(), title: text.to_owned(), literal, choices: vec![choice] }));
    deliver(flags, body, Content::PromptClosed(PromptEnd { shown, text: text.to_owned() }));
}

/// Says something, with the fuzzer's answer to the first request of it: one outcome comes of it, and every keyboard is one
/// that Telegram takes.
fn deliver(flags: u8, body: &[u8], content: Content) {
    let (mut connection, _) = polling(flags);
    let outbound = Outbound { id: 1, attempt: 1, conversation_id: "7".into(), reply_to: None, content };
    let mut effects = connection.handle(2_000, Event::Outbound(outbound));
    let mut outcomes: Vec<Outcome> = Vec::new();
    for step in 0..1_000_u64 {
        outcomes.extend(
            effects.iter().filter_map(|effect| if let Effect::Outcome(1, outcome) = effect { Some(outcome.clone()) } else { None }),
        );
        for effect in &effects {
            if let Effect::Http(_, request) = effect {
                keyboard(&request.body);
            }
        }
        let call = calls(&effects).into_iter().find(|(_, method)| matches!(*method, "sendMessage" | "editMessageText")).map(|(id, _)| id);
        let timer = effects.iter().find_map(|effect| if let Effect::SetTimer(id, _) = effect { Some(*id) } else { None });
        let next = match (call, timer) {
            (Some(_), Some(_)) => panic!("it waits for two things"),
            // The first answer is the fuzzer's.
            (Some(id), None) if step == 0 => Event::HttpResponse(id, response([200, 400, 429, 500][usize::from(flags >> 2) % 4], body)),
            (Some(id), None) => {
                Event::HttpResponse(id, response(200, format!(r#"{{"ok":true,"result":{{"message_id":{step}}}}}"#).as_bytes()))
            }
            (None, Some(id)) => Event::Timer(id),
            (None, None) => break,
        };
        effects = connection.handle(3_000 + step, next);
    }
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
}

fn keyboard(body: &[u8]) {
    let Ok(parameters) = serde_json::from_slice::<serde_json::Value>(body) else { panic!("a request is no JSON") };
    let rows = parameters.pointer("/reply_markup/inline_keyboard").and_then(|rows| rows.as_array()).cloned().unwrap_or_default();
    for button in rows.iter().filter_map(|row| row.as_array()).flatten() {
        let of = |name: &str| button.get(name).and_then(|text| text.as_str()).unwrap_or_default().len();
        assert!(of("text") > 0 && (1..=64).contains(&of("callback_data")), "{button}");
    }
}
