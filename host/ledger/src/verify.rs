//! Checking a ledger: every hash, every link, every column that was derived, every content.
//!
//! Rows stream by in the order of their chains; at any time this holds one row, the end of its chain, and what is listed
//! of that chain: its open turns, the answers that were not delivered, the questions to people and their buttons, or, of the
//! system's, who was let in and who asked; and the rights that people gave, of all chains. All of it is one snapshot, so a
//! gateway may write meanwhile. What a check of this kind cannot see is said in its report, and shown by tests. What channels
//! remember is derived from nothing, and no part of it.

mod approval;
mod derived;
mod grant;
mod outbox;
mod pairing;
mod prompt;
mod report;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use wirken_types::event::Event;
use wirken_types::{Digest, Timestamp};

use crate::apply::{ERASED_ACTION, int};
use crate::chain::Chain;
use crate::encode::{Effect, misplaced};
use crate::error::Error;
use crate::reader::Reader;
use crate::row::{Canonical, PayloadRef, payload_digest, row_hash};
use derived::{Expected, check_key};
use grant::Grants;
pub use report::{Progress, Report, Scope, Verdict, What};

/// Rows between two calls of the progress callback.
const PROGRESS_EVERY: u64 = 1000;

/// Checks the ledger up to the first row that is wrong. Blocks its thread.
pub fn verify(reader: &Reader, scope: Scope, progress: &mut dyn FnMut(Progress)) -> Result<Report, Error> {
    let connection = &reader.connection;
    let snapshot = connection.unchecked_transaction().map_err(Error::database("read"))?;
    let mut report = Report { scope, verdict: Verdict::Ok, chains: 0, rows: 0, payloads: 0, erased: 0 };
    let walked = walk(connection, &mut report, progress).and_then(|()| {
        // What was erased in this chain is so by rows of the system's, which have to stand in theirs.
        if report.erased == 0 || !matches!(scope, Scope::Chain(Chain::Session(_))) {
            return Ok(());
        }
        let scope = Scope::Chain(Chain::System);
        let mut system = Report { scope, verdict: Verdict::Ok, chains: 0, rows: 0, payloads: 0, erased: 0 };
        walk(connection, &mut system, &mut |_| {})
    });
    match walked {
        Ok(()) if report.rows == 0 => report.verdict = Verdict::Empty,
        Ok(()) => {}
        Err(Stop::Broken { chain, seq, what }) => report.verdict = Verdict::Broken { chain, seq, what },
        Err(Stop::Failed(error)) => return Err(error),
    }
    drop(snapshot);
    Ok(report)
}

/// Why the walk ended before the end.
enum Stop {
    Broken { chain: String, seq: u64, what: What },
    Failed(Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(Error::database("check")(error))
    }
}

const COLUMNS: &str = "rows.chain, rows.seq, rows.id, rows.at, rows.kind, rows.turn, rows.payload, rows.hash, rows.canonical,
    payloads.digest, payloads.chain, payloads.seq, payloads.salt, payloads.bytes, payloads.erased_by";

fn walk(connection: &Connection, report: &mut Report, progress: &mut dyn FnMut(Progress)) -> Result<(), Stop> {
    let chain = match report.scope {
        Scope::All => None,
        Scope::Chain(chain) => Some(chain.to_string()),
    };
    let condition = if chain.is_some() { "WHERE rows.chain = ?1" } else { "WHERE ?1 IS NULL" };
    let of: i64 = connection.query_row(&format!("SELECT count(*) FROM rows {condition}"), [&chain], |row| row.get(0))?;
    let of = of.unsigned_abs();
    let sql = format!(
        "SELECT {COLUMNS} FROM rows LEFT JOIN payloads ON payloads.digest = rows.payload {condition} ORDER BY rows.chain, rows.seq"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([&chain])?;
    let mut current: Option<Walked> = None;
    let mut across = Across::default();
    while let Some(row) = rows.next()? {
        let stored = Stored::of(row)?;
        let name = stored.chain.unwrap_or_default();
        let mut walked = match current.take() {
            Some(walked) if walked.name == name => walked,
            other => {
                if let Some(finished) = other {
                    finished.expected.check_end(connection, &finished.name)?;
                }
                report.chains += 1;
                Walked::new(name)
            }
        };
        walked.check(connection, &stored, report, &mut across)?;
        current = Some(walked);
        report.rows += 1;
        if report.rows.is_multiple_of(PROGRESS_EVERY) || report.rows == of {
            progress(Progress { rows: report.rows, of });
        }
    }
    if let Some(finished) = current {
        finished.expected.check_end(connection, &finished.name)?;
    }
    across.grants.check(connection, chain.as_deref())?;
    derived::check_strays(connection, chain.as_deref(), report.payloads, across.inbounds)
}

/// What is gathered over all chains.
#[derive(Default)]
struct Across {
    inbounds: u64,
    grants: Grants,
}

/// A row as it stands in the file. A column of a type that the ledger never writes is `None`, and so never right.
struct Stored<'a> {
    chain: Option<&'a str>,
    seq: Option<i64>,
    id: Option<i64>,
    at: Option<i64>,
    kind: Option<&'a str>,
    turn: ValueRef<'a>,
    payload: ValueRef<'a>,
    hash: Option<&'a [u8]>,
    canonical: &'a [u8],
    content: Content<'a>,
}

