//! The demo provider, from a question to the events of its answer.

use base64::Engine as _;
use wirken_engine::Limits;
use wirken_types::chat::{Message, Part, ToolDefinition};
use wirken_types::provider::{ChatRequest, Event, Target};

use crate::run::provider;

/// What it answers, its body handed over in pieces of so many bytes.
async fn answer(text: &str, tools: &[&str], piece: usize) -> Vec<Event> {
    let tools = tools.iter().map(|name| ToolDefinition { name: (*name).into(), description: String::new(), input_schema: "{}".into() });
    let request = ChatRequest {
        model: "demo".into(),
        messages: vec![Message::User(vec![Part::Text(text.into())])],
        tools: tools.collect(),
        options: Vec::new(),
    };
    let mut demo = provider("providers/demo", &Limits::DEFAULT).await.unwrap();
    let target = Target { base_url: String::new(), settings: "{\"pace-millis\":0}".into() };
    let url = demo.encode(&target, &request).await.unwrap().unwrap().url;
    let body = url.strip_prefix("data:text/event-stream;pace=0;base64,").unwrap();
    let body = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    let mut decoder = provider("providers/demo", &Limits::DEFAULT).await.unwrap().decoder(&Target::default(), 200, &[]).await.unwrap();
    let mut events = Vec::new();
    for piece in body.chunks(piece) {
        events.extend(decoder.push(piece).await.unwrap());
    }
    events.extend(decoder.finish().await.unwrap());
    events
}

#[tokio::test]
async fn quotes_a_text_word_by_word_however_its_bytes_arrive() {
    let whole = answer("Wie schön 🦀", &[], usize::MAX).await;
    let text: String = whole.iter().filter_map(|event| if let Event::Text(text) = event { Some(text.as_str()) } else { None }).collect();
    assert!(text.contains("> Wie schön 🦀"), "{text}");
    assert!(whole.len() > 5 && whole.last() == Some(&Event::Stop("end".into())), "{whole:?}");
    assert_eq!(answer("Wie schön 🦀", &[], 1).await, whole);
}

#[tokio::test]
async fn calls_a_tool_that_is_on_offer() {
    let events = answer("write hello to a.txt", &["files_write"], 64).await;
    let call = events.iter().find_map(|event| if let Event::ToolCall(call) = event { Some(call) } else { None }).unwrap();
    assert_eq!((call.name.as_str(), call.id.as_str()), ("files_write", "call-1"));
    assert_eq!(events.last(), Some(&Event::Stop("tool-use".into())));
}
