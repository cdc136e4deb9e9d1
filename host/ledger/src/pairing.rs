//! Who may write to an account, and who asked to: derived from rows of the system's chain.
//!
//! The ledger keeps what it is told. Whether a code is the right one, and whether a request has expired, is for those
//! to say who record the answer.

use rusqlite::{Connection, Row as SqlRow, params};
use serde::Serialize;
use wirken_types::event::Event;
use wirken_types::{Digest, Timestamp};

use crate::apply::int;
use crate::error::Error;
use crate::reader::Reader;
use crate::session::time;

/// A sender who asked to be let in, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pairing {
    pub account: String,
    pub sender: String,
    /// What the sender called himself when he asked.
    pub name: Option<String>,
    /// Of the code that the sender was told; none once he was let in.
    pub code: Option<Digest>,
    /// None where the owner let somebody in who had not asked.
    pub asked_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    /// None while he waits.
    pub approved_at: Option<Timestamp>,
}

/// What a row does to the list.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) account: String,
    pub(crate) sender: String,
    pub(crate) to: To,
}

#[derive(Clone, Debug)]
pub(crate) enum To {
    /// A request replaces an earlier one; of somebody who was let in it changes nothing.
    Asked {
        name: Option<String>,
        code: Digest,
        expires_at: Timestamp,
    },
    Approved,
    Revoked,
}

impl Step {
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let (account, sender, to) = match event {
            Event::PairingAsked { account, sender, name, code, expires_at } => {
                (account, sender, To::Asked { name: name.clone(), code: *code, expires_at: *expires_at })
            }
            Event::PairingApproved { account, sender } => (account, sender, To::Approved),
            Event::PairingRevoked { account, sender } => (account, sender, To::Revoked),
            _ => return None,
        };
        Some(Self { account: account.clone(), sender: sender.clone(), to })
    }
}

pub(crate) fn write(connection: &Connection, at: i64, step: &Step) -> rusqlite::Result<()> {
    let Step { account, sender, to } = step;
    match to {
        To::Asked { name, code, expires_at } => connection
            .prepare_cached(
                "INSERT INTO pairings (account, sender, name, code, asked_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET name = ?3, code = ?4, asked_at = ?5, expires_at = ?6 WHERE approved_at IS NULL",
            )?
            .execute(params![account, sender, name, code.as_bytes(), at, int(expires_at.0)])?,
        To::Approved => connection
            .prepare_cached(
                "INSERT INTO pairings (account, sender, approved_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET approved_at = ?3, code = NULL",
            )?
            .execute(params![account, sender, at])?,
        To::Revoked => {
            connection.prepare_cached("DELETE FROM pairings WHERE account = ?1 AND sender = ?2")?.execute(params![account, sender])?
        }
    };
    Ok(())
}

impl Reader {
    /// Who was let in and who asked, of one account or of all, in the order of accounts and senders. What expired is
    /// among them.
    pub fn pairings(&self, account: Option<&str>) -> Result<Vec<Pairing>, Error> {
        let sql = "SELECT account, sender, name, code, asked_at, expires_at, approved_at FROM pairings
            WHERE ?1 IS NULL OR account = ?1 ORDER BY account, sender";
        let mut statement = self.connection.prepare_cached(sql).map_err(Error::database("read"))?;
        let found = statement.query_map([account], from_sql).map_err(Error::database("read"))?;
        found.collect::<rusqlite::Result<_>>().map_err(Error::database("read"))
    }
}

fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Pairing> {
    let moment = |column: usize| row.get::<_, Option<i64>>(column).map(|at| at.map(time));
    Ok(Pairing {
        account: row.get(0)?,
        sender: row.get(1)?,
        name: row.get(2)?,
        code: row.get::<_, Option<[u8; 32]>>(3)?.map(Digest::from_bytes),
        asked_at: moment(4)?,
        expires_at: moment(5)?,
        approved_at: moment(6)?,
    })
}
