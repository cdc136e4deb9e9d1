//! A channel for a message board that is polled: `GET /messages?after=N` answers a list of messages such as
//! `{"id":7,"room":"r1","from":"ada","direct":true,"text":"Hello"}`, and `POST /messages` with `{"room","text"}` says
//! something and answers `{"id":8}`. Put the platform that you want to connect in its place.
//!
//! It is a state machine: events in, effects out. The host sends the requests, adds the token, and keeps the time.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use wirken_guest::channel::{
    Answered, Channel, Conversation, Effect, Event, Failure, Header, Health, HttpRequest, Inbound, InboundMessage, Outbound,
    OutboundContent, OutboundOutcome, Outcome, Request, Response, Segment, Sender, State, Timer, Unanswered,
};

wirken_guest::channel!(Board);

/// The request that polls; those that say something count on from it.
const POLL: u64 = 0;
const AGAIN: u32 = 0;
const AGAIN_MILLIS: u64 = 2_000;
const TROUBLE_MILLIS: u64 = 10_000;
/// The key of the state that survives a restart: the id of the last message that was taken.
const AFTER: &str = "after";

struct Board {
    api_url: String,
    after: u64,
    recovering: bool,
    last_id: u64,
    /// By the request that says it: the outbound.
    under_way: BTreeMap<u64, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    api_url: String,
}

#[derive(Deserialize)]
struct Message {
    id: u64,
    room: String,
    from: String,
    direct: bool,
    text: String,
}

#[derive(Deserialize)]
struct Said {
    id: u64,
}

impl Channel for Board {
    fn new(settings: &str, state: Vec<State>, _random: &[u8], recovering: bool) -> Self {
        // The host has checked them against the manifest.
        let api_url = serde_json::from_str::<Settings>(settings).map(|settings| settings.api_url).unwrap_or_default();
        let after = state.iter().find(|state| state.key == AFTER).and_then(|state| str::from_utf8(&state.value).ok()?.parse().ok());
        let api_url = api_url.trim_end_matches('/').to_owned();
        Self { api_url, after: after.unwrap_or(0), recovering, last_id: POLL, under_way: BTreeMap::new() }
    }

    fn start(&mut self, _now_millis: u64) -> Vec<Effect> {
        vec![self.poll()]
    }

    fn handle(&mut self, _now_millis: u64, event: Event) -> Vec<Effect> {
        match event {
            Event::HttpResponse(Answered { id: POLL, response }) => self.polled(&response),
            Event::HttpFailed(Unanswered { id: POLL, failure }) => trouble(failure.message),
            Event::HttpResponse(Answered { id, response }) => self.done(id, answered(&response)),
            Event::HttpFailed(Unanswered { id, failure }) => self.done(id, unanswered(failure)),
            Event::Timer(AGAIN) => vec![self.poll()],
            Event::Outbound(outbound) => vec![self.say(outbound)],
            Event::Poisoned(response) => self.skip(&response),
            Event::Shutdown => vec![Effect::HttpCancel(POLL)],
            _ => Vec::new(),
        }
    }
}

impl Board {
    fn poll(&self) -> Effect {
        let limit = if self.recovering { "&limit=1" } else { "" };
        let url = format!("{}/messages?after={}{limit}", self.api_url, self.after);
        Effect::Http(HttpRequest { id: POLL, request: request("GET", url, Vec::new()) })
    }

    /// The next poll tells the platform nothing, and still waits behind what this one brought: that is committed first.
    fn polled(&mut self, response: &Response) -> Vec<Effect> {
        let messages: Vec<Message> = match (response.status, serde_json::from_slice(&response.body)) {
            (200, Ok(messages)) => messages,
            (401 | 403, _) => return vec![Effect::Fatal("the message board does not take the token".into())],
            (status, _) => return trouble(format!("the message board answered with status {status}")),
        };
        let Some(last) = messages.iter().map(|message| message.id).max() else {
            return vec![health("ok", String::new()), again(AGAIN_MILLIS)];
        };
        self.after = last;
        let mut effects: Vec<Effect> = messages.into_iter().map(inbound).collect();
        effects.extend([self.keep(), health("ok", String::new()), self.poll()]);
        effects
    }

