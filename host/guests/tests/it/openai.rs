//! The Chat Completions provider within the limits of its own manifest.

use wirken_engine::Limits;
use wirken_types::http::Header;
use wirken_types::provider::{Event, Target};

use crate::run::{provider, root};

/// The largest answer that it takes as one document.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// What its manifest asks for.
fn limits() -> Limits {
    let manifest = std::fs::read_to_string(root().join("components/providers/openai/component.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let limit = |name: &str| manifest["limits"][name].as_integer().unwrap();
    Limits {
        fuel: limit("fuel").try_into().unwrap(),
        deadline: std::time::Duration::from_millis(limit("deadline-millis").try_into().unwrap()),
        memory_bytes: limit("memory-bytes").try_into().unwrap(),
        output_bytes: limit("output-bytes").try_into().unwrap(),
        ..Limits::DEFAULT
    }
}

/// A whole document, padded to so many bytes with what costs a parser most: objects of one short key.
fn document(bytes: usize) -> Vec<u8> {
    let head = r#"{"choices":[{"message":{"content":"Grüße"},"finish_reason":"stop"}],"x":["#;
    let mut text = head.to_owned();
    while text.len() + r#"{"":{}},{"":{}}]}"#.len() <= bytes {
        text.push_str(r#"{"":{}},"#);
    }
    text.push_str("0]}");
    text.push_str(&" ".repeat(bytes - text.len()));
    text.into_bytes()
}

async fn decode(body: &[u8]) -> Vec<Event> {
    let json = Header { name: "content-type".into(), value: "application/json".into() };
    let mut decoder = provider("providers/openai", &limits()).await.unwrap().decoder(&Target::default(), 200, &[json]).await.unwrap();
    let mut events = Vec::new();
    for piece in body.chunks(64 * 1024) {
        events.extend(decoder.push(piece).await.unwrap());
    }
    events.extend(decoder.finish().await.unwrap());
    events
}

#[tokio::test]
async fn the_costliest_answer_of_the_largest_size_fits_and_one_byte_more_is_refused() {
    let events = decode(&document(MAX_ANSWER_BYTES)).await;
    assert_eq!(events, [Event::Text("Grüße".into()), Event::Stop("end".into())]);
    match &decode(&document(MAX_ANSWER_BYTES + 1)).await[..] {
        [Event::Failed(error)] => assert!(error.message.contains("more than 1048576 bytes"), "{error:?}"),
        other => panic!("{other:?}"),
    }
}
