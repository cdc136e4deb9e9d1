//! Questions that were put to people, and what became of them: derived from rows of sessions' chains.
//!
//! A question is open until it is answered, expires, or its turn ends, and it is answered once: of two people who answer
//! at the same time the second is told so. Who may answer, and whether the time is up, is for those to say who record it.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, ToSql, params};
use serde::Serialize;
use wirken_types::approval::{ApprovalId, Choice, Question, Tier};
use wirken_types::event::{Event, Place};
use wirken_types::{Digest, SessionId, Timestamp, TurnId};

use crate::apply::{Failure, int};
use crate::chain::Chain;
use crate::encode::{Draft, Effect};
use crate::error::Error;
use crate::reader::Reader;
use crate::session::time;

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalState {
    Open,
    Allowed,
    Denied,
    Expired,
    /// Its turn ended before anybody answered.
    Ended,
}

impl ApprovalState {
    const ALL: [Self; 5] = [Self::Open, Self::Allowed, Self::Denied, Self::Expired, Self::Ended];

    /// As it stands in the table.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Ended => "ended",
        }
    }
}

/// A question that was put to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownApproval {
    pub approval: ApprovalId,
    pub session: SessionId,
    /// Of its session.
    pub place: Place,
    pub turn: TurnId,
    pub call_id: String,
    pub tier: Tier,
    /// Of everything that is asked.
    pub action: Digest,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
    /// The row that asked.
    pub seq: u64,
    pub state: ApprovalState,
    /// Who answered.
    pub by: Option<String>,
    pub ended_at: Option<Timestamp>,
    /// None where it was erased, and so cannot be decided.
    pub question: Option<Question>,
}

/// The questions that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    pub open: Vec<KnownApproval>,
    /// Why of each that is listed and is none of these nothing is shown: somebody changed the file, or the disk did.
    pub damaged: Vec<Error>,
}

/// What a row does to one question.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) approval: ApprovalId,
    pub(crate) turn: TurnId,
    pub(crate) call_id: String,
    pub(crate) to: To,
}

#[derive(Clone, Debug)]
pub(crate) enum To {
    Asked { tier: Tier, action: Digest, expires_at: Timestamp },
    Answered { state: ApprovalState, by: String },
    Expired,
}

impl Step {
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let (turn, call_id, approval, to) = match event {
            Event::ApprovalAsked { turn, call_id, approval, tier, action, expires_at, .. } => {
                (turn, call_id, approval, To::Asked { tier: *tier, action: *action, expires_at: *expires_at })
            }
            Event::ApprovalAnswered { turn, call_id, approval, choice, by, .. } => {
                let state = if *choice == Choice::Deny { ApprovalState::Denied } else { ApprovalState::Allowed };
                (turn, call_id, approval, To::Answered { state, by: by.clone() })
            }
            Event::ApprovalExpired { turn, call_id, approval, .. } => (turn, call_id, approval, To::Expired),
            _ => return None,
        };
        Some(Self { approval: *approval, turn: *turn, call_id: call_id.clone(), to })
    }
}

/// What a batch has done so far to questions, while it is only being checked.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    known: HashMap<ApprovalId, Standing>,
    ended: Vec<(Chain, String)>,
}

#[derive(Debug)]
struct Standing {
    chain: String,
    turn: String,
    call_id: String,
    state: ApprovalState,
    by: Option<String>,
}

impl Checks {
    pub(crate) fn check(&mut self, connection: &Connection, draft: &Draft) -> Result<(), Failure> {
        match &draft.effect {
            Effect::TurnEnded(turn) => {
                let turn = turn.to_string();
                for standing in self.known.values_mut() {
                    standing.end(draft.chain, &turn);
                }
                self.ended.push((draft.chain, turn));
                Ok(())
            }
            Effect::Approval(step) => self.take(connection, draft.chain, step),
            _ => Ok(()),
        }
    }

