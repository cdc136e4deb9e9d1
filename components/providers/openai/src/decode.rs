//! An answer, from its bytes to events. However the bytes are split, the events are the same.

use serde_json::Value;

use crate::calls::Calls;
use crate::error::{self, MAX_ERROR_BYTES, protocol};
use crate::sse::{Item, Sse};
use crate::types::{Error, Event, Header};

/// Of an answer that is one JSON document: some servers do not stream. A streamed one has no bound of its own.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

#[derive(Debug)]
pub struct Decoder {
    state: State,
    answer: Answer,
    /// Of the answer's `Content-Type`, for an answer that makes no sense.
    media_type: String,
}

#[derive(Debug)]
enum State {
    /// The status is not 2xx: what comes is an error document.
    Refused {
        status: u16,
        retry_after_millis: Option<u64>,
        body: Vec<u8>,
    },
    /// Nothing but white space has come. What comes first decides, as servers label their answers wrongly.
    Undecided,
    Stream(Sse),
    Document(Vec<u8>),
    /// The last event has been given out.
    Over,
}

/// What is known of the answer so far.
#[derive(Debug, Default)]
struct Answer {
    calls: Calls,
    usage: Vec<(String, u64)>,
    finish_reason: Option<String>,
    refused: bool,
    /// Something that belongs to this API has come.
    begun: bool,
}

/// Decodes bytes that arrive in pieces, cut at these places: what a test or a fuzzer compares with the bytes in one piece.
pub fn decode_split(status: u16, headers: &[Header], bytes: &[u8], cuts: &[usize]) -> Vec<Event> {
    let mut decoder = Decoder::new(status, headers);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(bytes.len())).collect();
    cuts.sort_unstable();
    let mut events = Vec::new();
    let mut from = 0;
    for to in cuts.into_iter().chain([bytes.len()]) {
        events.extend(decoder.push(bytes.get(from..to).unwrap_or_default()));
        from = to;
    }
    events.extend(decoder.finish());
    events
}

impl Decoder {
    pub fn new(status: u16, headers: &[Header]) -> Self {
        let state = if (200..300).contains(&status) {
            State::Undecided
        } else {
            State::Refused { status, retry_after_millis: error::retry_after(headers), body: Vec::new() }
        };
        let content_type = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"));
        let media_type = content_type.and_then(|header| header.value.split(';').next()).unwrap_or_default();
        Self { state, answer: Answer::default(), media_type: error::bounded(media_type) }
    }

    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut out = Vec::new();
        if let Err(error) = self.take(bytes, &mut out) {
            self.fail(error, &mut out);
        }
        out
    }

    pub fn finish(&mut self) -> Vec<Event> {
        let mut out = Vec::new();
        if let Err(error) = self.close(&mut out) {
            self.fail(error, &mut out);
        }
        self.state = State::Over;
        out
    }

    fn fail(&mut self, error: Error, out: &mut Vec<Event>) {
        self.state = State::Over;
        out.push(Event::Failed(error));
    }

    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<Event>) -> Result<(), Error> {
        if matches!(self.state, State::Undecided) {
            // The three bytes are those of a byte order mark.
            let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
            let Some(start) = start else { return Ok(()) };
            bytes = bytes.get(start..).unwrap_or_default();
            let document = matches!(bytes.first(), Some(b'{' | b'['));
            self.state = if document { State::Document(Vec::new()) } else { State::Stream(Sse::default()) };
        }
        match &mut self.state {
            State::Refused { body, .. } => {
                let room = MAX_ERROR_BYTES.saturating_sub(body.len());
                body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            }
            State::Document(body) => {
                if body.len() + bytes.len() > MAX_ANSWER_BYTES {
                    return Err(protocol(format!("the answer is a document of more than {MAX_ANSWER_BYTES} bytes")));
                }
                body.extend_from_slice(bytes);
            }
            State::Stream(sse) => {
                if !sse.push(bytes, |item| self.answer.item(item, out))? {
                    self.state = State::Over;
                }
            }
            State::Undecided | State::Over => {}
        }
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<Event>) -> Result<(), Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Refused { status, retry_after_millis, body } => Err(error::refused(status, retry_after_millis, &body)),
            State::Undecided => Err(self.broke_off()),
            State::Document(body) => self.answer.document(&body, out),
            State::Stream(sse) => {
                for item in sse.finish()? {
                    // The last line may have been cut short; then it is no news that it makes no sense.
                    if !matches!(item, Item::Garbage(_)) && !self.answer.item(item, out)? {
                        return Ok(());
                    }
                }
                if self.answer.finish_reason.is_none() {
                    return Err(self.broke_off());
                }
                self.answer.end(out)
            }
            State::Over => Ok(()),
        }
    }

    fn broke_off(&self) -> Error {
        match self.media_type.as_str() {
            "" | "text/event-stream" | "application/json" => protocol("the answer broke off"),
            _ if self.answer.begun => protocol("the answer broke off"),
            other => protocol(format!("the endpoint answered with {other} and no chat completion; is base-url right?")),
        }
    }
}

