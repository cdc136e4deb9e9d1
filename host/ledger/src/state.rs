//! What a channel has to remember: how far it read, for one. Opaque, in no chain, and changed with the rows of its
//! batch, so that a channel never has taken less, or more, than it remembers.
//!
//! It is derived from nothing, so `verify` passes it over. Who writes it encrypts it, and sees from that whether
//! somebody else changed it.

use rusqlite::{Connection, params};

use crate::error::Error;
use crate::reader::Reader;

/// One value that a batch sets, or removes where it is none.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) account: String,
    pub(crate) key: String,
    pub(crate) value: Option<Vec<u8>>,
}

pub(crate) fn write(connection: &Connection, states: &[State]) -> rusqlite::Result<()> {
    for State { account, key, value } in states {
        match value {
            Some(value) => connection
                .prepare_cached("INSERT OR REPLACE INTO channel_states (account, key, value) VALUES (?1, ?2, ?3)")?
                .execute(params![account, key, value])?,
            None => {
                connection.prepare_cached("DELETE FROM channel_states WHERE account = ?1 AND key = ?2")?.execute(params![account, key])?
            }
        };
    }
    Ok(())
}

impl Reader {
    /// What an account's channel remembers, in the order of keys.
    pub fn channel_state(&self, account: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let sql = "SELECT key, value FROM channel_states WHERE account = ?1 ORDER BY key";
        let mut statement = self.connection.prepare_cached(sql).map_err(Error::database("read"))?;
        let found = statement.query_map([account], |row| Ok((row.get(0)?, row.get(1)?))).map_err(Error::database("read"))?;
        found.collect::<rusqlite::Result<_>>().map_err(Error::database("read"))
    }
}
