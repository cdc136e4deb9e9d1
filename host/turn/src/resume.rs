//! A turn that the host stopped in: taken up again from its events, or ended where that would repeat something.

use std::collections::{BTreeMap, VecDeque};

use wirken_types::TurnId;
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::chat::{AssistantItem, Part, ToolCall};
use wirken_types::event::{Event, ToolOutcome};

use crate::effect::{Allowed, Ask, Effect};
use crate::turn::{ANOTHER_COMPONENT, Current, MAX_FAILURE_BYTES, Phase, Setup, Turn, cut};

/// Times that a turn is taken up again: one that stops the host each time must not do so for ever. Those while a person
/// was asked do not count: he may take his time, and the question's own end bounds them.
pub(crate) const MAX_RESUMES: u32 = 3;

impl Turn {
    /// Takes up the turn that these events (of its session, in order) left open.
    ///
    /// A request may be sent again: it changes nothing but the bill. A tool call that had started is never started
    /// again: its result becomes "interrupted", and the model is told so. A question that was open is asked still, by the
    /// same id and until the same time.
    pub fn resume<'a>(id: TurnId, setup: Setup, events: impl IntoIterator<Item = &'a Event>) -> (Self, Vec<Effect>) {
        let mut turn = Self::at(id, setup, Phase::Asking);
        let (mut resumes, mut counted) = (0, 0);
        let mut asked = false;
        let mut trace = Trace::default();
        for event in events {
            if event.turn() != Some(id) {
                continue;
            }
            turn.files.follow(event);
            match event {
                Event::TurnResumed { .. } => {
                    resumes += 1;
                    counted += u32::from(!trace.waits());
                }
                Event::Requested { round, .. } => {
                    turn.round = *round;
                    asked = true;
                    turn.calls.clear();
                }
                Event::Responded { content, .. } => {
                    asked = false;
                    turn.calls = calls_of(content.as_deref().unwrap_or_default());
                }
                Event::ApprovalAsked { .. } => turn.questions += 1,
                Event::ToolFinished { call_id, .. } => turn.calls.retain(|call| call.id != *call_id),
                Event::OutboundQueued { outbound, .. } => turn.outbound = *outbound,
                // Its beginning may be shown already; the answer that replaces it has to have the same number.
                Event::OutboundDrafted { outbound, .. } if *outbound > turn.outbound => turn.outbound = *outbound - 1,
                _ => {}
            }
            trace.follow(event);
        }

        let mut effects = Vec::new();
        let mut record = vec![Event::TurnResumed { turn: id, attempt: resumes + 1 }];
        let waits = trace.waits();
        match turn.take_up(trace, &mut record) {
            Then::Wait(ask) => {
                let (approval, expires_at) = (ask.approval, ask.expires_at);
                turn.phase = Phase::Deciding(ask);
                effects.extend([Effect::Record(record), Effect::Await { approval, expires_at }]);
            }
            _ if counted >= MAX_RESUMES && !waits => {
                turn.interrupt(format!("the gateway stopped {} times in the middle of it", counted + 1), record, &mut effects);
            }
            Then::Start => turn.start_call(record, &mut effects),
            Then::GoOn if asked => turn.ask_again(record, &mut effects),
            Then::GoOn => turn.next_call(record, &mut effects),
        }
        effects.extend(turn.files.fetch());
        (turn, effects)
    }

    /// Goes back to the call that was being made, or records how it ended.
    fn take_up(&mut self, trace: Trace, record: &mut Vec<Event>) -> Then {
        record.extend(trace.cut_off(self.id));
        let known = self.calls.iter().position(|call| call.id == trace.call_id).and_then(|at| self.calls.remove(at));
        let Some(call) = known else {
            // What the call was is erased, and so nothing of it can be run.
            if let Stage::Asked(approval, _) = trace.stage {
                let reason = "the call that it was asked for was erased".into();
                record.push(Event::ApprovalExpired { turn: self.id, call_id: trace.call_id, approval, reason });
            }
            return Then::GoOn;
        };
        match trace.stage {
            Stage::Started => {
                let text = format!(
                    "The gateway stopped while this call ran. Whether it took effect is unknown; it was not run again.{}",
                    trace.unfinished()
                );
                record.push(self.tool_finished_event(&call, ToolOutcome::Interrupted, vec![Part::text(text)]));
                return Then::GoOn;
            }
            Stage::Blocked => {
                let text = "This was ended before it did something that nobody had allowed, and was not run again.";
                record.push(self.tool_finished_event(&call, ToolOutcome::Denied, vec![Part::text(text)]));
                return Then::GoOn;
            }
            _ => {}
        }
        let now = self.setup.tools.get(&call.name).map(|origin| origin.digest);
        let same = |ask: &Ask| now == Some(ask.question.component_digest);
        self.calls.push_front(call);
        self.current = trace.current;
        let (approval, reason) = match trace.stage {
            Stage::Asked(_, Some(ask)) if same(&ask) => return Then::Wait(ask),
            Stage::Asked(approval, Some(_)) => (approval, ANOTHER_COMPONENT),
            Stage::Asked(approval, None) => (approval, "what was asked was erased"),
            Stage::Allowed(ask) if same(&ask) => return Then::Start,
            Stage::Denied(note) => {
                let text = self.denial(note.as_deref());
                let call = self.pop_call();
                record.extend(call.map(|call| self.tool_finished_event(&call, ToolOutcome::Denied, vec![Part::text(text)])));
                return Then::GoOn;
            }
            // What was allowed of another component is not allowed of this one: it is planned anew.
            Stage::Allowed(_) => {
                self.current.allowed = Allowed::default();
                return Then::GoOn;
            }
            Stage::Idle | Stage::Started | Stage::Blocked => return Then::GoOn,
        };
        record.extend(self.undecided(approval, reason, reason));
        Then::GoOn
    }
}

