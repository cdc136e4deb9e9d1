//! The codec as a host sees it: what it asks for, and what it makes of the answer.

use wirken_guest::provider::Decoder as _;

use super::*;

fn target(settings: &str) -> Target {
    Target { base_url: String::new(), settings: settings.into() }
}

fn request(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { model: MODEL.into(), messages, tools: Vec::new(), options: Vec::new() }
}

fn user(text: &str) -> Message {
    Message::User(vec![Part::Text(text.into())])
}

fn show(events: &[Event]) -> String {
    format!("{events:?}")
}

#[test]
fn asks_for_its_own_answer_at_the_pace_that_the_settings_say() {
    for (settings, pace) in
        [("{}", 15), ("{\"pace-millis\":0}", 0), ("{\"pace-millis\":100}", 100), ("{\"pace-millis\":101}", 100), ("nonsense", 15)]
    {
        let request = Demo::encode(&target(settings), &request(vec![user("hi")])).unwrap();
        assert!(request.url.starts_with(&format!("data:text/event-stream;pace={pace};base64,")), "{}", request.url);
        assert!(request.method == "GET" && request.body.is_empty() && request.credentials.is_empty());
    }
}

#[test]
fn looks_past_system_messages_for_the_last_word() {
    let conversation = conversation(&request(vec![user("first"), user("last"), Message::System("be brief".into())]));
    assert!(matches!(conversation.last, Last::User { text, .. } if text == "last"));
}

#[test]
fn any_split_of_an_answer_decodes_the_same() {
    let answer = line::body(&script::answer(&conversation(&request(vec![user("Grüße, 🦀")]))));
    let mut expected = None;
    for size in 1..=answer.len() {
        let mut decoder = Decoder::new(target("{}"), 200, Vec::new());
        let mut events: Vec<Event> = answer.as_bytes().chunks(size).flat_map(|chunk| decoder.push(chunk)).collect();
        events.extend(decoder.finish());
        let expected = expected.get_or_insert_with(|| show(&events));
        assert_eq!(*expected, show(&events), "in pieces of {size}");
    }
    assert!(expected.unwrap().ends_with("Stop(\"end\")]") || answer.is_empty());
}

#[test]
fn an_answer_without_an_end_has_failed() {
    let mut decoder = Decoder::new(target("{}"), 200, Vec::new());
    assert_eq!(decoder.push(b"{\"text\":\"a \"}\n").len(), 1);
    assert!(show(&decoder.finish()).contains("ended early"));
    let mut decoder = Decoder::new(target("{}"), 503, Vec::new());
    assert!(decoder.push(b"oops").is_empty());
    assert!(show(&decoder.finish()).contains("503"));
}

#[test]
fn nothing_follows_the_end_or_a_failure() {
    let mut decoder = Decoder::new(target("{}"), 200, Vec::new());
    assert_eq!(decoder.push(b"{\"stop\":\"end\"}\n{\"text\":\"more\"}\n").len(), 1);
    assert!(decoder.push(b"{\"text\":\"more\"}\n").is_empty() && decoder.finish().is_empty());
    let mut decoder = Decoder::new(target("{}"), 200, Vec::new());
    assert!(show(&decoder.push(b"nonsense\n{\"text\":\"more\"}\n")).starts_with("[Event::Failed") && decoder.finish().is_empty());
}

#[test]
fn lists_one_model() {
    let task = |action: &str| Task { action: action.into(), model: None, page: None };
    assert!(Demo::encode_task(&target("{}"), &task("list")).unwrap().url.ends_with("WyJkZW1vIl0="));
    assert_eq!(Demo::encode_task(&target("{}"), &task("pull")).unwrap_err().kind, "invalid-request");
    let page = Demo::decode_models(&target("{}"), 200, &[], b"[\"demo\"]").unwrap();
    assert_eq!(page.models.iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["demo"]);
    assert!(Demo::decode_models(&target("{}"), 200, &[], b"{").is_err() && Demo::decode_models(&target("{}"), 404, &[], &[]).is_err());
}
