//! The demo's wire: an answer as the lines of an event stream in a `data:` URL (RFC 2397), and those lines as events.
//!
//! One JSON document per `data` line, with exactly one of the keys `text`, `tool-call`, `usage` and `stop`. The media
//! type's parameter `pace` asks the host to wait that many milliseconds between lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wirken_guest::sse::{self, Lines};

use crate::bindings::exports::wirken::provider::codec::{ChatRequest, Error, Event, Model, Request, Target, Task, TaskPage};
use crate::bindings::wirken::chat::types::ToolCall;
use crate::script::{self, Answer};

const MODEL: &str = "demo";
const DEFAULT_PACE_MILLIS: u64 = 15;
const MAX_PACE_MILLIS: u64 = 100;
/// The longest piece of text on one line, in characters: a script without spaces still streams.
const PIECE_CHARS: usize = 24;
/// The longest line that the decoder accepts: the arguments of one `files_write` are the most that `encode` puts on one.
const LINE_BYTES: usize = 1024 * 1024;

pub(crate) fn encode(target: &Target, request: &ChatRequest) -> Result<Request, Error> {
    let pace = pace(&target.settings)?;
    let answer = script::answer(request);
    let lines = lines(request, &answer);
    let media_type = format!("text/event-stream;pace={pace}");
    Ok(data_request(&media_type, lines.as_bytes()))
}

pub(crate) fn encode_task(task: &Task) -> Result<Request, Error> {
    match task.action.as_str() {
        "list" => Ok(data_request("application/json", json!([MODEL]).to_string().as_bytes())),
        other => Err(error("invalid-request", format!("the demo has nothing to `{other}`"))),
    }
}

pub(crate) fn decode_models(status: u16, body: &[u8]) -> Result<TaskPage, Error> {
    let names: Option<Vec<String>> = (status == 200)
        .then(|| serde_json::from_slice::<Value>(body).ok())
        .flatten()
        .and_then(|value| value.as_array().map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect()));
    let names = names.ok_or_else(|| error("protocol", "this is no list of models".to_owned()))?;
    let model = |id| Model {
        id,
        display_name: Some("Demo (no key, no network)".to_owned()),
        context_window: None,
        max_output_tokens: None,
        features: vec!["tools".to_owned()],
    };
    Ok(TaskPage { models: names.into_iter().map(model).collect(), next: None })
}

/// The human's setting; out of bounds it is refused rather than bent.
fn pace(settings: &str) -> Result<u64, Error> {
    let settings: Value = match settings.trim() {
        "" => Value::Null,
        text => serde_json::from_str(text).map_err(|_| error("invalid-request", "the settings are not JSON".to_owned()))?,
    };
    match settings.get("pace-millis") {
        None | Some(Value::Null) => Ok(DEFAULT_PACE_MILLIS),
        Some(value) => value
            .as_u64()
            .filter(|pace| *pace <= MAX_PACE_MILLIS)
            .ok_or_else(|| error("invalid-request", format!("pace-millis must be a number from 0 to {MAX_PACE_MILLIS}"))),
    }
}

fn lines(request: &ChatRequest, answer: &Answer) -> String {
    let mut lines = String::new();
    let mut line = |value: Value| {
        lines.push_str("data: ");
        lines.push_str(&value.to_string());
        lines.push('\n');
    };
    let limit = request.options.iter().find(|(key, _)| key == "max-output-tokens").and_then(|(_, value)| value.parse::<usize>().ok());
    let mut output = 0;
    let mut stop = "end";
    for piece in pieces(&answer.text) {
        if limit.is_some_and(|limit| output >= limit) {
            stop = "length";
            break;
        }
        output += 1;
        line(json!({ "text": piece }));
    }
    if let (Some(call), "end") = (&answer.call, stop) {
        // The length of the conversation grows with every round, which makes the id unique in it.
        let id = format!("demo-{}", request.messages.len());
        line(json!({ "tool-call": { "id": id, "name": call.name, "arguments": call.arguments } }));
        stop = "tool-use";
    }
    line(json!({ "usage": { "input": script::input_chars(request).div_ceil(4), "output": output } }));
    line(json!({ "stop": stop }));
    lines
}

/// Words with the white space after them, none longer than `PIECE_CHARS` characters.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut chars = 0;
    let mut ended = false;
    for character in text.chars() {
        if (ended && !character.is_whitespace()) || chars == PIECE_CHARS {
            pieces.push(std::mem::take(&mut piece));
            chars = 0;
        }
        ended = character.is_whitespace();
        piece.push(character);
        chars += 1;
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

fn data_request(media_type: &str, content: &[u8]) -> Request {
    Request {
        method: "GET".to_owned(),
        url: format!("data:{media_type};base64,{}", STANDARD.encode(content)),
        headers: Vec::new(),
        body: Vec::new(),
        credentials: Vec::new(),
        timeout_millis: None,
    }
}

#[derive(Debug)]
pub(crate) struct Decoder {
    lines: Lines,
    /// The answer is complete, or failed: nothing follows.
    over: bool,
    status: u16,
}

impl Decoder {
    pub(crate) fn new(status: u16) -> Self {
        Self { lines: Lines::new(LINE_BYTES), over: false, status }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        let over = &mut self.over;
        if self.status != 200 {
            fail(over, &mut events, format!("a data: URL answered with status {}", self.status));
        }
        if let Err(long) = self.lines.push(bytes, |line| decode_line(line, over, &mut events)) {
            fail(over, &mut events, format!("a line is longer than {} bytes", long.limit));
        }
        events
    }

    pub(crate) fn finish(&mut self) -> Vec<Event> {
        let mut events = self.push(&[]);
        let over = &mut self.over;
        self.lines.finish(|line| decode_line(line, over, &mut events));
        fail(over, &mut events, "the answer broke off".to_owned());
        events
    }
}

fn fail(over: &mut bool, events: &mut Vec<Event>, message: String) {
    if !std::mem::replace(over, true) {
        events.push(Event::Failed(error("protocol", message)));
    }
}

fn decode_line(line: &[u8], over: &mut bool, events: &mut Vec<Event>) {
    let Some(data) = sse::data(line).filter(|_| !*over) else { return };
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return fail(over, events, "a line is not JSON".to_owned());
    };
    let text_of = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(text) = value.get("text").and_then(Value::as_str) {
        events.push(Event::Text(text.to_owned()));
    } else if let Some(call) = value.get("tool-call") {
        let call = ToolCall { id: text_of(call, "id"), name: text_of(call, "name"), arguments: text_of(call, "arguments") };
        events.push(Event::ToolCallBegin((call.id.clone(), call.name.clone())));
        events.push(Event::ToolCallDelta((call.id.clone(), call.arguments.clone())));
        events.push(Event::ToolCall(call));
    } else if let Some(usage) = value.get("usage").and_then(Value::as_object) {
        let usage = usage.iter().filter_map(|(name, total)| Some((name.clone(), total.as_u64()?))).collect();
        events.push(Event::Usage(usage));
    } else if let Some(reason) = value.get("stop").and_then(Value::as_str) {
        *over = true;
        events.push(Event::Stop(reason.to_owned()));
    }
}

fn error(kind: &str, message: String) -> Error {
    Error { kind: kind.to_owned(), message, retry_after_millis: None }
}

#[cfg(test)]
mod tests;
