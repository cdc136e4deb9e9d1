//! What components keep from one call to the next: small values under keys, each component's for itself, and within it each
//! agent's and each principal's.
//!
//! It is not part of the record: a value that is deleted is gone. The file is private to its owner; nothing in it is
//! encrypted, since no credential ever reaches a component.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

/// A key, in bytes.
pub const MAX_KEY_BYTES: usize = 256;
/// A value, in bytes.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;
/// Keys and values of one [`Owner`] together, in bytes.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Keys of one [`Owner`].
pub const MAX_KEYS: u64 = 10_000;

/// Newer files are refused: what they hold is not known here.
const SCHEMA: i64 = 1;
const BUSY: Duration = Duration::from_secs(5);

/// Whose a value is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    pub component: String,
    pub agent: String,
    /// A person at an account, or a group's conversation.
    pub principal: String,
}

/// A value, and whether it was written where words from outside had been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub value: Vec<u8>,
    pub tainted: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the key has {0} bytes, and 1 to {MAX_KEY_BYTES} are allowed")]
    Key(usize),
    #[error("the value has {0} bytes, and {MAX_VALUE_BYTES} are the most")]
    Value(usize),
    #[error("there is no room: a component keeps {MAX_BYTES} bytes for one person, keys included")]
    Full,
    #[error("there is no room: a component keeps {MAX_KEYS} keys for one person")]
    Keys,
    #[error("{path} is of version {found}, and this wirken knows version {SCHEMA}: use the wirken that wrote it, or a newer one")]
    Newer { path: PathBuf, found: i64 },
    #[error("the store {path} failed: {source}")]
    Sqlite { path: PathBuf, source: rusqlite::Error },
}

impl Error {
    /// Whether the caller asked for too much, and nothing is broken.
    pub fn is_bound(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Value(_) | Self::Full | Self::Keys)
    }
}