/// The row of the payload table whose digest the row's column names.
struct Content<'a> {
    present: bool,
    chain: Option<&'a str>,
    seq: Option<i64>,
    salt: ValueRef<'a>,
    bytes: ValueRef<'a>,
    erased_by: ValueRef<'a>,
}

impl<'a> Stored<'a> {
    fn of(row: &'a rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            chain: text(row.get_ref(0)?),
            seq: integer(row.get_ref(1)?),
            id: integer(row.get_ref(2)?),
            at: integer(row.get_ref(3)?),
            kind: text(row.get_ref(4)?),
            turn: row.get_ref(5)?,
            payload: row.get_ref(6)?,
            hash: blob(row.get_ref(7)?),
            canonical: blob(row.get_ref(8)?).unwrap_or_default(),
            content: Content {
                present: row.get_ref(9)? != ValueRef::Null,
                chain: text(row.get_ref(10)?),
                seq: integer(row.get_ref(11)?),
                salt: row.get_ref(12)?,
                bytes: row.get_ref(13)?,
                erased_by: row.get_ref(14)?,
            },
        })
    }
}

/// The chain that is being walked, up to where.
struct Walked {
    name: String,
    next: u64,
    prev: Digest,
    last_id: i64,
    expected: Expected,
}

impl Walked {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), next: 0, prev: Digest::ZERO, last_id: i64::MIN, expected: Expected::default() }
    }

    fn broken(&self, what: What) -> Stop {
        Stop::Broken { chain: self.name.clone(), seq: self.next, what }
    }

    /// The row that has to stand here: itself first, then what it says of its place, then what was derived from it.
    fn check(&mut self, connection: &Connection, stored: &Stored<'_>, report: &mut Report, across: &mut Across) -> Result<(), Stop> {
        let seq = i64::try_from(self.next).ok();
        if stored.seq != seq {
            return Err(self.broken(What::Missing));
        }
        let hash = row_hash(stored.canonical);
        if stored.hash != Some(hash.as_bytes().as_slice()) {
            return Err(self.broken(What::Altered));
        }
        let parsed = Canonical::parse(stored.canonical).map_err(|text| self.broken(What::Unreadable(text)))?;
        if parsed.chain.to_string() != self.name || parsed.seq != self.next {
            return Err(self.broken(What::Misplaced));
        }
        if parsed.prev != self.prev {
            return Err(self.broken(What::Unlinked));
        }
        let (chain, at, payload) = (parsed.chain, parsed.at, parsed.payload);
        // The title of a session is the one derived value that comes from a content.
        let content = match (self.expected.wants_title() && stored.kind == Some("inbound"), blob(stored.content.bytes)) {
            (true, Some(bytes)) if payload.is_some() => {
                self.check_content(connection, stored, payload)?;
                Some(bytes)
            }
            _ => None,
        };
        let event = parsed.into_event(content).map_err(|text| self.broken(What::Unreadable(text)))?;
        self.check_columns(stored, &event, at, payload)?;
        let erased = self.check_content(connection, stored, payload)?;
        self.check_effects(connection, chain, &event, at, across)?;
        report.payloads += u64::from(payload.is_some());
        report.erased += u64::from(erased);
        (self.prev, self.next, self.last_id) = (hash, self.next + 1, stored.id.unwrap_or(i64::MAX));
        Ok(())
    }

    fn check_columns(&self, stored: &Stored<'_>, event: &Event, at: Timestamp, payload: Option<PayloadRef>) -> Result<(), Stop> {
        let turn = event.turn().map(|turn| turn.to_string());
        let turn = turn.as_ref().map_or(ValueRef::Null, |turn| ValueRef::Text(turn.as_bytes()));
        let payload = payload.as_ref().map_or(ValueRef::Null, |payload| ValueRef::Blob(payload.digest.as_bytes()));
        let columns = [
            ("at", stored.at == i64::try_from(at.0).ok()),
            ("kind", stored.kind == Some(event.kind())),
            ("turn", stored.turn == turn),
            ("payload", stored.payload == payload),
            ("id", stored.id.is_some_and(|id| id > self.last_id)),
        ];
        match columns.iter().find(|(_, right)| !right) {
            Some((column, _)) => Err(self.broken(What::Column((*column).into()))),
            None => Ok(()),
        }
    }

    /// Whether the content is whole; true where it was erased, as a row of the system's chain has to say.
    fn check_content(&self, connection: &Connection, stored: &Stored<'_>, payload: Option<PayloadRef>) -> Result<bool, Stop> {
        let Some(payload) = payload else { return Ok(false) };
        let content = &stored.content;
        if !content.present {
            return Err(self.broken(What::ContentMissing));
        }
        if content.chain != Some(&self.name) || content.seq != stored.seq {
            return Err(self.broken(What::ContentMisplaced));
        }
        match (content.salt, content.bytes, content.erased_by) {
            (ValueRef::Blob(salt), ValueRef::Blob(bytes), ValueRef::Null) => {
                let right = payload_digest(salt, bytes) == payload.digest && bytes.len() as u64 == payload.size;
                if right { Ok(false) } else { Err(self.broken(What::ContentAltered)) }
            }
            (ValueRef::Null, ValueRef::Null, ValueRef::Integer(seq)) if says_erased(connection, seq, payload.digest)? => Ok(true),
            (ValueRef::Null, ValueRef::Null, _) => Err(self.broken(What::ContentMissing)),
            _ => Err(self.broken(What::ContentAltered)),
        }
    }

    fn check_effects(
        &mut self,
        connection: &Connection,
        chain: Chain,
        event: &Event,
        at: Timestamp,
        across: &mut Across,
    ) -> Result<(), Stop> {
        if let Event::System { action, subject, .. } = event {
            if chain == Chain::System && action == ERASED_ACTION && !is_erased(connection, subject, self.next)? {
                return Err(self.broken(What::NotErased));
            }
            return self.expected.follow(self.next, at, &Effect::None).map_err(|what| self.broken(what));
        }
        let effect = Effect::of(event);
        if let Some((account, key)) = effect.taken() {
            check_key(connection, account, key, &self.name, self.next)?;
            across.inbounds += 1;
        }
        let followed = match misplaced(chain, event) {
            Some(_) => Err(What::Misplaced),
            None => self.expected.follow(self.next, at, &effect),
        };
        let followed = followed.and_then(|()| match &effect {
            Effect::Grant(step) => across.grants.follow(&self.name, self.next, int(at.0), step),
            _ => Ok(()),
        });
        followed.map_err(|what| self.broken(what))
    }
}

