//! The turn itself: ask the model, run its tool calls one by one, ask again, answer.

mod approval;
mod response;

use std::collections::{BTreeMap, VecDeque};

use wirken_types::chat::{Part, ToolCall};
use wirken_types::event::{Delivery, Event, ToolOutcome};
use wirken_types::provider::ProviderError;
use wirken_types::{Digest, TurnId};

use crate::effect::{Allowed, Ask, Effect, Input, Shown};
use crate::files::{Files, files_of};
pub use approval::{MAX_QUESTIONS, MAX_STARTS};
#[cfg(test)]
pub(crate) use response::MAX_ITEMS;
use response::Response;

/// Requests that one turn may make of a model.
pub const MAX_ROUNDS: u32 = 20;

/// Times that one request is tried when the provider is busy.
const MAX_ATTEMPTS: u32 = 3;

/// A provider that asks for more patience than this is not waited for.
const MAX_WAIT_MILLIS: u64 = 30_000;

/// Of a tool's name, of a reason to stop, of the name of a total.
const MAX_NAME_BYTES: usize = 128;

/// Of what a provider says of a failure, and of what a call was ended for: part of the row, erased by nobody.
pub(crate) const MAX_FAILURE_BYTES: usize = 2 * 1024;

/// Why a question is not put any more.
pub(crate) const ANOTHER_COMPONENT: &str = "the component of the tool is not the one any more that it was asked for";

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
    /// Its calls may do what a person has to allow: each is planned and judged before it runs.
    pub gated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A request is out, or about to be.
    Asking,
    Waiting,
    /// The request waits for files that came with what was said.
    Fetching,
    /// What the first call is about to do is being found out. It has not started.
    Planning,
    /// A person is asked whether the first call may go on.
    Deciding(Box<Ask>),
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
    /// Calls of the last response that are to be made; the first is planned, asked about or running.
    pub(crate) calls: VecDeque<ToolCall>,
    /// Of the first.
    pub(crate) current: Current,
    /// Somebody spoke since the last request.
    pub(crate) said: bool,
    /// Times that a person was asked.
    pub(crate) questions: u32,
    pub(crate) files: Files,
}

/// How far a call has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Current {
    /// Times that it was started.
    pub(crate) starts: u32,
    pub(crate) allowed: Allowed,
}

impl Turn {
    /// Begins a turn with the message that causes it. `before` is recorded in the same commit, first: a session that
    /// opens with this message, say.
    pub fn start(id: TurnId, setup: Setup, before: Vec<Event>, inbound: Event) -> (Self, Vec<Effect>) {
        let mut turn = Self::at(id, setup, Phase::Asking);
        turn.files.add(files_of(&inbound));
        let mut events = before;
        events.extend([inbound, Event::TurnStarted { turn: id }]);
        let mut effects = Vec::new();
        turn.ask(events, &mut effects);
        effects.extend(turn.files.fetch());
        (turn, effects)
    }

    pub(crate) fn at(id: TurnId, setup: Setup, phase: Phase) -> Self {
        let (response, calls, current) = (Response::default(), VecDeque::new(), Current::default());
        let files = Files::default();
        Self { id, setup, phase, round: 0, attempt: 0, outbound: 0, response, calls, current, said: false, questions: 0, files }
    }

    pub fn id(&self) -> TurnId {
        self.id
    }

    pub fn ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether it waits for files alone.
    pub fn fetching(&self) -> bool {
        self.phase == Phase::Fetching
    }

    /// The number that the answer under way will have.
    pub fn next_outbound(&self) -> u64 {
        self.outbound + 1
    }

    /// Who is asked from now on.
    pub fn ask_of(&mut self, provider: String, model: String) {
        (self.setup.provider, self.setup.model) = (provider, model);
    }

    /// What is on offer from now on. A call that runs ends with what it began with; what was planned or asked of a component
    /// that is not there any more counts for nothing. Where that ends what the turn waited for, it says how it goes on.
    pub fn offer(&mut self, tools: BTreeMap<String, ToolOrigin>) -> Vec<Effect> {
        let digest = |tools: &BTreeMap<String, ToolOrigin>| {
            let call = self.calls.front()?;
            tools.get(&call.name).map(|origin| origin.digest)
        };
        let (before, now) = (digest(&self.setup.tools), digest(&tools));
        self.setup.tools = tools;
        let mut effects = Vec::new();
        match &self.phase {
            Phase::Planning if before != now => self.next_call(Vec::new(), &mut effects),
            Phase::Deciding(ask) if Some(ask.question.component_digest) != now => {
                let approval = ask.approval;
                self.expired(approval, ANOTHER_COMPONENT.into(), &mut effects);
            }
            _ => {}
        }
        effects
    }

    /// The component of a tool, as it is on offer.
    pub fn origin(&self, tool: &str) -> Option<&ToolOrigin> {
        self.setup.tools.get(tool)
    }

