//! The one thread that writes: takes everything that waits, commits it in one transaction, answers.
//!
//! A commit costs one synced write whatever it holds, so batches of many sessions share it. Rows that ride along wait
//! for a commit that somebody needs. Folding the write-ahead file into the ledger happens when nobody waits.

use std::fs::File;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use wirken_types::{Digest, Timestamp};

use crate::apply::{self, Failure, Heads};
use crate::crash::{CrashPoint, CrashPoints};
use crate::encode::Draft;
use crate::error::Error;
use crate::handle::{Erasure, Options, Receipt};
use crate::schema::Opened;
use crate::state::State;

/// Pages of the write-ahead file that are worth folding in once nobody waits (4 MB).
const WAL_WORTHWHILE: i64 = 1000;
/// Pages past which it is done even while somebody waits, so that the file stays bounded (64 MB).
const WAL_TOO_LARGE: i64 = 16_000;
/// How long nothing must have come before it is done, so that the next round of a turn does not meet it.
const QUIET: Duration = Duration::from_millis(20);

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// Work, and its place in the bounded queue, given back when the work is done.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) work: Work,
    pub(crate) _slot: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(crate) enum Work {
    /// Without a reply, it rides along.
    Append {
        at: Timestamp,
        drafts: Vec<Draft>,
        states: Vec<State>,
        reply: Option<Reply<Receipt>>,
    },
    Erase {
        at: Timestamp,
        digest: Digest,
        reply: Reply<Erasure>,
    },
    Flush {
        reply: Reply<()>,
    },
    Close {
        reply: Reply<()>,
    },
}

impl Work {
    fn rides_along(&self) -> bool {
        matches!(self, Self::Append { reply: None, .. })
    }
}

/// What somebody is told once the transaction stands or has failed.
enum Answer {
    Receipt(Reply<Receipt>, Result<Receipt, Error>),
    Erasure(Reply<Erasure>, Result<Erasure, Error>),
    Done(Reply<()>),
}

impl Answer {
    /// A caller that went away is told nothing; its rows stand.
    fn give(self, stopped: Option<&Error>) {
        match self {
            Self::Receipt(reply, result) => drop(reply.send(stopped.map_or(result, |error| Err(error.clone())))),
            Self::Erasure(reply, result) => drop(reply.send(stopped.map_or(result, |error| Err(error.clone())))),
            Self::Done(reply) => drop(reply.send(stopped.map_or(Ok(()), |error| Err(error.clone())))),
        }
    }
}

pub(crate) struct Writer<P> {
    connection: Connection,
    lock: File,
    queue: Receiver<Command>,
    /// Set once, when a write failed; handles read it after this thread is gone.
    stopped: Arc<OnceLock<String>>,
    crash_points: P,
    lazy_after: Duration,
    busy_timeout: Duration,
    /// Commands that may wait before riding along ends: half the queue, so that lazy rows never fill it.
    patience: usize,
    heads: Heads,
    pending: Vec<Command>,
    /// When the oldest row that rides along was queued.
    oldest: Option<Instant>,
    /// Pages not folded in yet, and the file's length at which the next forced fold is tried.
    outstanding: i64,
    force_at: i64,
}

enum Wake {
    Command(Command),
    LazyDue,
    Quiet,
    Ended,
}

impl<P: CrashPoints> Writer<P> {
    pub(crate) fn new(opened: Opened, queue: Receiver<Command>, stopped: Arc<OnceLock<String>>, options: Options<P>) -> Self {
        let Opened { connection, lock } = opened;
        Self {
            connection,
            lock,
            queue,
            stopped,
            crash_points: options.crash_points,
            lazy_after: options.lazy_after,
            busy_timeout: options.busy_timeout,
            patience: options.queue.div_ceil(2),
            heads: Heads::default(),
            pending: Vec::new(),
            oldest: None,
            outstanding: 0,
            force_at: WAL_TOO_LARGE,
        }
    }

    pub(crate) fn run(mut self) {
        loop {
            match self.wait() {
                Wake::Command(command) => self.take(command),
                Wake::LazyDue => {}
                Wake::Quiet => {
                    self.fold("PASSIVE");
                    continue;
                }
                Wake::Ended => {
                    let closers = self.commit();
                    return self.finish(closers);
                }
            }
            while let Ok(command) = self.queue.try_recv() {
                self.take(command);
            }
            if self.due() {
                let closers = self.commit();
                if !closers.is_empty() {
                    return self.finish(closers);
                }
            }
        }
    }

    fn wait(&self) -> Wake {
        let (limit, late) = match self.oldest {
            Some(oldest) => (Some(self.lazy_after.saturating_sub(oldest.elapsed())), Wake::LazyDue),
            None if self.outstanding > WAL_WORTHWHILE => (Some(QUIET), Wake::Quiet),
            None => (None, Wake::Quiet),
        };
        match limit {
            Some(limit) => match self.queue.recv_timeout(limit) {
                Ok(command) => Wake::Command(command),
                Err(RecvTimeoutError::Timeout) => late,
                Err(RecvTimeoutError::Disconnected) => Wake::Ended,
            },
            None => self.queue.recv().map_or(Wake::Ended, Wake::Command),
        }
    }

    fn take(&mut self, command: Command) {
        if command.work.rides_along() && self.oldest.is_none() {
            self.oldest = Some(Instant::now());
        }
        self.pending.push(command);
    }

