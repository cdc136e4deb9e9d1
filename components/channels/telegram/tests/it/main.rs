//! A whole bot against a host and a Telegram that do as each test says.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "the helpers of tests fail as tests do")]

mod any;
mod conversation;
mod drafts;
mod files;
mod kept;
mod outcomes;
mod patience;
mod polling;
mod prompts;
mod shutdown;
mod typing;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use telegram::Connection;
use telegram::types::{Content, Draft, Effect, Event, Failure, Inbound, InboundMessage, Outbound, Outcome, Request, Response, State};

/// As component.toml has them.
const SETTINGS: &str = r#"{"api-url":"https://api.telegram.org"}"#;

/// How a file is fetched, or why it is not.
pub(crate) type Source = Result<(u64, Request), String>;

/// The connection, and what it asked the host for so far.
pub(crate) struct Bot {
    connection: Connection,
    pub(crate) now: u64,
    /// Under way, by id: the method and its parameters.
    pub(crate) calls: BTreeMap<u64, (String, Value)>,
    /// When each rings.
    pub(crate) timers: BTreeMap<u32, u64>,
    /// What the host keeps: the last of each key.
    pub(crate) state: BTreeMap<String, Vec<u8>>,
    pub(crate) puts: usize,
    pub(crate) inbound: Vec<Inbound>,
    pub(crate) outcomes: Vec<(u64, Outcome)>,
    pub(crate) health: Vec<(&'static str, String)>,
    pub(crate) log: Vec<String>,
    pub(crate) fatal: Vec<String>,
    /// What it said of files that the host wants, by their tokens.
    pub(crate) media: Vec<(String, Source)>,
    next_outbound: u64,
}

impl Bot {
    /// One that is not started.
    pub(crate) fn new(recovering: bool) -> Self {
        Self::with_state(BTreeMap::new(), recovering)
    }

    pub(crate) fn with_state(state: BTreeMap<String, Vec<u8>>, recovering: bool) -> Self {
        let kept: Vec<_> = state.iter().map(|(key, value)| State { key: key.clone(), value: value.clone() }).collect();
        Self {
            connection: Connection::new(SETTINGS, &kept, &[9; 32], recovering),
            state,
            puts: 0,
            now: 1_700_000_000_000,
            calls: BTreeMap::new(),
            timers: BTreeMap::new(),
            inbound: Vec::new(),
            outcomes: Vec::new(),
            health: Vec::new(),
            log: Vec::new(),
            fatal: Vec::new(),
            media: Vec::new(),
            next_outbound: 1,
        }
    }

    pub(crate) fn started(recovering: bool) -> Self {
        Self::new(recovering).start()
    }

    pub(crate) fn start(mut self) -> Self {
        let effects = self.connection.start(self.now);
        self.apply(effects);
        self
    }

    /// One that is made of what the host keeps of another, once it knows which bot it is.
    pub(crate) fn after(before: &Self, me: i64) -> Self {
        let mut bot = Self::with_state(before.state.clone(), false).start();
        bot.done("getMe", &json!({ "id": me, "is_bot": true, "username": "wirken_bot" }));
        bot
    }

    /// One whose first poll is out.
    pub(crate) fn polling() -> Self {
        let mut bot = Self::started(false);
        bot.done("getMe", &json!({ "id": 42, "is_bot": true, "username": "wirken_bot" }));
        bot
    }

