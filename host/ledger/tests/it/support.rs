//! A ledger in a temporary folder, and short ways to the events that tests write.

use std::path::PathBuf;

use tempfile::TempDir;
use wirken_ledger::{Batch, Ledger, Options, Reader, path_in};
use wirken_types::chat::Part;
use wirken_types::event::{Event, Place};
use wirken_types::{SessionId, TurnId};

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