    fn due(&self) -> bool {
        self.pending.iter().any(|command| !command.work.rides_along())
            || self.pending.len() >= self.patience
            || self.oldest.is_some_and(|oldest| oldest.elapsed() >= self.lazy_after)
    }

    /// Commits all that is pending and answers; returns who asked for the end.
    fn commit(&mut self) -> Vec<Reply<()>> {
        self.oldest = None;
        let commands = std::mem::take(&mut self.pending);
        if commands.is_empty() {
            return Vec::new();
        }
        let mut answers = Vec::with_capacity(commands.len());
        let mut closers = Vec::new();
        let mut slots = Vec::with_capacity(commands.len());
        let mut erased = false;
        let mut failure = self.stopped.get().cloned();
        if failure.is_none() {
            failure = self.connection.execute_batch("BEGIN IMMEDIATE").err().map(|error| error.to_string());
        }
        for Command { work, _slot } in commands {
            slots.push(_slot);
            match work {
                Work::Append { at, drafts, states, reply } => {
                    let done = self.attempt(&mut failure, |connection, heads| apply::append(connection, heads, at, &drafts, &states));
                    match (reply, done) {
                        (Some(reply), done) => answers.push(Answer::Receipt(reply, done)),
                        (None, Err(error)) if failure.is_none() => failure = Some(format!("a row that rides along was refused: {error}")),
                        (None, _) => {}
                    }
                }
                Work::Erase { at, digest, reply } => {
                    let done = self.attempt(&mut failure, |connection, heads| apply::erase(connection, heads, at, digest));
                    erased |= matches!(done, Ok(Erasure::Erased(_)));
                    answers.push(Answer::Erasure(reply, done));
                }
                Work::Flush { reply } => answers.push(Answer::Done(reply)),
                Work::Close { reply } => closers.push(reply),
            }
        }
        let stopped = self.end_transaction(failure);
        for answer in answers {
            answer.give(stopped.as_ref());
        }
        drop(slots);
        if stopped.is_none() {
            self.heads.bound();
            self.after_commit(erased);
        }
        closers
    }

    /// One piece of work inside the transaction, unless that has failed already.
    fn attempt<T>(
        &mut self,
        failure: &mut Option<String>,
        work: impl FnOnce(&Connection, &mut Heads) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        if let Some(cause) = failure {
            return Err(Error::Stopped { cause: cause.clone() });
        }
        work(&self.connection, &mut self.heads).map_err(|error| match error {
            Failure::Refused(error) => error,
            Failure::Fatal(error) => {
                let cause = error.to_string();
                *failure = Some(cause.clone());
                Error::Stopped { cause }
            }
        })
    }

    /// Commits, or rolls back and stops for good.
    fn end_transaction(&mut self, mut failure: Option<String>) -> Option<Error> {
        if failure.is_none() {
            self.crash_points.reached(CrashPoint::BeforeCommit);
            failure = self.connection.execute_batch("COMMIT").err().map(|error| error.to_string());
            if failure.is_none() {
                self.crash_points.reached(CrashPoint::AfterCommit);
            }
        }
        let cause = failure?;
        if self.stopped.set(cause.clone()).is_ok() {
            tracing::error!(cause, "the ledger stopped: a write failed");
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "the failed write could not be rolled back; the next start does it");
            }
        }
        Some(Error::Stopped { cause })
    }

    fn after_commit(&mut self, erased: bool) {
        if erased {
            // The write-ahead file still holds what was erased.
            return self.fold("TRUNCATE");
        }
        let length = self.checkpoint("NOOP");
        if length >= self.force_at {
            self.fold("TRUNCATE");
        }
    }

    /// Folds the write-ahead file into the ledger, as far as readers let it. Whoever reads is not waited for.
    fn fold(&mut self, mode: &str) {
        let patient = mode == "TRUNCATE" && self.connection.busy_timeout(Duration::ZERO).is_ok();
        let length = self.checkpoint(mode);
        if patient && let Err(error) = self.connection.busy_timeout(self.busy_timeout) {
            tracing::warn!(%error, "could not set the ledger's patience");
        }
        self.force_at = length + WAL_TOO_LARGE;
        // What a reader holds back is tried again after the next commit, not in a loop.
        self.outstanding = 0;
    }

    /// Returns the pages in the write-ahead file. A failure loses nothing: the rows stand in that file.
    fn checkpoint(&mut self, mode: &str) -> i64 {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let counts = self
            .connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))));
        match counts {
            Ok((length, folded)) => {
                self.outstanding = length.saturating_sub(folded).max(0);
                length.max(0)
            }
            Err(error) => {
                tracing::warn!(%error, mode, "could not fold the write-ahead file into the ledger; it is tried again");
                0
            }
        }
    }

    fn finish(mut self, closers: Vec<Reply<()>>) {
        let stopped = self.stopped.get().map(|cause| Error::Stopped { cause: cause.clone() });
        if stopped.is_none() {
            self.fold("TRUNCATE");
        }
        let Self { connection, lock, queue, .. } = self;
        drop(queue);
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "the ledger's file did not close cleanly; nothing is lost");
        }
        drop(lock);
        for reply in closers {
            Answer::Done(reply).give(stopped.as_ref());
        }
    }
}