    pub(crate) fn handle(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.connection.handle(self.now, event);
        self.apply(effects.clone());
        effects
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Http(id, request) => {
                    let method = request.url.strip_prefix("https://api.telegram.org/").unwrap().to_owned();
                    assert_eq!(
                        (request.credentials.as_slice(), request.headers[0].value.as_str()),
                        (&["token".to_owned()][..], "application/json")
                    );
                    let parameters: Value = serde_json::from_slice(&request.body).unwrap();
                    assert!(self.calls.insert(id, (method, parameters)).is_none(), "an id is used twice");
                    assert!(self.calls.len() <= 64, "the host sends no more at once");
                }
                Effect::HttpCancel(id) => _ = self.calls.remove(&id).unwrap(),
                Effect::SetTimer(id, after) => {
                    self.timers.insert(id, self.now + after);
                    assert!(self.timers.len() <= 256, "the host sets no more at once");
                }
                Effect::CancelTimer(id) => _ = self.timers.remove(&id).unwrap(),
                Effect::StatePut(State { key, value }) => {
                    self.puts += 1;
                    self.state.insert(key, value);
                }
                Effect::Inbound(inbound) => self.inbound.push(inbound),
                Effect::Outcome(id, outcome) => {
                    assert!(self.outcomes.iter().all(|(known, _)| *known != id), "a second outcome of {id}");
                    self.outcomes.push((id, outcome));
                }
                Effect::Health(state, detail) => self.health.push((state, detail)),
                Effect::Log(_, message) => self.log.push(message),
                Effect::Fatal(message) => self.fatal.push(message),
                Effect::Media(token, source) => self.media.push((token, source)),
            }
        }
    }

    /// The oldest request of a method that is under way.
    pub(crate) fn call(&self, method: &str) -> Option<(u64, &Value)> {
        self.calls.iter().find(|(_, (name, _))| name == method).map(|(id, (_, parameters))| (*id, parameters))
    }

    pub(crate) fn parameters(&self, method: &str) -> &Value {
        self.call(method).unwrap_or_else(|| panic!("no {method} is under way, but {:?}", self.calls)).1
    }

    pub(crate) fn under_way(&self, method: &str) -> usize {
        self.calls.values().filter(|(name, _)| name == method).count()
    }

    pub(crate) fn respond(&mut self, method: &str, status: u16, body: impl Into<Vec<u8>>) -> Vec<Effect> {
        let (id, _) = self.call(method).unwrap_or_else(|| panic!("no {method} is under way, but {:?}", self.calls));
        self.calls.remove(&id);
        self.handle(Event::HttpResponse(id, Response { status, headers: Vec::new(), body: body.into() }))
    }

    pub(crate) fn done(&mut self, method: &str, result: &Value) -> Vec<Effect> {
        self.respond(method, 200, json!({ "ok": true, "result": result }).to_string())
    }

    pub(crate) fn refuse(&mut self, method: &str, status: u16, description: &str) -> Vec<Effect> {
        self.respond(method, status, json!({ "ok": false, "error_code": status, "description": description }).to_string())
    }

    pub(crate) fn slow_down(&mut self, method: &str, seconds: u64) -> Vec<Effect> {
        let parameters = json!({ "retry_after": seconds });
        self.respond(
            method,
            429,
            json!({ "ok": false, "error_code": 429, "description": "Too Many Requests", "parameters": parameters }).to_string(),
        )
    }

    pub(crate) fn fail(&mut self, method: &str, kind: &str, sent: bool) -> Vec<Effect> {
        let (id, _) = self.call(method).unwrap_or_else(|| panic!("no {method} is under way"));
        self.calls.remove(&id);
        self.handle(Event::HttpFailed(id, Failure { kind: kind.into(), sent, message: format!("it failed: {kind}") }))
    }

    /// Time passes, and timers ring.
    pub(crate) fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        while let Some((id, due)) =
            self.timers.iter().map(|(id, due)| (*id, *due)).min_by_key(|(_, due)| *due).filter(|(_, due)| *due <= end)
        {
            self.now = due;
            self.timers.remove(&id);
            self.handle(Event::Timer(id));
        }
        self.now = end;
    }

    pub(crate) fn say(&mut self, conversation: &str, content: Content) -> u64 {
        self.say_again(conversation, content, 1, None)
    }

    pub(crate) fn say_again(&mut self, conversation: &str, content: Content, attempt: u32, reply_to: Option<&str>) -> u64 {
        let id = self.next_outbound;
        self.next_outbound += 1;
        let reply_to = reply_to.map(str::to_owned);
        self.handle(Event::Outbound(Outbound { id, attempt, conversation_id: conversation.into(), reply_to, content }));
        id
    }

    pub(crate) fn outcome(&self, id: u64) -> Option<&Outcome> {
        self.outcomes.iter().find(|(known, _)| *known == id).map(|(_, outcome)| outcome)
    }

    pub(crate) fn messages(&self) -> Vec<&InboundMessage> {
        self.inbound.iter().filter_map(|inbound| if let Inbound::Message(message) = inbound { Some(message) } else { None }).collect()
    }
}

pub(crate) fn draft(text: impl Into<String>, shown: &[&str], last: bool) -> Content {
    Content::Text(Draft { shown: shown.iter().map(|id| (*id).to_owned()).collect(), text: text.into(), last })
}

pub(crate) fn delivered(ids: &[&str]) -> Outcome {
    Outcome::Delivered(ids.iter().map(|id| (*id).to_owned()).collect())
}

/// An update with a message in a private chat.
pub(crate) fn message(update: i64, number: i64, text: &str) -> Value {
    let chat = json!({ "id": 7, "type": "private", "first_name": "Ada" });
    let from = json!({ "id": 7, "first_name": "Ada" });
    json!({ "update_id": update, "message": { "message_id": number, "date": 1_700_000_000, "chat": chat, "from": from, "text": text } })
}
