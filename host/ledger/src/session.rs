//! What the ledger says of sessions and of turns that did not end: derived from rows, kept beside them so that nobody
//! has to read a whole chain to list it.

use rusqlite::Row as SqlRow;
use serde::Serialize;
use wirken_types::event::Place;
use wirken_types::{SessionId, Timestamp, TurnId};

use crate::error::Error;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    pub id: SessionId,
    #[serde(flatten)]
    pub place: Place,
    pub opened_at: Timestamp,
    /// The time of its last row.
    pub last_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// The beginning of its first message; none before that, and none once that message is erased.
    pub title: Option<String>,
}

/// A turn that started and neither finished nor was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OpenTurn {
    pub session: SessionId,
    pub turn: TurnId,
    pub started_at: Timestamp,
    /// The row that started it.
    pub seq: u64,
}

pub(crate) const SESSION_COLUMNS: &str = "id, agent, account, conversation, thread, opened_at, last_at, closed_at, title";

impl Session {
    /// From [`SESSION_COLUMNS`].
    pub(crate) fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Result<Self, Error>> {
        let id: String = row.get(0)?;
        let place = Place { agent: row.get(1)?, account: row.get(2)?, conversation: row.get(3)?, thread: row.get(4)? };
        let (opened_at, last_at, closed_at) = (row.get(5)?, row.get(6)?, row.get::<_, Option<i64>>(7)?);
        let title = row.get(8)?;
        Ok(match id.parse() {
            Ok(id) => Ok(Self { id, place, opened_at: time(opened_at), last_at: time(last_at), closed_at: closed_at.map(time), title }),
            Err(error) => Err(Error::Damaged { chain: id, seq: 0, what: format!("its session is listed wrongly ({error})") }),
        })
    }
}

/// A column's time; times below zero are never written, and `verify` reports one.
pub(crate) fn time(column: i64) -> Timestamp {
    Timestamp(u64::try_from(column).unwrap_or(0))
}
