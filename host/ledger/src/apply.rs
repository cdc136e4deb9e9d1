//! What a batch does to the tables, inside the writer's transaction: first every reason to refuse it, then its rows
//! and all that is derived from them.
//!
//! A batch that is refused has written nothing, so a refusal needs no rollback and disturbs no other batch of the same
//! commit. An error while writing is never a refusal: it ends the ledger.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;
use wirken_types::event::{Event, Place};
use wirken_types::{Digest, SessionId, Timestamp};

use crate::approval;
use crate::chain::{Chain, Position};
use crate::encode::{Draft, Effect};
use crate::error::Error;
use crate::grant;
use crate::handle::{Erasure, Receipt};
use crate::outbox;
use crate::pairing;
use crate::prompt;
use crate::state::{self, State};

/// Chains whose end is kept in memory; past it all are forgotten and read again when needed.
const HEADS: usize = 8192;

#[derive(Debug)]
pub(crate) enum Failure {
    Refused(Error),
    Fatal(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fatal(error)
    }
}

/// The end of a chain, so that an append reads nothing.
#[derive(Clone, Copy, Debug)]
struct Head {
    next: u64,
    hash: Digest,
    closed: bool,
    /// Whether its first message was recorded: the one that names the session.
    titled: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Heads(HashMap<Chain, Head>);

impl Heads {
    /// Between two commits only.
    pub(crate) fn bound(&mut self) {
        if self.0.len() > HEADS {
            self.0.clear();
        }
    }

    fn get(&mut self, connection: &Connection, chain: Chain) -> Result<&mut Head, Failure> {
        match self.0.entry(chain) {
            std::collections::hash_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => Ok(entry.insert(load_head(connection, chain)?)),
        }
    }
}

fn load_head(connection: &Connection, chain: Chain) -> rusqlite::Result<Head> {
    let name = chain.to_string();
    let last: Option<(i64, [u8; 32])> = connection
        .prepare_cached("SELECT seq, hash FROM rows WHERE chain = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([&name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let session: Option<(bool, bool)> = connection
        .prepare_cached("SELECT closed_at IS NOT NULL, title_seq IS NOT NULL FROM sessions WHERE id = ?1")?
        .query_row([&name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (closed, titled) = session.unwrap_or_default();
    Ok(match last {
        Some((seq, hash)) => {
            let next = u64::try_from(seq).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, seq))? + 1;
            Head { next, hash: Digest::from_bytes(hash), closed, titled }
        }
        None => Head { next: 0, hash: Digest::ZERO, closed, titled },
    })
}

pub(crate) fn append(
    connection: &Connection,
    heads: &mut Heads,
    at: Timestamp,
    drafts: &[Draft],
    states: &[State],
) -> Result<Receipt, Failure> {
    check(connection, heads, drafts)?;
    let receipt = write(connection, heads, at, drafts)?;
    state::write(connection, states)?;
    Ok(receipt)
}

/// What this batch has done so far to a session, while it is only being checked.
struct Seen<'a> {
    id: SessionId,
    opened: Option<&'a Place>,
    exists: bool,
    closed: bool,
}

/// What may still be recorded of a session that is closed: how that ended which was under way. An answer that was
/// queued still leaves, a question that was open expires and its message says so, and what the host had begun to do has an outcome. What rides
/// along has to be here where a close may come first: its refusal stops the ledger.
const ENDS: [&str; 10] = [
    "turn-finished",
    "turn-interrupted",
    "outbound-attempted",
    "outbound-drafted",
    "outbound-outcome",
    "approval-expired",
    "prompt-attempted",
    "prompt-outcome",
    "prompt-closed",
    "effect-finished",
];

fn check(connection: &Connection, heads: &mut Heads, drafts: &[Draft]) -> Result<(), Failure> {
    let mut sessions: Vec<Seen<'_>> = Vec::new();
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let (mut approvals, mut grants) = (approval::Checks::default(), grant::Checks::default());
    for draft in drafts {
        if let Chain::Session(id) = draft.chain {
            check_session(connection, heads, &mut sessions, id, draft)?;
        }
        approvals.check(connection, draft)?;
        if let Effect::Grant(step) = &draft.effect {
            if let Some(id) = step.session() {
                check_open(seen(connection, heads, &mut sessions, id)?)?;
            }
            grants.check(connection, step, |id| sessions.iter().any(|seen| seen.id == id && seen.closed))?;
        }
        if let Some((account, key)) = draft.effect.taken() {
            check_key(connection, account, key)?;
            if keys.contains(&(account, key)) {
                let why = format!("message {key:?} of {account} stands in one batch twice");
                return Err(Failure::Refused(Error::Invalid { why }));
            }
            keys.push((account, key));
        }
    }
    Ok(())
}

/// A session, as the batch so far leaves it.
fn seen<'a, 'b>(
    connection: &Connection,
    heads: &mut Heads,
    sessions: &'a mut Vec<Seen<'b>>,
    id: SessionId,
) -> Result<&'a mut Seen<'b>, Failure> {
    let index = match sessions.iter().position(|seen| seen.id == id) {
        Some(index) => index,
        None => {
            let head = heads.get(connection, Chain::Session(id))?;
            sessions.push(Seen { id, opened: None, exists: head.next > 0, closed: head.closed });
            sessions.len() - 1
        }
    };
    sessions.get_mut(index).ok_or(Failure::Fatal(rusqlite::Error::InvalidQuery))
}

fn check_session<'b>(
    connection: &Connection,
    heads: &mut Heads,
    sessions: &mut Vec<Seen<'b>>,
    id: SessionId,
    draft: &'b Draft,
) -> Result<(), Failure> {
    if let Effect::Opened(place) = &draft.effect {
        seen(connection, heads, sessions, id)?;
        check_place(connection, sessions, place)?;
    }
    let seen = seen(connection, heads, sessions, id)?;
    match &draft.effect {
        Effect::Opened(_) if seen.exists => return Err(Failure::Refused(Error::OpenedBefore { session: id })),
        Effect::Opened(place) => (seen.exists, seen.opened) = (true, Some(place)),
        _ if !seen.exists => return Err(Failure::Refused(Error::NotOpened { session: id })),
        _ if ENDS.contains(&draft.kind) => {}
        _ => check_open(seen)?,
    }
    seen.closed |= matches!(draft.effect, Effect::Closed);
    Ok(())
}