/// What is done first in a turn that is taken up.
enum Then {
    /// A person is still asked.
    Wait(Box<Ask>),
    /// The first call was allowed.
    Start,
    GoOn,
}

/// How far the call had come that was being made.
#[derive(Debug, Default)]
struct Trace {
    call_id: String,
    stage: Stage,
    current: Current,
    /// What it had asked of the host, and no end of which is recorded: by its number.
    begun: BTreeMap<u64, String>,
}

#[derive(Debug, Default)]
enum Stage {
    /// Neither asked about nor running.
    #[default]
    Idle,
    /// Without what was asked where that was erased.
    Asked(ApprovalId, Option<Box<Ask>>),
    /// Answered so, and nothing came of it yet: the answer was recorded while the gateway did not run.
    Allowed(Box<Ask>),
    /// With the note for the model.
    Denied(Option<String>),
    Started,
    /// Ended by the host, with no question after it.
    Blocked,
}

impl Trace {
    fn waits(&self) -> bool {
        matches!(self.stage, Stage::Asked(..))
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::Requested { .. } | Event::Responded { .. } | Event::ToolFinished { .. } => *self = Self::default(),
            Event::ApprovalAsked { call_id, approval, tier, action, expires_at, content, .. } => {
                self.of(call_id);
                let (approval, tier, action, expires_at) = (*approval, *tier, *action, *expires_at);
                let ask = |question| Box::new(Ask { approval, tier, action, expires_at, question });
                self.stage = Stage::Asked(approval, content.clone().map(ask));
            }
            Event::ApprovalAnswered { choice: Choice::Deny, content, .. } => self.stage = Stage::Denied(content.clone()),
            Event::ApprovalAnswered { .. } => {
                // What was allowed and erased since is allowed no more.
                if let Stage::Asked(approval, Some(ask)) = std::mem::take(&mut self.stage) {
                    self.current.allow(approval, &ask.question);
                    self.stage = Stage::Allowed(ask);
                }
            }
            Event::ApprovalExpired { .. } => self.stage = Stage::Idle,
            Event::ToolStarted { call_id, attempt, .. } => {
                self.of(call_id);
                self.begun.clear();
                (self.stage, self.current.starts) = (Stage::Started, *attempt);
            }
            Event::ToolBlocked { .. } => self.stage = Stage::Blocked,
            Event::EffectStarted { effect, action, content, .. } => {
                let what = content.as_ref().map_or_else(|| action.clone(), |content| format!("{action} ({content})"));
                self.begun.insert(*effect, what);
            }
            Event::EffectFinished { effect, .. } => drop(self.begun.remove(effect)),
            _ => {}
        }
    }

    /// Another call than the last one begins anew.
    fn of(&mut self, call_id: &str) {
        if self.call_id != call_id {
            *self = Self { call_id: call_id.into(), ..Self::default() };
        }
    }

    /// The ends of what was under way: nobody will record another.
    fn cut_off(&self, turn: TurnId) -> Vec<Event> {
        let end = |effect: &u64| {
            let (call_id, outcome) = (self.call_id.clone(), ToolOutcome::Interrupted);
            Event::EffectFinished { turn, call_id, effect: *effect, outcome, detail: "the gateway stopped while it ran".into() }
        };
        self.begun.keys().map(end).collect()
    }

    /// What the model is told of what was under way.
    fn unfinished(&self) -> String {
        if self.begun.is_empty() {
            return String::new();
        }
        let begun: Vec<&str> = self.begun.values().map(String::as_str).collect();
        let mut text = format!(" It had begun, and may have done in part or whole: {}", begun.join("; "));
        cut(&mut text, MAX_FAILURE_BYTES);
        text
    }
}

fn calls_of(items: &[AssistantItem]) -> VecDeque<ToolCall> {
    items
        .iter()
        .filter_map(|item| match item {
            AssistantItem::ToolCall(call) => Some(call.clone()),
            _ => None,
        })
        .collect()
}
