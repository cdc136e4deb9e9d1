use proptest::prelude::*;

use super::*;
use crate::bindings::exports::wirken::provider::codec::{Message, ToolDefinition};
use crate::bindings::wirken::chat::types::{Part, ToolResult};

fn target(settings: &str) -> Target {
    Target { base_url: String::new(), settings: settings.to_owned() }
}

fn request(messages: Vec<Message>, tools: &[&str]) -> ChatRequest {
    let tool = |name: &&str| ToolDefinition { name: (*name).to_owned(), description: String::new(), input_schema: "{}".to_owned() };
    ChatRequest { model: "demo".to_owned(), messages, tools: tools.iter().map(tool).collect(), options: Vec::new() }
}

fn user(text: &str) -> Message {
    Message::User(vec![Part::Text(text.to_owned())])
}

const ALL_TOOLS: &[&str] = &["files_list", "files_read", "files_write", "files_edit", "files_search"];

fn stream(request: &ChatRequest) -> Vec<u8> {
    let encoded = encode(&target("{}"), request).unwrap();
    assert_eq!(encoded.method, "GET");
    let content = encoded.url.strip_prefix("data:text/event-stream;pace=15;base64,").unwrap();
    STANDARD.decode(content).unwrap()
}

fn decode(pieces: &[&[u8]]) -> Vec<Event> {
    let mut decoder = Decoder::new(200);
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(decoder.push(piece));
    }
    events.extend(decoder.finish());
    events
}

fn answer(request: &ChatRequest) -> (String, Vec<Event>) {
    let mut text = String::new();
    let mut rest = Vec::new();
    for event in decode(&[&stream(request)]) {
        match event {
            Event::Text(piece) => text.push_str(&piece),
            event => rest.push(event),
        }
    }
    (text, rest)
}

fn called(text: &str) -> (String, Value) {
    let (_, events) = answer(&request(vec![user(text)], ALL_TOOLS));
    let call = events.into_iter().find_map(|event| match event {
        Event::ToolCall(call) => Some(call),
        _ => None,
    });
    let call = call.unwrap_or_else(|| panic!("no call for {text}"));
    (call.name, serde_json::from_str(&call.arguments).unwrap())
}

#[test]
fn greets_in_words_that_stream_one_by_one() {
    let events = decode(&[&stream(&request(vec![user("Hi!")], &[]))]);
    assert_eq!(events.first(), Some(&Event::Text("Hello! ".to_owned())));
    assert!(events.len() > 20, "{events:?}");
    assert!(matches!(events.iter().rev().nth(1), Some(Event::Usage(_))));
    assert_eq!(events.last(), Some(&Event::Stop("end".to_owned())));
}

#[test]
fn echoes_text_that_is_not_ascii() {
    let (text, _) = answer(&request(vec![user("Grüße aus Zürich 🏔️\nзвтра")], &[]));
    assert!(text.contains("> Grüße aus Zürich 🏔️\n> звтра\n"), "{text}");
}

#[test]
fn calls_the_tool_that_the_words_ask_for() {
    assert_eq!(called("which files are in my workspace?"), ("files_list".to_owned(), json!({ "path": "." })));
    assert_eq!(called("read the file `Größe.md`."), ("files_read".to_owned(), json!({ "path": "Größe.md" })));
    assert_eq!(
        called("Write \"from me to you\" to notes/a.txt"),
        ("files_write".to_owned(), json!({ "path": "notes/a.txt", "content": "from me to you" }))
    );
    assert_eq!(called("search for Käse"), ("files_search".to_owned(), json!({ "pattern": "Käse" })));
}

#[test]
fn stops_for_the_call_and_summarizes_its_result() {
    let mut conversation = request(vec![user("list files")], ALL_TOOLS);
    let (_, events) = answer(&conversation);
    assert_eq!(events.last(), Some(&Event::Stop("tool-use".to_owned())));
    let result = |text: &str, is_error| ToolResult {
        call_id: "demo-1".to_owned(),
        name: "files_list".to_owned(),
        content: vec![Part::Text(text.to_owned())],
        is_error,
    };
    conversation.messages.push(Message::Tool(vec![result("a.md\nb ``` c\n", false)]));
    let (text, events) = answer(&conversation);
    assert!(text.contains("2 lines") && text.contains("````\na.md\nb ``` c\n````"), "{text}");
    assert_eq!(events.last(), Some(&Event::Stop("end".to_owned())));
    conversation.messages.push(Message::Tool(vec![result("denied", true)]));
    assert!(answer(&conversation).0.contains("did not work"));
}

