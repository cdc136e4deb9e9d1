//! What the list of answers has to say, computed again from the rows of a chain.

use std::collections::BTreeMap;

use rusqlite::Connection;
use wirken_types::event::Delivery;

use super::{Stop, What};
use crate::apply::int;
use crate::outbox::{OutboxState, Step, To};

/// The answers of one chain that were not delivered, by turn and number as they stand in the table.
#[derive(Default)]
pub(super) struct Answers(BTreeMap<(String, i64), Answer>);

struct Answer {
    seq: u64,
    at: i64,
    state: OutboxState,
    attempt: u32,
}

impl Answers {
    pub(super) fn follow(&mut self, seq: u64, at: i64, step: &Step) {
        let key = (step.turn.to_string(), int(step.outbound));
        let state = match step.to {
            To::Queued => {
                self.0.insert(key, Answer { seq, at, state: OutboxState::Queued, attempt: 0 });
                return;
            }
            To::Ended(Delivery::Delivered) => {
                self.0.remove(&key);
                return;
            }
            To::Attempted(_) => OutboxState::Attempted,
            To::Ended(Delivery::Failed) => OutboxState::Failed,
            To::Ended(Delivery::InDoubt) => OutboxState::InDoubt,
            To::Ended(Delivery::Unsent) => OutboxState::Queued,
        };
        let Some(answer) = self.0.get_mut(&key) else { return };
        answer.state = state;
        if let To::Attempted(attempt) = step.to {
            answer.attempt = attempt;
        }
    }

    /// The first row whose answer is listed otherwise than the rows say.
    pub(super) fn check(self, connection: &Connection, chain: &str) -> Result<(), Stop> {
        let mut answers = self.0;
        let mut statement = connection.prepare_cached("SELECT turn, outbound, seq, at, state, attempt FROM outbox WHERE chain = ?1")?;
        let mut rows = statement.query([chain])?;
        let mut wrong = Vec::new();
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(2)?;
            match answers.remove(&(row.get(0)?, row.get(1)?)) {
                Some(Answer { seq: own, at, state, attempt }) => {
                    let listed: (i64, String, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
                    if (seq, listed) != (int(own), (at, state.word().to_owned(), i64::from(attempt))) {
                        wrong.push(own);
                    }
                }
                None => wrong.push(u64::try_from(seq).unwrap_or(0)),
            }
        }
        wrong.extend(answers.values().map(|answer| answer.seq));
        match wrong.into_iter().min() {
            Some(seq) => Err(super::broken(chain, seq, What::Outbox)),
            None => Ok(()),
        }
    }
}
