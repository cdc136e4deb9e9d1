//! What is to be said through one account: answers in the order of their conversation, one unanswered at a time.
//!
//! Sessions put answers in and know no connection; a connection draws from here and knows no session. An answer is
//! queued and attempted in the ledger before the adapter is given it, and what became of it is recorded after. Drafts of
//! an answer under way, the sign that the agent is at work, and notices are glimpses: whoever asks again is told again.
//! Questions with buttons go the way of answers ([`prompts`]).

mod lane;
mod prompts;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use wirken_types::approval::ApprovalId;
use wirken_types::channel::{Draft, Outbound, OutboundContent, Outcome, Typing};
use wirken_types::event::{Delivery, Event};
use wirken_types::{SessionId, TurnId};

pub(crate) use prompts::Question;

use lane::{AtWork, Entry, Lane, Of, TEXT_BYTES, Told, WAIT_MIN, outcome_of, settle_draft, settle_entry};
use prompts::Standing;

/// Outbounds that an adapter may have without an outcome.
pub(crate) const WINDOW: usize = 64;
/// By then an adapter has said what became of an outbound: a long answer in many parts takes minutes, and no more.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);
/// Notices that wait, in all conversations together.
const NOTICES: usize = 64;

/// An answer, by the ledger's names for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) session: SessionId,
    pub(crate) turn: TurnId,
    pub(crate) outbound: u64,
}

/// Something to be recorded in a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) session: SessionId,
    pub(crate) event: Event,
}

/// What a connection draws.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub(crate) enum Drawn {
    /// To be recorded first, where there is something.
    Outbound {
        outbound: Outbound,
        record: Option<Record>,
    },
    Typing(Typing),
}

/// One account's outbox. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    lanes: Mutex<Lanes>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Lanes {
    connected: bool,
    /// By conversation, as the platform names it; only those with something in them.
    lanes: HashMap<String, Lane>,
    handed: HashMap<u64, Handed>,
    next_id: u64,
    notices: usize,
    /// Questions that are put with buttons.
    prompts: HashMap<ApprovalId, Standing>,
    /// Those that ended.
    connections: u64,
}

#[derive(Debug)]
struct Handed {
    conversation: String,
    what: What,
    at: Instant,
}

