//! Reading the ledger: beside the gateway that writes it, from another process, or with no gateway at all.
//!
//! A reader has its own read-only connection and blocks its thread; async callers put it on a blocking one. What it
//! hands out it has checked against its own hash; how rows hang together is `verify`'s to say.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, ToSql, params};
use wirken_types::chat::Part;
use wirken_types::event::{Event, Place};
use wirken_types::{Digest, SessionId, Timestamp};

use crate::apply::int;
use crate::chain::Chain;
use crate::error::Error;
use crate::handle::BUSY;
use crate::row::{Canonical, Row, payload_digest, row_hash};
use crate::schema;
use crate::session::{OpenTurn, SESSION_COLUMNS, Session, time};

/// Which rows of all chains to show.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// A kind of event (`tool-started`), or the action of a system event.
    pub action: Option<String>,
    pub chain: Option<Chain>,
    pub since: Option<Timestamp>,
    /// Only the newest so many.
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    pub agent: Option<String>,
    pub account: Option<String>,
    pub open_only: bool,
    /// Only the most recently used so many.
    pub limit: Option<usize>,
}

/// A file that a row names, and where that row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedBlob {
    pub chain: Chain,
    pub seq: u64,
    pub digest: Digest,
}

#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
}

const ROW_COLUMNS: &str = "rows.chain, rows.seq, rows.hash, rows.canonical, payloads.salt, payloads.bytes";

