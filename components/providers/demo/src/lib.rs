//! A provider that needs no key and no network: it composes its whole answer from the conversation, and asks for it at a
//! `data:` URL, which the host's client answers by itself, word by word.

mod line;
mod script;
mod url;

use line::{Line, Malformed, Reader};
use script::{Conversation, Last, ToolResult};
use serde_json::Value;
use wirken_guest::provider::{
    self, AssistantItem, CallBegin, CallDelta, ChatRequest, Error, Event, Header, Message, Model, Part, Provider, Request, Target, Task,
    TaskPage, ToolCall,
};

struct Demo;

wirken_guest::provider!(Demo);

const MODEL: &str = "demo";

/// The one option: `"none"` calls no tool.
const TOOL_CHOICE: &str = "tool-choice";

/// Milliseconds between two words: where the settings say nothing, and at most.
const PACE_MILLIS: u64 = 15;
const PACE_MAX_MILLIS: u64 = 100;

impl Provider for Demo {
    type Decoder = Decoder;

    fn encode(target: &Target, request: &ChatRequest) -> Result<Request, Error> {
        if let Some((name, _)) = request.options.iter().find(|(name, _)| name != TOOL_CHOICE) {
            return Err(Error::new(
                "invalid-request",
                format!("the demo provider has no option {name:?}; it can leave tools alone, by {TOOL_CHOICE}"),
            ));
        }
        let body = line::body(&script::answer(&conversation(request)));
        Ok(get(url::data(&format!("text/event-stream;pace={}", pace(&target.settings)), &body)))
    }

    fn encode_task(_target: &Target, task: &Task) -> Result<Request, Error> {
        match task.action.as_str() {
            "list" => Ok(get(url::data("application/json", &Value::from(vec![MODEL]).to_string()))),
            other => Err(Error::new("invalid-request", format!("the demo provider has no task {other:?}; it can list its model"))),
        }
    }

    fn decode_models(_target: &Target, status: u16, _headers: &[Header], body: &[u8]) -> Result<TaskPage, Error> {
        if status != 200 {
            return Err(Error::new("protocol", format!("the list of models was answered with status {status}")));
        }
        let names: Vec<String> = serde_json::from_slice(body).map_err(|_| Error::new("protocol", "the list of models cannot be read"))?;
        Ok(TaskPage { models: names.into_iter().map(model).collect(), next: None })
    }
}

/// One response. Nothing comes after its end, or after what is not ours.
#[derive(Default)]
struct Decoder {
    status: u16,
    reader: Reader,
    over: bool,
}

impl provider::Decoder for Decoder {
    fn new(_target: Target, status: u16, _headers: Vec<Header>) -> Self {
        Self { status, ..Self::default() }
    }

    fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        if self.over || self.status != 200 {
            return Vec::new();
        }
        let lines = self.reader.push(bytes);
        self.events(lines)
    }

    fn finish(&mut self) -> Vec<Event> {
        let rest = self.reader.finish();
        let mut events = if self.status == 200 { self.events(rest) } else { Vec::new() };
        if !self.over {
            self.over = true;
            let message =
                if self.status == 200 { "the answer ended early".to_owned() } else { format!("the answer has status {}", self.status) };
            events.push(Event::Failed(Error::new("protocol", message)));
        }
        events
    }
}

impl Decoder {
    fn events(&mut self, lines: impl IntoIterator<Item = Result<Line, Malformed>>) -> Vec<Event> {
        let mut events = Vec::new();
        for line in lines {
            if self.over {
                break;
            }
            self.over = matches!(line, Ok(Line::Stop(_)) | Err(Malformed));
            events.push(line.map_or_else(|Malformed| Event::Failed(Error::new("protocol", "a line of the answer cannot be read")), event));
        }
        events
    }
}

fn event(line: Line) -> Event {
    match line {
        Line::Text(text) => Event::Text(text),
        Line::Begin { id, name } => Event::ToolCallBegin(CallBegin { id, name }),
        Line::Delta { id, piece } => Event::ToolCallDelta(CallDelta { id, piece }),
        Line::Call { id, name, arguments } => Event::ToolCall(ToolCall { id, name, arguments }),
        Line::Usage { input, output } => Event::Usage(vec![("input".into(), input), ("output".into(), output)]),
        Line::Stop(reason) => Event::Stop(reason),
    }
}

fn conversation(request: &ChatRequest) -> Conversation {
    let no_tools = request.options.iter().any(|(name, value)| name == TOOL_CHOICE && value.trim() == "\"none\"");
    let tools = if no_tools { Vec::new() } else { request.tools.iter().map(|tool| tool.name.clone()).collect() };
    let calls = request.messages.iter().map(calls).sum();
    let length = request.messages.iter().map(length).sum();
    let last = request.messages.iter().rev().find_map(last).unwrap_or_default();
    Conversation { last, tools, calls, length }
}

fn last(message: &Message) -> Option<Last> {
    match message {
        Message::User(parts) => {
            let attachments = parts.iter().filter(|part| !matches!(part, Part::Text(_))).count();
            Some(Last::User { text: text(parts), attachments })
        }
        Message::Tool(results) => {
            let told = |result: &provider::ToolResult| ToolResult {
                name: result.name.clone(),
                text: text(&result.content),
                is_error: result.is_error,
            };
            Some(Last::Results(results.iter().map(told).collect()))
        }
        Message::System(_) | Message::Assistant(_) => None,
    }
}

fn text(parts: &[Part]) -> String {
    let texts: Vec<&str> = parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None }).collect();
    texts.join("\n")
}

fn calls(message: &Message) -> usize {
    match message {
        Message::Assistant(items) => items.iter().filter(|item| matches!(item, AssistantItem::ToolCall(_))).count(),
        _ => 0,
    }
}

fn length(message: &Message) -> usize {
    match message {
        Message::System(text) => text.chars().count(),
        Message::User(parts) => text(parts).chars().count(),
        Message::Tool(results) => results.iter().map(|result| text(&result.content).chars().count()).sum(),
        Message::Assistant(items) => {
            items.iter().map(|item| if let AssistantItem::Text(text) = item { text.chars().count() } else { 0 }).sum()
        }
    }
}

fn pace(settings: &str) -> u64 {
    let settings: Value = serde_json::from_str(settings).unwrap_or_default();
    settings.get("pace-millis").and_then(Value::as_u64).unwrap_or(PACE_MILLIS).min(PACE_MAX_MILLIS)
}

fn get(url: String) -> Request {
    Request { method: "GET".into(), url, headers: Vec::new(), body: Vec::new(), credentials: Vec::new(), timeout_millis: None }
}

fn model(id: String) -> Model {
    Model { id, display_name: Some("Demo (offline)".into()), context_window: None, max_output_tokens: None, features: vec!["tools".into()] }
}

#[cfg(test)]
mod tests;
