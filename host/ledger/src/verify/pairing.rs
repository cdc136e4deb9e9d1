//! Who was let in and who asked to be, computed again from the rows of the system's chain.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{Stop, What};
use crate::apply::int;
use crate::pairing::{Step, To};

#[derive(Default)]
pub(super) struct Pairings(BTreeMap<(String, String), Pairing>);

/// As it has to stand in the table.
#[derive(Default)]
struct Pairing {
    /// The row that last changed it.
    seq: u64,
    name: Option<String>,
    code: Option<Vec<u8>>,
    asked_at: Option<i64>,
    expires_at: Option<i64>,
    approved_at: Option<i64>,
}

impl Pairings {
    pub(super) fn follow(&mut self, seq: u64, at: i64, step: &Step) {
        let key = (step.account.clone(), step.sender.clone());
        match &step.to {
            To::Asked { .. } if self.0.get(&key).is_some_and(|pairing| pairing.approved_at.is_some()) => {}
            To::Asked { name, code, expires_at } => {
                let (name, code) = (name.clone(), Some(code.as_bytes().to_vec()));
                let expires_at = Some(int(expires_at.0));
                self.0.insert(key, Pairing { seq, name, code, asked_at: Some(at), expires_at, approved_at: None });
            }
            To::Approved => {
                let pairing = self.0.entry(key).or_default();
                (pairing.seq, pairing.approved_at, pairing.code) = (seq, Some(at), None);
            }
            To::Revoked => {
                self.0.remove(&key);
            }
        }
    }

    /// The first row whose pairing is listed otherwise than the rows say; one that no row made is laid to the first.
    pub(super) fn check(&self, connection: &Connection) -> Result<(), Stop> {
        let mut statement = connection.prepare_cached(
            "SELECT 1 FROM pairings WHERE account = ?1 AND sender = ?2 AND name IS ?3 AND code IS ?4 AND asked_at IS ?5
                AND expires_at IS ?6 AND approved_at IS ?7",
        )?;
        let mut wrong = Vec::new();
        for ((account, sender), Pairing { seq, name, code, asked_at, expires_at, approved_at }) in &self.0 {
            if !statement.exists(params![account, sender, name, code, asked_at, expires_at, approved_at])? {
                wrong.push((*seq, account.clone(), sender.clone()));
            }
        }
        if wrong.is_empty() {
            let mut statement = connection.prepare_cached("SELECT account, sender FROM pairings ORDER BY account, sender")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let listed: (String, String) = (row.get(0)?, row.get(1)?);
                if !self.0.contains_key(&listed) {
                    wrong.push((0, listed.0, listed.1));
                    break;
                }
            }
        }
        match wrong.into_iter().min() {
            Some((seq, account, sender)) => Err(super::broken("system", seq, What::Pairing { account, sender })),
            None => Ok(()),
        }
    }
}
