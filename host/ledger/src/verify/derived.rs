//! What the other tables have to say, computed again from the rows: sessions, open turns, keys taken; and, in their
//! own files, the answers that were not delivered, the questions to people and which of them
//! are shown with buttons, and who was let in. Rights that people gave
//! are no matter of one chain, and have a file of their own too.
//!
//! The rules are those of `apply`, and of `outbox`, `approval` and `pairing`, read from the other side.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use wirken_types::event::Place;
use wirken_types::{Timestamp, TurnId};

use super::approval::Questions;
use super::outbox::Answers;
use super::pairing::Pairings;
use super::prompt::Prompts;
use super::{Stop, What, broken};
use crate::apply::int;
use crate::encode::Effect;

/// What the rows of one chain, so far, make of its session.
#[derive(Default)]
pub(super) struct Expected {
    session: Option<Listed>,
    turns: BTreeMap<TurnId, (u64, Timestamp)>,
    answers: Answers,
    questions: Questions,
    prompts: Prompts,
    /// Of the system's chain.
    pairings: Pairings,
}

struct Listed {
    place: Place,
    opened_at: Timestamp,
    last_at: Timestamp,
    closed_at: Option<Timestamp>,
    title: Option<String>,
    title_seq: Option<u64>,
}

impl Expected {
    pub(super) fn wants_title(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.title_seq.is_none())
    }

    pub(super) fn follow(&mut self, seq: u64, at: Timestamp, effect: &Effect) -> Result<(), What> {
        match (&mut self.session, effect) {
            (None, Effect::Opened(place)) if seq == 0 => {
                let place = place.clone();
                self.session = Some(Listed { place, opened_at: at, last_at: at, closed_at: None, title: None, title_seq: None });
            }
            (_, Effect::Opened(_)) => return Err(What::OpenedTwice),
            // The system's chain lists no session.
            (None, Effect::None | Effect::Grant(_)) => {}
            (None, Effect::Pairing(step)) => self.pairings.follow(seq, int(at.0), step),
            (None, _) => return Err(What::NotOpened),
            (Some(session), effect) => {
                session.last_at = at;
                match effect {
                    Effect::Closed => session.closed_at = Some(at),
                    Effect::Inbound { title, .. } if session.title_seq.is_none() => {
                        (session.title, session.title_seq) = (title.clone(), Some(seq));
                    }
                    Effect::TurnStarted(turn) => {
                        self.turns.entry(*turn).or_insert((seq, at));
                    }
                    Effect::TurnEnded(turn) => {
                        self.turns.remove(turn);
                        self.questions.end_turn(*turn, int(at.0));
                    }
                    Effect::Outbox(step) => self.answers.follow(seq, int(at.0), step),
                    Effect::Approval(step) => self.questions.follow(seq, int(at.0), step)?,
                    Effect::Prompt(step) => self.prompts.follow(seq, step),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// After the last row of a chain: what is listed of it has to be what its rows say.
    pub(super) fn check_end(self, connection: &Connection, chain: &str) -> Result<(), Stop> {
        if let Some(session) = &self.session {
            session.check(connection, chain)?;
        } else if chain != "system" {
            return Err(broken(chain, 0, What::NotOpened));
        } else {
            self.pairings.check(connection)?;
        }
        self.check_turns(connection, chain)?;
        self.questions.check(connection, chain)?;
        self.prompts.check(connection, chain)?;
        self.answers.check(connection, chain)
    }

    fn check_turns(&self, connection: &Connection, chain: &str) -> Result<(), Stop> {
        let mut turns = self.turns.clone();
        let mut statement = connection.prepare_cached("SELECT turn, seq, at FROM open_turns WHERE chain = ?1")?;
        let mut rows = statement.query([chain])?;
        while let Some(row) = rows.next()? {
            let (turn, seq, at): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // Only the one spelling that the writer uses is found again by it.
            let known = turn.parse().ok().filter(|id: &TurnId| id.to_string() == turn).and_then(|id| turns.remove(&id));
            match known {
                Some((own, own_at)) if (int(own), int(own_at.0)) == (seq, at) => {}
                Some((own, _)) => return Err(broken(chain, own, What::Turn)),
                None => return Err(broken(chain, u64::try_from(seq).unwrap_or(0), What::Turn)),
            }
        }
        match turns.values().map(|(seq, _)| *seq).min() {
            Some(seq) => Err(broken(chain, seq, What::Turn)),
            None => Ok(()),
        }
    }
}

impl Listed {
    fn check(&self, connection: &Connection, chain: &str) -> Result<(), Stop> {
        let Self { place: Place { agent, account, conversation, thread }, opened_at, last_at, closed_at, title, title_seq } = self;
        let mut statement = connection.prepare_cached(
            "SELECT agent IS ?2, account IS ?3, conversation IS ?4, thread IS ?5, opened_at IS ?6, last_at IS ?7, closed_at IS ?8,
                title IS ?9, title_seq IS ?10 FROM sessions WHERE id = ?1",
        )?;
        let (opened_at, last_at, closed_at) = (int(opened_at.0), int(last_at.0), closed_at.map(|at| int(at.0)));
        let values = params![chain, agent, account, conversation, thread, opened_at, last_at, closed_at, title, title_seq.map(int)];
        let right: Option<[bool; 9]> = statement
            .query_row(values, |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?])
            })
            .optional()?;
        let Some(right) = right else { return Err(broken(chain, 0, What::Session("absence".into()))) };
        let columns = ["agent", "account", "conversation", "thread", "opened_at", "last_at", "closed_at", "title", "title_seq"];
        match columns.iter().zip(right).find(|(_, right)| !right) {
            Some((column, _)) => Err(broken(chain, 0, What::Session((*column).into()))),
            None => Ok(()),
        }
    }
}