fn check_open(seen: &Seen<'_>) -> Result<(), Failure> {
    match seen {
        Seen { id, exists: false, .. } => Err(Failure::Refused(Error::NotOpened { session: *id })),
        Seen { id, closed: true, .. } => Err(Failure::Refused(Error::SessionClosed { session: *id })),
        _ => Ok(()),
    }
}

fn check_place(connection: &Connection, sessions: &[Seen<'_>], place: &Place) -> Result<(), Failure> {
    let earlier = sessions.iter().find(|seen| seen.opened == Some(place) && !seen.closed).map(|seen| seen.id);
    let taken = match earlier {
        Some(id) => Some(id),
        None => open_at(connection, place)?.filter(|id| !sessions.iter().any(|seen| seen.id == *id && seen.closed)),
    };
    match taken {
        Some(session) => Err(Failure::Refused(Error::PlaceTaken { session })),
        None => Ok(()),
    }
}

fn open_at(connection: &Connection, place: &Place) -> Result<Option<SessionId>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM sessions WHERE closed_at IS NULL AND agent = ?1 AND account = ?2 AND conversation = ?3 AND thread IS ?4",
    )?;
    let Place { agent, account, conversation, thread } = place;
    let id: Option<String> = statement.query_row(params![agent, account, conversation, thread], |row| row.get(0)).optional()?;
    id.map(|id| id.parse().map_err(|_| Failure::Fatal(rusqlite::Error::InvalidQuery))).transpose()
}

