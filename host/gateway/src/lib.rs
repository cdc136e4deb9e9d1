//! The gateway: sessions, each an actor over its turn, its model, its tools and the ledger.
//!
//! This room is wiring. What a turn does next is decided by `wirken-turn`, what is kept by `wirken-ledger`, what may be
//! sent by `wirken-egress`, what a component may do by `wirken-plugin`. Surfaces (the browser, the command line) call
//! [`Gateway::say`], whose answer means that the message is durable, and [`Gateway::watch`].

mod approvals;
pub mod channel;
pub mod control;
mod effects;
pub mod folder;
mod model;
mod permits;
mod pictures;
mod policies;
mod programs;
mod registry;
mod screen;
mod session;
mod shared;
mod skills;
mod sparse;
mod tools;

use std::sync::Arc;

use tokio::sync::broadcast;
use wirken_ledger::{Ledger, Reader, Report, Row, Session, SessionFilter, Verdict};
use wirken_secret::Scanner;
use wirken_turn::Shown;
use wirken_types::event::{Event, Mark, Place};
use wirken_types::media::Remote;
use wirken_types::{SessionId, Timestamp, TurnId};

pub use approvals::{Answering, Answers, Given};
pub use effects::{Authorities, Outward};
pub use model::{Answer, ChosenModel, Model, NoModel, ProviderModel, ProviderParts};
pub use permits::Policy;
pub use policies::Policies;
pub use programs::{MAX_STDIN_BYTES, Runner, SETTLE, Sandbox};
pub use skills::{NoSkills, RESERVED, Ready, Skills};
pub use sparse::Sparse;
pub use tools::{About, CRASHES, Catalogue, DenyTools, NameTaken, Quarantine, ToolSet, Tools};

use registry::{Entry, Registry};
use session::Command;

/// The longest message that a person may send, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 400_000;

/// The accounts whose surfaces read the ledger themselves; every other one is a channel's.
pub const LOCAL_ACCOUNTS: [&str; 2] = ["webchat", "cli"];

/// How often a message is given to the actor of its session before the gateway is taken to be stopping.
const ACTORS_TRIED: usize = 3;

/// What a gateway is made of.
pub struct Parts {
    pub ledger: Ledger,
    pub reader: Reader,
    /// A second reading side, for what takes long: histories, and the check of a chain.
    pub history: Reader,
    pub model: Arc<dyn Model>,
    pub tools: Arc<dyn Tools>,
    /// What the agent is told before every conversation.
    pub instructions: String,
    /// For the secrets that no session may hold.
    pub scanner: Arc<Scanner>,
    /// Who is asked, and what is not to happen.
    pub policy: Policy,
    /// Where programs run.
    pub sandbox: Arc<dyn Runner>,
    /// How components' requests leave.
    pub outward: Outward,
    /// Where components keep what they leave for their next call.
    pub store: Option<wirken_store::Store>,
    /// Where files that come with messages are kept; none where they are not.
    pub blobs: Option<wirken_ledger::Blobs>,
    /// The owner's own rules.
    pub policies: Arc<Policies>,
    /// What the agent is told how to do.
    pub skills: Arc<dyn Skills>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// A message from a person.
#[derive(Clone, Debug)]
pub struct Say {
    /// The session that it goes to; none for the open session at `place`, or a new one there.
    pub session: Option<SessionId>,
    pub place: Place,
    pub sender: String,
    /// Unique within the account for ever: a message is taken once, however often it is sent.
    pub key: String,
    /// What the answer is to name as the message that it answers, where the platform has several under way.
    pub message: Option<String>,
    /// What is to be known of it when something is decided later on.
    pub marks: Vec<Mark>,
    pub text: String,
    /// What came with it and is to be fetched.
    pub files: Vec<Remote>,
}

/// A message is durable, and this turn answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub session: SessionId,
    pub turn: TurnId,
    /// It had been taken before; nothing was done this time.
    pub duplicate: bool,
}