/// The values of one data folder.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Where a data folder keeps them.
    pub fn path_in(data: &Path) -> PathBuf {
        data.join("store.db")
    }

    /// Opens the file, and makes it where it is not there.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Sqlite { path: path.to_owned(), source };
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if found > SCHEMA {
            return Err(Error::Newer { path: path.to_owned(), found });
        }
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;
                 CREATE TABLE IF NOT EXISTS kept (
                     component TEXT NOT NULL, agent TEXT NOT NULL, principal TEXT NOT NULL, key TEXT NOT NULL,
                     value BLOB NOT NULL, tainted INTEGER NOT NULL,
                     PRIMARY KEY (component, agent, principal, key)
                 ) STRICT, WITHOUT ROWID;
                 PRAGMA user_version = 1;",
            )
            .map_err(failed)?;
        Ok(Self { connection, path: path.to_owned() })
    }

    pub fn get(&self, owner: &Owner, key: &str) -> Result<Option<Kept>, Error> {
        check_key(key)?;
        let Owner { component, agent, principal } = owner;
        self.did(
            self.connection
                .prepare_cached("SELECT value, tainted FROM kept WHERE component = ?1 AND agent = ?2 AND principal = ?3 AND key = ?4")
                .and_then(|mut statement| {
                    let kept = |row: &rusqlite::Row<'_>| Ok(Kept { value: row.get(0)?, tainted: row.get(1)? });
                    statement.query_row(params![component, agent, principal, key], kept).optional()
                }),
        )
    }

    /// Sets a key, or refuses and leaves what was there.
    pub fn set(&mut self, owner: &Owner, key: &str, kept: &Kept) -> Result<(), Error> {
        check_key(key)?;
        if kept.value.len() > MAX_VALUE_BYTES {
            return Err(Error::Value(kept.value.len()));
        }
        let Owner { component, agent, principal } = owner;
        let path = self.path.clone();
        let failed = |source| Error::Sqlite { path: path.clone(), source };
        let change = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        // Of everything else that is kept: this key's old value makes room for its new one.
        let (bytes, keys): (i64, i64) = change
            .query_row(
                "SELECT coalesce(sum(length(CAST(key AS BLOB)) + length(value)), 0), count(*) FROM kept
                 WHERE component = ?1 AND agent = ?2 AND principal = ?3 AND key <> ?4",
                params![component, agent, principal, key],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(failed)?;
        if u64::try_from(keys).unwrap_or(u64::MAX) >= MAX_KEYS {
            return Err(Error::Keys);
        }
        if u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add((key.len() + kept.value.len()) as u64) > MAX_BYTES {
            return Err(Error::Full);
        }
        change
            .execute(
                "INSERT INTO kept (component, agent, principal, key, value, tainted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET value = excluded.value, tainted = excluded.tainted",
                params![component, agent, principal, key, kept.value, kept.tainted],
            )
            .map_err(failed)?;
        change.commit().map_err(failed)
    }

    /// Removes a key; one that is not there is no error.
    pub fn delete(&mut self, owner: &Owner, key: &str) -> Result<(), Error> {
        check_key(key)?;
        let Owner { component, agent, principal } = owner;
        let deleted = self.connection.execute(
            "DELETE FROM kept WHERE component = ?1 AND agent = ?2 AND principal = ?3 AND key = ?4",
            params![component, agent, principal, key],
        );
        self.did(deleted).map(drop)
    }

    /// The keys that begin with `prefix`, in the order of their bytes, and whether any of them is tainted.
    pub fn keys(&self, owner: &Owner, prefix: &str) -> Result<(Vec<String>, bool), Error> {
        if prefix.len() > MAX_KEY_BYTES {
            return Err(Error::Key(prefix.len()));
        }
        let Owner { component, agent, principal } = owner;
        let listed = self
            .connection
            .prepare_cached(
                "SELECT key, tainted FROM kept WHERE component = ?1 AND agent = ?2 AND principal = ?3
                 AND substr(key, 1, length(?4)) = ?4 ORDER BY key",
            )
            .and_then(|mut statement| {
                let rows = statement.query_map(params![component, agent, principal, prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect::<Result<Vec<(String, bool)>, _>>()
            });
        let listed = self.did(listed)?;
        let tainted = listed.iter().any(|(_, tainted)| *tainted);
        Ok((listed.into_iter().map(|(key, _)| key).collect(), tainted))
    }

    /// Removes everything that a component keeps, for everybody.
    pub fn forget(&mut self, component: &str) -> Result<usize, Error> {
        let deleted = self.connection.execute("DELETE FROM kept WHERE component = ?1", [component]);
        self.did(deleted)
    }

    fn did<T>(&self, done: Result<T, rusqlite::Error>) -> Result<T, Error> {
        done.map_err(|source| Error::Sqlite { path: self.path.clone(), source })
    }
}

fn check_key(key: &str) -> Result<(), Error> {
    if (1..=MAX_KEY_BYTES).contains(&key.len()) { Ok(()) } else { Err(Error::Key(key.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(principal: &str) -> Owner {
        Owner { component: "memory".into(), agent: "main".into(), principal: principal.into() }
    }

    fn open() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Store::path_in(folder.path())).unwrap();
        (folder, store)
    }

    fn clean(value: &[u8]) -> Kept {
        Kept { value: value.to_vec(), tainted: false }
    }

    #[test]
    fn keeps_and_gives_back_and_forgets() {
        let (folder, mut store) = open();
        let anna = owner("anna");
        assert_eq!(store.get(&anna, "a").unwrap(), None);
        store.set(&anna, "a", &clean(b"1")).unwrap();
        store.set(&anna, "a", &Kept { value: b"2".to_vec(), tainted: true }).unwrap();
        store.set(&anna, "b%_", &clean(b"")).unwrap();
        drop(store);
        let mut store = Store::open(&Store::path_in(folder.path())).unwrap();
        assert_eq!(store.get(&anna, "a").unwrap(), Some(Kept { value: b"2".to_vec(), tainted: true }));
        assert_eq!(store.keys(&anna, "").unwrap(), (vec!["a".to_owned(), "b%_".to_owned()], true));
        assert_eq!(store.keys(&anna, "b%").unwrap(), (vec!["b%_".to_owned()], false));
        assert_eq!(store.keys(&anna, "%").unwrap(), (Vec::new(), false), "no key is a pattern");
        store.delete(&anna, "a").unwrap();
        store.delete(&anna, "a").unwrap();
        assert_eq!(store.get(&anna, "a").unwrap(), None);
        assert_eq!(store.forget("memory").unwrap(), 1);
        assert_eq!(store.keys(&anna, "").unwrap().0, Vec::<String>::new());
    }

    #[test]
    fn nobody_sees_what_is_anothers() {
        let (_folder, mut store) = open();
        let anna = owner("anna");
        store.set(&anna, "k", &clean(b"anna's")).unwrap();
        for other in [
            owner("bert"),
            Owner { component: "other".into(), ..anna.clone() },
            Owner { agent: "other".into(), ..anna.clone() },
            Owner { principal: "anna ".into(), ..anna.clone() },
        ] {
            assert_eq!(store.get(&other, "k").unwrap(), None, "{other:?}");
            assert_eq!(store.keys(&other, "").unwrap().0, Vec::<String>::new());
            store.delete(&other, "k").unwrap();
        }
        assert_eq!(store.get(&anna, "k").unwrap(), Some(clean(b"anna's")));
    }

    #[test]
    fn keys_and_values_are_bounded_on_both_sides() {
        let (_folder, mut store) = open();
        let anna = owner("anna");
        let longest = "k".repeat(MAX_KEY_BYTES);
        store.set(&anna, &longest, &clean(b"x")).unwrap();
        assert!(matches!(store.set(&anna, &format!("{longest}k"), &clean(b"x")), Err(Error::Key(257))));
        assert!(matches!(store.get(&anna, ""), Err(Error::Key(0))));
        store.set(&anna, "v", &clean(&vec![0; MAX_VALUE_BYTES])).unwrap();
        let error = store.set(&anna, "v", &clean(&vec![0; MAX_VALUE_BYTES + 1])).unwrap_err();
        assert!(matches!(error, Error::Value(_)) && error.is_bound());
        assert_eq!(store.get(&anna, "v").unwrap().unwrap().value.len(), MAX_VALUE_BYTES, "what was there stays");
    }

    #[test]
    fn all_of_one_owner_is_bounded_on_both_sides() {
        let (_folder, mut store) = open();
        let anna = owner("anna");
        let name = |index: usize| format!("{index:04}");
        let parts = MAX_BYTES as usize / MAX_VALUE_BYTES;
        for index in 0..parts {
            store.set(&anna, &name(index), &clean(&vec![0; MAX_VALUE_BYTES - 4])).unwrap();
        }
        assert!(matches!(store.set(&anna, "x", &clean(b"")), Err(Error::Full)));
        store.set(&anna, &name(0), &clean(&vec![1; MAX_VALUE_BYTES - 4])).unwrap();
        store.set(&anna, &name(0), &clean(&vec![1; MAX_VALUE_BYTES - 5])).unwrap();
        store.set(&anna, "x", &clean(b"")).unwrap();
        store.set(&owner("bert"), "x", &clean(b"has room of his own")).unwrap();
    }

    #[test]
    fn the_keys_of_one_owner_are_bounded_on_both_sides() {
        let (_folder, mut store) = open();
        let anna = owner("anna");
        store
            .connection
            .execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                 INSERT INTO kept SELECT 'memory', 'main', 'anna', 'k' || i, x'', 0 FROM n",
                [i64::try_from(MAX_KEYS - 1).unwrap()],
            )
            .unwrap();
        store.set(&anna, "last", &clean(b"")).unwrap();
        assert!(matches!(store.set(&anna, "more", &clean(b"")), Err(Error::Keys)));
        store.set(&anna, "last", &clean(b"again")).unwrap();
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let (folder, store) = open();
        store.connection.execute_batch("PRAGMA user_version = 2").unwrap();
        drop(store);
        let error = Store::open(&Store::path_in(folder.path())).unwrap_err();
        assert!(matches!(&error, Error::Newer { found: 2, .. }) && error.to_string().contains("newer"), "{error}");
    }
}