/// A message or command taken has its key listed with its own row, or the next one with the same key would be taken too.
pub(super) fn check_key(connection: &Connection, account: &str, key: &str, chain: &str, seq: u64) -> Result<(), Stop> {
    let listed = connection
        .prepare_cached("SELECT 1 FROM inbounds WHERE account = ?1 AND key = ?2 AND chain = ?3 AND seq = ?4")?
        .exists(params![account, key, chain, int(seq)])?;
    if listed { Ok(()) } else { Err(broken(chain, seq, What::Key)) }
}

/// What stands in a table and belongs to no row. Every row found its own entry, so a count tells whether there is more.
pub(super) fn check_strays(connection: &Connection, chain: Option<&str>, payloads: u64, inbounds: u64) -> Result<(), Stop> {
    let count = |table: &str| -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM {table} WHERE ?1 IS NULL OR chain = ?1");
        connection.query_row(&sql, [chain], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    let first = |sql: &str| -> rusqlite::Result<Option<(String, i64)>> {
        connection.query_row(sql, [chain], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    };
    let mut strays = Vec::new();
    if count("payloads")? != payloads {
        let sql = "SELECT p.chain, p.seq FROM payloads p LEFT JOIN rows r ON r.chain = p.chain AND r.seq = p.seq
            WHERE (?1 IS NULL OR p.chain = ?1) AND r.payload IS NOT p.digest ORDER BY p.chain, p.seq LIMIT 1";
        strays.push((first(sql)?, What::ContentStray));
    }
    if count("inbounds")? != inbounds {
        // The entry of the row itself is right, so of two that name the same row one is a stray.
        let sql = "SELECT i.chain, i.seq FROM inbounds i LEFT JOIN rows r ON r.chain = i.chain AND r.seq = i.seq
            WHERE ?1 IS NULL OR i.chain = ?1 GROUP BY i.chain, i.seq
            HAVING count(*) > 1 OR ifnull(max(r.kind), '') NOT IN ('inbound', 'commanded') ORDER BY i.chain, i.seq LIMIT 1";
        strays.push((first(sql)?, What::Key));
    }
    let sql = "SELECT id, 0 FROM sessions s WHERE (?1 IS NULL OR id = ?1) AND NOT EXISTS (SELECT 1 FROM rows r WHERE r.chain = s.id)
        ORDER BY id LIMIT 1";
    strays.push((first(sql)?, What::SessionStray));
    let sql = "SELECT chain, seq FROM open_turns t WHERE (?1 IS NULL OR chain = ?1)
        AND NOT EXISTS (SELECT 1 FROM rows r WHERE r.chain = t.chain) ORDER BY chain, seq LIMIT 1";
    strays.push((first(sql)?, What::Turn));
    let sql = "SELECT chain, seq FROM outbox o WHERE (?1 IS NULL OR chain = ?1)
        AND NOT EXISTS (SELECT 1 FROM rows r WHERE r.chain = o.chain) ORDER BY chain, seq LIMIT 1";
    strays.push((first(sql)?, What::Outbox));
    let sql = "SELECT chain, seq FROM approvals a WHERE (?1 IS NULL OR chain = ?1)
        AND NOT EXISTS (SELECT 1 FROM rows r WHERE r.chain = a.chain) ORDER BY chain, seq LIMIT 1";
    strays.push((first(sql)?, What::Approval));
    let sql = "SELECT chain, seq FROM prompts p WHERE (?1 IS NULL OR chain = ?1)
        AND NOT EXISTS (SELECT 1 FROM rows r WHERE r.chain = p.chain) ORDER BY chain, seq LIMIT 1";
    strays.push((first(sql)?, What::Prompt));
    let sql = "SELECT account, sender FROM pairings WHERE (?1 IS NULL OR ?1 = 'system')
        AND NOT EXISTS (SELECT 1 FROM rows WHERE chain = 'system') ORDER BY account, sender LIMIT 1";
    let pairing = connection.query_row(sql, [chain], |row| Ok(What::Pairing { account: row.get(0)?, sender: row.get(1)? })).optional()?;
    strays.extend(pairing.map(|what| (Some(("system".into(), 0)), what)));
    let earliest = strays.into_iter().filter_map(|(at, what)| at.map(|at| (at, what))).min_by(|(a, _), (b, _)| a.cmp(b));
    match earliest {
        Some(((chain, seq), what)) => Err(broken(&chain, u64::try_from(seq).unwrap_or(0), what)),
        None => Ok(()),
    }
}
