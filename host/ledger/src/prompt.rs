//! Questions that are shown with buttons, or may be: derived from rows of sessions' chains, so that after a stop none is put
//! twice that is known to be shown, and one that is over loses its buttons.
//!
//! A question is in the list from when a channel's adapter is about to be given it until it is known not to be shown, or its
//! message says what came of it.

use rusqlite::{Connection, Row as SqlRow, params};
use wirken_types::approval::ApprovalId;
use wirken_types::event::{Delivery, Event, Place};
use wirken_types::{SessionId, TurnId};

use crate::chain::Chain;
use crate::error::Error;
use crate::reader::Reader;

/// What is known of a question that was given to an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptState {
    /// Nothing was said since.
    Attempted,
    Shown,
}

/// A question that is shown with buttons, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPrompt {
    pub approval: ApprovalId,
    pub session: SessionId,
    /// Of its session.
    pub place: Place,
    pub turn: TurnId,
    pub state: PromptState,
    /// The platform's ids of the messages that show it; none while it is attempted.
    pub shown: Vec<String>,
}

impl PromptState {
    /// As it stands in the table.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Attempted => "attempted",
            Self::Shown => "shown",
        }
    }
}

/// What a row does to one question in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) approval: ApprovalId,
    /// None: it is taken out.
    pub(crate) to: Option<PromptState>,
}

impl Step {
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let (approval, to) = match event {
            Event::PromptAttempted { approval, .. } => (approval, Some(PromptState::Attempted)),
            Event::PromptOutcome { approval, delivery: Delivery::Delivered, .. } => (approval, Some(PromptState::Shown)),
            Event::PromptOutcome { approval, .. } | Event::PromptClosed { approval, .. } => (approval, None),
            _ => return None,
        };
        Some(Self { approval: *approval, to })
    }
}

pub(crate) fn write(connection: &Connection, chain: &str, seq: i64, step: &Step) -> rusqlite::Result<()> {
    let approval = step.approval.to_string();
    match step.to {
        Some(state) => connection
            .prepare_cached("INSERT OR REPLACE INTO prompts (chain, approval, seq, state) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![chain, approval, seq, state.word()])?,
        None => connection.prepare_cached("DELETE FROM prompts WHERE chain = ?1 AND approval = ?2")?.execute(params![chain, approval])?,
    };
    Ok(())
}

impl Reader {
    /// The questions of one account, or of all, that are shown with buttons or may be, in the order in which that became so.
    pub fn prompts(&self, account: Option<&str>) -> Result<Vec<KnownPrompt>, Error> {
        let sql = "SELECT prompts.chain, approval, prompts.seq, agent, account, conversation, thread
            FROM prompts JOIN sessions ON sessions.id = prompts.chain
            JOIN rows ON rows.chain = prompts.chain AND rows.seq = prompts.seq
            WHERE ?1 IS NULL OR account = ?1 ORDER BY rows.id";
        let mut statement = self.connection.prepare_cached(sql).map_err(Error::database("read"))?;
        let found = statement.query_map([account], Listed::from_sql).map_err(Error::database("read"))?;
        found.map(|listed| self.known_prompt(listed.map_err(Error::database("read"))?)).collect()
    }

    /// What is sent by it comes from the row itself, whose hash is checked.
    fn known_prompt(&self, listed: Listed) -> Result<KnownPrompt, Error> {
        let Listed { chain, approval, seq, place } = listed;
        let damaged = |what: &str| Error::Damaged { chain: chain.clone(), seq, what: format!("its prompt is listed wrongly: {what}") };
        let session: SessionId = chain.parse().map_err(|_| damaged("its session is misnamed"))?;
        let (turn, own, state, shown) = match self.row(Chain::Session(session), seq)?.map(|row| row.event) {
            Some(Event::PromptAttempted { turn, approval }) => (turn, approval, PromptState::Attempted, Vec::new()),
            Some(Event::PromptOutcome { turn, approval, delivery: Delivery::Delivered, shown, .. }) => {
                (turn, approval, PromptState::Shown, shown)
            }
            _ => return Err(damaged("its row tells of none")),
        };
        if own.to_string() != approval {
            return Err(damaged("its row tells of another"));
        }
        Ok(KnownPrompt { approval: own, session, place, turn, state, shown })
    }
}

struct Listed {
    chain: String,
    approval: String,
    seq: u64,
    place: Place,
}

impl Listed {
    fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        let place = Place { agent: row.get(3)?, account: row.get(4)?, conversation: row.get(5)?, thread: row.get(6)? };
        Ok(Self { chain: row.get(0)?, approval: row.get(1)?, seq: row.get::<_, i64>(2)?.unsigned_abs(), place })
    }
}