#[derive(Debug)]
enum What {
    Entry(Entry),
    Draft(Answer),
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self { inner: Arc::default() }
    }

    /// An answer that an earlier run left queued.
    pub(crate) fn restore(&self, conversation: &str, answer: Answer, text: &str, attempt: u32, shown: Vec<String>, age: Duration) {
        let now = Instant::now();
        let since = now.checked_sub(age).unwrap_or(now);
        let entry = Entry { attempt, shown, since, ..Entry::new(Of::Answer(answer), text, None) };
        self.change(|lanes| lanes.lane(conversation).queue.push_back(entry));
    }

    /// Whether an answer may be recorded as attempted together with being queued: a connection waits for it. Then
    /// [`Outbox::queue`] or [`Outbox::release`] has to follow.
    pub(crate) fn reserve(&self, conversation: &str) -> bool {
        let mut lanes = self.lock();
        if !lanes.connected || lanes.handed.len() >= WINDOW {
            return false;
        }
        let lane = lanes.lane(conversation);
        let idle = lane.queue.is_empty() && lane.busy.is_none() && !lane.reserved && lane.not_before.is_none();
        lane.reserved |= idle;
        idle
    }

    pub(crate) fn release(&self, conversation: &str) {
        self.change(|lanes| lanes.lane(conversation).reserved = false);
    }

    /// An answer that is durable as queued, and where it was reserved as attempted.
    pub(crate) fn queue(&self, conversation: &str, answer: Answer, text: &str, reply_to: Option<&str>, reserved: bool) {
        self.change(|lanes| {
            let lane = lanes.lane(conversation);
            let mut entry = Entry::new(Of::Answer(answer), text, reply_to);
            if reserved {
                lane.reserved = false;
                (entry.attempt, entry.recorded) = (1, true);
            }
            if let Some(streaming) = lane.streaming.take_if(|streaming| streaming.answer == answer) {
                entry.shown = streaming.shown;
            }
            lane.queue.push_back(entry);
        });
    }

    /// A text that belongs to no session. It is dropped where nobody can send it soon.
    pub(crate) fn notice(&self, conversation: &str, text: &str) {
        self.notice_once(conversation, text, None);
    }

    /// The same, but for one that was put before into what ends with the same connection. Tells which that is, where it was put.
    pub(crate) fn notice_once(&self, conversation: &str, text: &str, before: Option<u64>) -> Option<u64> {
        let mut put = None;
        self.change(|lanes| {
            if before != Some(lanes.connections) && lanes.notices < NOTICES {
                lanes.notices += 1;
                lanes.lane(conversation).queue.push_back(Entry::new(Of::Notice, text, None));
                put = Some(lanes.connections);
            }
        });
        put
    }

    /// A text that belongs to no session, for somebody who waits for what becomes of it. None where nobody can send it soon:
    /// then nothing is sent.
    pub(crate) fn message(&self, conversation: &str, text: &str) -> Option<oneshot::Receiver<Outcome>> {
        let mut outcome = None;
        self.change(|lanes| {
            if lanes.connected && lanes.notices < NOTICES {
                let (told, receiver) = Told::new();
                lanes.notices += 1;
                lanes.lane(conversation).queue.push_back(Entry { told: Some(told), ..Entry::new(Of::Notice, text, None) });
                outcome = Some(receiver);
            }
        });
        outcome
    }

    /// Another piece of an answer under way.
    pub(crate) fn stream(&self, conversation: &str, answer: Answer, piece: &str, reply_to: Option<&str>) {
        let mut lanes = self.lock();
        let streaming = lanes.lane(conversation).streaming(answer, reply_to);
        // More of what is waiting already wakes nobody.
        let wakes = streaming.text.len() <= streaming.drafted || streaming.text.trim().is_empty();
        if streaming.text.len() + piece.len() <= TEXT_BYTES {
            streaming.text.push_str(piece);
        }
        drop(lanes);
        if wakes {
            self.inner.changed.notify_waiters();
        }
    }

    /// What an earlier run had shown of an answer that is under way again.
    pub(crate) fn resume_stream(&self, conversation: &str, answer: Answer, shown: Vec<String>, reply_to: Option<&str>) {
        self.change(|lanes| {
            let streaming = lanes.lane(conversation).streaming(answer, reply_to);
            (streaming.shown, streaming.announced) = (shown, true);
        });
    }

    /// A response was given up: the next one of the same answer begins anew.
    pub(crate) fn restart_stream(&self, conversation: &str) {
        let mut lanes = self.lock();
        if let Some(streaming) = lanes.lanes.get_mut(conversation).and_then(|lane| lane.streaming.as_mut()) {
            streaming.text.clear();
            streaming.drafted = 0;
        }
    }

    /// The agent is at work in a conversation, or no longer.
    pub(crate) fn at_work(&self, conversation: &str, active: bool) {
        self.change(|lanes| {
            let lane = lanes.lane(conversation);
            match &mut lane.at_work {
                Some(at_work) => at_work.over = !active,
                None if active => lane.at_work = Some(AtWork { since: Instant::now(), over: false, shown: false }),
                None => {}
            }
            if !active {
                // What was not queued as an answer by now never is.
                lane.streaming = None;
            }
        });
    }

    /// What waits, drafts and notices aside.
    pub(crate) fn waiting(&self) -> usize {
        let lanes = self.lock();
        let queued = lanes.lanes.values().flat_map(|lane| &lane.queue).filter(|entry| !entry.is_notice()).count();
        queued + lanes.handed.values().filter(|handed| matches!(&handed.what, What::Entry(entry) if !entry.is_notice())).count()
    }

    pub(super) fn connect(&self) {
        self.change(|lanes| lanes.connected = true);
    }

    /// Nobody is left to say what became of what was handed out: that is in doubt.
    pub(super) fn disconnect(&self, why: &str) -> Vec<Record> {
        let mut lanes = self.lock();
        lanes.connected = false;
        let handed = std::mem::take(&mut lanes.handed);
        let mut records = Vec::new();
        for handed in handed.into_values() {
            let What::Entry(entry) = handed.what else { continue };
            match entry.of {
                Of::Answer(answer) => records.push(outcome_of(answer, Delivery::InDoubt, why.to_owned(), Vec::new())),
                Of::Prompt(question, _) => {
                    lanes.prompts.remove(&question.approval);
                    records.push(question.outcome(Delivery::InDoubt, why.to_owned(), Vec::new()));
                }
                // To say what came of a question twice does no harm.
                Of::Close(_) => lanes.lane(&handed.conversation).queue.push_front(entry),
                Of::Notice => {}
            }
        }
        lanes.forget_given();
        for lane in lanes.lanes.values_mut() {
            lane.busy = None;
            // Attempted in the ledger, and never handed out: a restart must not take that for doubt.
            records.extend(lane.queue.iter_mut().filter_map(Entry::unsent));
            lane.queue.retain(|entry| !entry.is_notice());
            if let Some(streaming) = &mut lane.streaming {
                // It may show what nobody can name any more.
                streaming.given_up = true;
            }
            if let Some(at_work) = &mut lane.at_work {
                at_work.shown = false;
            }
        }
        lanes.notices = 0;
        lanes.connections += 1;
        lanes.tidy();
        records
    }

    /// The next thing to hand out, whenever there is one. Dropping the future draws nothing.
    pub(super) async fn next(&self) -> Drawn {
        loop {
            let mut changed = std::pin::pin!(self.inner.changed.notified());
            changed.as_mut().enable();
            let wake = match self.lock().draw(Instant::now()) {
                Ok(drawn) => return drawn,
                Err(wake) => wake,
            };
            match wake {
                Some(at) => drop(tokio::time::timeout_at(at, changed).await),
                None => changed.await,
            }
        }
    }

    /// What became of something that was handed out, to be recorded.
    pub(super) fn settle(&self, id: u64, outcome: Outcome) -> Option<Record> {
        let mut record = None;
        self.change(|lanes| record = lanes.settle(id, outcome));
        record
    }

    /// Something that was drawn never reached the adapter: it is drawn again.
    pub(super) fn give_back(&self, id: u64) {
        self.change(|lanes| {
            let Some(Handed { conversation, what, .. }) = lanes.handed.remove(&id) else { return };
            let lane = lanes.lane(&conversation);
            lane.busy = None;
            match what {
                What::Entry(mut entry) => {
                    entry.recorded = matches!(entry.of, Of::Answer(_) | Of::Prompt(..));
                    lane.queue.push_front(entry);
                }
                What::Draft(_) => {
                    if let Some(streaming) = &mut lane.streaming {
                        streaming.drafted = 0;
                    }
                }
            }
        });
    }

    /// Whether something was handed out so long ago that nobody will say any more what became of it.
    pub(super) fn is_forgotten(&self) -> bool {
        self.lock().handed.values().any(|handed| handed.at.elapsed() > FORGOTTEN)
    }

    fn change(&self, change: impl FnOnce(&mut Lanes)) {
        let mut lanes = self.lock();
        change(&mut lanes);
        lanes.tidy();
        drop(lanes);
        self.inner.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.inner.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lanes {
    fn lane(&mut self, conversation: &str) -> &mut Lane {
        self.lanes.entry(conversation.to_owned()).or_default()
    }

    fn tidy(&mut self) {
        self.lanes.retain(|_, lane| !lane.is_empty());
    }

    /// Something to hand out now, or when to look again.
    fn draw(&mut self, now: Instant) -> Result<Drawn, Option<Instant>> {
        if !self.connected {
            return Err(None);
        }
        let room = self.handed.len() < WINDOW;
        let mut wake: Option<Instant> = None;
        let mut found = None;
        for (conversation, lane) in &self.lanes {
            let entry = lane.entry_at(now).filter(|_| room).map(|at| (at, Kind::Entry));
            let draft = lane.draft_at().filter(|_| room).map(|at| (at, Kind::Draft));
            let at_work = lane.at_work_at(now).map(|at| (at, Kind::AtWork));
            for (at, kind) in [entry, at_work, draft].into_iter().flatten() {
                if at <= now {
                    found = Some((conversation.clone(), kind));
                    break;
                }
                wake = Some(wake.map_or(at, |wake| wake.min(at)));
            }
            if found.is_some() {
                break;
            }
        }
        let Some((conversation, kind)) = found else { return Err(wake) };
        self.hand_out(conversation, kind).ok_or(Some(now + WAIT_MIN))
    }

    fn hand_out(&mut self, conversation: String, kind: Kind) -> Option<Drawn> {
        let id = self.next_id + 1;
        let lane = self.lanes.get_mut(&conversation)?;
        let (what, outbound, record) = match kind {
            Kind::AtWork => {
                let at_work = lane.at_work.as_mut()?;
                let active = !at_work.over;
                let was_shown = std::mem::replace(&mut at_work.shown, active);
                if !active {
                    lane.at_work = None;
                    self.tidy();
                }
                // Work that nobody saw begin needs no end.
                return (active || was_shown).then_some(Drawn::Typing(Typing { conversation_id: conversation, active }));
            }
            Kind::Entry => {
                lane.not_before = None;
                let mut entry = lane.queue.pop_front()?;
                if entry.is_notice() {
                    self.notices = self.notices.saturating_sub(1);
                }
                let record = entry.attempt();
                let outbound = Outbound {
                    id,
                    attempt: entry.attempt,
                    conversation_id: conversation.clone(),
                    reply_to: entry.reply_to.clone(),
                    content: entry.content(),
                };
                (What::Entry(entry), outbound, record)
            }
            Kind::Draft => {
                lane.not_before = None;
                let streaming = lane.streaming.as_mut()?;
                (streaming.drafted, streaming.not_before) = (streaming.text.len(), None);
                let Answer { session, turn, outbound } = streaming.answer;
                let announces = !std::mem::replace(&mut streaming.announced, true);
                let event = Event::OutboundDrafted { turn, outbound, shown: Vec::new() };
                let record = announces.then_some(Record { session, event });
                let draft = Draft { shown: streaming.shown.clone(), text: streaming.text.clone(), last: false };
                let outbound = Outbound {
                    id,
                    attempt: 1,
                    conversation_id: conversation.clone(),
                    reply_to: streaming.reply_to.clone(),
                    content: OutboundContent::Text(draft),
                };
                (What::Draft(streaming.answer), outbound, record)
            }
        };
        lane.busy = Some(id);
        self.next_id = id;
        self.handed.insert(id, Handed { conversation, what, at: Instant::now() });
        Some(Drawn::Outbound { outbound, record })
    }

    fn settle(&mut self, id: u64, outcome: Outcome) -> Option<Record> {
        let Handed { conversation, what, .. } = self.handed.remove(&id)?;
        let lane = self.lane(&conversation);
        lane.busy = None;
        match what {
            What::Entry(entry) => match entry.of {
                Of::Prompt(question, _) => self.settle_prompt(&conversation, question, entry, outcome),
                Of::Close(question) => self.settle_close(&conversation, question, entry, outcome),
                Of::Answer(_) | Of::Notice => settle_entry(lane, entry, outcome),
            },
            What::Draft(answer) => settle_draft(lane, answer, outcome),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Entry,
    Draft,
    AtWork,
}

#[cfg(test)]
mod tests;
