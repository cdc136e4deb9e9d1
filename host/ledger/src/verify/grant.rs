//! Which rights were given and which ended, computed again from the rows of all chains: one that was given in a chat can
//! be revoked by the owner, on the system's chain.
//!
//! Where one chain alone is checked, what the others say of its rights is taken from rows whose own hash is right.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use wirken_types::GrantId;
use wirken_types::approval::{Grant, Holder, Lasts};

use super::{Stop, What, blob, broken};
use crate::apply::int;
use crate::chain::Chain;
use crate::grant::{Step, To, columns};
use crate::row::{Canonical, row_hash};

#[derive(Default)]
pub(super) struct Grants(BTreeMap<GrantId, Known>);

/// What rows say of one right: where, and when.
#[derive(Default)]
struct Known {
    given: Option<(Place, Grant, String)>,
    revoked: Option<Place>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    chain: String,
    seq: u64,
    at: i64,
}

impl Grants {
    /// A row that the ledger would have refused is wrong.
    pub(super) fn follow(&mut self, chain: &str, seq: u64, at: i64, step: &Step) -> Result<(), What> {
        let known = self.0.entry(step.id).or_default();
        let place = Place { chain: chain.to_owned(), seq, at };
        match &step.to {
            To::Given { grant, by } if known.given.is_none() => known.given = Some((place, grant.clone(), by.clone())),
            To::Revoked if known.revoked.is_none() => known.revoked = Some(place),
            _ => return Err(What::Grant(step.id.to_string())),
        }
        Ok(())
    }

    /// After the last row of what is checked: everything, or one chain.
    pub(super) fn check(mut self, connection: &Connection, chain: Option<&str>) -> Result<(), Stop> {
        if let Some(chain) = chain {
            let listed = connection.prepare_cached("SELECT 1 FROM grants WHERE session = ?1")?.exists([chain])?;
            if self.0.is_empty() && !listed && chain != "system" {
                return Ok(());
            }
            self.read_others(connection, chain)?;
        }
        let mut wrong = BTreeSet::new();
        for (id, known) in &self.0 {
            let Some((given, grant, by)) = &known.given else {
                wrong.extend(known.revoked.clone().map(|revoked| (revoked, id.to_string())));
                continue;
            };
            let own = |place: &Place| chain.is_none_or(|chain| place.chain == chain);
            let session = matches!(grant.lasts, Lasts::Session(session) if chain.is_some_and(|chain| session.to_string() == chain));
            let concerned = own(given) || known.revoked.as_ref().is_some_and(own) || session;
            if concerned && !is_listed(connection, given.at, grant, by, known.revoked.as_ref().map(|revoked| revoked.at))? {
                wrong.insert((given.clone(), id.to_string()));
            }
        }
        if wrong.is_empty()
            && chain.is_none_or(|chain| chain == "system")
            && let Some(stray) = self.stray(connection)?
        {
            wrong.insert((Place { chain: "system".into(), seq: 0, at: 0 }, stray));
        }
        match wrong.pop_first() {
            Some((Place { chain, seq, .. }, id)) => Err(broken(&chain, seq, What::Grant(id))),
            None => Ok(()),
        }
    }

    fn read_others(&mut self, connection: &Connection, own: &str) -> Result<(), Stop> {
        let sql = "SELECT hash, canonical FROM rows WHERE kind IN ('granted', 'grant-revoked') AND chain <> ?1 ORDER BY chain, seq";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([own])?;
        while let Some(row) = rows.next()? {
            let canonical = blob(row.get_ref(1)?).unwrap_or_default();
            if blob(row.get_ref(0)?) != Some(row_hash(canonical).as_bytes().as_slice()) {
                continue;
            }
            let Ok(parsed) = Canonical::parse(canonical) else { continue };
            let (chain, seq, at): (Chain, u64, i64) = (parsed.chain, parsed.seq, int(parsed.at.0));
            let Ok(event) = parsed.into_event(None) else { continue };
            if let Some(step) = Step::of(&event) {
                // What is wrong with another chain is found where that is checked.
                let _ = self.follow(&chain.to_string(), seq, at, &step);
            }
        }
        Ok(())
    }

    /// A right that no row gave; it is laid to the first row of the system's chain.
    fn stray(&self, connection: &Connection) -> Result<Option<String>, Stop> {
        let mut statement = connection.prepare_cached("SELECT id FROM grants ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let listed: String = row.get(0)?;
            // Only the one spelling that the writer uses is found again by it.
            let known = listed.parse().ok().filter(|id: &GrantId| id.to_string() == listed).and_then(|id| self.0.get(&id));
            if known.is_none_or(|known| known.given.is_none()) {
                return Ok(Some(listed));
            }
        }
        Ok(None)
    }
}

/// Whether it stands in the table as its rows say; a session's right ends with the session, unless it was revoked before.
fn is_listed(connection: &Connection, at: i64, grant: &Grant, by: &str, revoked_at: Option<i64>) -> Result<bool, Stop> {
    let Grant { id, holder: Holder { agent, account, sender }, component, key, lasts } = grant;
    let (session, until) = columns(*lasts);
    let ended_at = match (revoked_at, &session) {
        (Some(at), _) => Some(at),
        (None, Some(session)) => {
            let mut statement = connection.prepare_cached("SELECT closed_at FROM sessions WHERE id = ?1")?;
            statement.query_row([session], |row| row.get::<_, Option<i64>>(0)).optional()?.flatten()
        }
        (None, None) => None,
    };
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM grants WHERE id = ?1 AND account = ?2 AND sender = ?3 AND agent = ?4 AND component = ?5 AND key = ?6
            AND session IS ?7 AND until IS ?8 AND given_by = ?9 AND given_at = ?10 AND revoked_at IS ?11",
    )?;
    Ok(statement.exists(params![id.to_string(), account, sender, agent, component, key, session, until, by, at, ended_at])?)
}
