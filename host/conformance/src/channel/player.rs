//! A connection and what it asked its host for so far. It carries nothing out; whoever plays a session says what comes of
//! each request.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;
use wirken_bindings::{Beginning, ChannelPre, Connection};
use wirken_engine::Limits;
use wirken_types::channel::{Effect, Event, Inbound, MAX_ID_BYTES, Outbound, OutboundContent, Outcome, State};
use wirken_types::http::{Failure, Header, Request, Response};

/// What a host keeps under way at once, and sets at once.
const REQUESTS: usize = 64;
const TIMERS: usize = 256;
/// Of one value of state, in bytes, and of its key as of any id.
const STATE_BYTES: usize = 64 * 1024;
/// Of a message's text, in bytes.
const TEXT_BYTES: usize = 400_000;
/// When every session begins, in milliseconds since 1970.
const BEGIN: u64 = 1_760_000_000_000;

/// How an instance is begun.
#[derive(Clone, Debug)]
pub(super) struct Begin {
    pub(super) settings: String,
    pub(super) state: BTreeMap<String, Vec<u8>>,
    pub(super) random: [u8; 32],
    /// Milliseconds after the usual beginning.
    pub(super) later: u64,
    pub(super) recovering: bool,
}

/// One connection.
pub(super) struct Player {
    connection: Connection,
    pub(super) now: u64,
    /// Under way.
    pub(super) requests: BTreeMap<u64, Request>,
    /// When each rings.
    pub(super) timers: BTreeMap<u32, u64>,
    pub(super) state: BTreeMap<String, Vec<u8>>,
    /// Outbounds without an outcome.
    pub(super) open: BTreeSet<u64>,
    /// What became of the others.
    pub(super) outcomes: BTreeMap<u64, Outcome>,
    pub(super) inbound: Vec<Inbound>,
    pub(super) fatal: bool,
    last_outbound: u64,
    /// What was done that no host takes: acknowledged too early, and anything else.
    pub(super) early: Option<String>,
    pub(super) broken: Option<String>,
}

impl Player {
    pub(super) async fn begin(pre: &ChannelPre, limits: &Limits, begin: &Begin) -> Result<(Self, Vec<Effect>), String> {
        let state: Vec<State> = begin.state.iter().map(|(key, value)| State { key: key.clone(), value: value.clone() }).collect();
        let beginning = Beginning { settings: &begin.settings, state: &state, random: &begin.random, recovering: begin.recovering };
        let connection = pre.connect(limits, beginning).await;
        let mut player = Self {
            connection: connection.map_err(|error| error.to_string())?,
            now: BEGIN + begin.later,
            requests: BTreeMap::new(),
            timers: BTreeMap::new(),
            state: begin.state.clone(),
            open: BTreeSet::new(),
            outcomes: BTreeMap::new(),
            inbound: Vec::new(),
            fatal: false,
            last_outbound: 0,
            early: None,
            broken: None,
        };
        let effects = player.connection.start(player.now).await.map_err(|error| error.to_string())?;
        player.apply(&effects);
        Ok((player, effects))
    }

    pub(super) async fn handle(&mut self, event: &Event) -> Result<Vec<Effect>, String> {
        let effects = self.connection.handle(self.now, event).await.map_err(|error| error.to_string())?;
        self.apply(&effects);
        Ok(effects)
    }

    pub(super) async fn respond(&mut self, id: u64, status: u16, headers: Vec<Header>, body: Vec<u8>) -> Result<Vec<Effect>, String> {
        self.requests.remove(&id);
        self.handle(&Event::HttpResponse(id, Response { status, headers, body })).await
    }

    pub(super) async fn fail(&mut self, id: u64, kind: &str, sent: bool) -> Result<Vec<Effect>, String> {
        self.requests.remove(&id);
        let failure = Failure { kind: kind.into(), sent, message: format!("the exchange ended ({kind})") };
        self.handle(&Event::HttpFailed(id, failure)).await
    }

    /// Hands something over that is to be said: its id, and what is done about it.
    pub(super) async fn say(
        &mut self,
        conversation_id: &str,
        reply_to: Option<String>,
        content: OutboundContent,
    ) -> Result<(u64, Vec<Effect>), String> {
        self.last_outbound += 1;
        let id = self.last_outbound;
        self.open.insert(id);
        let outbound = Outbound { id, attempt: 1, conversation_id: conversation_id.into(), reply_to, content };
        Ok((id, self.handle(&Event::Outbound(outbound)).await?))
    }

    /// Time passes, and timers ring in their order.
    pub(super) async fn wait(&mut self, millis: u64) -> Result<Vec<Effect>, String> {
        let end = self.now.saturating_add(millis);
        let mut all = Vec::new();
        // One that sets a timer of no time again and again would never end.
        for _ in 0..1000 {
            let next = self.timers.iter().map(|(id, due)| (*due, *id)).min().filter(|(due, _)| *due <= end);
            let Some((due, id)) = next else {
                self.now = end;
                return Ok(all);
            };
            self.now = self.now.max(due);
            self.timers.remove(&id);
            all.extend(self.handle(&Event::Timer(id)).await?);
        }
        Err(format!("its timers ring a thousand times within {millis} ms"))
    }

