//! What a call has to pass before it runs, and where it is ended while it does: a verdict, a person's answer.
//!
//! A call starts for one of three reasons only: its tool is not gated, its plan was allowed, or a question of its own
//! was answered so. It starts again only after it was blocked and what it was blocked for is allowed.

use wirken_types::approval::{ApprovalId, Choice, Grant, Lasts, Question};
use wirken_types::chat::Part;
use wirken_types::event::{Event, ToolOutcome};

use super::{Current, MAX_FAILURE_BYTES, Phase, Turn, cut};
use crate::effect::{Answer, Ask, Effect, Verdict};

/// Times that one call is started: a component that asks for something else each time would ask for ever.
pub const MAX_STARTS: u32 = 5;

/// Questions of one turn, whatever their answers: a model that is told no may try something else each time.
pub const MAX_QUESTIONS: u32 = 8;

impl Turn {
    /// What a person is being asked, while one is.
    pub fn deciding(&self) -> Option<&Ask> {
        match &self.phase {
            Phase::Deciding(ask) => Some(ask),
            _ => None,
        }
    }

    pub(super) fn planned(&mut self, verdict: Verdict, effects: &mut Vec<Effect>) {
        match verdict {
            Verdict::Allow => self.start_call(Vec::new(), effects),
            Verdict::Ask(ask) => self.put(ask, Vec::new(), effects),
            Verdict::Refuse { text } => self.refuse(Vec::new(), text, effects),
        }
    }

    /// Asks a person, who is asked so often in a turn and no more.
    fn put(&mut self, ask: Box<Ask>, mut events: Vec<Event>, effects: &mut Vec<Effect>) {
        let Some(call) = self.calls.front() else { return self.ask(events, effects) };
        if self.questions >= MAX_QUESTIONS {
            let text = format!(
                "Nobody was asked to allow this: the person was asked {MAX_QUESTIONS} times in this turn, and is asked no more in it. Say \
                 what you wanted to do and why, and end the turn.{}",
                self.begun()
            );
            return self.refuse(events, text, effects);
        }
        self.questions += 1;
        let Ask { approval, tier, action, expires_at, question } = &*ask;
        let (approval, expires_at) = (*approval, *expires_at);
        events.push(Event::ApprovalAsked {
            turn: self.id,
            call_id: call.id.clone(),
            approval,
            tier: *tier,
            action: *action,
            expires_at,
            content: Some(question.clone()),
        });
        self.phase = Phase::Deciding(ask);
        effects.extend([Effect::Record(events), Effect::Await { approval, expires_at }]);
    }

    pub(super) fn answered(&mut self, ask: &Ask, answer: Answer, effects: &mut Vec<Effect>) {
        let Answer { approval, choice, by, via, note, granted } = answer;
        let call_id = self.calls.front().map(|call| call.id.clone()).unwrap_or_default();
        let denied = choice == Choice::Deny;
        let content = note.filter(|note| denied && !note.is_empty());
        let text = self.denial(content.as_deref());
        let mut events = vec![Event::ApprovalAnswered { turn: self.id, call_id, approval, choice, by: by.clone(), via, content }];
        if denied {
            return self.refuse(events, text, effects);
        }
        let remembered = granted.into_iter().filter(|grant| offered(&ask.question, choice, grant));
        events.extend(remembered.map(|grant| Event::Granted { grant, by: by.clone() }));
        self.current.allow(ask.approval, &ask.question);
        self.start_call(events, effects);
    }

    pub(super) fn expired(&mut self, approval: ApprovalId, mut reason: String, effects: &mut Vec<Effect>) {
        cut(&mut reason, MAX_FAILURE_BYTES);
        let events = self.undecided(approval, &reason, &reason);
        self.next_call(events, effects);
    }

    /// Of a question that nobody answered, and its call: how both end.
    pub(crate) fn undecided(&mut self, approval: ApprovalId, reason: &str, told: &str) -> Vec<Event> {
        let text = format!("Nobody allowed this: {told}.{}", self.begun());
        let call = self.pop_call();
        let call_id = call.as_ref().map(|call| call.id.clone()).unwrap_or_default();
        let mut events = vec![Event::ApprovalExpired { turn: self.id, call_id, approval, reason: reason.into() }];
        events.extend(call.map(|call| self.tool_finished_event(&call, ToolOutcome::Denied, vec![Part::text(text)])));
        events
    }

    pub(super) fn blocked(&mut self, mut reason: String, repeat: Option<Box<Ask>>, done: &str, effects: &mut Vec<Effect>) {
        cut(&mut reason, MAX_FAILURE_BYTES);
        let Some(call) = self.calls.front() else { return };
        let (call_id, tool) = (call.id.clone(), call.name.clone());
        let events = vec![Event::ToolBlocked { turn: self.id, call_id, tool, reason: reason.clone() }];
        let often = self.current.starts >= MAX_STARTS;
        match repeat {
            Some(ask) if !often => self.put(ask, events, effects),
            repeat => {
                let done =
                    if done.is_empty() { "It had done nothing by then.".into() } else { format!("What it had done stands: {done}.") };
                let again =
                    if repeat.is_some() { format!(" It was started {MAX_STARTS} times, and is not started again.") } else { String::new() };
                let text = format!("This was ended before it did something that nobody had allowed: {reason}. {done}{again}");
                self.refuse(events, text, effects);
            }
        }
    }

    /// What the model is told where a person said no.
    pub(crate) fn denial(&self, note: Option<&str>) -> String {
        let told = note.map(|note| format!(" They say: {note}")).unwrap_or_default();
        format!("The person did not allow this.{}{told}", self.begun())
    }

    /// Ends the first call with what the model is told, and goes on.
    fn refuse(&mut self, mut events: Vec<Event>, text: String, effects: &mut Vec<Effect>) {
        if let Some(call) = self.pop_call() {
            events.push(self.tool_finished_event(&call, ToolOutcome::Denied, vec![Part::text(text)]));
        }
        self.next_call(events, effects);
    }

    /// What is to be added of a call that had begun before a person was asked.
    fn begun(&self) -> &'static str {
        match self.current.starts {
            0 => "",
            _ => " It had begun, and was ended before it did what was asked about; all that it had done was to read.",
        }
    }
}

impl Current {
    /// What one question shows twice may be done twice. What two questions show is one thing, shown again.
    pub(crate) fn allow(&mut self, approval: ApprovalId, question: &Question) {
        self.allowed.approval = Some(approval);
        for judged in &question.actions {
            let shown = question.actions.iter().filter(|other| other.action == judged.action).count();
            let allowed = self.allowed.actions.iter().filter(|action| **action == judged.action).count();
            if allowed < shown {
                self.allowed.actions.push(judged.action);
            }
        }
    }
}

/// Whether a question offered to remember this, and the choice was to do so for that long.
fn offered(question: &Question, choice: Choice, grant: &Grant) -> bool {
    let lasts = matches!((choice, grant.lasts), (Choice::Session, Lasts::Session(_)) | (Choice::Remember, Lasts::Until(_)));
    lasts && question.actions.iter().any(|judged| judged.key.as_ref() == Some(&grant.key))
}
