//! The codec from outside, on plain values: what it sends, what it makes of answers, and where it stops.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as tests do"
)]

mod bounds;
mod decode;
mod encode;
mod errors;
mod models;
mod split;

use openai::types::{Event, Header, ToolCall};

/// The answers in testdata, by name. All have status 200.
const SAMPLES: [(&str, &str); 8] = [
    ("text", include_str!("../../testdata/text.sse")),
    ("parallel-tools", include_str!("../../testdata/parallel-tools.sse")),
    ("refusal", include_str!("../../testdata/refusal.sse")),
    ("error-midstream", include_str!("../../testdata/error-midstream.sse")),
    ("unicode", include_str!("../../testdata/unicode.sse")),
    ("tolerant", include_str!("../../testdata/tolerant.sse")),
    ("document", include_str!("../../testdata/document.json")),
    ("document-error", include_str!("../../testdata/document-error.json")),
];

fn sample(name: &str) -> &'static str {
    SAMPLES.iter().find(|(known, _)| *known == name).expect("a sample of this name").1
}

/// An answer of status 200, in one piece.
fn decode(bytes: impl AsRef<[u8]>) -> Vec<Event> {
    openai::decode_split(200, &[header("content-type", "text/event-stream")], bytes.as_ref(), &[])
}

/// A stream of chunks that each hold one choice, given as JSON.
fn stream(choices: &[&str]) -> String {
    choices.iter().map(|choice| format!("data: {{\"choices\":[{choice}]}}\n\n")).collect()
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

fn text(text: &str) -> Event {
    Event::Text(text.into())
}

fn reasoning(text: &str) -> Event {
    Event::Reasoning(text.into())
}

fn begin(id: &str, name: &str) -> Event {
    Event::ToolCallBegin(id.into(), name.into())
}

fn delta(id: &str, piece: &str) -> Event {
    Event::ToolCallDelta(id.into(), piece.into())
}

fn call(id: &str, name: &str, arguments: &str) -> Event {
    Event::ToolCall(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

fn usage(totals: &[(&str, u64)]) -> Event {
    Event::Usage(totals.iter().map(|(name, total)| ((*name).to_owned(), *total)).collect())
}

fn stop(reason: &str) -> Event {
    Event::Stop(reason.into())
}

/// The kind and message of the failure that ends these events.
fn failure(events: &[Event]) -> (&str, &str) {
    match events.last() {
        Some(Event::Failed(error)) => (error.kind, &error.message),
        other => panic!("no failure at the end, but {other:?}"),
    }
}