#[test]
fn says_so_where_a_tool_is_not_offered_or_not_allowed() {
    let mut asked = request(vec![user("list files")], &[]);
    assert!(answer(&asked).0.contains("offers me no such tool"));
    asked = request(vec![user("list files")], ALL_TOOLS);
    asked.options.push(("tool-choice".to_owned(), "\"none\"".to_owned()));
    assert!(answer(&asked).0.contains("offers me no such tool"));
}

#[test]
fn hands_a_long_text_to_a_tool_up_to_the_bound() {
    let order = |bytes: usize| request(vec![user(&format!("write {} to a", "\\".repeat(bytes) + "."))], ALL_TOOLS);
    let (_, events) = answer(&order(100_000));
    assert_eq!(events.last(), Some(&Event::Stop("tool-use".to_owned())));
    let (text, _) = answer(&order(150_000));
    assert!(text.contains("more than I can hand"), "{text}");
}

#[test]
fn stops_at_the_output_limit() {
    let mut asked = request(vec![user("hello")], &[]);
    asked.options.push(("max-output-tokens".to_owned(), "2".to_owned()));
    let (text, events) = answer(&asked);
    assert_eq!(text, "Hello! I ");
    assert_eq!(events.last(), Some(&Event::Stop("length".to_owned())));
}

#[test]
fn takes_its_pace_from_the_settings_up_to_the_bound() {
    let url = |settings: &str| encode(&target(settings), &request(Vec::new(), &[])).map(|request| request.url);
    for (settings, pace) in [("", 15), ("{}", 15), (r#"{"pace-millis":0}"#, 0), (r#"{"pace-millis":100}"#, 100)] {
        assert!(url(settings).unwrap().starts_with(&format!("data:text/event-stream;pace={pace};base64,")));
    }
    for settings in [r#"{"pace-millis":101}"#, r#"{"pace-millis":-1}"#, r#"{"pace-millis":"1"}"#, "nonsense"] {
        assert_eq!(url(settings).unwrap_err().kind, "invalid-request");
    }
}

#[test]
fn lists_its_one_model() {
    let task = |action: &str| Task { action: action.to_owned(), model: None, page: None };
    let listing = encode_task(&task("list")).unwrap();
    let body = STANDARD.decode(listing.url.strip_prefix("data:application/json;base64,").unwrap()).unwrap();
    assert_eq!(decode_models(200, &body).unwrap().models[0].id, "demo");
    assert!(decode_models(200, b"{").is_err());
    assert_eq!(encode_task(&task("pull")).unwrap_err().kind, "invalid-request");
}

#[test]
fn fails_where_the_answer_breaks_off() {
    let whole = stream(&request(vec![user("hello")], &[]));
    for end in [0, 10, whole.len() / 2] {
        let events = decode(&[&whole[..end]]);
        assert!(matches!(events.last(), Some(Event::Failed(error)) if error.kind == "protocol"), "{events:?}");
    }
    assert!(matches!(decode(&[b"data: {nonsense\n"]).as_slice(), [Event::Failed(_)]));
    assert!(matches!(Decoder::new(404).finish().as_slice(), [Event::Failed(_)]));
}

#[test]
fn accepts_a_line_of_the_limit_and_refuses_a_longer_one() {
    let line = |bytes: usize| {
        let frame = r#"data: {"text":""}"#.len();
        format!("data: {{\"text\":\"{}\"}}\ndata: {{\"stop\":\"end\"}}\n", "x".repeat(bytes - frame))
    };
    assert_eq!(decode(&[line(LINE_BYTES).as_bytes()]).last(), Some(&Event::Stop("end".to_owned())));
    assert!(matches!(decode(&[line(LINE_BYTES + 1).as_bytes()]).as_slice(), [Event::Failed(_)]));
}

proptest! {
    #[test]
    fn answers_any_text_and_any_split_decodes_the_same(
        text in prop_oneof!["\\PC{0,80}", "(read|write|search|list|help|find|open) [ \\PC]{0,40}( to \\PC{0,9})?"],
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = stream(&request(vec![user(&text)], ALL_TOOLS));
        let whole = decode(&[&bytes]);
        prop_assert!(matches!(whole.last(), Some(Event::Stop(_))));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        pieces.push(&bytes[from..]);
        prop_assert_eq!(decode(&pieces), whole);
    }
}