/// What a watcher of a session is told.
#[derive(Clone, Debug)]
pub enum Update {
    /// Durable now.
    Recorded { seq: u64, at: Timestamp, event: Arc<Event> },
    /// A glimpse of what is under way. Not durable; the record replaces it.
    Glimpse { turn: TurnId, shown: Shown },
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("there is no session {0}")]
    UnknownSession(SessionId),
    #[error("the session {0} is closed: start a new one")]
    Closed(SessionId),
    #[error("the message is empty")]
    Empty,
    #[error(
        "the message has {bytes} bytes, and {MAX_MESSAGE_BYTES} are the most: send it in parts, or put it into a file in the workspace"
    )]
    TooLong { bytes: usize },
    #[error(
        "the message holds the value of the credential {label}: it was neither kept nor sent; leave the value out (the gateway places it in requests by itself)"
    )]
    HoldsSecret { label: String },
    #[error(transparent)]
    TooManySkills(#[from] wirken_skills::commands::TooMany),
    #[error("the policy {policy} withheld the message: {reason}")]
    Withheld { policy: String, reason: String },
    #[error("there is no question {0}")]
    UnknownApproval(String),
    #[error("this question is not open any more: {0}")]
    NotOpen(String),
    #[error(transparent)]
    NotAllowed(#[from] wirken_permissions::Refusal),
    #[error("this is asked every time, and so cannot be granted: {words} {reasons}")]
    NotRemembered { words: String, reasons: String },
    #[error("there is no {what} named {name:?}: look at how it is written")]
    Unknown { what: &'static str, name: String },
    #[error("the note has {chars} characters, and {most} are the most", most = wirken_permissions::MAX_NOTE_CHARS)]
    NoteTooLong { chars: usize },
    #[error("the gateway is shutting down: send it again when it is back")]
    Stopping,
    #[error(transparent)]
    Ledger(#[from] wirken_ledger::Error),
}

/// The sessions of one data folder. Clones share them.
#[derive(Clone)]
pub struct Gateway {
    registry: Arc<Registry>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl Gateway {
    /// Reads nothing: a session is found when somebody speaks in it.
    pub fn start(parts: Parts) -> Self {
        Self { registry: Arc::new(Registry::new(parts)) }
    }

    /// Takes up every turn that an earlier run left open; one whose session was closed is ended. Returns how many were
    /// taken up.
    pub async fn resume(&self) -> Result<usize, GatewayError> {
        let mut resumed = 0;
        for turn in self.read(|reader| reader.open_turns()).await? {
            let session = self.session(turn.session).await?.filter(|session| session.closed_at.is_none());
            let gone = match &session {
                None => Some("its session was closed"),
                Some(session) if self.is_gone(&session.place.account) => Some("its channel was removed"),
                Some(_) => None,
            };
            if let Some(reason) = gone {
                let reason = reason.into();
                self.registry.record(turn.session, vec![Event::TurnInterrupted { turn: turn.turn, reason }]).await?;
            } else {
                self.registry.entry(turn.session).send(Command::Resume { turn: turn.turn }).await?;
                resumed += 1;
            }
        }
        Ok(resumed)
    }

    /// Whether nobody is there to whom an answer in this account could go.
    fn is_gone(&self, account: &str) -> bool {
        !LOCAL_ACCOUNTS.contains(&account) && self.registry.shared().outbox(account).is_none()
    }

    /// Ends the turns that an earlier run left open in an account, and closes their sessions: nobody waits for them. For
    /// a start, before anybody speaks there.
    pub async fn abandon(&self, account: &str, reason: &str) -> Result<usize, GatewayError> {
        let mut ended = 0;
        for turn in self.read(|reader| reader.open_turns()).await? {
            let session = self.session(turn.session).await?;
            if session.is_some_and(|session| session.place.account == account && session.closed_at.is_none()) {
                let interrupted = Event::TurnInterrupted { turn: turn.turn, reason: reason.into() };
                self.registry.record(turn.session, vec![interrupted, Event::SessionClosed { by: account.into() }]).await?;
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// Takes a message. It is durable once this returns.
    pub async fn say(&self, say: Say) -> Result<Accepted, GatewayError> {
        if say.text.trim().is_empty() {
            return Err(GatewayError::Empty);
        }
        if say.text.len() > MAX_MESSAGE_BYTES {
            return Err(GatewayError::TooLong { bytes: say.text.len() });
        }
        self.registry.screen().said(&say.sender, &say.text).await?;
        // An actor that had nothing to do may end just as it is spoken to. A key is taken once, so asking again is safe.
        for _ in 0..ACTORS_TRIED {
            let entry = self.entry_for(&say).await?;
            let (reply, answer) = tokio::sync::oneshot::channel();
            if entry.send(Command::Say { say: Box::new(say.clone()), reply }).await.is_ok()
                && let Ok(result) = answer.await
            {
                return result;
            }
        }
        Err(GatewayError::Stopping)
    }

    async fn entry_for(&self, say: &Say) -> Result<Entry, GatewayError> {
        let Some(id) = say.session else { return self.registry.entry_at(&say.place).await };
        if let Some(entry) = self.registry.live(id) {
            return Ok(entry);
        }
        let session = self.session(id).await?.ok_or(GatewayError::UnknownSession(id))?;
        if session.closed_at.is_some() {
            return Err(GatewayError::Closed(id));
        }
        Ok(self.registry.entry(id))
    }

    /// Ends the turn that runs in a session. False when none does.
    pub async fn stop(&self, session: SessionId, reason: &str) -> Result<bool, GatewayError> {
        let Some(entry) = self.registry.live(session) else { return Ok(false) };
        let (reply, answer) = tokio::sync::oneshot::channel();
        entry.send(Command::Stop { reason: reason.to_owned(), reply }).await?;
        answer.await.unwrap_or(Ok(false))
    }

    /// Closes a session; what runs in it is stopped first.
    pub async fn close_session(&self, session: SessionId, by: &str) -> Result<(), GatewayError> {
        let known = self.session(session).await?.ok_or(GatewayError::UnknownSession(session))?;
        if known.closed_at.is_some() {
            return Err(GatewayError::Closed(session));
        }
        // As with a message: an actor may end by itself just then.
        for _ in 0..ACTORS_TRIED {
            let entry = self.registry.entry(session);
            let (reply, answer) = tokio::sync::oneshot::channel();
            if entry.send(Command::Close { by: by.to_owned(), reply }).await.is_ok()
                && let Ok(closed) = answer.await
            {
                self.registry.forget(session);
                return closed;
            }
        }
        Err(GatewayError::Stopping)
    }

    /// Everything recorded in a session from now on, and glimpses of what is under way.
    pub fn watch(&self, session: SessionId) -> broadcast::Receiver<Update> {
        self.registry.watch(session)
    }

    /// Whether a turn is under way.
    pub fn running(&self, session: SessionId) -> bool {
        self.registry.running(session)
    }

    /// The sessions of an account that were used last, the newest first.
    pub async fn sessions(&self, account: &str, limit: usize) -> Result<Vec<Session>, GatewayError> {
        let filter = SessionFilter { account: Some(account.to_owned()), limit: Some(limit), ..SessionFilter::default() };
        self.read(move |reader| reader.sessions(&filter)).await
    }

    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, GatewayError> {
        self.read(move |reader| reader.session(id)).await
    }

    /// All rows of a session, in order.
    pub async fn rows(&self, session: SessionId) -> Result<Vec<Row>, GatewayError> {
        self.rows_from(session, 0).await
    }

    /// Its rows from a sequence number on.
    pub async fn rows_from(&self, session: SessionId, seq: u64) -> Result<Vec<Row>, GatewayError> {
        self.registry.read_history(move |reader| reader.rows(session, seq)).await
    }

    /// Checks a session's chain.
    pub async fn verify(&self, session: SessionId) -> Result<Report, GatewayError> {
        self.registry
            .read_history(move |reader| wirken_ledger::verify(reader, wirken_ledger::Scope::Chain(session.into()), &mut |_| {}))
            .await
    }

    /// Records what belongs to no session.
    pub async fn record_system(&self, action: &str, subject: &str, detail: serde_json::Value) -> Result<(), GatewayError> {
        self.registry.record_system(action, subject, detail).await
    }

    /// From now on, no session may hold these: the vault's content changed.
    pub fn set_scanner(&self, scanner: Arc<Scanner>) {
        self.registry.screen().set_scanner(scanner);
    }

    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, wirken_ledger::Error> + Send + 'static,
    ) -> Result<T, GatewayError> {
        self.registry.read(question).await
    }
}

/// Whether a report found a broken chain.
pub fn is_broken(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Broken { .. })
}
