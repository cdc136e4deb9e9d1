use wirken_guest::channel::Draft;

use super::*;

fn board(state: &[(&str, &str)], recovering: bool) -> Board {
    let state = state.iter().map(|(key, value)| State { key: (*key).into(), value: value.as_bytes().to_vec() }).collect();
    Board::new(r#"{"api-url":"https://board.example/"}"#, state, &[0; 32], recovering)
}

fn response(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn brought(id: u64, status: u16, body: &str) -> Event {
    Event::HttpResponse(Answered { id, response: response(status, body) })
}

fn text(text: &str, last: bool) -> Event {
    let content = OutboundContent::Text(Draft { shown: Vec::new(), text: text.into(), final_: last });
    Event::Outbound(Outbound { id: 9, attempt: 1, conversation_id: "r1".into(), reply_to: None, content })
}

fn url(effect: &Effect) -> &str {
    if let Effect::Http(http) = effect { &http.request.url } else { "no request" }
}

const HELLO: &str = r#"[{"id":7,"room":"r1","from":"ada","direct":true,"text":"Hello"}]"#;

#[test]
fn polls_for_what_came_after_the_last_message_that_was_taken() {
    assert_eq!(url(&board(&[], false).start(0)[0]), "https://board.example/messages?after=0");
    assert_eq!(url(&board(&[(AFTER, "7")], false).start(0)[0]), "https://board.example/messages?after=7");
    assert_eq!(url(&board(&[], true).start(0)[0]), "https://board.example/messages?after=0&limit=1");
}

#[test]
fn hands_over_messages_before_it_asks_for_more() {
    let effects = board(&[], false).handle(0, brought(POLL, 200, HELLO));
    let [Effect::Inbound(Inbound::Message(message)), Effect::StatePut(state), Effect::Health(_), poll] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((message.key.as_str(), message.sender.id.as_str(), message.text.as_str()), ("7", "ada", "Hello"));
    assert!(message.mentions_agent && message.conversation.kind == "direct");
    assert_eq!(state.value, b"7");
    assert_eq!(url(poll), "https://board.example/messages?after=7");
}

#[test]
fn waits_where_nothing_is_new_and_longer_where_nothing_answers() {
    let mut board = board(&[], false);
    assert!(board.handle(0, brought(POLL, 200, "[]")).contains(&again(AGAIN_MILLIS)));
    assert!(board.handle(0, brought(POLL, 500, "")).contains(&again(TROUBLE_MILLIS)));
    assert!(matches!(board.handle(0, brought(POLL, 401, ""))[..], [Effect::Fatal(_)]));
    assert_eq!(url(&board.handle(0, Event::Timer(AGAIN))[0]), "https://board.example/messages?after=0");
}

#[test]
fn each_outbound_gets_one_outcome() {
    for (status, body, expected) in [
        (201, r#"{"id":8}"#, Outcome::Delivered(vec!["8".into()])),
        (200, "", Outcome::Delivered(Vec::new())),
        (429, "", Outcome::Later(TROUBLE_MILLIS)),
    ] {
        let mut board = board(&[], false);
        let said = board.handle(0, text("Hi", true));
        let [Effect::Http(HttpRequest { id, request })] = &said[..] else { panic!("{said:?}") };
        assert_eq!((request.method.as_str(), request.credentials[0].as_str()), ("POST", "token"));
        assert_eq!(board.handle(0, brought(*id, status, body)), [outcome(9, expected)]);
        assert_eq!(board.handle(0, brought(*id, status, body)), []);
    }
    assert_eq!(board(&[], false).handle(0, text("H", false)), [outcome(9, Outcome::Delivered(Vec::new()))]);
}

#[test]
fn what_may_have_been_said_is_in_doubt() {
    let failure = |sent| Failure { kind: "interrupted".into(), sent, message: "it broke off".into() };
    assert_eq!(unanswered(failure(true)), Outcome::InDoubt("it broke off".into()));
    assert_eq!(unanswered(failure(false)), Outcome::Later(TROUBLE_MILLIS));
}

#[test]
fn steps_over_a_message_that_crashed_it() {
    let mut board = board(&[(AFTER, "6")], true);
    let effects = board.handle(0, Event::Poisoned(response(200, HELLO)));
    let kept = Effect::StatePut(State { key: AFTER.into(), value: b"7".to_vec() });
    assert_eq!(effects[..2], [Effect::HttpCancel(POLL), kept]);
    assert_eq!(url(&effects[2]), "https://board.example/messages?after=7&limit=1");
}