/// Whether that row of the system's chain says that this content was erased.
fn says_erased(connection: &Connection, seq: i64, digest: Digest) -> Result<bool, Stop> {
    let mut statement = connection.prepare_cached("SELECT canonical, hash FROM rows WHERE chain = 'system' AND seq = ?1")?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    let canonical = blob(row.get_ref(0)?).unwrap_or_default();
    if blob(row.get_ref(1)?) != Some(row_hash(canonical).as_bytes().as_slice()) {
        return Ok(false);
    }
    let Ok(parsed) = Canonical::parse(canonical) else { return Ok(false) };
    if parsed.chain != Chain::System || i64::try_from(parsed.seq) != Ok(seq) {
        return Ok(false);
    }
    let event = parsed.into_event(None);
    Ok(matches!(event, Ok(Event::System { action, subject, .. }) if action == ERASED_ACTION && subject == digest.to_hex()))
}

/// Whether the content that a row of the system's chain calls erased is so, by that row.
fn is_erased(connection: &Connection, subject: &str, seq: u64) -> Result<bool, Stop> {
    let Ok(digest) = subject.parse::<Digest>() else { return Ok(false) };
    let mut statement = connection.prepare_cached("SELECT 1 FROM payloads WHERE digest = ?1 AND erased_by = ?2 AND bytes IS NULL")?;
    Ok(statement.exists(rusqlite::params![digest.as_bytes(), int(seq)])?)
}

fn broken(chain: &str, seq: u64, what: What) -> Stop {
    Stop::Broken { chain: chain.to_owned(), seq, what }
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    value.as_str().ok()
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    value.as_i64().ok()
}

fn blob(value: ValueRef<'_>) -> Option<&[u8]> {
    value.as_blob().ok()
}
