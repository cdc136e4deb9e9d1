//! What the list of questions has to say, computed again from the rows of a chain.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use wirken_types::TurnId;
use wirken_types::approval::ApprovalId;

use super::{Stop, What};
use crate::apply::int;
use crate::approval::{ApprovalState, Step, To};

/// The questions of one chain.
#[derive(Default)]
pub(super) struct Questions(BTreeMap<ApprovalId, Question>);

/// As it has to stand in the table.
struct Question {
    seq: u64,
    turn: TurnId,
    call_id: String,
    tier: u8,
    action: Vec<u8>,
    asked_at: i64,
    expires_at: i64,
    state: ApprovalState,
    by: Option<String>,
    ended_at: Option<i64>,
}

impl Questions {
    /// A row that the ledger would have refused is wrong.
    pub(super) fn follow(&mut self, seq: u64, at: i64, step: &Step) -> Result<(), What> {
        let (call_id, turn) = (step.call_id.clone(), step.turn);
        let (known, state, by) = match (self.0.get_mut(&step.approval), &step.to) {
            (None, To::Asked { tier, action, expires_at }) => {
                let (tier, action, expires_at) = (u8::from(*tier), action.as_bytes().to_vec(), int(expires_at.0));
                let (state, by, ended_at) = (ApprovalState::Open, None, None);
                let question = Question { seq, turn, call_id, tier, action, asked_at: at, expires_at, state, by, ended_at };
                self.0.insert(step.approval, question);
                return Ok(());
            }
            (Some(known), To::Answered { state, by }) => (known, *state, Some(by.clone())),
            (Some(known), To::Expired) => (known, ApprovalState::Expired, None),
            _ => return Err(What::Approval),
        };
        if known.state != ApprovalState::Open || known.turn != turn || known.call_id != call_id {
            return Err(What::Approval);
        }
        (known.state, known.by, known.ended_at) = (state, by, Some(at));
        Ok(())
    }

    pub(super) fn end_turn(&mut self, turn: TurnId, at: i64) {
        for question in self.0.values_mut().filter(|question| question.turn == turn && question.state == ApprovalState::Open) {
            (question.state, question.ended_at) = (ApprovalState::Ended, Some(at));
        }
    }

    /// The first row whose question is listed otherwise than the rows say.
    pub(super) fn check(&self, connection: &Connection, chain: &str) -> Result<(), Stop> {
        let mut statement = connection.prepare_cached(
            "SELECT 1 FROM approvals WHERE approval = ?1 AND chain = ?2 AND turn = ?3 AND call_id = ?4 AND tier = ?5 AND action = ?6
                AND asked_at = ?7 AND expires_at = ?8 AND seq = ?9 AND state = ?10 AND answered_by IS ?11 AND ended_at IS ?12",
        )?;
        let mut wrong = Vec::new();
        for (approval, known) in &self.0 {
            let Question { seq, turn, call_id, tier, action, asked_at, expires_at, state, by, ended_at } = known;
            let (approval, turn) = (approval.to_string(), turn.to_string());
            let own = int(*seq);
            let values = params![approval, chain, turn, call_id, tier, action, asked_at, expires_at, own, state.word(), by, ended_at];
            if !statement.exists(values)? {
                wrong.push(*seq);
            }
        }
        let mut statement = connection.prepare_cached("SELECT approval, seq FROM approvals WHERE chain = ?1")?;
        let mut rows = statement.query([chain])?;
        while let Some(row) = rows.next()? {
            let (listed, seq): (String, i64) = (row.get(0)?, row.get(1)?);
            // Only the one spelling that the writer uses is found again by it.
            let known = listed.parse().ok().filter(|id: &ApprovalId| id.to_string() == listed && self.0.contains_key(id));
            if known.is_none() {
                wrong.push(u64::try_from(seq).unwrap_or(0));
            }
        }
        match wrong.into_iter().min() {
            Some(seq) => Err(super::broken(chain, seq, What::Approval)),
            None => Ok(()),
        }
    }
}
