//! The writing side as its callers see it: batches in, promises kept out.
//!
//! Nothing here blocks: a caller waits for a place in the queue and for the answer, both as futures of no particular
//! runtime. A future that is dropped before it is done takes nothing back: its batch may be committed all the same.

use std::path::Path;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use wirken_types::event::Event;
use wirken_types::{Digest, Timestamp};

use crate::apply::ERASED_ACTION;
use crate::chain::{Chain, Position};
use crate::crash::{CrashPoints, NoCrashPoints};
use crate::encode::Draft;
use crate::error::Error;
use crate::outbox;
use crate::schema::{self, Schema};
use crate::state::State;
use crate::writer::{Command, Work, Writer};

/// Batches that may wait; past it, callers wait for a place. A commit takes them all, so this also bounds a commit.
const QUEUE: usize = 1024;
/// How long a row that rides along waits for a commit to ride on.
const LAZY: Duration = Duration::from_millis(50);
/// How long SQLite waits for another process that locks the file, such as a backup.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug)]
pub struct Options<P = NoCrashPoints> {
    pub queue: usize,
    pub lazy_after: Duration,
    pub busy_timeout: Duration,
    pub crash_points: P,
}

impl Default for Options {
    fn default() -> Self {
        Self { queue: QUEUE, lazy_after: LAZY, busy_timeout: BUSY, crash_points: NoCrashPoints }
    }
}

impl Options {
    pub fn with_crash_points<P: CrashPoints>(self, crash_points: P) -> Options<P> {
        Options { queue: self.queue, lazy_after: self.lazy_after, busy_timeout: self.busy_timeout, crash_points }
    }
}

/// Events that are committed together or not at all, in their order.
#[derive(Clone, Debug)]
pub struct Batch {
    at: Timestamp,
    parts: Vec<(Chain, Vec<Event>)>,
    states: Vec<State>,
}

impl Batch {
    /// Its rows have the time of this call.
    pub fn new() -> Self {
        Self { at: Timestamp::now(), parts: Vec::new(), states: Vec::new() }
    }

    pub fn of(chain: impl Into<Chain>, events: impl IntoIterator<Item = Event>) -> Self {
        Self::new().with(chain, events)
    }

    #[must_use]
    pub fn with(mut self, chain: impl Into<Chain>, events: impl IntoIterator<Item = Event>) -> Self {
        self.parts.push((chain.into(), events.into_iter().collect()));
        self
    }

    /// Sets, or where there is no value removes, what an account's channel remembers. In no chain and checked by nobody:
    /// the caller encrypts it.
    #[must_use]
    pub fn with_state(mut self, account: impl Into<String>, values: Vec<(String, Option<Vec<u8>>)>) -> Self {
        let account = account.into();
        self.states.extend(values.into_iter().map(|(key, value)| State { account: account.clone(), key, value }));
        self
    }

    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    fn drafts(&self) -> Result<Vec<Draft>, Error> {
        if i64::try_from(self.at.0).is_err() {
            return Err(Error::Invalid { why: "its time is past what a row can hold".into() });
        }
        let reserved = |event: &Event| matches!(event, Event::System { action, .. } if action == ERASED_ACTION);
        if self.parts.iter().any(|(_, events)| events.iter().any(reserved)) {
            return Err(Error::Invalid { why: format!("the ledger itself writes {ERASED_ACTION} events, when it erases") });
        }
        let events = self.parts.iter().flat_map(|(chain, events)| events.iter().map(|event| (*chain, event)));
        let mut drafts = events.map(|(chain, event)| Draft::of(chain, event)).collect::<Result<Vec<_>, _>>()?;
        outbox::pass_over_delivered(&mut drafts);
        Ok(drafts)
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

/// What was committed, in the order of the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub rows: Vec<Position>,
}

/// What an erasure did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// Bytes and salt are gone; this row of the system's chain says so.
    Erased(Position),
    ErasedBefore,
}

/// The one writer of a ledger. Clones share it; it ends with [`Ledger::close`] or when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Ledger {
    commands: mpsc::Sender<Command>,
    slots: Arc<Semaphore>,
    stopped: Arc<OnceLock<String>>,
}

impl Ledger {
    /// Opens the ledger file, making it where there is none. Blocks: call it at the start, or on a blocking thread.
    pub fn open<P: CrashPoints>(path: &Path, options: Options<P>) -> Result<Self, Error> {
        Self::open_with(path, options, &schema::CURRENT)
    }

    pub(crate) fn open_with<P: CrashPoints>(path: &Path, options: Options<P>, schema: &Schema) -> Result<Self, Error> {
        let opened = schema::open_for_writing(path, options.busy_timeout, schema)?;
        let (commands, queue) = mpsc::channel();
        let slots = Arc::new(Semaphore::new(options.queue.clamp(1, Semaphore::MAX_PERMITS)));
        let stopped = Arc::new(OnceLock::new());
        let writer = Writer::new(opened, queue, Arc::clone(&stopped), options);
        std::thread::Builder::new()
            .name("wirken-ledger".into())
            .spawn(move || writer.run())
            .map_err(|error| Error::Database { action: "start the writer of", source_text: error.to_string() })?;
        Ok(Self { commands, slots, stopped })
    }

    /// Resolves once every row of the batch is durable, or none is.
    pub async fn append(&self, batch: Batch) -> Result<Receipt, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Append { at: batch.at, drafts: batch.drafts()?, states: batch.states, reply: Some(reply) }).await?;
        self.answer(answer).await
    }

    /// Queues rows that ride along with the next commit, and resolves when they are queued. What may be refused cannot
    /// ride along, since nobody would hear of it, nor what somebody waits for before he acts; anything else that cannot
    /// be written stops the ledger.
    pub async fn append_lazily(&self, batch: Batch) -> Result<(), Error> {
        let drafts = batch.drafts()?;
        if let Some(draft) = drafts.iter().find(|draft| !draft.may_ride_along()) {
            let why = format!("a {} event can be refused, or is waited for, so it is not appended lazily", draft.kind);
            return Err(Error::Invalid { why });
        }
        self.send(Work::Append { at: batch.at, drafts, states: batch.states, reply: None }).await
    }

    /// Erases a content for ever; its row stays, and so does its digest. Resolves once that is durable. Remains of the
    /// bytes leave the write-ahead file at once too, unless somebody is reading it at that moment.
    pub async fn erase_payload(&self, digest: Digest) -> Result<Erasure, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Erase { at: Timestamp::now(), digest, reply }).await?;
        self.answer(answer).await
    }

    /// Resolves once everything queued before is durable.
    pub async fn flush(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Flush { reply }).await?;
        self.answer(answer).await
    }

    /// Makes everything queued durable, folds the write-ahead file into the ledger, and gives the ledger up. Other
    /// clones answer [`Error::Closed`] from then on.
    pub async fn close(self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Close { reply }).await?;
        self.answer(answer).await
    }

    async fn send(&self, work: Work) -> Result<(), Error> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| self.ended())?;
        self.commands.send(Command { work, _slot: slot }).map_err(|_| self.ended())
    }

    async fn answer<T>(&self, answer: oneshot::Receiver<Result<T, Error>>) -> Result<T, Error> {
        answer.await.unwrap_or_else(|_| Err(self.ended()))
    }

    fn ended(&self) -> Error {
        match self.stopped.get() {
            Some(cause) => Error::Stopped { cause: cause.clone() },
            None => Error::Closed,
        }
    }
}
