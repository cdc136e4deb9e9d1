use super::bindings::exports::wirken::provider::codec::{Guest, GuestDecoder};
use super::*;

struct Plain;

/// Says the lines of the body, each when it is whole.
struct Lines {
    rest: Vec<u8>,
}

impl Provider for Plain {
    type Decoder = Lines;

    fn encode(target: &Target, _request: &ChatRequest) -> Result<Request, Error> {
        let url = format!("{}/chat", target.base_url);
        Ok(Request { method: "POST".into(), url, headers: Vec::new(), body: Vec::new(), credentials: Vec::new(), timeout_millis: None })
    }
}

impl Decoder for Lines {
    fn new(_target: Target, _status: u16, _headers: Vec<Header>) -> Self {
        Self { rest: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.rest.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            events.push(Event::Text(String::from_utf8_lossy(&line).into_owned()));
        }
        events
    }

    fn finish(&mut self) -> Vec<Event> {
        if self.rest.is_empty() { Vec::new() } else { vec![Event::Failed(Error::new("protocol", "it ended early"))] }
    }
}

fn target() -> Target {
    Target { base_url: "https://a.example".into(), settings: "{}".into() }
}

#[test]
fn a_provider_is_reached_through_its_component() {
    let request = ChatRequest { model: "m".into(), messages: Vec::new(), tools: Vec::new(), options: Vec::new() };
    assert_eq!(Component::<Plain>::encode(target(), request).unwrap().url, "https://a.example/chat");
}

#[test]
fn a_decoder_keeps_its_state_between_pieces() {
    let decoder = <Component<Plain> as Guest>::Decoder::new(target(), 200, Vec::new());
    assert_eq!(decoder.push(b"a".to_vec()), []);
    assert_eq!(decoder.push(b"b\nc".to_vec()), [Event::Text("ab\n".into())]);
    assert_eq!(decoder.finish(), [Event::Failed(Error::new("protocol", "it ended early"))]);
}

#[test]
fn a_provider_without_tasks_says_so() {
    let task = Task { action: "pull".into(), model: None, page: None };
    assert!(Component::<Plain>::encode_task(target(), task).unwrap_err().message.contains("\"pull\""));
    assert_eq!(Component::<Plain>::decode_models(target(), 200, Vec::new(), Vec::new()).unwrap_err().kind, "invalid-request");
}