impl Reader {
    /// [`Error::NotFound`] is a new installation.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { connection: schema::open_for_reading(path, BUSY)? })
    }

    /// The rows of a chain from a sequence number on, oldest first.
    pub fn rows(&self, chain: impl Into<Chain>, from_seq: u64) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        self.each_row(chain, from_seq, |row| rows.push(row))?;
        Ok(rows)
    }

    /// The same, one by one, for chains of any length.
    pub fn each_row(&self, chain: impl Into<Chain>, from_seq: u64, mut each: impl FnMut(Row)) -> Result<(), Error> {
        let sql = format!(
            "SELECT {ROW_COLUMNS} FROM rows LEFT JOIN payloads ON payloads.digest = rows.payload
             WHERE rows.chain = ?1 AND rows.seq >= ?2 ORDER BY rows.seq"
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let mut rows = statement.query(params![chain.into().to_string(), int(from_seq)]).map_err(Error::database("read"))?;
        while let Some(row) = rows.next().map_err(Error::database("read"))? {
            each(decode(row)?);
        }
        Ok(())
    }

    /// One row of a chain.
    pub(crate) fn row(&self, chain: Chain, seq: u64) -> Result<Option<Row>, Error> {
        let sql = format!(
            "SELECT {ROW_COLUMNS} FROM rows LEFT JOIN payloads ON payloads.digest = rows.payload WHERE rows.chain = ?1 AND rows.seq = ?2"
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let mut rows = statement.query(params![chain.to_string(), int(seq)]).map_err(Error::database("read"))?;
        rows.next().map_err(Error::database("read"))?.map(decode).transpose()
    }

    /// Rows of all chains, newest last.
    pub fn log(&self, filter: &LogFilter) -> Result<Vec<Row>, Error> {
        let LogFilter { action, chain, since, limit } = filter;
        let chain = chain.map(|chain| chain.to_string());
        let since = since.map(|since| int(since.0));
        let mut conditions = vec!["1"];
        let mut values: Vec<(&str, &dyn ToSql)> = Vec::new();
        if let Some(action) = action {
            conditions.push("(rows.kind = :action OR rows.kind = 'system')");
            values.push((":action", action));
        }
        if let Some(chain) = &chain {
            conditions.push("rows.chain = :chain");
            values.push((":chain", chain));
        }
        if let Some(since) = &since {
            conditions.push("rows.at >= :since");
            values.push((":since", since));
        }
        let sql = format!(
            "SELECT {ROW_COLUMNS} FROM rows LEFT JOIN payloads ON payloads.digest = rows.payload
             WHERE {} ORDER BY rows.id DESC",
            conditions.join(" AND ")
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let mut rows = statement.query(values.as_slice()).map_err(Error::database("read"))?;
        let mut found = Vec::new();
        while limit.is_none_or(|limit| found.len() < limit) {
            let Some(row) = rows.next().map_err(Error::database("read"))? else { break };
            let row = decode(row)?;
            if action.as_ref().is_none_or(|action| named(&row.event, action)) {
                found.push(row);
            }
        }
        found.reverse();
        Ok(found)
    }

    /// The files that rows of this chain name, or of all.
    pub fn named_blobs(&self, chain: Option<Chain>) -> Result<Vec<NamedBlob>, Error> {
        // As the index on these rows has it.
        let sql = format!(
            "SELECT {ROW_COLUMNS} FROM rows LEFT JOIN payloads ON payloads.digest = rows.payload
             WHERE rows.kind = 'medium-fetched' AND (?1 IS NULL OR rows.chain = ?1) ORDER BY rows.id"
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let mut rows = statement.query([chain.map(|chain| chain.to_string())]).map_err(Error::database("read"))?;
        let mut named = Vec::new();
        while let Some(row) = rows.next().map_err(Error::database("read"))? {
            let row = decode(row)?;
            if let Event::MediumFetched { content: Some(Part::Blob(blob)), .. } = &row.event
                && let Ok(digest) = blob.id.parse()
            {
                named.push(NamedBlob { chain: row.chain, seq: row.seq, digest });
            }
        }
        Ok(named)
    }

    /// The most recently used first.
    pub fn sessions(&self, filter: &SessionFilter) -> Result<Vec<Session>, Error> {
        let SessionFilter { agent, account, open_only, limit } = filter;
        let limit = limit.map_or(-1, |limit| int(limit as u64));
        self.select(
            "WHERE (?1 IS NULL OR agent = ?1) AND (?2 IS NULL OR account = ?2) AND (NOT ?3 OR closed_at IS NULL)
             ORDER BY last_at DESC, id DESC LIMIT ?4",
            params![agent, account, open_only, limit],
        )
    }

    pub fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        Ok(self.select("WHERE id = ?1", params![id.to_string()])?.pop())
    }

    pub fn open_sessions(&self) -> Result<Vec<Session>, Error> {
        self.sessions(&SessionFilter { open_only: true, ..SessionFilter::default() })
    }

    /// The open session at this place.
    pub fn find_session(&self, place: &Place) -> Result<Option<Session>, Error> {
        let Place { agent, account, conversation, thread } = place;
        let found = self.select(
            "WHERE closed_at IS NULL AND agent = ?1 AND account = ?2 AND conversation = ?3 AND thread IS ?4",
            params![agent, account, conversation, thread],
        )?;
        Ok(found.into_iter().next())
    }

    /// The row of the message or command with this key, for a caller that was told it is a duplicate.
    pub fn find_inbound(&self, account: &str, key: &str) -> Result<Option<(Chain, u64)>, Error> {
        let found: Option<(String, i64)> = self
            .connection
            .prepare_cached("SELECT chain, seq FROM inbounds WHERE account = ?1 AND key = ?2")
            .and_then(|mut statement| statement.query_row([account, key], |row| Ok((row.get(0)?, row.get(1)?))).optional())
            .map_err(Error::database("read"))?;
        found.map(|(chain, seq)| Ok((named_chain(&chain, seq)?, seq.unsigned_abs()))).transpose()
    }

    /// Turns that started and neither finished nor were interrupted, oldest first.
    pub fn open_turns(&self) -> Result<Vec<OpenTurn>, Error> {
        let mut statement =
            self.connection.prepare_cached("SELECT chain, turn, at, seq FROM open_turns ORDER BY turn").map_err(Error::database("read"))?;
        let mut rows = statement.query([]).map_err(Error::database("read"))?;
        let mut turns = Vec::new();
        while let Some(row) = rows.next().map_err(Error::database("read"))? {
            let (chain, turn, at, seq) = open_turn(row).map_err(Error::database("read"))?;
            let damaged = |what: String| Error::Damaged { chain: chain.clone(), seq: seq.unsigned_abs(), what };
            let session = chain.parse().map_err(|error| damaged(format!("its open turn is listed wrongly ({error})")))?;
            let turn = turn.parse().map_err(|error| damaged(format!("its open turn is listed wrongly ({error})")))?;
            turns.push(OpenTurn { session, turn, started_at: time(at), seq: seq.unsigned_abs() });
        }
        Ok(turns)
    }

    fn select(&self, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<Session>, Error> {
        let sql = format!("SELECT {SESSION_COLUMNS} FROM sessions {condition}");
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let found = statement.query_map(values, Session::from_sql).map_err(Error::database("read"))?;
        found.map(|session| session.map_err(Error::database("read"))?).collect()
    }
}

fn open_turn(row: &SqlRow<'_>) -> rusqlite::Result<(String, String, i64, i64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn named(event: &Event, action: &str) -> bool {
    event.kind() == action || matches!(event, Event::System { action: own, .. } if own == action)
}

fn named_chain(chain: &str, seq: i64) -> Result<Chain, Error> {
    chain.parse().map_err(|error| Error::Damaged {
        chain: chain.into(),
        seq: seq.unsigned_abs(),
        what: format!("its chain is misnamed ({error})"),
    })
}

/// From [`ROW_COLUMNS`].
fn decode(row: &SqlRow<'_>) -> Result<Row, Error> {
    let read = || -> rusqlite::Result<_> {
        let (chain, seq): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok((
            chain,
            seq,
            row.get::<_, [u8; 32]>(2)?,
            row.get_ref(3)?.as_blob()?,
            row.get_ref(4)?.as_blob_or_null()?,
            row.get_ref(5)?.as_blob_or_null()?,
        ))
    };
    let (chain, seq, hash, canonical, salt, bytes) = read().map_err(Error::database("read a row of"))?;
    let damaged = |what: String| Error::Damaged { chain: chain.clone(), seq: seq.unsigned_abs(), what };
    let hash = Digest::from_bytes(hash);
    if row_hash(canonical) != hash {
        return Err(damaged("its bytes are not those that were hashed".into()));
    }
    let parsed = Canonical::parse(canonical).map_err(damaged)?;
    let content = salt.zip(bytes);
    if let (Some(payload), Some((salt, bytes))) = (parsed.payload, content)
        && payload_digest(salt, bytes) != payload.digest
    {
        return Err(damaged("its content is not the one that was recorded".into()));
    }
    let (chain, seq, at, payload) = (parsed.chain, parsed.seq, parsed.at, parsed.payload);
    let event = parsed.into_event(content.map(|(_, bytes)| bytes)).map_err(damaged)?;
    Ok(Row { chain, seq, at, hash, event, payload })
}
