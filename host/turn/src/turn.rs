//! The turn itself: ask the model, run its tool calls one by one, ask again, answer.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use wirken_types::chat::{AssistantItem, Part, ToolCall, Usage};
use wirken_types::event::{Delivery, Event, ToolOutcome};
use wirken_types::provider::{Event as Step, ProviderError};
use wirken_types::{Digest, TurnId};

/// Requests that one turn may make of a model.
pub const MAX_ROUNDS: u32 = 20;

/// Times that one request is tried when the provider is busy.
const MAX_ATTEMPTS: u32 = 3;

/// A provider that asks for more patience than this is not waited for.
const MAX_WAIT_MILLIS: u64 = 30_000;

/// What one response may hold, all its text, reasoning and arguments together.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// Of a tool's name, of a reason to stop, of the name of a total.
const MAX_NAME_BYTES: usize = 128;

/// Of the id that a model gives to a call.
const MAX_ID_BYTES: usize = 512;

/// Totals that a response may have.
const MAX_TOTALS: usize = 32;

/// Items of one response: texts, thoughts, calls and documents, each of which takes room even where it is empty.
pub(crate) const MAX_ITEMS: usize = 10_000;

/// Of what a provider says of a failure; it is part of the row, and can be erased by nobody.
const MAX_FAILURE_BYTES: usize = 2 * 1024;

/// Tool calls in one response.
const MAX_CALLS: usize = 64;

/// What a turn needs to know of its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub provider: String,
    pub model: String,
    /// The tools on offer, by the name that the model uses.
    pub tools: BTreeMap<String, ToolOrigin>,
    pub surface: Surface,
}

/// How an answer reaches the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surface {
    /// The surface reads what is recorded, so that recording an answer is delivering it.
    #[default]
    Reads,
    /// Somebody else sends what is queued, and records what became of it.
    Sends,
}

/// The component that a tool comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolOrigin {
    pub component: String,
    pub digest: Digest,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A person said something more, which has been recorded. It is answered within this turn.
    Said,
    /// The model's response goes on.
    Step(Step),
    /// The response is complete.
    ResponseEnded,
    /// The request could not be sent, or its response broke off.
    RequestFailed { error: ProviderError },
    /// The time that the provider asked for has passed.
    Waited,
    ToolEnded {
        outcome: ToolOutcome,
        /// Of a crash.
        code: Option<String>,
        content: Vec<Part>,
    },
    /// A person, or the host, ends the turn now.
    Stop { reason: String },
}

/// Something to do. Effects are carried out in order; what follows a `Record` waits until it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Record(Vec<Event>),
    /// Send the conversation, as it now is, to the model.
    Ask,
    /// Give up the request that is out.
    Abandon,
    /// Ask again after this many milliseconds.
    Wait(u64),
    Call(ToolCall),
    Show(Shown),
    End,
}

/// A glimpse of a response under way. It is not recorded: the finished response is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Shown {
    Text {
        text: String,
    },
    Reasoning {
        text: String,
    },
    CallBegun {
        id: String,
        tool: String,
    },
    Progress {
        label: String,
        done: u64,
        total: Option<u64>,
    },
    /// The provider is busy; the next attempt comes after this many milliseconds.
    Waiting {
        millis: u64,
        message: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A request is out, or about to be.
    Asking,
    Waiting,
    Calling,
    Ended,
}

/// One turn under way.
#[derive(Clone, Debug)]
pub struct Turn {
    pub(crate) id: TurnId,
    pub(crate) setup: Setup,
    pub(crate) phase: Phase,
    pub(crate) round: u32,
    pub(crate) attempt: u32,
    pub(crate) outbound: u64,
    pub(crate) response: Response,
    /// Calls of the last response that are to be made; the first is running.
    pub(crate) calls: VecDeque<ToolCall>,
    /// Somebody spoke since the last request.
    pub(crate) said: bool,
}

/// What has come of a response so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    items: Vec<AssistantItem>,
    usage: Usage,
    stop: Option<String>,
    bytes: usize,
}

impl Turn {
    /// Begins a turn with the message that causes it. `before` is recorded in the same commit, first: a session that
    /// opens with this message, say.
    pub fn start(id: TurnId, setup: Setup, before: Vec<Event>, inbound: Event) -> (Self, Vec<Effect>) {
        let mut turn = Self::at(id, setup, Phase::Asking);
        let mut events = before;
        events.extend([inbound, Event::TurnStarted { turn: id }]);
        let mut effects = Vec::new();
        turn.ask(events, &mut effects);
        (turn, effects)
    }