    fn take(&mut self, connection: &Connection, chain: Chain, step: &Step) -> Result<(), Failure> {
        let Step { approval, turn, call_id, to } = step;
        let approval = *approval;
        let (own, turn) = (chain.to_string(), turn.to_string());
        if !self.known.contains_key(&approval)
            && let Some(mut standing) = Standing::load(connection, approval)?
        {
            self.ended.iter().for_each(|(chain, turn)| standing.end(*chain, turn));
            self.known.insert(approval, standing);
        }
        let refused = |error| Err(Failure::Refused(error));
        match (self.known.get_mut(&approval), to) {
            (Some(_), To::Asked { .. }) => refused(Error::AskedBefore { approval }),
            (None, To::Asked { .. }) => {
                let standing = Standing { chain: own, turn, call_id: call_id.clone(), state: ApprovalState::Open, by: None };
                self.known.insert(approval, standing);
                Ok(())
            }
            (Some(standing), to) if standing.chain == own && standing.turn == turn && standing.call_id == *call_id => {
                match (standing.state, &standing.by) {
                    (ApprovalState::Open, _) => {}
                    (_, Some(by)) => return refused(Error::AnsweredBefore { approval, by: by.clone() }),
                    (_, None) => return refused(Error::NotOpen { approval }),
                }
                (standing.state, standing.by) = match to {
                    To::Answered { state, by } => (*state, Some(by.clone())),
                    _ => (ApprovalState::Expired, None),
                };
                Ok(())
            }
            _ => refused(Error::NotAsked { approval }),
        }
    }
}

impl Standing {
    fn load(connection: &Connection, approval: ApprovalId) -> Result<Option<Self>, Failure> {
        let found = connection
            .prepare_cached("SELECT chain, turn, call_id, state, answered_by FROM approvals WHERE approval = ?1")?
            .query_row([approval.to_string()], |row| {
                let state: String = row.get(3)?;
                let state = ApprovalState::ALL.into_iter().find(|known| known.word() == state);
                let state = state.ok_or(rusqlite::Error::InvalidQuery)?;
                Ok(Self { chain: row.get(0)?, turn: row.get(1)?, call_id: row.get(2)?, state, by: row.get(4)? })
            })
            .optional()?;
        Ok(found)
    }

    fn end(&mut self, chain: Chain, turn: &str) {
        if self.state == ApprovalState::Open && self.turn == turn && self.chain == chain.to_string() {
            self.state = ApprovalState::Ended;
        }
    }
}

pub(crate) fn write(connection: &Connection, chain: &str, seq: i64, at: i64, step: &Step) -> rusqlite::Result<()> {
    let (approval, turn) = (step.approval.to_string(), step.turn.to_string());
    let (state, by) = match &step.to {
        To::Asked { tier, action, expires_at } => {
            connection
                .prepare_cached(
                    "INSERT INTO approvals (approval, chain, turn, call_id, tier, action, asked_at, expires_at, seq, state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![
                    approval,
                    chain,
                    turn,
                    step.call_id,
                    u8::from(*tier),
                    action.as_bytes(),
                    at,
                    int(expires_at.0),
                    seq,
                    ApprovalState::Open.word()
                ])?;
            return Ok(());
        }
        To::Answered { state, by } => (*state, Some(by)),
        To::Expired => (ApprovalState::Expired, None),
    };
    connection.prepare_cached("UPDATE approvals SET state = ?2, answered_by = ?3, ended_at = ?4 WHERE approval = ?1")?.execute(params![
        approval,
        state.word(),
        by,
        at
    ])?;
    Ok(())
}

/// The end of a turn is the end of what was open in it.
pub(crate) fn end_turn(connection: &Connection, chain: &str, turn: TurnId, at: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE approvals SET state = 'ended', ended_at = ?3 WHERE chain = ?1 AND turn = ?2 AND state = 'open'")?
        .execute(params![chain, turn.to_string(), at])?;
    Ok(())
}

const COLUMNS: &str = "approval, approvals.chain, approvals.seq, asked_at, approvals.state, answered_by, ended_at,
    agent, account, conversation, thread";