fn check_key(connection: &Connection, account: &str, key: &str) -> Result<(), Failure> {
    let first: Option<(String, i64)> = connection
        .prepare_cached("SELECT chain, seq FROM inbounds WHERE account = ?1 AND key = ?2")?
        .query_row([account, key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((chain, seq)) = first else { return Ok(()) };
    let chain = chain.parse().map_err(|_| Failure::Fatal(rusqlite::Error::InvalidQuery))?;
    Err(Failure::Refused(Error::Duplicate { account: account.into(), key: key.into(), chain, seq: seq.unsigned_abs() }))
}

fn write(connection: &Connection, heads: &mut Heads, at: Timestamp, drafts: &[Draft]) -> Result<Receipt, Failure> {
    let mut rows = Vec::with_capacity(drafts.len());
    let mut touched: Vec<Chain> = Vec::new();
    for draft in drafts {
        let head = heads.get(connection, draft.chain)?;
        rows.push(write_row(connection, head, at, draft)?);
        if draft.chain != Chain::System && !touched.contains(&draft.chain) {
            touched.push(draft.chain);
        }
    }
    let mut statement = connection.prepare_cached("UPDATE sessions SET last_at = ?2 WHERE id = ?1")?;
    for chain in touched {
        statement.execute(params![chain.to_string(), int(at.0)])?;
    }
    Ok(Receipt { rows })
}

fn write_row(connection: &Connection, head: &mut Head, at: Timestamp, draft: &Draft) -> Result<Position, Failure> {
    let seq = head.next;
    let (canonical, hash) = draft.seal(seq, at, head.hash);
    let chain = draft.chain.to_string();
    let payload = draft.payload.as_ref().map(|payload| payload.digest.as_bytes().as_slice());
    let turn = draft.turn.map(|turn| turn.to_string());
    connection
        .prepare_cached("INSERT INTO rows (chain, seq, at, kind, turn, payload, hash, canonical) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![chain, int(seq), int(at.0), draft.kind, turn, payload, hash.as_bytes(), canonical])?;
    if let Some(payload) = &draft.payload {
        connection
            .prepare_cached("INSERT INTO payloads (digest, chain, seq, salt, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![payload.digest.as_bytes(), chain, int(seq), payload.salt, payload.bytes])?;
    }
    write_effect(connection, head, at, &chain, &draft.effect)?;
    head.next += 1;
    head.hash = hash;
    Ok(Position { chain: draft.chain, seq, hash })
}

/// Keeps the derived tables in step; `verify` holds the same rules from the reading side.
fn write_effect(connection: &Connection, head: &mut Head, at: Timestamp, chain: &str, effect: &Effect) -> Result<(), Failure> {
    let (seq, at) = (int(head.next), int(at.0));
    if let Some((account, key)) = effect.taken() {
        connection
            .prepare_cached("INSERT INTO inbounds (account, key, chain, seq) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![account, key, chain, seq])?;
    }
    match effect {
        Effect::None | Effect::Commanded { .. } => {}
        Effect::Opened(Place { agent, account, conversation, thread }) => {
            connection
                .prepare_cached(
                    "INSERT INTO sessions (id, agent, account, conversation, thread, opened_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                )?
                .execute(params![chain, agent, account, conversation, thread, at])?;
        }
        Effect::Closed => {
            connection.prepare_cached("UPDATE sessions SET closed_at = ?2 WHERE id = ?1")?.execute(params![chain, at])?;
            grant::end_session(connection, chain, at)?;
            head.closed = true;
        }
        Effect::Inbound { title, .. } => {
            if !head.titled {
                connection
                    .prepare_cached("UPDATE sessions SET title = ?2, title_seq = ?3 WHERE id = ?1")?
                    .execute(params![chain, title, seq])?;
                head.titled = true;
            }
        }
        Effect::TurnStarted(turn) => {
            connection
                .prepare_cached("INSERT OR IGNORE INTO open_turns (chain, turn, seq, at) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![chain, turn.to_string(), seq, at])?;
        }
        Effect::TurnEnded(turn) => {
            connection
                .prepare_cached("DELETE FROM open_turns WHERE chain = ?1 AND turn = ?2")?
                .execute(params![chain, turn.to_string()])?;
            approval::end_turn(connection, chain, *turn, at)?;
        }
        Effect::Outbox(step) => outbox::write(connection, chain, seq, at, step)?,
        Effect::Pairing(step) => pairing::write(connection, at, step)?,
        Effect::Approval(step) => approval::write(connection, chain, seq, at, step)?,
        Effect::Prompt(step) => prompt::write(connection, chain, seq, step)?,
        Effect::Grant(step) => grant::write(connection, at, step)?,
    }
    Ok(())
}

/// The action of the row that says a content was erased; its subject is the digest.
pub(crate) const ERASED_ACTION: &str = "payload-erased";

pub(crate) fn erase(connection: &Connection, heads: &mut Heads, at: Timestamp, digest: Digest) -> Result<Erasure, Failure> {
    let found: Option<(String, i64, bool)> = connection
        .prepare_cached("SELECT chain, seq, erased_by IS NOT NULL FROM payloads WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (chain, seq) = match found {
        None => return Err(Failure::Refused(Error::NoSuchPayload { digest })),
        Some((_, _, true)) => return Ok(Erasure::ErasedBefore),
        Some((chain, seq, false)) => (chain, seq),
    };
    let detail = json!({ "chain": chain, "seq": seq });
    let event = Event::System { action: ERASED_ACTION.into(), subject: digest.to_hex(), detail };
    let draft = Draft::of(Chain::System, &event).map_err(Failure::Refused)?;
    let row = write_row(connection, heads.get(connection, Chain::System)?, at, &draft)?;
    connection
        .prepare_cached("UPDATE payloads SET salt = NULL, bytes = NULL, erased_by = ?2 WHERE digest = ?1")?
        .execute(params![digest.as_bytes(), int(row.seq)])?;
    // The title is a copy of the first message's beginning.
    connection.prepare_cached("UPDATE sessions SET title = NULL WHERE id = ?1 AND title_seq = ?2")?.execute(params![chain, seq])?;
    Ok(Erasure::Erased(row))
}

/// SQLite's integers are signed. Times are checked when a batch is made, and no chain reaches 2^63 rows.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