    /// The next timer rings, whenever that is. False where none is set.
    pub(super) async fn ring(&mut self) -> Result<bool, String> {
        match self.timers.values().min().copied() {
            Some(due) => self.wait(due.saturating_sub(self.now)).await.map(|_| true),
            None => Ok(false),
        }
    }

    /// Whether it is to be heard of again.
    pub(super) fn goes_on(&self) -> bool {
        self.fatal || !self.requests.is_empty() || !self.timers.is_empty()
    }

    /// The newest request under way with this method and path.
    pub(super) fn like(&self, request: &Request) -> Option<u64> {
        let alike = |other: &&Request| other.method == request.method && path(&other.url) == path(&request.url);
        self.requests.iter().rev().find(|(_, other)| alike(other)).map(|(id, _)| *id)
    }

    pub(super) fn keys(&self) -> BTreeSet<&str> {
        self.inbound.iter().map(key).collect()
    }

    fn apply(&mut self, effects: &[Effect]) {
        let last_inbound = effects.iter().rposition(|effect| matches!(effect, Effect::Inbound(_)));
        for (at, effect) in effects.iter().enumerate() {
            if let Effect::Http(_, request) = effect
                && last_inbound.is_some_and(|last| at < last)
            {
                self.early.get_or_insert_with(|| {
                    format!("{} {} stands before an inbound of the same list: what follows an inbound waits until that is committed, and what stands before it does not", request.method, without_query(&request.url))
                });
            }
            if let Err(why) = self.take(effect) {
                self.broken.get_or_insert(why);
            }
        }
    }

    /// Takes one effect, or says why no host does.
    fn take(&mut self, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Media(_, Err(_)) => {}
            Effect::Http(id, request) | Effect::Media(_, Ok((id, request))) => {
                if self.requests.insert(*id, request.clone()).is_some() {
                    return Err(format!("the request id {id} is under way already"));
                }
                if self.requests.len() > REQUESTS {
                    return Err(format!("more than {REQUESTS} requests are under way at once"));
                }
            }
            Effect::HttpCancel(id) => drop(self.requests.remove(id)),
            Effect::SetTimer(id, millis) => {
                self.timers.insert(*id, self.now.saturating_add(*millis));
                if self.timers.len() > TIMERS {
                    return Err(format!("more than {TIMERS} timers are set at once"));
                }
            }
            Effect::CancelTimer(id) => drop(self.timers.remove(id)),
            Effect::Inbound(inbound) => {
                self.inbound.push(inbound.clone());
                return bounds(inbound);
            }
            Effect::Outcome(id, outcome) => {
                if !self.open.remove(id) {
                    return Err(format!("the outbound {id} gets an outcome and waits for none: each gets one"));
                }
                self.outcomes.insert(*id, outcome.clone());
            }
            Effect::StatePut(State { key, value }) => {
                if key.is_empty() || key.len() > MAX_ID_BYTES || value.len() > STATE_BYTES {
                    return Err(format!(
                        "a state has a key of {} bytes and {} of value: {MAX_ID_BYTES} and {STATE_BYTES} are the most",
                        key.len(),
                        value.len()
                    ));
                }
                self.state.insert(key.clone(), value.clone());
            }
            Effect::StateDelete(key) => drop(self.state.remove(key)),
            Effect::Fatal(_) => self.fatal = true,
            Effect::SocketConnect(_) => {}
            Effect::Unavailable(name) => return Err(format!("this host has no part for `{name}`")),
            Effect::Health(health) if health.state.is_empty() => return Err("a `health` has no state".into()),
            Effect::Health(_) | Effect::Log(..) => {}
        }
        Ok(())
    }
}

fn bounds(inbound: &Inbound) -> Result<(), String> {
    let (conversation, sender) = match inbound {
        Inbound::Message(message) if message.text.len() > TEXT_BYTES => {
            return Err(format!("a message has {} bytes of text: {TEXT_BYTES} are the most", message.text.len()));
        }
        Inbound::Message(message) => (&message.conversation, Some(&message.sender)),
        Inbound::Choice(choice) => (&choice.conversation, Some(&choice.sender)),
        Inbound::Notice(notice) => (&notice.conversation, notice.sender.as_ref()),
    };
    let ids = [("key", key(inbound)), ("conversation's id", &conversation.id)];
    for (what, id) in ids.into_iter().chain(sender.map(|sender| ("sender's id", sender.id.as_str()))) {
        if id.is_empty() || id.len() > MAX_ID_BYTES {
            return Err(format!("the {what} of an inbound has {} bytes: 1 to {MAX_ID_BYTES} are right", id.len()));
        }
    }
    Ok(())
}

pub(super) fn key(inbound: &Inbound) -> &str {
    match inbound {
        Inbound::Message(message) => &message.key,
        Inbound::Choice(choice) => &choice.key,
        Inbound::Notice(notice) => &notice.key,
    }
}

fn path(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.path().to_owned())
}

pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