    pub(crate) fn at(id: TurnId, setup: Setup, phase: Phase) -> Self {
        let response = Response::default();
        Self { id, setup, phase, round: 0, attempt: 0, outbound: 0, response, calls: VecDeque::new(), said: false }
    }

    pub fn id(&self) -> TurnId {
        self.id
    }

    pub fn ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// The number that the answer under way will have.
    pub fn next_outbound(&self) -> u64 {
        self.outbound + 1
    }

    /// Moves on. An input that does not fit the phase (a late step after a stop, say) changes nothing.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match (self.phase, input) {
            (Phase::Ended, _) => {}
            (_, Input::Said) => self.said = true,
            (_, Input::Stop { reason }) => self.stop(reason, &mut effects),
            (Phase::Asking, Input::Step(step)) => self.step(step, &mut effects),
            (Phase::Asking, Input::ResponseEnded) => self.responded(&mut effects),
            (Phase::Asking, Input::RequestFailed { error }) => self.failed(&error, &mut effects),
            (Phase::Waiting, Input::Waited) => self.ask_again(Vec::new(), &mut effects),
            (Phase::Calling, Input::ToolEnded { outcome, code, content }) => self.tool_ended(outcome, code, content, &mut effects),
            (_, Input::Step(_) | Input::ResponseEnded | Input::RequestFailed { .. } | Input::Waited | Input::ToolEnded { .. }) => {}
        }
        effects
    }

    /// The next round: recorded before it leaves, together with what led to it.
    pub(crate) fn ask(&mut self, events: Vec<Event>, effects: &mut Vec<Effect>) {
        self.round += 1;
        self.attempt = 0;
        self.ask_again(events, effects);
    }

    pub(crate) fn ask_again(&mut self, mut events: Vec<Event>, effects: &mut Vec<Effect>) {
        self.attempt += 1;
        self.said = false;
        self.phase = Phase::Asking;
        self.response = Response::default();
        events.push(Event::Requested {
            turn: self.id,
            round: self.round,
            provider: self.setup.provider.clone(),
            model: self.setup.model.clone(),
        });
        effects.extend([Effect::Record(events), Effect::Ask]);
    }

    fn step(&mut self, step: Step, effects: &mut Vec<Effect>) {
        let response = &mut self.response;
        match step {
            Step::Text(text) => {
                response.bytes += text.len();
                match response.items.last_mut() {
                    Some(AssistantItem::Text(last)) => last.push_str(&text),
                    _ => response.items.push(AssistantItem::Text(text.clone())),
                }
                effects.push(Effect::Show(Shown::Text { text }));
            }
            Step::Reasoning(text) => {
                response.bytes += text.len();
                match response.items.last_mut() {
                    Some(AssistantItem::Reasoning(last)) => last.push_str(&text),
                    _ => response.items.push(AssistantItem::Reasoning(text.clone())),
                }
                effects.push(Effect::Show(Shown::Reasoning { text }));
            }
            Step::ToolCallBegin(id, tool) => {
                response.bytes += id.len() + tool.len();
                effects.push(Effect::Show(Shown::CallBegun { id, tool }));
            }
            Step::ToolCallDelta(..) => {}
            Step::ToolCall(mut call) => {
                response.bytes += call.arguments.len() + call.name.len() + call.id.len();
                if response.calls().count() >= MAX_CALLS {
                    let message = format!("the model asked for more than {MAX_CALLS} tool calls at once");
                    return self.broken("protocol", message, effects);
                }
                // Results are matched by id, so two calls of a response must not share one, whatever a model says.
                if call.name.len() > MAX_NAME_BYTES || call.id.len() > MAX_ID_BYTES {
                    let message = format!(
                        "the model named a tool in {} bytes and its call in {}; {MAX_NAME_BYTES} and {MAX_ID_BYTES} are the most",
                        call.name.len(),
                        call.id.len()
                    );
                    return self.broken("protocol", message, effects);
                }
                let base = call.id.clone();
                let mut suffix = 2;
                while call.id.is_empty() || response.calls().any(|other| other.id == call.id) {
                    call.id = format!("{base}-{suffix}");
                    suffix += 1;
                }
                response.items.push(AssistantItem::ToolCall(call));
            }
            Step::Opaque(opaque) => {
                response.bytes += opaque.value.len() + opaque.model.len();
                response.items.push(AssistantItem::Opaque(opaque));
            }
            Step::Usage(mut usage) => {
                usage.truncate(MAX_TOTALS);
                usage.iter_mut().for_each(|(name, _)| cut(name, MAX_NAME_BYTES));
                response.usage = usage;
            }
            Step::Stop(mut reason) => {
                cut(&mut reason, MAX_NAME_BYTES);
                response.stop = Some(reason);
            }
            Step::Progress(label, done, total) => {
                response.bytes += label.len();
                effects.push(Effect::Show(Shown::Progress { label, done, total }));
            }
            Step::Failed(error) => return self.failed(&error, effects),
            Step::Other(kind, value) => {
                response.bytes += value.len() + kind.len();
                response.items.push(AssistantItem::Other(kind, value));
            }
        }
        if self.response.items.len() > MAX_ITEMS {
            return self.broken("limit", format!("the model's answer has more than {MAX_ITEMS} parts"), effects);
        }
        if self.response.bytes > MAX_RESPONSE_BYTES {
            self.broken("limit", format!("the model's answer is larger than {MAX_RESPONSE_BYTES} bytes"), effects);
        }
    }

    fn responded(&mut self, effects: &mut Vec<Effect>) {
        let response = std::mem::take(&mut self.response);
        let stop = response.stop.clone().unwrap_or_else(|| "end".into());
        let text = response.text();
        let calls: VecDeque<ToolCall> = response.calls().cloned().collect();
        let mut events = vec![self.responded_event(response, &stop)];
        if !text.is_empty() {
            events.extend(self.outbound_events(text));
        }
        if !calls.is_empty() {
            self.calls = calls;
            if self.round >= MAX_ROUNDS {
                self.calls.clear();
                return self.interrupt(
                    format!("it had asked the model {MAX_ROUNDS} times, which is the limit of one turn"),
                    events,
                    effects,
                );
            }
            return self.next_call(events, effects);
        }
        if self.said && self.round >= MAX_ROUNDS {
            return self.interrupt(
                format!("what was said last came after the {MAX_ROUNDS} requests of one turn: say it again"),
                events,
                effects,
            );
        }
        if self.said {
            return self.ask(events, effects);
        }
        events.push(Event::TurnFinished { turn: self.id, stop });
        self.phase = Phase::Ended;
        effects.extend([Effect::Record(events), Effect::End]);
    }

    /// Starts the next call that can be started, or asks the model again when none is left.
    pub(crate) fn next_call(&mut self, mut events: Vec<Event>, effects: &mut Vec<Effect>) {
        while let Some(call) = self.calls.front() {
            if let Some(origin) = self.setup.tools.get(&call.name) {
                events.push(Event::ToolStarted {
                    turn: self.id,
                    call_id: call.id.clone(),
                    tool: call.name.clone(),
                    component: origin.component.clone(),
                    component_digest: origin.digest,
                    content: Some(call.clone()),
                });
                self.phase = Phase::Calling;
                effects.extend([Effect::Record(events), Effect::Call(call.clone())]);
                return;
            }
            let known: Vec<&str> = self.setup.tools.keys().map(String::as_str).collect();
            let text = format!("There is no tool named {:?}. The tools are: {}.", call.name, known.join(", "));
            events.push(self.tool_finished_event(call, ToolOutcome::Denied, vec![Part::text(text)]));
            self.calls.pop_front();
        }
        self.ask(events, effects);
    }

    fn tool_ended(&mut self, outcome: ToolOutcome, code: Option<String>, content: Vec<Part>, effects: &mut Vec<Effect>) {
        let mut events = Vec::new();
        if let Some(call) = self.calls.pop_front() {
            let (turn, content) = (self.id, Some(content));
            events.push(Event::ToolFinished { turn, call_id: call.id, tool: call.name, outcome, code, content });
        }
        self.next_call(events, effects);
    }

    fn failed(&mut self, error: &ProviderError, effects: &mut Vec<Effect>) {
        let mut error = error.clone();
        cut(&mut error.kind, MAX_NAME_BYTES);
        cut(&mut error.message, MAX_FAILURE_BYTES);
        let busy = matches!(error.kind.as_str(), "rate-limited" | "overloaded" | "unavailable");
        let wait = error.retry_after_millis.unwrap_or(500 << self.attempt.min(6));
        if busy && self.response.items.is_empty() && self.attempt < MAX_ATTEMPTS && wait <= MAX_WAIT_MILLIS {
            self.phase = Phase::Waiting;
            effects.extend([
                Effect::Record(vec![self.request_failed_event(&error.kind, &error.message)]),
                Effect::Show(Shown::Waiting { millis: wait, message: error.message.clone() }),
                Effect::Wait(wait),
            ]);
            return;
        }
        self.broken(&error.kind, error.message, effects);
    }

    /// Ends a turn whose response broke off. What came before stands.
    fn broken(&mut self, kind: &str, message: String, effects: &mut Vec<Effect>) {
        // Of an answer that told a secret nothing is kept: what came before may be its beginning.
        let mut events = if kind == "leak" { Vec::new() } else { self.partial("broken") };
        events.push(self.request_failed_event(kind, &message));
        effects.push(Effect::Abandon);
        self.interrupt(message, events, effects);
    }

    fn stop(&mut self, reason: String, effects: &mut Vec<Effect>) {
        let mut events = Vec::new();
        match self.phase {
            Phase::Asking => {
                effects.push(Effect::Abandon);
                events = self.partial("stopped");
            }
            Phase::Calling => {
                if let Some(call) = self.calls.pop_front() {
                    let text = "It was stopped while it ran; what it had done by then stands.";
                    events.push(self.tool_finished_event(&call, ToolOutcome::Interrupted, vec![Part::text(text)]));
                }
            }
            Phase::Waiting | Phase::Ended => {}
        }
        self.interrupt(reason, events, effects);
    }

    pub(crate) fn interrupt(&mut self, reason: String, mut events: Vec<Event>, effects: &mut Vec<Effect>) {
        if self.setup.surface == Surface::Sends {
            // Nobody there reads the record.
            events.extend(self.outbound_events(format!("(This was interrupted: {reason})")));
        }
        events.push(Event::TurnInterrupted { turn: self.id, reason });
        self.calls.clear();
        self.phase = Phase::Ended;
        effects.extend([Effect::Record(events), Effect::End]);
    }

    /// The text that had come by the time a response was given up: a person has seen it.
    fn partial(&mut self, stop: &str) -> Vec<Event> {
        let mut response = std::mem::take(&mut self.response);
        // A call or a signature of an unfinished response is not one.
        response.items.retain(|item| matches!(item, AssistantItem::Text(_)));
        let text = response.text();
        if text.is_empty() {
            return Vec::new();
        }
        let mut events = vec![self.responded_event(response, stop)];
        events.extend(self.outbound_events(text));
        events
    }

    fn responded_event(&self, response: Response, stop: &str) -> Event {
        Event::Responded { turn: self.id, round: self.round, stop: stop.into(), usage: response.usage, content: Some(response.items) }
    }

    fn outbound_events(&mut self, text: String) -> Vec<Event> {
        self.outbound = self.next_outbound();
        let (turn, outbound) = (self.id, self.outbound);
        let mut events = vec![Event::OutboundQueued { turn, outbound, content: Some(text) }];
        if self.setup.surface == Surface::Reads {
            let (delivery, detail) = (Delivery::Delivered, "kept for reading".into());
            events.push(Event::OutboundOutcome { turn, outbound, delivery, detail, shown: Vec::new() });
        }
        events
    }

    fn request_failed_event(&self, kind: &str, message: &str) -> Event {
        Event::RequestFailed { turn: self.id, round: self.round, error: kind.into(), message: message.into() }
    }

    /// Of a call that the host ended, or never began.
    pub(crate) fn tool_finished_event(&self, call: &ToolCall, outcome: ToolOutcome, content: Vec<Part>) -> Event {
        let (call_id, tool) = (call.id.clone(), call.name.clone());
        Event::ToolFinished { turn: self.id, call_id, tool, outcome, code: None, content: Some(content) }
    }
}

/// Shortens a text to so many bytes, at the end of a character.
fn cut(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

impl Response {
    fn text(&self) -> String {
        let mut text = String::new();
        for item in &self.items {
            if let AssistantItem::Text(piece) = item {
                text.push_str(piece);
            }
        }
        text
    }

    fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.items.iter().filter_map(|item| match item {
            AssistantItem::ToolCall(call) => Some(call),
            _ => None,
        })
    }
}
