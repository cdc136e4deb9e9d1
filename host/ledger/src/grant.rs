//! Rights that people gave: derived from rows of sessions' chains and of the system's.
//!
//! A right ends once: when it is revoked, or when the session ends that it was given for. Whether its time is up is for
//! those to say who read it.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use serde::Serialize;
use wirken_types::approval::{Grant, Holder, Lasts};
use wirken_types::event::Event;
use wirken_types::{GrantId, SessionId, Timestamp};

use crate::apply::{Failure, int};
use crate::error::Error;
use crate::reader::Reader;
use crate::session::time;

/// A right that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownGrant {
    #[serde(flatten)]
    pub grant: Grant,
    pub by: String,
    pub given_at: Timestamp,
    /// When it was revoked, or its session closed.
    pub revoked_at: Option<Timestamp>,
}

/// What a row does to one right.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) id: GrantId,
    pub(crate) to: To,
}

#[derive(Clone, Debug)]
pub(crate) enum To {
    Given { grant: Grant, by: String },
    Revoked,
}

impl Step {
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Granted { grant, by } => Some(Self { id: grant.id, to: To::Given { grant: grant.clone(), by: by.clone() } }),
            Event::GrantRevoked { grant, .. } => Some(Self { id: *grant, to: To::Revoked }),
            _ => None,
        }
    }

    /// The session that a right is given for.
    pub(crate) fn session(&self) -> Option<SessionId> {
        match &self.to {
            To::Given { grant: Grant { lasts: Lasts::Session(session), .. }, .. } => Some(*session),
            _ => None,
        }
    }
}

/// What a batch has done so far to rights, while it is only being checked.
#[derive(Debug, Default)]
pub(crate) struct Checks(HashMap<GrantId, Standing>);

#[derive(Debug)]
struct Standing {
    session: Option<SessionId>,
    ended: bool,
}

impl Checks {
    /// `closed` says whether this batch, or an earlier one, closed a session.
    pub(crate) fn check(&mut self, connection: &Connection, step: &Step, closed: impl Fn(SessionId) -> bool) -> Result<(), Failure> {
        let grant = step.id;
        if !self.0.contains_key(&grant)
            && let Some(standing) = Standing::load(connection, grant)?
        {
            self.0.insert(grant, standing);
        }
        match (self.0.get_mut(&grant), &step.to) {
            (None, To::Given { .. }) => {
                self.0.insert(grant, Standing { session: step.session(), ended: false });
                Ok(())
            }
            (Some(_), To::Given { .. }) => Err(Failure::Refused(Error::GrantedBefore { grant })),
            (Some(standing), To::Revoked) if !standing.ended && !standing.session.is_some_and(closed) => {
                standing.ended = true;
                Ok(())
            }
            (_, To::Revoked) => Err(Failure::Refused(Error::NoSuchGrant { grant })),
        }
    }
}

impl Standing {
    fn load(connection: &Connection, grant: GrantId) -> Result<Option<Self>, Failure> {
        let found: Option<(Option<String>, bool)> = connection
            .prepare_cached("SELECT session, revoked_at IS NOT NULL FROM grants WHERE id = ?1")?
            .query_row([grant.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((session, ended)) = found else { return Ok(None) };
        let session = session.map(|id| id.parse().map_err(|_| Failure::Fatal(rusqlite::Error::InvalidQuery))).transpose()?;
        Ok(Some(Self { session, ended }))
    }
}

/// The two columns that say how long it lasts.
pub(crate) fn columns(lasts: Lasts) -> (Option<String>, Option<i64>) {
    match lasts {
        Lasts::Session(session) => (Some(session.to_string()), None),
        Lasts::Until(until) => (None, Some(int(until.0))),
    }
}

pub(crate) fn write(connection: &Connection, at: i64, step: &Step) -> rusqlite::Result<()> {
    let id = step.id.to_string();
    match &step.to {
        To::Given { grant: Grant { holder: Holder { agent, account, sender }, component, key, lasts, .. }, by } => {
            let (session, until) = columns(*lasts);
            connection
                .prepare_cached(
                    "INSERT INTO grants (id, account, sender, agent, component, key, session, until, given_by, given_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![id, account, sender, agent, component, key, session, until, by, at])?
        }
        To::Revoked => connection.prepare_cached("UPDATE grants SET revoked_at = ?2 WHERE id = ?1")?.execute(params![id, at])?,
    };
    Ok(())
}

/// What was given for a session ends with it.
pub(crate) fn end_session(connection: &Connection, session: &str, at: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE grants SET revoked_at = ?2 WHERE session = ?1 AND revoked_at IS NULL")?
        .execute(params![session, at])?;
    Ok(())
}

const COLUMNS: &str = "id, account, sender, agent, component, key, session, until, given_by, given_at, revoked_at";

impl Reader {
    /// The rights that nobody revoked and no session's end took, of one holder or of all, in the order in which they were
    /// given. What has expired by time is among them.
    pub fn grants(&self, holder: Option<&Holder>) -> Result<Vec<KnownGrant>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM grants WHERE revoked_at IS NULL
             AND (?1 IS NULL OR (account = ?1 AND sender = ?2 AND agent = ?3)) ORDER BY given_at, id"
        );
        let of = holder.map(|holder| (&holder.account, &holder.sender, &holder.agent));
        let values = params![of.map(|of| of.0), of.map(|of| of.1), of.map(|of| of.2)];
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        let found = statement.query_map(values, from_sql).map_err(Error::database("read"))?;
        found.map(|known| known.map_err(Error::database("read"))?).collect()
    }

    /// One right, revoked or not.
    pub fn grant(&self, grant: GrantId) -> Result<Option<KnownGrant>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM grants WHERE id = ?1");
        let mut statement = self.connection.prepare_cached(&sql).map_err(Error::database("read"))?;
        statement.query_row([grant.to_string()], from_sql).optional().map_err(Error::database("read"))?.transpose()
    }
}

/// From [`COLUMNS`].
fn from_sql(row: &SqlRow<'_>) -> rusqlite::Result<Result<KnownGrant, Error>> {
    let (id, session, until): (String, Option<String>, Option<i64>) = (row.get(0)?, row.get(6)?, row.get(7)?);
    let holder = Holder { account: row.get(1)?, sender: row.get(2)?, agent: row.get(3)? };
    let (component, key, by) = (row.get(4)?, row.get(5)?, row.get(8)?);
    let (given_at, revoked_at) = (time(row.get(9)?), row.get::<_, Option<i64>>(10)?.map(time));
    let known = || {
        let lasts = match (session, until) {
            (Some(session), None) => Lasts::Session(session.parse().ok()?),
            (None, Some(until)) => Lasts::Until(time(until)),
            _ => return None,
        };
        let grant = Grant { id: id.parse().ok()?, holder, component, key, lasts };
        Some(KnownGrant { grant, by, given_at, revoked_at })
    };
    let damaged = || Error::Damaged { chain: "system".into(), seq: 0, what: format!("the grant {id:?} is listed wrongly") };
    Ok(known().ok_or_else(damaged))
}