    /// Steps over a message that crashed an instance before this one: of it only the id is read. The poll that `start`
    /// began would bring it again.
    fn skip(&mut self, response: &Response) -> Vec<Effect> {
        let text = String::from_utf8_lossy(&response.body);
        let digits = text.split("\"id\":").nth(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
        self.after = digits.and_then(|digits| digits.parse().ok()).unwrap_or(self.after + 1);
        vec![Effect::HttpCancel(POLL), self.keep(), self.poll()]
    }

    fn keep(&self) -> Effect {
        Effect::StatePut(State { key: AFTER.into(), value: self.after.to_string().into_bytes() })
    }

    fn say(&mut self, outbound: Outbound) -> Effect {
        let OutboundContent::Text(draft) = outbound.content else {
            let failure = Failure { kind: "unavailable".into(), sent: false, message: "the message board shows texts alone".into() };
            return outcome(outbound.id, Outcome::Failed(failure));
        };
        if !draft.final_ {
            // A message cannot be changed there, so that an answer is said once it is whole.
            return outcome(outbound.id, Outcome::Delivered(Vec::new()));
        }
        self.last_id += 1;
        self.under_way.insert(self.last_id, outbound.id);
        let body = json!({ "room": outbound.conversation_id, "text": draft.text }).to_string();
        Effect::Http(HttpRequest { id: self.last_id, request: request("POST", format!("{}/messages", self.api_url), body.into_bytes()) })
    }

    fn done(&mut self, id: u64, what: Outcome) -> Vec<Effect> {
        self.under_way.remove(&id).map(|outbound| outcome(outbound, what)).into_iter().collect()
    }
}

fn answered(response: &Response) -> Outcome {
    match (response.status, serde_json::from_slice::<Said>(&response.body)) {
        (200 | 201, Ok(said)) => Outcome::Delivered(vec![said.id.to_string()]),
        (200 | 201, Err(_)) => Outcome::Delivered(Vec::new()),
        (429 | 503, _) => Outcome::Later(TROUBLE_MILLIS),
        (status, _) => Outcome::Failed(Failure {
            kind: "refused".into(),
            sent: true,
            message: format!("the message board answered with status {status}"),
        }),
    }
}

/// Only where not one byte left is it sure that nothing was said.
fn unanswered(failure: Failure) -> Outcome {
    if failure.sent { Outcome::InDoubt(failure.message) } else { Outcome::Later(TROUBLE_MILLIS) }
}

fn inbound(message: Message) -> Effect {
    Effect::Inbound(Inbound::Message(InboundMessage {
        key: message.id.to_string(),
        id: message.id.to_string(),
        edit_of: None,
        forwarded: false,
        conversation: Conversation {
            id: message.room,
            kind: if message.direct { "direct" } else { "group" }.into(),
            parent: None,
            title: None,
        },
        sender: Sender { id: message.from.clone(), display_name: Some(message.from), is_bot: false },
        text: message.text,
        attachments: Vec::new(),
        reply_to: None,
        mentions_agent: message.direct,
        sent_at_millis: None,
    }))
}

fn request(method: &str, url: String, body: Vec<u8>) -> Request {
    let body = if body.is_empty() { Vec::new() } else { vec![Segment::Bytes(body)] };
    let headers = vec![Header { name: "content-type".into(), value: "application/json".into() }];
    Request { method: method.into(), url, headers, body, credentials: vec!["token".into()], timeout_millis: Some(60_000) }
}

fn outcome(id: u64, outcome: Outcome) -> Effect {
    Effect::Outcome(OutboundOutcome { id, outcome })
}

fn health(state: &str, detail: String) -> Effect {
    Effect::Health(Health { state: state.into(), detail })
}

fn again(after_millis: u64) -> Effect {
    Effect::SetTimer(Timer { id: AGAIN, after_millis })
}

fn trouble(detail: String) -> Vec<Effect> {
    vec![health("unreachable", detail), again(TROUBLE_MILLIS)]
}

#[cfg(test)]
mod tests;
