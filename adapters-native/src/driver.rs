//! What drives a channel's component: it is told what happened, and what it wants done is done, in order.
//!
//! The component decides nothing about time, sockets or storage, and this decides nothing about the platform. One event
//! is handled at a time. What follows an inbound or a state in a list of effects waits until the gateway has committed
//! them; other lists go on meanwhile.

mod media;
mod recovery;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use wirken_bindings::{ChannelPre, Connection};
use wirken_egress::{Authority, Egress};
use wirken_engine::Limits;
use wirken_types::Timestamp;
use wirken_types::channel::{Effect, Event, Health, Inbound, State};
use wirken_types::http::{Failure, Request, Response};
use wirken_wire::limits::{BEAT, MAX_COMMITS, MAX_ID_BYTES, MAX_STATE_BYTES, MAX_STATES, MAX_STATES_BYTES, SILENCE};
use wirken_wire::link::{Closed, Receiver, Sender};
use wirken_wire::{ToAdapter, ToGateway};

use crate::boot::RESPONSE_BYTES;
use crate::bounds;
use crate::timers::Timers;

use media::Media;
use recovery::{CONFIDENCE, Recovery};

/// Requests that a component may have under way at once.
pub(crate) const REQUESTS: usize = 64;
/// Inbounds of one commit; a longer list is committed in parts.
const COMMIT_INBOUNDS: usize = 256;
/// Their text, in bytes: a commit fits into one frame.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;
/// Events that wait for the component. One that makes more of them than it takes is not one that works.
const EVENTS: usize = 4096;
/// What is under way when the gateway stops gets this long.
const DRAIN: Duration = Duration::from_millis(1500);
/// What is still to be written when the process ends gets this long.
pub(crate) const FAREWELL: Duration = Duration::from_secs(1);

/// What a driver is made of.
pub(crate) struct Parts {
    pub(crate) component: ChannelPre,
    pub(crate) limits: Limits,
    /// A JSON document.
    pub(crate) settings: String,
    pub(crate) state: Vec<State>,
    pub(crate) egress: Egress,
    pub(crate) authority: Authority,
    pub(crate) receiver: Receiver<ToAdapter>,
    pub(crate) sender: Sender<ToGateway>,
}

/// Why a driver ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The gateway said so, or is gone.
    Told,
    /// The component gave up; the gateway knows why.
    Fatal,
    /// No instance of the component can be started.
    Broken,
}

pub(crate) struct Driver {
    component: ChannelPre,
    limits: Limits,
    settings: String,
    egress: Egress,
    authority: Authority,
    receiver: Receiver<ToAdapter>,
    link: Sender<ToGateway>,
    /// None between a trap and the next instance.
    connection: Option<Connection>,
    /// As it was committed: what the next instance is made from.
    state: BTreeMap<String, Vec<u8>>,
    commits: VecDeque<Commit>,
    next_commit: u64,
    requests: JoinSet<(u64, Result<Response, Failure>)>,
    under_way: HashMap<u64, AbortHandle>,
    timers: Timers,
    media: Media,
    events: VecDeque<Event>,
    /// Outbounds without an outcome.
    unanswered: HashSet<u64>,
    recovery: Recovery,
    health: Option<Health>,
    /// Set once the gateway stops: until when what is under way may end.
    draining: Option<Instant>,
}

/// What the gateway was asked to commit, and what waits for it.
struct Commit {
    id: u64,
    puts: Vec<State>,
    deletes: Vec<String>,
    rest: Vec<Effect>,
}

/// Nothing more is to be done.
struct Ended(End);

impl From<Closed> for Ended {
    fn from(_: Closed) -> Self {
        Self(End::Told)
    }
}

