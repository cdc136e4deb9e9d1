//! What one conversation of an account holds: answers and questions that wait, the one under way, the sign that the agent is at work,
//! when each of them may be handed out next, and what an outcome makes of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use wirken_types::channel::{Draft, OutboundContent, Outcome, Prompt, PromptEnd};
use wirken_types::event::{Delivery, Event};
use wirken_wire::limits::MAX_SHOWN;

use super::{Answer, Question, Record};

/// An answer that comes sooner is not announced by its beginning.
pub(super) const DRAFT_AFTER: Duration = Duration::from_millis(900);
/// Nor is a turn that is over sooner shown as work.
pub(super) const TYPING_AFTER: Duration = Duration::from_millis(400);
/// How long an adapter may ask to wait.
pub(super) const WAIT_MIN: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);
/// What it has to wait at least grows with each attempt, up to this.
const WAIT_LEAST_MAX: Duration = Duration::from_secs(30);
/// An answer that a platform did not take for so long has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// What of an answer is sent, in bytes. A platform that takes so many in small messages takes minutes for it.
pub(super) const TEXT_BYTES: usize = 128 * 1024;

#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) queue: VecDeque<Entry>,
    /// Handed out and unanswered.
    pub(super) busy: Option<u64>,
    /// A session is recording an attempt of its own.
    pub(super) reserved: bool,
    pub(super) not_before: Option<Instant>,
    pub(super) streaming: Option<Streaming>,
    pub(super) at_work: Option<AtWork>,
}

/// What is sent, by the ledger's name for it.
#[derive(Clone, Debug)]
pub(super) enum Of {
    Answer(Answer),
    /// A text that belongs to no session.
    Notice,
    /// A question. The entry's text is the same one for a platform without buttons.
    Prompt(Question, Arc<Prompt>),
    /// Its end: the entry's text says what came of it.
    Close(Question),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) of: Of,
    pub(super) text: Arc<str>,
    pub(super) reply_to: Option<String>,
    /// Attempts; those of an answer or a question are in the ledger.
    pub(super) attempt: u32,
    /// Attempts of which nobody knows what became, where it is tried again.
    pub(super) doubts: u32,
    /// The last of them was not handed out yet.
    pub(super) recorded: bool,
    pub(super) shown: Vec<String>,
    pub(super) since: Instant,
    /// Who waits for what becomes of it.
    pub(super) told: Option<Told>,
}

/// Takes what became of a message, once; dropped where nobody will know.
#[derive(Clone, Debug)]
pub(super) struct Told(Arc<Mutex<Option<oneshot::Sender<Outcome>>>>);

impl Told {
    pub(super) fn new() -> (Self, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    fn tell(&self, outcome: Outcome) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Who asked may not wait any longer.
            sender.send(outcome).ok();
        }
    }
}

/// An answer under way.
#[derive(Debug)]
pub(super) struct Streaming {
    pub(super) answer: Answer,
    pub(super) reply_to: Option<String>,
    pub(super) text: String,
    /// As long as what was drafted last.
    pub(super) drafted: usize,
    pub(super) since: Instant,
    /// The ledger knows that something may be shown.
    pub(super) announced: bool,
    pub(super) shown: Vec<String>,
    /// The platform does not want its drafts.
    pub(super) given_up: bool,
    pub(super) not_before: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct AtWork {
    pub(super) since: Instant,
    pub(super) over: bool,
    pub(super) shown: bool,
}

impl Entry {
    pub(super) fn new(of: Of, text: &str, reply_to: Option<&str>) -> Self {
        let reply_to = reply_to.map(str::to_owned);
        let text = match text.split_at_checked(text.floor_char_boundary(TEXT_BYTES)) {
            Some((beginning, rest)) if !rest.is_empty() => format!("{beginning}\n\n(It goes on: `wirken sessions show` has all of it.)"),
            _ => text.to_owned(),
        };
        let (shown, since) = (Vec::new(), Instant::now());
        Self { of, text: text.into(), reply_to, attempt: 0, doubts: 0, recorded: false, shown, since, told: None }
    }

    pub(super) fn answer(&self) -> Option<Answer> {
        if let Of::Answer(answer) = self.of { Some(answer) } else { None }
    }

    pub(super) fn is_notice(&self) -> bool {
        matches!(self.of, Of::Notice)
    }

    /// Counts an attempt. What is to be recorded before it, where that was not done yet.
    pub(super) fn attempt(&mut self) -> Option<Record> {
        if std::mem::take(&mut self.recorded) {
            return None;
        }
        self.attempt += 1;
        match &self.of {
            Of::Answer(Answer { session, turn, outbound }) => {
                let event = Event::OutboundAttempted { turn: *turn, outbound: *outbound, attempt: self.attempt };
                Some(Record { session: *session, event })
            }
            Of::Prompt(question, _) => Some(question.attempted()),
            Of::Notice | Of::Close(_) => None,
        }
    }

    /// It was counted as attempted, and never handed out. What is to be recorded of that.
    pub(super) fn unsent(&mut self) -> Option<Record> {
        if !std::mem::take(&mut self.recorded) {
            return None;
        }
        match &self.of {
            Of::Answer(answer) => Some(outcome_of(*answer, Delivery::Unsent, String::new(), Vec::new())),
            Of::Prompt(question, _) => Some(question.outcome(Delivery::Unsent, String::new(), Vec::new())),
            Of::Notice | Of::Close(_) => None,
        }
    }

