//! What the list of questions with buttons has to say, computed again from the rows of a chain.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Stop, What};
use crate::apply::int;
use crate::prompt::{PromptState, Step};

/// Those of one chain that are shown or may be, by their question as it stands in the table.
#[derive(Default)]
pub(super) struct Prompts(BTreeMap<String, (u64, PromptState)>);

impl Prompts {
    pub(super) fn follow(&mut self, seq: u64, step: &Step) {
        let approval = step.approval.to_string();
        match step.to {
            Some(state) => drop(self.0.insert(approval, (seq, state))),
            None => drop(self.0.remove(&approval)),
        }
    }

    /// The first row whose question is listed otherwise than the rows say.
    pub(super) fn check(&self, connection: &Connection, chain: &str) -> Result<(), Stop> {
        let mut prompts = self.0.clone();
        let mut statement = connection.prepare_cached("SELECT approval, seq, state FROM prompts WHERE chain = ?1")?;
        let mut rows = statement.query([chain])?;
        let mut wrong = Vec::new();
        while let Some(row) = rows.next()? {
            let (approval, seq, state): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            match prompts.remove(&approval) {
                Some((own, known)) if (int(own), known.word()) == (seq, state.as_str()) => {}
                Some((own, _)) => wrong.push(own),
                None => wrong.push(u64::try_from(seq).unwrap_or(0)),
            }
        }
        wrong.extend(prompts.values().map(|(seq, _)| *seq));
        match wrong.into_iter().min() {
            Some(seq) => Err(super::broken(chain, seq, What::Prompt)),
            None => Ok(()),
        }
    }
}