impl Driver {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { component, limits, settings, state, egress, authority, receiver, sender } = parts;
        Self {
            component,
            limits,
            settings,
            egress,
            authority,
            receiver,
            link: sender,
            connection: None,
            state: state.into_iter().map(|state| (state.key, state.value)).collect(),
            commits: VecDeque::new(),
            next_commit: 0,
            requests: JoinSet::new(),
            under_way: HashMap::new(),
            timers: Timers::default(),
            media: Media::new(),
            events: VecDeque::new(),
            unanswered: HashSet::new(),
            recovery: Recovery { at: Some(Instant::now()), ..Recovery::default() },
            health: None,
            draining: None,
        }
    }

    pub(crate) async fn run(mut self) -> End {
        match self.go().await {
            Ok(never) => match never {},
            Err(Ended(end)) => {
                self.link.close(FAREWELL).await;
                end
            }
        }
    }

    async fn go(&mut self) -> Result<std::convert::Infallible, Ended> {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            if let Some(until) = self.draining
                && (self.unanswered.is_empty() || self.connection.is_none() || Instant::now() >= until)
            {
                self.hand_back().await?;
                return Err(Ended(End::Told));
            }
            if self.events.len() > EVENTS {
                return self.broken("it makes more events than it takes").await;
            }
            let rebuild = self.recovery.at.filter(|_| self.commits.is_empty());
            let ready = self.connection.is_some() && self.commits.len() < MAX_COMMITS;
            tokio::select! {
                // The gateway comes first: whatever the component does, the connection lives.
                biased;
                message = self.receiver.next() => {
                    heard = Instant::now();
                    self.told(message?).await?;
                }
                _ = beat.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Err(Ended(End::Told));
                    }
                    self.link.send(&ToGateway::Beat).await?;
                }
                Some(done) = self.requests.join_next() => self.answered(done),
                told = self.media.next() => self.medium(told).await?,
                id = self.timers.next() => self.events.push_back(Event::Timer(id)),
                () = sleep_until(rebuild) => self.build().await?,
                () = sleep_until(self.draining) => {}
                () = std::future::ready(()), if ready && !self.events.is_empty() => {
                    if let Some(event) = self.events.pop_front() {
                        self.feed(event).await?;
                    }
                }
            }
        }
    }

    fn answered(&mut self, done: Result<(u64, Result<Response, Failure>), JoinError>) {
        let (id, result) = match done {
            Ok(done) => done,
            // Given up by the component, which wants no event.
            Err(error) if error.is_cancelled() => return,
            Err(error) => {
                let Some(id) = self.under_way.iter().find_map(|(id, task)| (task.id() == error.id()).then_some(*id)) else { return };
                (id, Err(Failure { kind: "interrupted".into(), sent: true, message: "the request failed inside this process".into() }))
            }
        };
        self.under_way.remove(&id);
        self.events.push_back(match result {
            Ok(response) => Event::HttpResponse(id, response),
            Err(failure) => Event::HttpFailed(id, failure),
        });
    }

    /// What the gateway says.
    async fn told(&mut self, message: ToAdapter) -> Result<(), Ended> {
        match message {
            ToAdapter::Committed { id } => {
                // Commits are answered in their order.
                let Some(commit) = self.commits.pop_front_if(|commit| commit.id == id) else { return Err(Ended(End::Told)) };
                self.state.extend(commit.puts.into_iter().map(|state| (state.key, state.value)));
                for key in &commit.deletes {
                    self.state.remove(key);
                }
                self.perform(commit.rest).await
            }
            ToAdapter::Outbound(outbound) => {
                self.unanswered.insert(outbound.id);
                self.events.push_back(Event::Outbound(outbound));
                Ok(())
            }
            ToAdapter::Typing(typing) => {
                self.events.push_back(Event::Typing(typing));
                Ok(())
            }
            ToAdapter::Beat => Ok(()),
            ToAdapter::Medium { id, order } => self.ordered(id, order).await,
            ToAdapter::Shutdown => {
                self.draining = Some(Instant::now() + DRAIN);
                self.timers = Timers::default();
                self.feed(Event::Shutdown).await
            }
        }
    }

    async fn feed(&mut self, event: Event) -> Result<(), Ended> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        match connection.handle(Timestamp::now().0, &event).await {
            Ok(effects) => {
                self.recovery.handled = self.recovery.handled.saturating_add(1);
                if self.recovery.handled >= CONFIDENCE {
                    (self.recovery.recovering, self.recovery.traps) = (false, 0);
                }
                self.perform(effects).await
            }
            Err(error) => self.trapped(event, &error).await,
        }
    }

    /// Carries out effects in order, up to the first that has to be committed.
    async fn perform(&mut self, effects: Vec<Effect>) -> Result<(), Ended> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            if matches!(effect, Effect::Inbound(_) | Effect::StatePut(_) | Effect::StateDelete(_)) {
                effects.push_front(effect);
                return self.commit(effects).await;
            }
            self.carry_out(effect).await?;
        }
        Ok(())
    }

    /// Has everything of a list committed that needs it; the rest waits for the last part.
    async fn commit(&mut self, effects: VecDeque<Effect>) -> Result<(), Ended> {
        let mut parts: Vec<Vec<Inbound>> = vec![Vec::new()];
        let mut bytes = 0_usize;
        let (mut puts, mut deletes, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Inbound(inbound) => {
                    let inbound = match bounds::inbound(inbound) {
                        Ok(inbound) => inbound,
                        Err(what) => {
                            self.log("error", &format!("something that people did was left out: {what} is empty or too long")).await?;
                            continue;
                        }
                    };
                    let size = size_of_inbound(&inbound);
                    if let Some(part) = parts.last_mut()
                        && part.len() < COMMIT_INBOUNDS
                        && bytes.saturating_add(size) <= COMMIT_BYTES
                    {
                        part.push(inbound);
                        bytes += size;
                    } else {
                        parts.push(vec![inbound]);
                        bytes = size;
                    }
                }
                Effect::StatePut(state) => self.put(state, &mut puts, &mut deletes).await?,
                Effect::StateDelete(key) if key.len() > MAX_ID_BYTES || deletes.len() >= MAX_STATES => {}
                Effect::StateDelete(key) => {
                    puts.retain(|state: &State| state.key != key);
                    deletes.push(key);
                }
                other => rest.push(other),
            }
        }
        let last = parts.len().saturating_sub(1);
        for (at, inbounds) in parts.into_iter().enumerate() {
            let (puts, deletes, rest) = if at == last {
                (std::mem::take(&mut puts), std::mem::take(&mut deletes), std::mem::take(&mut rest))
            } else {
                Default::default()
            };
            self.next_commit += 1;
            let id = self.next_commit;
            self.commits.push_back(Commit { id, puts: puts.clone(), deletes: deletes.clone(), rest });
            self.link.send(&ToGateway::Commit { id, inbounds, puts, deletes }).await?;
        }
        Ok(())
    }

    /// A piece of state within its bounds; one beyond them is left out, and said so.
    async fn put(&mut self, state: State, puts: &mut Vec<State>, deletes: &mut Vec<String>) -> Result<(), Ended> {
        let fits = state.key.len() <= MAX_ID_BYTES && state.value.len() <= MAX_STATE_BYTES;
        let known = self.state.contains_key(&state.key) || puts.iter().any(|other| other.key == state.key);
        let kept = self.state.iter().filter(|(key, _)| **key != state.key).map(|(key, value)| key.len() + value.len()).sum::<usize>();
        let put = puts.iter().filter(|other| other.key != state.key).map(|other| other.key.len() + other.value.len()).sum::<usize>();
        let room = kept + put + state.key.len() + state.value.len() <= MAX_STATES_BYTES;
        if !fits || !room || (!known && self.state.len() + puts.len() >= MAX_STATES) {
            let message = format!(
                "a piece of state was left out: {MAX_STATES} keys of {MAX_ID_BYTES} bytes with values of {MAX_STATE_BYTES}, {MAX_STATES_BYTES} bytes in all, are the most"
            );
            return Ok(self.link.send(&ToGateway::Log { level: "warn".into(), message }).await?);
        }
        deletes.retain(|key| *key != state.key);
        puts.retain(|other| other.key != state.key);
        puts.push(state);
        Ok(())
    }

    async fn carry_out(&mut self, effect: Effect) -> Result<(), Ended> {
        match effect {
            Effect::Http(id, request) => self.request(id, request),
            Effect::HttpCancel(id) => {
                if let Some(task) = self.under_way.remove(&id) {
                    task.abort();
                }
                if let Some(medium) = self.media.cancel(id) {
                    self.not_fetched(medium, "its component gave it up").await?;
                }
            }
            Effect::Media(token, source) => self.fetch(&token, source).await?,
            Effect::SocketConnect(id) => {
                let message = "this host opens no sockets".to_owned();
                self.events.push_back(Event::SocketFailed(id, Failure { kind: "unavailable".into(), sent: false, message }));
            }
            Effect::SetTimer(id, millis) => {
                if self.draining.is_none() && !self.timers.set(id, millis) {
                    self.log("warn", "a timer was left out: too many are set").await?;
                }
            }
            Effect::CancelTimer(id) => self.timers.cancel(id),
            Effect::Outcome(id, outcome) => {
                if self.unanswered.remove(&id) {
                    self.link.send(&ToGateway::Outcome { id, outcome: bounds::outcome(outcome) }).await?;
                }
            }
            Effect::Health(health) => self.healthy(health).await?,
            Effect::Log(level, message) => self.log(&level, &message).await?,
            Effect::Fatal(reason) => {
                // The gateway hears nothing after it.
                self.hand_back().await?;
                self.link.send(&ToGateway::Fatal { reason: bounds::reason(reason) }).await?;
                return Err(Ended(End::Fatal));
            }
            Effect::Unavailable(name) => self.log("warn", &format!("this host has no part for {name}")).await?,
            // Taken out before.
            Effect::Inbound(_) | Effect::StatePut(_) | Effect::StateDelete(_) => {}
        }
        Ok(())
    }

    fn request(&mut self, id: u64, request: Request) {
        if self.draining.is_some() {
            return;
        }
        if self.under_way.len() >= REQUESTS || self.under_way.contains_key(&id) {
            let message = format!("{REQUESTS} requests with ids of their own may be under way at once");
            self.events.push_back(Event::HttpFailed(id, Failure { kind: "limit".into(), sent: false, message }));
            return;
        }
        let (egress, authority) = (self.egress.clone(), self.authority.clone());
        let task = self.requests.spawn(async move { (id, exchange(&egress, request, authority).await) });
        self.under_way.insert(id, task);
    }

    async fn healthy(&mut self, health: Health) -> Result<(), Ended> {
        let health = bounds::health(health);
        if self.health.as_ref() != Some(&health) {
            self.link.send(&ToGateway::Health(health.clone())).await?;
            self.health = Some(health);
        }
        Ok(())
    }

    async fn log(&self, level: &str, message: &str) -> Result<(), Ended> {
        Ok(self.link.send(&ToGateway::Log { level: bounds::word(level.into()), message: bounds::reason(message.into()) }).await?)
    }
}

async fn exchange(egress: &Egress, request: Request, authority: Authority) -> Result<Response, Failure> {
    let mut response = egress.send(request, authority).await?;
    let (status, headers) = (response.status, std::mem::take(&mut response.headers));
    let body = response.collect(RESPONSE_BYTES).await?;
    Ok(Response { status, headers, body: body.into() })
}

fn size_of_inbound(inbound: &Inbound) -> usize {
    const FIELDS: usize = 16 * 1024;
    match inbound {
        Inbound::Message(message) => message.text.len() + FIELDS + message.attachments.len() * FIELDS,
        Inbound::Choice(_) => FIELDS,
        Inbound::Notice(notice) => notice.detail.len() + FIELDS,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