impl Reader {
    /// The questions that wait for an answer, in the order in which they were asked. What has expired by time and was not
    /// recorded so is among them. One that cannot be believed stands aside, and hides none of the others.
    pub fn approvals(&self) -> Result<Approvals, Error> {
        self.open_where("", &[])
    }

    /// The same, of one place.
    pub fn approvals_at(&self, place: &Place) -> Result<Approvals, Error> {
        let Place { agent, account, conversation, thread } = place;
        let at = "AND sessions.agent = ?1 AND sessions.account = ?2 AND sessions.conversation = ?3 AND sessions.thread IS ?4";
        self.open_where(at, &[agent, account, conversation, thread])
    }

    fn open_where(&self, condition: &str, parameters: &[&dyn ToSql]) -> Result<Approvals, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM approvals JOIN sessions ON sessions.id = approvals.chain
             LEFT JOIN rows ON rows.chain = approvals.chain AND rows.seq = approvals.seq
             WHERE approvals.state = 'open' AND sessions.closed_at IS NULL {condition} ORDER BY rows.id"
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let found = statement.query_map(parameters, Listed::from_sql).map_err(Error::database("read"))?;
        let mut approvals = Approvals::default();
        for listed in found {
            match self.known(listed.map_err(Error::database("read"))?) {
                Ok(known) => approvals.open.push(known),
                Err(damaged @ Error::Damaged { .. }) => approvals.damaged.push(damaged),
                Err(error) => return Err(error),
            }
        }
        Ok(approvals)
    }

    /// One question, open or not.
    pub fn approval(&self, approval: ApprovalId) -> Result<Option<KnownApproval>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM approvals JOIN sessions ON sessions.id = approvals.chain WHERE approval = ?1");
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let found = statement.query_row([approval.to_string()], Listed::from_sql).optional().map_err(Error::database("read"))?;
        found.map(|listed| self.known(listed)).transpose()
    }

    /// All that a person decides by comes from the row itself, whose hash is checked.
    fn known(&self, listed: Listed) -> Result<KnownApproval, Error> {
        let Listed { approval, chain, seq, asked_at, state, by, ended_at, place } = listed;
        let damaged = |what: &str| Error::Damaged { chain: chain.clone(), seq, what: format!("its question is listed wrongly: {what}") };
        let session: SessionId = chain.parse().map_err(|_| damaged("its session is misnamed"))?;
        let state = ApprovalState::ALL.into_iter().find(|known| known.word() == state);
        let state = state.ok_or_else(|| damaged("its state is none that a question can have"))?;
        let asked = self.row(Chain::Session(session), seq)?.map(|row| row.event);
        match asked {
            Some(Event::ApprovalAsked { turn, call_id, approval: own, tier, action, expires_at, content })
                if own.to_string() == approval =>
            {
                let (approval, question) = (own, content);
                Ok(KnownApproval {
                    approval,
                    session,
                    place,
                    turn,
                    call_id,
                    tier,
                    action,
                    asked_at,
                    expires_at,
                    seq,
                    state,
                    by,
                    ended_at,
                    question,
                })
            }
            _ => Err(damaged("its row asks something else")),
        }
    }
}

struct Listed {
    approval: String,
    chain: String,
    seq: u64,
    asked_at: Timestamp,
    state: String,
    by: Option<String>,
    ended_at: Option<Timestamp>,
    place: Place,
}

impl Listed {
    /// From [`COLUMNS`].
    fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            approval: row.get(0)?,
            chain: row.get(1)?,
            seq: row.get::<_, i64>(2)?.unsigned_abs(),
            asked_at: time(row.get(3)?),
            state: row.get(4)?,
            by: row.get(5)?,
            ended_at: row.get::<_, Option<i64>>(6)?.map(time),
            place: Place { agent: row.get(7)?, account: row.get(8)?, conversation: row.get(9)?, thread: row.get(10)? },
        })
    }
}
