//! Questions with buttons, in an account's outbox: each is put once as far as anybody knows, and the message of one that is
//! over says so.
//!
//! Which are shown is in the ledger. What is only on its way is asked for again by its session, whenever a process connects.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wirken_types::approval::ApprovalId;
use wirken_types::channel::{Outcome, Prompt};
use wirken_types::event::{Delivery, Event};
use wirken_types::{SessionId, TurnId};
use wirken_wire::limits::MAX_SHOWN;

use super::lane::{Entry, Of, PATIENCE};
use super::{Lanes, NOTICES, Outbox, Record};

/// Times that a question is put over one connection where nobody knows whether it arrived.
const DOUBTS: u32 = 2;
/// Times that its message is edited, where nobody knows whether that was done. To do it twice does no harm.
const CLOSINGS: u32 = 4;
/// Before the next of either.
const AGAIN: Duration = Duration::from_secs(2);

/// A question, by the ledger's names for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) session: SessionId,
    pub(crate) turn: TurnId,
    pub(crate) approval: ApprovalId,
}

/// How a question stands that was put with buttons.
#[derive(Debug)]
pub(super) struct Standing {
    conversation: String,
    question: Question,
    stage: Stage,
    /// What came of it.
    over: Option<String>,
    /// What it is about, in a line, for a message whose own words nobody has any more.
    about: String,
}

#[derive(Debug)]
enum Stage {
    /// It waits, or was handed out.
    Put,
    /// As these messages; over which connection, if not in an earlier run.
    Shown(Vec<String>, Option<u64>),
    /// It can have no buttons, or nobody knows whether it arrived: it is put again over the next connection.
    Given,
}

impl Question {
    pub(super) fn attempted(self) -> Record {
        self.record(Event::PromptAttempted { turn: self.turn, approval: self.approval })
    }

    pub(super) fn outcome(self, delivery: Delivery, detail: String, shown: Vec<String>) -> Record {
        self.record(Event::PromptOutcome { turn: self.turn, approval: self.approval, delivery, detail, shown })
    }

    fn closed(self, delivery: Delivery, detail: String) -> Record {
        self.record(Event::PromptClosed { turn: self.turn, approval: self.approval, delivery, detail })
    }

    fn record(self, event: Event) -> Record {
        Record { session: self.session, event }
    }
}

impl Outbox {
    /// A question for the people of a conversation. `text` is the same for a platform that shows no buttons, and `about` what
    /// it is about in a line. One that is shown, or on its way, is not put again.
    pub(crate) fn ask(&self, conversation: &str, question: Question, prompt: Prompt, text: &str, about: &str) {
        self.change(|lanes| {
            if lanes.prompts.contains_key(&question.approval) {
                return;
            }
            let standing = Standing { conversation: conversation.into(), question, stage: Stage::Put, over: None, about: about.into() };
            lanes.prompts.insert(question.approval, standing);
            let entry = Entry::new(Of::Prompt(question, Arc::new(prompt)), text, None);
            lanes.lane(conversation).queue.push_back(entry);
        });
    }

    /// A question that an earlier run showed as these messages, and what came of it since.
    pub(crate) fn restore_prompt(&self, conversation: &str, question: Question, shown: Vec<String>, over: Option<&str>, about: &str) {
        self.change(|lanes| {
            let stage = Stage::Shown(shown, None);
            let standing = Standing { conversation: conversation.into(), question, stage, over: None, about: about.into() };
            lanes.prompts.insert(question.approval, standing);
            if let Some(over) = over {
                lanes.over(question.approval, over);
            }
        });
    }

    /// A question is over: whoever sees it is told what came of it.
    pub(crate) fn over(&self, approval: ApprovalId, what: &str) {
        self.change(|lanes| lanes.over(approval, what));
    }

    /// The same, of whatever was asked in a turn that has ended.
    pub(crate) fn turn_over(&self, session: SessionId, turn: TurnId, what: &str) {
        self.change(|lanes| {
            let of_turn = |standing: &&Standing| standing.question.session == session && standing.question.turn == turn;
            let asked: Vec<ApprovalId> = lanes.prompts.values().filter(of_turn).map(|standing| standing.question.approval).collect();
            asked.into_iter().for_each(|approval| lanes.over(approval, what));
        });
    }
}

