//! A provider for endpoints that speak Chat Completions, in text alone and in one piece.
//!
//! It describes a request and reads the response; the host sends the one, adds the key, and brings the other.

use serde_json::{Value, json};
use wirken_guest::provider::{
    AssistantItem, ChatRequest, Decoder, Error, Event, Header, Message, Part, Provider, Request, Segment, Target,
};

wirken_guest::provider!(Chat);

/// An answer is not longer.
const MAX_BYTES: usize = 4 * 1024 * 1024;

struct Chat;

impl Provider for Chat {
    type Decoder = Answer;

    fn encode(target: &Target, request: &ChatRequest) -> Result<Request, Error> {
        if let Some((name, _)) = request.options.first() {
            return Err(Error::new("invalid-request", format!("this provider has no option {name:?}")));
        }
        let messages: Vec<Value> = request.messages.iter().map(message).collect();
        let body = json!({ "model": request.model, "messages": messages });
        Ok(Request {
            method: "POST".into(),
            url: format!("{}/chat/completions", target.base_url.trim_end_matches('/')),
            headers: vec![Header { name: "content-type".into(), value: "application/json".into() }],
            body: vec![Segment::Bytes(body.to_string().into_bytes())],
            credentials: vec!["api-key".into()],
            timeout_millis: None,
        })
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::System(text) => json!({ "role": "system", "content": text }),
        Message::User(parts) => json!({ "role": "user", "content": text(parts) }),
        Message::Assistant(items) => json!({ "role": "assistant", "content": items.iter().map(said).collect::<String>() }),
        // This provider offers no tools; what another one called is told as text.
        Message::Tool(results) => {
            let told: Vec<String> = results.iter().map(|result| format!("{}: {}", result.name, text(&result.content))).collect();
            json!({ "role": "user", "content": told.join("\n") })
        }
    }
}

fn said(item: &AssistantItem) -> &str {
    if let AssistantItem::Text(text) = item { text } else { "" }
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { "" }).collect()
}

/// The response, which is read once it is whole.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Decoder for Answer {
    fn new(_target: Target, status: u16, _headers: Vec<Header>) -> Self {
        Self { status, body: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        // One byte more than allowed tells that it was too much.
        let room = MAX_BYTES + 1 - self.body.len();
        self.body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        Vec::new()
    }

    fn finish(&mut self) -> Vec<Event> {
        self.read().unwrap_or_else(|error| vec![Event::Failed(error)])
    }
}

impl Answer {
    fn read(&self) -> Result<Vec<Event>, Error> {
        let kind = match self.status {
            200 => "",
            401 | 403 => "authentication",
            429 => "rate-limited",
            500..=599 => "unavailable",
            _ => "invalid-request",
        };
        if !kind.is_empty() {
            return Err(Error::new(kind, format!("the endpoint answered with status {}", self.status)));
        }
        if self.body.len() > MAX_BYTES {
            return Err(Error::new("protocol", format!("the answer has more than {MAX_BYTES} bytes")));
        }
        let answer: Value =
            serde_json::from_slice(&self.body).map_err(|_| Error::new("protocol", "the answer is no JSON, or ended early"))?;
        let Some(content) = answer.pointer("/choices/0/message/content").and_then(Value::as_str) else {
            return Err(Error::new("protocol", "the answer holds no text"));
        };
        let stop = answer.pointer("/choices/0/finish_reason").and_then(Value::as_str).filter(|stop| !stop.is_empty()).unwrap_or("end");
        Ok(vec![Event::Text(content.into()), Event::Stop(stop.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target { base_url: "https://llm.example/v1/".into(), settings: "{}".into() }
    }

    fn request() -> ChatRequest {
        let messages = vec![Message::System("Be brief.".into()), Message::User(vec![Part::Text("Hello".into())])];
        ChatRequest { model: "m".into(), messages, tools: Vec::new(), options: Vec::new() }
    }

    fn decode(status: u16, pieces: &[&[u8]]) -> Vec<Event> {
        let mut answer = Answer::new(target(), status, Vec::new());
        let mut events: Vec<Event> = pieces.iter().flat_map(|piece| answer.push(piece)).collect();
        events.extend(answer.finish());
        events
    }

    fn failure(events: &[Event]) -> &str {
        if let [Event::Failed(error)] = events { &error.kind } else { "none" }
    }

    #[test]
    fn asks_with_the_conversation_and_the_key() {
        let asked = Chat::encode(&target(), &request()).unwrap();
        assert_eq!((asked.method.as_str(), asked.url.as_str()), ("POST", "https://llm.example/v1/chat/completions"));
        assert_eq!(asked.credentials, ["api-key"]);
        let [Segment::Bytes(body)] = &asked.body[..] else { panic!("{:?}", asked.body) };
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(body["messages"][1], json!({ "role": "user", "content": "Hello" }));
    }

    #[test]
    fn refuses_an_option_that_it_does_not_know() {
        let options = vec![("effort".into(), "\"high\"".into())];
        assert_eq!(Chat::encode(&target(), &ChatRequest { options, ..request() }).unwrap_err().kind, "invalid-request");
    }

    #[test]
    fn any_split_of_an_answer_reads_the_same() {
        let body = br#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
        let expected = [Event::Text("Hi".into()), Event::Stop("stop".into())];
        for at in 0..body.len() {
            assert_eq!(decode(200, &[&body[..at], &body[at..]]), expected);
        }
    }

    #[test]
    fn what_is_no_answer_has_failed() {
        assert_eq!(failure(&decode(200, &[b"{\"choices\""])), "protocol");
        assert_eq!(failure(&decode(200, &[b"{}"])), "protocol");
        for (status, kind) in [(401, "authentication"), (429, "rate-limited"), (503, "unavailable"), (404, "invalid-request")] {
            assert_eq!(failure(&decode(status, &[])), kind);
        }
    }

    #[test]
    fn an_answer_of_the_largest_size_is_read_and_one_byte_more_is_refused() {
        let mut body = br#"{"choices":[{"message":{"content":"Hi"}}]}"#.to_vec();
        body.resize(MAX_BYTES, b' ');
        assert_eq!(decode(200, &[&body]).len(), 2);
        assert_eq!(failure(&decode(200, &[&body, b" "])), "protocol");
    }
}
