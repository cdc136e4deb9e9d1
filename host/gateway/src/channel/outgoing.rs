//! Where the answers of one session go, where somebody else delivers them.

use wirken_ledger::Row;
use wirken_turn::Turn;
use wirken_types::approval::ApprovalId;
use wirken_types::channel::Prompt;
use wirken_types::event::{Event, Place};
use wirken_types::{SessionId, TurnId};

use super::ended::{Ends, ended};
use super::outbox::{Answer, Outbox, Question};
use crate::shared::Shared;

/// One session's way into the outbox of its account.
#[derive(Debug)]
pub(crate) struct Outgoing {
    session: SessionId,
    outbox: Outbox,
    /// As the platform names it.
    conversation: String,
    /// What the answer under way answers.
    reply_to: Option<String>,
    /// The question that was put last without buttons, and over which connection.
    asked: Option<(ApprovalId, u64)>,
}

/// The conversation of a place, as the platform names it: a thread has a name of its own.
pub(crate) fn conversation(place: &Place) -> &str {
    place.thread.as_deref().unwrap_or(&place.conversation)
}

impl Outgoing {
    /// None where the account's surface reads the ledger itself.
    pub(crate) fn to(shared: &Shared, session: SessionId, place: &Place) -> Option<Self> {
        let outbox = shared.outbox(&place.account)?;
        Some(Self { session, outbox, conversation: conversation(place).to_owned(), reply_to: None, asked: None })
    }

    pub(crate) fn answers(&mut self, message: Option<String>) {
        self.reply_to = message;
    }

    /// A turn is taken up again: what it answers, and what an earlier run had shown of its answer.
    pub(crate) fn resume(&mut self, turn: &Turn, rows: &[Row]) {
        let mut drafted = None;
        for row in rows {
            match &row.event {
                Event::Inbound { turn: its, message, .. } if *its == turn.id() => self.reply_to.clone_from(message),
                Event::OutboundDrafted { turn: its, outbound, shown } if *its == turn.id() && *outbound == turn.next_outbound() => {
                    drafted = Some(shown.clone());
                }
                _ => {}
            }
        }
        if let Some(shown) = drafted {
            self.outbox.resume_stream(&self.conversation, self.answer(turn), shown, self.reply_to.as_deref());
        }
    }

    pub(crate) fn at_work(&self, active: bool) {
        self.outbox.at_work(&self.conversation, active);
    }

    pub(crate) fn restart(&self) {
        self.outbox.restart_stream(&self.conversation);
    }

    pub(crate) fn stream(&self, turn: &Turn, piece: &str) {
        self.outbox.stream(&self.conversation, self.answer(turn), piece, self.reply_to.as_deref());
    }

    fn answer(&self, turn: &Turn) -> Answer {
        Answer { session: self.session, turn: turn.id(), outbound: turn.next_outbound() }
    }

    /// Where an answer is about to be queued and a connection waits for it, its first attempt goes into the same commit.
    pub(crate) fn reserve(&self, events: &mut Vec<Event>) -> bool {
        let queued = events.iter().enumerate().find_map(|(at, event)| match event {
            Event::OutboundQueued { turn, outbound, .. } => Some((at, *turn, *outbound)),
            _ => None,
        });
        let Some((at, turn, outbound)) = queued else { return false };
        if !self.outbox.reserve(&self.conversation) {
            return false;
        }
        events.insert(at + 1, Event::OutboundAttempted { turn, outbound, attempt: 1 });
        true
    }

    /// A question for the people there, with buttons. `text` is the same for a platform without, `about` what it is about.
    pub(crate) fn ask(&self, turn: TurnId, approval: ApprovalId, prompt: Prompt, text: &str, about: &str) {
        self.outbox.ask(&self.conversation, Question { session: self.session, turn, approval }, prompt, text, about);
    }

    /// Where something was recorded that ends a question, its message says so.
    pub(crate) fn over(&self, event: &Event) {
        match ended(event) {
            Some((Ends::Question(approval), what)) => self.outbox.over(approval, &what),
            Some((Ends::Turn(turn), what)) => self.outbox.turn_over(self.session, turn, &what),
            None => {}
        }
    }

    /// A question that nobody there can answer, and no part of the conversation with the model. It is put once over each
    /// connection: one that was lost on its way is put over the next.
    pub(crate) fn tell(&mut self, approval: ApprovalId, text: &str) {
        let before = self.asked.filter(|(asked, _)| *asked == approval).map(|(_, connection)| connection);
        if let Some(connection) = self.outbox.notice_once(&self.conversation, text, before) {
            self.asked = Some((approval, connection));
        }
    }

    pub(crate) fn release(&self) {
        self.outbox.release(&self.conversation);
    }

    /// What is durable now is to be sent; of several answers the first was reserved.
    pub(crate) fn queue(&self, events: &[Event], mut reserved: bool) {
        for event in events {
            if let Event::OutboundQueued { turn, outbound, content } = event {
                let answer = Answer { session: self.session, turn: *turn, outbound: *outbound };
                let text = content.as_deref().unwrap_or_default();
                let reserved = std::mem::take(&mut reserved);
                self.outbox.queue(&self.conversation, answer, text, self.reply_to.as_deref(), reserved);
            }
        }
    }
}
