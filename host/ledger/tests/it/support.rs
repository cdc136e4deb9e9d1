//! A ledger in a temporary folder, and short ways to the events that tests write.

use std::path::PathBuf;

use tempfile::TempDir;
use wirken_ledger::{Batch, Ledger, Options, Reader, path_in};
use wirken_types::approval::{ApprovalId, Choice, Grant, Holder, Judged, Lasts, Question, Tier};
use wirken_types::chat::Part;
use wirken_types::event::{Event, Place};
use wirken_types::{Digest, GrantId, SessionId, Timestamp, TurnId};

pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        path_in(self.folder.path())
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.path(), Options::default()).unwrap()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.path()).unwrap()
    }

    /// A connection that knows nothing of the rules: what somebody with the file can do.
    pub(crate) fn meddle(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF").unwrap();
        connection
    }
}

pub(crate) fn place(conversation: &str) -> Place {
    Place { agent: "main".into(), account: "telegram-1".into(), conversation: conversation.into(), thread: None }
}

pub(crate) fn opened(conversation: &str) -> Event {
    Event::SessionOpened { place: place(conversation) }
}

pub(crate) fn inbound(turn: TurnId, key: &str, text: &str) -> Event {
    Event::Inbound {
        turn,
        account: "telegram-1".into(),
        key: key.into(),
        sender: "ana".into(),
        message: None,
        marks: Vec::new(),
        content: Some(vec![Part::text(text)]),
    }
}

pub(crate) fn commanded(key: &str, command: &str) -> Event {
    Event::Commanded { account: "telegram-1".into(), key: key.into(), command: command.into() }
}

pub(crate) fn system(action: &str) -> Event {
    Event::System { action: action.into(), subject: "test".into(), detail: serde_json::json!({}) }
}

/// Opens a session and records one whole turn in it.
pub(crate) async fn one_turn(ledger: &Ledger, conversation: &str) -> (SessionId, TurnId) {
    let (session, turn) = (SessionId::generate(), TurnId::generate());
    let events = [
        opened(conversation),
        inbound(turn, &format!("{conversation}-1"), "Grüß dich, 世界 🌍"),
        Event::TurnStarted { turn },
        Event::TurnFinished { turn, stop: "end".into() },
    ];
    ledger.append(Batch::of(session, events)).await.unwrap();
    (session, turn)
}

/// The call that people are asked about.
pub(crate) const CALL: &str = "call-1";

/// The id of a question that nobody was asked yet.
pub(crate) fn question() -> ApprovalId {
    ApprovalId::from_random(*TurnId::generate().as_bytes())
}

pub(crate) fn asks() -> Question {
    let action = Digest::of(b"make");
    let judged = Judged { words: "run `make`".into(), tier: Tier::Remembered, reasons: Vec::new(), key: Some("exec make".into()), action };
    Question {
        component: "exec".into(),
        version: "0.1.0".into(),
        component_digest: Digest::of(b"exec"),
        tool: "run".into(),
        arguments: "{}".into(),
        actions: vec![judged],
        purpose: "to build 🌍".into(),
        after: None,
        holder: None,
    }
}

pub(crate) fn put(turn: TurnId, approval: ApprovalId) -> Event {
    let (tier, action, expires_at) = (Tier::Remembered, Digest::of(b"all"), Timestamp(1_000));
    Event::ApprovalAsked { turn, call_id: CALL.into(), approval, tier, action, expires_at, content: Some(asks()) }
}

pub(crate) fn answered(turn: TurnId, approval: ApprovalId, choice: Choice) -> Event {
    answered_by(turn, approval, choice, "ana")
}

pub(crate) fn answered_by(turn: TurnId, approval: ApprovalId, choice: Choice, by: &str) -> Event {
    Event::ApprovalAnswered { turn, call_id: CALL.into(), approval, choice, by: by.into(), via: "webchat".into(), content: None }
}

pub(crate) fn expired(turn: TurnId, approval: ApprovalId) -> Event {
    Event::ApprovalExpired { turn, call_id: CALL.into(), approval, reason: "late".into() }
}

pub(crate) fn holder(sender: &str) -> Holder {
    Holder { agent: "main".into(), account: "telegram-1".into(), sender: sender.into() }
}

pub(crate) fn grant(id: GrantId, lasts: Lasts) -> Grant {
    Grant { id, holder: holder("ana"), component: "exec".into(), key: "exec make".into(), lasts }
}

pub(crate) fn granted(id: GrantId, lasts: Lasts) -> Event {
    Event::Granted { grant: grant(id, lasts), by: "owner".into() }
}

pub(crate) fn revoke(grant: GrantId) -> Event {
    Event::GrantRevoked { grant, by: "owner".into() }
}