impl Lanes {
    fn over(&mut self, approval: ApprovalId, what: &str) {
        let Some(standing) = self.prompts.get_mut(&approval).filter(|standing| standing.over.is_none()) else { return };
        let conversation = standing.conversation.clone();
        match &standing.stage {
            Stage::Shown(..) => {
                standing.over = Some(what.to_owned());
                self.close(approval);
            }
            Stage::Given => drop(self.prompts.remove(&approval)),
            Stage::Put => {
                standing.over = Some(what.to_owned());
                let queue = &mut self.lane(&conversation).queue;
                let waited = queue.len();
                queue.retain(|entry| !matches!(&entry.of, Of::Prompt(question, _) if question.approval == approval));
                if self.lane(&conversation).queue.len() < waited {
                    self.prompts.remove(&approval);
                }
            }
        }
    }

    /// Puts the end of a question that is shown and over into its conversation.
    fn close(&mut self, approval: ApprovalId) {
        let Some(Standing { conversation, question, stage: Stage::Shown(shown, over), over: Some(what), about }) =
            self.prompts.get(&approval)
        else {
            return;
        };
        // A process that was started since does not know what the message said.
        let text = if *over == Some(self.connections) { what.clone() } else { format!("{what}\n{about}") };
        let entry = Entry { shown: shown.clone(), ..Entry::new(Of::Close(*question), &text, None) };
        let conversation = conversation.clone();
        self.lane(&conversation).queue.push_back(entry);
    }

    /// What was on its way when a connection ended is asked for again over the next one.
    pub(super) fn forget_given(&mut self) {
        self.prompts.retain(|_, standing| !matches!(standing.stage, Stage::Given));
    }

    pub(super) fn settle_prompt(&mut self, conversation: &str, question: Question, mut entry: Entry, outcome: Outcome) -> Option<Record> {
        let connection = self.connections;
        let standing = self.prompts.get_mut(&question.approval)?;
        let is_over = standing.over.is_some();
        match outcome {
            Outcome::Delivered(mut shown) => {
                shown.truncate(MAX_SHOWN);
                standing.stage = Stage::Shown(shown.clone(), Some(connection));
                self.close(question.approval);
                Some(question.outcome(Delivery::Delivered, String::new(), shown))
            }
            Outcome::Later(millis) if !is_over && entry.since.elapsed() <= PATIENCE => {
                self.lane(conversation).put_off(entry, millis);
                Some(question.outcome(Delivery::Unsent, String::new(), Vec::new()))
            }
            Outcome::Later(_) => {
                self.prompts.remove(&question.approval);
                Some(question.outcome(Delivery::Unsent, "nobody is asked any more".into(), Vec::new()))
            }
            Outcome::Failed(failure) => {
                standing.stage = Stage::Given;
                if is_over {
                    self.prompts.remove(&question.approval);
                } else if self.notices < NOTICES {
                    self.notices += 1;
                    let text = Entry { of: Of::Notice, attempt: 0, since: Instant::now(), ..entry };
                    self.lane(conversation).queue.push_back(text);
                }
                Some(question.outcome(Delivery::Failed, failure.message, Vec::new()))
            }
            Outcome::InDoubt(why) => {
                entry.doubts += 1;
                if is_over {
                    self.prompts.remove(&question.approval);
                } else if entry.doubts < DOUBTS {
                    let lane = self.lane(conversation);
                    lane.not_before = Some(Instant::now() + AGAIN);
                    lane.queue.push_front(entry);
                } else {
                    standing.stage = Stage::Given;
                }
                Some(question.outcome(Delivery::InDoubt, why, Vec::new()))
            }
        }
    }

    pub(super) fn settle_close(&mut self, conversation: &str, question: Question, mut entry: Entry, outcome: Outcome) -> Option<Record> {
        let (delivery, detail) = match outcome {
            Outcome::Delivered(_) => (Delivery::Delivered, String::new()),
            Outcome::Later(millis) if entry.since.elapsed() <= PATIENCE => {
                self.lane(conversation).put_off(entry, millis);
                return None;
            }
            Outcome::InDoubt(_) if entry.doubts + 1 < CLOSINGS => {
                entry.doubts += 1;
                let lane = self.lane(conversation);
                lane.not_before = Some(Instant::now() + AGAIN);
                lane.queue.push_front(entry);
                return None;
            }
            Outcome::Later(_) => (Delivery::Failed, "the platform did not take it for a day".into()),
            Outcome::Failed(failure) => (Delivery::Failed, failure.message),
            Outcome::InDoubt(why) => (Delivery::InDoubt, why),
        };
        self.prompts.remove(&question.approval);
        Some(question.closed(delivery, detail))
    }
}