impl Answer {
    /// Takes one event of the stream. False after the last.
    fn item(&mut self, item: Item, out: &mut Vec<Event>) -> Result<bool, Error> {
        match item {
            Item::Json(value) => self.chunk(&value, out).map(|()| true),
            Item::Error(value) => Err(error::reported(&value)),
            Item::Done => self.end(out).map(|()| false),
            Item::Garbage(data) => Err(protocol(format!("the endpoint sent an event that is not JSON: {data}"))),
        }
    }

    /// A whole answer in one document.
    fn document(&mut self, body: &[u8], out: &mut Vec<Event>) -> Result<(), Error> {
        let value: Value = serde_json::from_slice(body).map_err(|error| match error.is_eof() {
            true => protocol("the answer broke off"),
            false => protocol(format!("the answer is not valid JSON: {error}")),
        })?;
        let first = value.as_array().and_then(|list| list.first()).unwrap_or(&value);
        self.chunk(first, out)?;
        if !self.begun {
            return Err(protocol("the endpoint answered with JSON that is no chat completion; is base-url right?"));
        }
        self.end(out)
    }

    /// A piece of a streamed answer, or the whole of another: they differ in `delta` and `message`.
    fn chunk(&mut self, value: &Value, out: &mut Vec<Event>) -> Result<(), Error> {
        if error::is_error(value) {
            return Err(error::reported(value));
        }
        let choices = value.get("choices").and_then(Value::as_array);
        // One answer is asked for. A server that gives several is heard on the first.
        let choice = choices
            .and_then(|choices| choices.iter().find(|choice| choice.get("index").is_none_or(|index| index.as_u64().unwrap_or(0) == 0)));
        if let Some(choice) = choice {
            self.begun = true;
            if let Some(delta) = ["delta", "message"].iter().find_map(|key| choice.get(key).filter(|delta| delta.is_object())) {
                self.delta(delta, out)?;
            }
            if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str).filter(|reason| !reason.is_empty()) {
                self.calls.complete(reason == "length", out)?;
                self.finish_reason = Some(reason.to_owned());
            }
        }
        if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
            self.usage(usage, out);
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<Event>) -> Result<(), Error> {
        let text = |key| delta.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(reasoning) = text("reasoning_content").or_else(|| text("reasoning")) {
            out.push(Event::Reasoning(reasoning.to_owned()));
        }
        match delta.get("content") {
            Some(Value::String(content)) if !content.is_empty() => out.push(Event::Text(content.clone())),
            Some(Value::Array(parts)) => parts.iter().for_each(|part| Self::part(part, out)),
            _ => {}
        }
        if let Some(refusal) = text("refusal") {
            self.refused = true;
            out.push(Event::Text(refusal.to_owned()));
        }
        for piece in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.calls.piece(piece, out)?;
        }
        if let Some(function) = delta.get("function_call").filter(|function| function.is_object()) {
            self.calls.piece(function, out)?;
        }
        Ok(())
    }

    /// Content as a list of parts, as Mistral's reasoning models give it.
    fn part(part: &Value, out: &mut Vec<Event>) {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
        match part.get(kind) {
            Some(Value::String(text)) if text.is_empty() => {}
            Some(Value::String(text)) if kind == "text" => out.push(Event::Text(text.clone())),
            Some(Value::Array(thoughts)) if kind == "thinking" => {
                let texts = thoughts.iter().filter_map(|thought| thought.get("text").and_then(Value::as_str));
                out.extend(texts.filter(|text| !text.is_empty()).map(|text| Event::Reasoning(text.to_owned())));
            }
            _ => {}
        }
    }

    /// Totals; some servers repeat them in every chunk, and only what changes is news.
    fn usage(&mut self, usage: &Value, out: &mut Vec<Event>) {
        const NAMES: [(&str, &str); 5] = [
            ("input", "/prompt_tokens"),
            ("cached-input", "/prompt_tokens_details/cached_tokens"),
            ("cached-input", "/prompt_cache_hit_tokens"),
            ("output", "/completion_tokens"),
            ("reasoning", "/completion_tokens_details/reasoning_tokens"),
        ];
        let mut totals: Vec<(String, u64)> = Vec::new();
        for (name, pointer) in NAMES {
            let total = usage.pointer(pointer).and_then(Value::as_u64);
            if let Some(total) = total.filter(|_| !totals.iter().any(|(known, _)| known == name)) {
                totals.push((name.to_owned(), total));
            }
        }
        if !totals.is_empty() && totals != self.usage {
            self.usage.clone_from(&totals);
            out.push(Event::Usage(totals));
        }
    }

    /// The end that the server meant.
    fn end(&mut self, out: &mut Vec<Event>) -> Result<(), Error> {
        let reason = self.finish_reason.take();
        self.calls.complete(reason.as_deref() == Some("length"), out)?;
        let stop = match reason.as_deref() {
            _ if self.refused => "refusal",
            Some("stop") => "end",
            Some("tool_calls" | "function_call") => "tool-use",
            Some("content_filter") => "refusal",
            Some(other) => other,
            None if self.calls.is_empty() => "end",
            None => "tool-use",
        };
        out.push(Event::Stop(error::bounded(stop)));
        Ok(())
    }
}