    pub(super) fn content(&self) -> OutboundContent {
        let (shown, text) = (self.shown.clone(), self.text.to_string());
        match &self.of {
            Of::Answer(_) | Of::Notice => OutboundContent::Text(Draft { shown, text, last: true }),
            Of::Prompt(_, prompt) => OutboundContent::Prompt(Prompt::clone(prompt)),
            Of::Close(_) => OutboundContent::PromptClosed(PromptEnd { shown, text }),
        }
    }
}

impl Lane {
    pub(super) fn streaming(&mut self, answer: Answer, reply_to: Option<&str>) -> &mut Streaming {
        if self.streaming.as_ref().is_some_and(|streaming| streaming.answer != answer) {
            self.streaming = None;
        }
        self.streaming.get_or_insert_with(|| Streaming {
            answer,
            reply_to: reply_to.map(str::to_owned),
            text: String::new(),
            drafted: 0,
            since: Instant::now(),
            announced: false,
            shown: Vec::new(),
            given_up: false,
            not_before: None,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.busy.is_none() && !self.reserved && self.streaming.is_none() && self.at_work.is_none()
    }

    /// An entry that the platform did not take waits at the head of the lane. Each attempt is a row: an adapter may ask for
    /// more time, and not for less.
    pub(super) fn put_off(&mut self, entry: Entry, millis: u64) {
        let least = WAIT_MIN.saturating_mul(1 << entry.attempt.min(16)).min(WAIT_LEAST_MAX);
        self.not_before = Some(Instant::now() + Duration::from_millis(millis).clamp(least, WAIT_MAX));
        self.queue.push_front(entry);
    }

    /// When its next entry, draft and sign of work may be handed out.
    pub(super) fn entry_at(&self, now: Instant) -> Option<Instant> {
        (!self.queue.is_empty() && self.busy.is_none() && !self.reserved).then(|| self.not_before.unwrap_or(now))
    }

    pub(super) fn draft_at(&self) -> Option<Instant> {
        let streaming = self.streaming.as_ref()?;
        let something = !streaming.given_up && streaming.text.len() > streaming.drafted && !streaming.text.trim().is_empty();
        let free = self.busy.is_none() && self.queue.is_empty() && !self.reserved;
        let at = streaming.since + DRAFT_AFTER;
        (something && free).then(|| [streaming.not_before, self.not_before].into_iter().flatten().fold(at, Instant::max))
    }

    pub(super) fn at_work_at(&self, now: Instant) -> Option<Instant> {
        let at_work = self.at_work.as_ref()?;
        match (at_work.over, at_work.shown) {
            (true, _) => Some(now),
            (false, false) => Some(at_work.since + TYPING_AFTER),
            (false, true) => None,
        }
    }
}

pub(super) fn settle_entry(lane: &mut Lane, entry: Entry, outcome: Outcome) -> Option<Record> {
    if let Some(told) = &entry.told {
        told.tell(outcome.clone());
    }
    let (delivery, detail, shown) = match outcome {
        Outcome::Delivered(mut shown) => {
            shown.truncate(MAX_SHOWN);
            (Delivery::Delivered, String::new(), shown)
        }
        Outcome::Failed(failure) => (Delivery::Failed, failure.message, Vec::new()),
        Outcome::InDoubt(why) => (Delivery::InDoubt, why, Vec::new()),
        Outcome::Later(_) if entry.since.elapsed() > PATIENCE => {
            (Delivery::Failed, "the platform did not take it for a day".into(), Vec::new())
        }
        Outcome::Later(millis) => {
            // A notice is for now, or for nobody.
            let answer = entry.answer()?;
            lane.put_off(entry, millis);
            return Some(outcome_of(answer, Delivery::Unsent, String::new(), Vec::new()));
        }
    };
    entry.answer().map(|answer| outcome_of(answer, delivery, detail, shown))
}

pub(super) fn settle_draft(lane: &mut Lane, answer: Answer, outcome: Outcome) -> Option<Record> {
    let streaming = lane.streaming.as_mut().filter(|streaming| streaming.answer == answer);
    match outcome {
        Outcome::Delivered(mut shown) => {
            shown.truncate(MAX_SHOWN);
            let event = Event::OutboundDrafted { turn: answer.turn, outbound: answer.outbound, shown: shown.clone() };
            match (streaming, lane.queue.iter_mut().find(|entry| entry.answer() == Some(answer))) {
                (Some(streaming), _) if streaming.shown == shown => return None,
                (Some(streaming), _) => streaming.shown = shown,
                (None, Some(entry)) => entry.shown = shown,
                (None, None) => {}
            }
            Some(Record { session: answer.session, event })
        }
        Outcome::Later(millis) => {
            if let Some(streaming) = streaming {
                streaming.drafted = 0;
                streaming.not_before = Some(Instant::now() + Duration::from_millis(millis).clamp(WAIT_MIN, WAIT_MAX));
            }
            None
        }
        Outcome::Failed(_) | Outcome::InDoubt(_) => {
            if let Some(streaming) = streaming {
                streaming.given_up = true;
            }
            None
        }
    }
}

pub(super) fn outcome_of(answer: Answer, delivery: Delivery, detail: String, shown: Vec<String>) -> Record {
    let Answer { session, turn, outbound } = answer;
    Record { session, event: Event::OutboundOutcome { turn, outbound, delivery, detail, shown } }
}