    /// Moves on. An input that does not fit the phase (a late step after a stop, say) changes nothing.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match (&self.phase, input) {
            (Phase::Ended, _) => {}
            (_, Input::Said) => self.said = true,
            (_, Input::Sent { files }) => self.sent(files, &mut effects),
            (_, Input::Fetched { file }) => self.fetched(&file, &mut effects),
            (_, Input::Stop { reason }) => self.stop(reason, &mut effects),
            (Phase::Asking, Input::Step(step)) => self.step(step, &mut effects),
            (Phase::Asking, Input::Revised { text }) => self.response.revise(text),
            (Phase::Asking, Input::ResponseEnded) => self.responded(&mut effects),
            (Phase::Asking, Input::RequestFailed { error }) => self.failed(&error, &mut effects),
            (Phase::Waiting, Input::Waited) => self.ask_again(Vec::new(), &mut effects),
            (Phase::Calling, Input::ToolEnded { outcome, code, content }) => self.tool_ended(outcome, code, content, &mut effects),
            (Phase::Calling, Input::ToolBlocked { reason, repeat, done }) => self.blocked(reason, repeat, &done, &mut effects),
            (Phase::Planning, Input::Planned(verdict)) => self.planned(verdict, &mut effects),
            (Phase::Deciding(ask), Input::Answered(answer)) if ask.approval == answer.approval => {
                let ask = ask.clone();
                self.answered(&ask, answer, &mut effects);
            }
            (Phase::Deciding(ask), Input::Expired { approval, reason }) if ask.approval == approval => {
                self.expired(approval, reason, &mut effects);
            }
            (_, Input::Step(_) | Input::Revised { .. } | Input::ResponseEnded | Input::RequestFailed { .. } | Input::Waited) => {}
            (_, Input::Planned(_) | Input::Answered(_) | Input::Expired { .. }) => {}
            (_, Input::ToolBlocked { .. } | Input::ToolEnded { .. }) => {}
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
        if !self.files.is_empty() {
            self.phase = Phase::Fetching;
            if !events.is_empty() {
                effects.push(Effect::Record(events));
            }
            return;
        }
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

    fn responded(&mut self, effects: &mut Vec<Effect>) {
        let response = std::mem::take(&mut self.response);
        let stop = response.stop();
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

    /// Goes on to the next call that can be made, or asks the model again when none is left.
    pub(crate) fn next_call(&mut self, mut events: Vec<Event>, effects: &mut Vec<Effect>) {
        while let Some(call) = self.calls.front() {
            match self.setup.tools.get(&call.name) {
                Some(origin) if origin.gated => {
                    self.phase = Phase::Planning;
                    if !events.is_empty() {
                        effects.push(Effect::Record(events));
                    }
                    effects.push(Effect::Plan(call.clone()));
                    return;
                }
                Some(_) => return self.start_call(events, effects),
                None => {}
            }
            let known: Vec<&str> = self.setup.tools.keys().map(String::as_str).collect();
            let text = format!("There is no tool named {:?}. The tools are: {}.", call.name, known.join(", "));
            events.push(self.tool_finished_event(call, ToolOutcome::Denied, vec![Part::text(text)]));
            self.pop_call();
        }
        self.ask(events, effects);
    }

    /// Starts the first call, with what people allowed of it.
    pub(crate) fn start_call(&mut self, mut events: Vec<Event>, effects: &mut Vec<Effect>) {
        let Some(call) = self.calls.front() else { return self.ask(events, effects) };
        let Some(origin) = self.setup.tools.get(&call.name) else { return self.next_call(events, effects) };
        self.current.starts += 1;
        events.push(Event::ToolStarted {
            turn: self.id,
            call_id: call.id.clone(),
            tool: call.name.clone(),
            component: origin.component.clone(),
            component_digest: origin.digest,
            attempt: self.current.starts,
            content: Some(call.clone()),
        });
        self.phase = Phase::Calling;
        effects.extend([Effect::Record(events), Effect::Call(call.clone(), self.current.allowed.clone())]);
    }

    /// Takes the first call away: it has its result.
    pub(crate) fn pop_call(&mut self) -> Option<ToolCall> {
        self.current = Current::default();
        self.calls.pop_front()
    }

    fn tool_ended(&mut self, outcome: ToolOutcome, code: Option<String>, content: Vec<Part>, effects: &mut Vec<Effect>) {
        let mut events = Vec::new();
        if let Some(call) = self.pop_call() {
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
        if busy && self.response.is_empty() && self.attempt < MAX_ATTEMPTS && wait <= MAX_WAIT_MILLIS {
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
        match &self.phase {
            Phase::Asking => {
                effects.push(Effect::Abandon);
                events = self.partial("stopped");
            }
            Phase::Calling => {
                // Before it is recorded, so that it does nothing more meanwhile.
                effects.push(Effect::Abandon);
                if let Some(call) = self.pop_call() {
                    let text = "It was stopped while it ran; what it had done by then stands.";
                    events.push(self.tool_finished_event(&call, ToolOutcome::Interrupted, vec![Part::text(text)]));
                }
            }
            Phase::Deciding(ask) => {
                let approval = ask.approval;
                events = self.undecided(approval, "stopped", "the turn was stopped before anybody had allowed it");
            }
            // A call that was only planned has not begun, and the end of its turn says so.
            Phase::Planning | Phase::Waiting | Phase::Fetching | Phase::Ended => {}
        }
        self.interrupt(reason, events, effects);
    }

    pub(crate) fn interrupt(&mut self, reason: String, mut events: Vec<Event>, effects: &mut Vec<Effect>) {
        if self.setup.surface == Surface::Sends {
            // Nobody there reads the record.
            events.extend(self.outbound_events(format!("(This was interrupted: {reason})")));
        }
        events.extend(self.files.give_up(self.id));
        events.push(Event::TurnInterrupted { turn: self.id, reason });
        self.calls.clear();
        self.phase = Phase::Ended;
        effects.extend([Effect::Record(events), Effect::End]);
    }

    /// The text that had come by the time a response was given up: a person has seen it.
    fn partial(&mut self, stop: &str) -> Vec<Event> {
        let mut response = std::mem::take(&mut self.response);
        response.keep_text();
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
pub(crate) fn cut(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}
