//! Answers that are to be shown and have not been: derived from rows, so that what sends them need not read whole
//! chains, and finds after a stop what it has to go on with.
//!
//! An answer leaves the list when it was delivered. One that failed or is in doubt stays, so that each is shown.

use rusqlite::{Connection, Row as SqlRow, params};
use serde::Serialize;
use wirken_types::event::{Delivery, Event, Place};
use wirken_types::{SessionId, Timestamp, TurnId};

use crate::apply::int;
use crate::chain::Chain;
use crate::encode::{Draft, Effect};
use crate::error::Error;
use crate::reader::Reader;
use crate::session::time;

/// What is known of an answer that was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxState {
    /// Nothing of it was sent.
    Queued,
    /// A channel's adapter was given it, and said nothing since.
    Attempted,
    Failed,
    /// It may have been delivered.
    InDoubt,
}

/// An answer that was queued and not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutboxEntry {
    pub session: SessionId,
    /// Of its session.
    pub place: Place,
    pub turn: TurnId,
    pub outbound: u64,
    /// The row that queued it, which has its text.
    pub seq: u64,
    pub queued_at: Timestamp,
    pub state: OutboxState,
    /// The last attempt; 0 before the first. One of which nothing was sent counts too.
    pub attempt: u32,
}

impl OutboxState {
    const ALL: [Self; 4] = [Self::Queued, Self::Attempted, Self::Failed, Self::InDoubt];

    /// As it stands in the table.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Attempted => "attempted",
            Self::Failed => "failed",
            Self::InDoubt => "in-doubt",
        }
    }
}

/// What a row does to one answer in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) turn: TurnId,
    pub(crate) outbound: u64,
    pub(crate) to: To,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// An answer that was queued before begins anew.
    Queued,
    Attempted(u32),
    /// What became of an attempt.
    Ended(Delivery),
}

impl Step {
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::OutboundQueued { turn, outbound, .. } => Some(Self { turn: *turn, outbound: *outbound, to: To::Queued }),
            Event::OutboundAttempted { turn, outbound, attempt } => {
                Some(Self { turn: *turn, outbound: *outbound, to: To::Attempted(*attempt) })
            }
            Event::OutboundOutcome { turn, outbound, delivery, .. } => {
                Some(Self { turn: *turn, outbound: *outbound, to: To::Ended(*delivery) })
            }
            _ => None,
        }
    }
}

/// An answer that its own batch delivers is never in the list: those of a surface that reads the ledger itself, which
/// are most. What takes it out again stays, for the case that it was queued by an earlier batch too.
pub(crate) fn pass_over_delivered(drafts: &mut [Draft]) {
    for index in 0..drafts.len() {
        let Some((queued, later)) = drafts.get_mut(index..).and_then(<[Draft]>::split_first_mut) else { return };
        let Effect::Outbox(step @ Step { to: To::Queued, .. }) = queued.effect else { continue };
        let delivered = Step { to: To::Ended(Delivery::Delivered), ..step };
        let ends = |draft: &Draft| draft.chain == queued.chain && matches!(draft.effect, Effect::Outbox(step) if step == delivered);
        if later.iter().any(ends) {
            queued.effect = Effect::None;
        }
    }
}

pub(crate) fn write(connection: &Connection, chain: &str, seq: i64, at: i64, step: &Step) -> rusqlite::Result<()> {
    let (turn, outbound) = (step.turn.to_string(), int(step.outbound));
    let (state, attempt) = match step.to {
        To::Queued => {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO outbox (chain, turn, outbound, seq, at, state, attempt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
                )?
                .execute(params![chain, turn, outbound, seq, at, OutboxState::Queued.word()])?;
            return Ok(());
        }
        To::Ended(Delivery::Delivered) => {
            connection
                .prepare_cached("DELETE FROM outbox WHERE chain = ?1 AND turn = ?2 AND outbound = ?3")?
                .execute(params![chain, turn, outbound])?;
            return Ok(());
        }
        To::Attempted(attempt) => (OutboxState::Attempted, Some(attempt)),
        To::Ended(Delivery::Failed) => (OutboxState::Failed, None),
        To::Ended(Delivery::InDoubt) => (OutboxState::InDoubt, None),
        To::Ended(Delivery::Unsent) => (OutboxState::Queued, None),
    };
    connection
        .prepare_cached("UPDATE outbox SET state = ?4, attempt = ifnull(?5, attempt) WHERE chain = ?1 AND turn = ?2 AND outbound = ?3")?
        .execute(params![chain, turn, outbound, state.word(), attempt])?;
    Ok(())
}

impl Reader {
    /// Answers that were queued and not delivered, of one account or of all, in the order in which they were queued.
    pub fn outbox(&self, account: Option<&str>) -> Result<Vec<OutboxEntry>, Error> {
        // By arrival and not by time: a clock that is set back must not change the order of a conversation.
        let sql = "SELECT outbox.chain, outbox.turn, outbound, outbox.seq, outbox.at, state, attempt, agent, account, conversation, thread
            FROM outbox JOIN sessions ON sessions.id = outbox.chain
            JOIN rows ON rows.chain = outbox.chain AND rows.seq = outbox.seq
            WHERE ?1 IS NULL OR account = ?1 ORDER BY rows.id";
        let mut statement = self.connection.prepare_cached(sql).map_err(Error::database("read"))?;
        let found = statement.query_map([account], from_sql).map_err(Error::database("read"))?;
        found.map(|entry| entry.map_err(Error::database("read"))?).collect()
    }

    /// The text of an answer, by its session and the row that queued it; none where it was erased, or is no answer.
    pub fn outbox_content(&self, session: SessionId, seq: u64) -> Result<Option<String>, Error> {
        Ok(match self.row(Chain::Session(session), seq)?.map(|row| row.event) {
            Some(Event::OutboundQueued { content, .. }) => content,
            _ => None,
        })
    }
}

fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Result<OutboxEntry, Error>> {
    let (chain, turn, outbound, seq): (String, String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let (at, state, attempt): (i64, String, i64) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let place = Place { agent: row.get(7)?, account: row.get(8)?, conversation: row.get(9)?, thread: row.get(10)? };
    let seq = seq.unsigned_abs();
    let entry = || {
        let session = chain.parse().map_err(|error| format!("its session is misnamed ({error})"))?;
        let turn = turn.parse().map_err(|error| format!("its turn is misnamed ({error})"))?;
        let state = OutboxState::ALL.into_iter().find(|known| known.word() == state);
        let state = state.ok_or("its state is none that an answer can have")?;
        let outbound = u64::try_from(outbound).map_err(|_| "its number is below zero")?;
        let attempt = u32::try_from(attempt).map_err(|_| "its attempts cannot be counted")?;
        Ok(OutboxEntry { session, place, turn, outbound, seq, queued_at: time(at), state, attempt })
    };
    let damaged = |what: String| Error::Damaged { chain: chain.clone(), seq, what: format!("its answer is listed wrongly: {what}") };
    Ok(entry().map_err(damaged))
}
