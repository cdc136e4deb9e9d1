//! The file: where it is, who may read it, its tables, and how an older one becomes a newer one.
//!
//! Folder and file are the owner's alone from the moment they exist, since a ledger holds what people said. SQLite gives
//! its side files the mode of the main one.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::error::Error;

/// Statements that stay prepared; the writer has fewer.
const STATEMENTS: usize = 64;

/// What each side keeps of the file in memory, in KiB. What was written last is what is read most, and the system has it
/// in memory anyway.
const WRITER_CACHE: u32 = 1024;
const READER_CACHE: u32 = 512;

/// The ledger of a data folder.
pub fn path_in(data: &Path) -> PathBuf {
    data.join("ledger").join("ledger.db")
}

/// A version of the tables and the way to it. There is one constant of it; tests make others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    pub(crate) version: u32,
    /// Makes the tables of `version` in an empty file.
    pub(crate) create: &'static str,
    /// In order, each from the version before.
    pub(crate) migrations: &'static [Migration],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    pub(crate) to: u32,
    pub(crate) sql: &'static str,
}

/// The tables that came after the first version had been used; some files of that version have a part of them.
macro_rules! later_tables {
    () => {
        "
CREATE TABLE IF NOT EXISTS outbox (
    chain TEXT NOT NULL,
    turn TEXT NOT NULL,
    outbound INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (chain, turn, outbound),
    FOREIGN KEY (chain, seq) REFERENCES rows (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pairings (
    account TEXT NOT NULL,
    sender TEXT NOT NULL,
    name TEXT,
    code BLOB,
    asked_at INTEGER,
    expires_at INTEGER,
    approved_at INTEGER,
    PRIMARY KEY (account, sender)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS approvals (
    approval TEXT NOT NULL PRIMARY KEY,
    chain TEXT NOT NULL,
    turn TEXT NOT NULL,
    call_id TEXT NOT NULL,
    tier INTEGER NOT NULL,
    action BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    answered_by TEXT,
    ended_at INTEGER,
    FOREIGN KEY (chain, seq) REFERENCES rows (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS approvals_open ON approvals (chain, turn) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS grants (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    sender TEXT NOT NULL,
    agent TEXT NOT NULL,
    component TEXT NOT NULL,
    key TEXT NOT NULL,
    session TEXT,
    until INTEGER,
    given_by TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grants_of_sessions ON grants (session) WHERE revoked_at IS NULL;
CREATE TABLE IF NOT EXISTS channel_states (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
"
    };
}

/// The questions that are shown with buttons.
macro_rules! prompts_table {
    () => {
        "
CREATE TABLE IF NOT EXISTS prompts (
    chain TEXT NOT NULL,
    approval TEXT NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (chain, approval),
    FOREIGN KEY (chain, seq) REFERENCES rows (chain, seq)
) STRICT, WITHOUT ROWID;
"
    };
}

pub(crate) const CURRENT: Schema = Schema {
    version: 3,
    create: TABLES,
    migrations: &[Migration { to: 2, sql: later_tables!() }, Migration { to: 3, sql: prompts_table!() }],
};

/// Everything but `canonical`, `salt`, `bytes`, the tombstones (`erased_by`) and `channel_states` is derived from
/// canonical bytes. `id` is the order of arrival among chains: no hash covers it.
const TABLES: &str = concat!(
    "
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE rows (
    id INTEGER PRIMARY KEY,
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    turn TEXT,
    payload BLOB,
    hash BLOB NOT NULL,
    canonical BLOB NOT NULL,
    UNIQUE (chain, seq)
) STRICT;
CREATE TABLE payloads (
    digest BLOB NOT NULL PRIMARY KEY,
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    salt BLOB,
    bytes BLOB,
    erased_by INTEGER,
    FOREIGN KEY (chain, seq) REFERENCES rows (chain, seq)
) STRICT;
CREATE TABLE inbounds (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (account, key),
    FOREIGN KEY (chain, seq) REFERENCES rows (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    agent TEXT NOT NULL,
    account TEXT NOT NULL,
    conversation TEXT NOT NULL,
    thread TEXT,
    opened_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    closed_at INTEGER,
    title TEXT,
    title_seq INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sessions_open ON sessions (agent, account, conversation, ifnull(thread, ''), thread IS NULL)
    WHERE closed_at IS NULL;
CREATE TABLE open_turns (
    chain TEXT NOT NULL,
    turn TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (chain, turn),
    FOREIGN KEY (chain, seq) REFERENCES rows (chain, seq)
) STRICT, WITHOUT ROWID;
",
    later_tables!(),
    prompts_table!()
);

/// A start looks for every row that names a file.
const FILES_INDEX: &str = "CREATE INDEX IF NOT EXISTS rows_of_files ON rows (id) WHERE kind = 'medium-fetched'";

/// A ledger opened for writing. The lock is held as long as this lives, and by one process.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) lock: File,
}

/// Opens the ledger for its one writer, makes it where there is none, and migrates an older one.
pub(crate) fn open_for_writing(path: &Path, busy: Duration, schema: &Schema) -> Result<Opened, Error> {
    let lock = prepare_files(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(Error::database("open"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(busy).map_err(Error::database("open"))?;
    let version = version(&connection, path)?;
    let journal: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(Error::database("set up"))?;
    if journal != "wal" {
        let source_text = format!("its file system offers `{journal}` where write-ahead logging is needed; use a local disk");
        return Err(Error::Database { action: "set up", source_text });
    }
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -{WRITER_CACHE};"
        ))
        .map_err(Error::database("set up"))?;
    match version {
        None => create(&mut connection, schema)?,
        Some(found) if found > schema.version => return Err(Error::Newer { found, known: schema.version }),
        Some(found) if found < schema.version => migrate(&mut connection, path, found, schema)?,
        Some(_) => {}
    }
    // An index is of no version: whoever lacks it reads more slowly, and says the same.
    connection.execute_batch(FILES_INDEX).map_err(Error::database("set up"))?;
    Ok(Opened { connection, lock })
}

/// Opens the ledger for reading, beside a writer or without one.
pub(crate) fn open_for_reading(path: &Path, busy: Duration) -> Result<Connection, Error> {
    if !path.try_exists().map_err(Error::file("look at", path))? {
        return Err(Error::NotFound { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(Error::database("open"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(busy).map_err(Error::database("open"))?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;").map_err(Error::database("set up"))?;
    match version(&connection, path)? {
        None => return Err(Error::NotFound { path: path.to_owned() }),
        Some(found) if found > CURRENT.version => return Err(Error::Newer { found, known: CURRENT.version }),
        Some(found) if found < CURRENT.version => return Err(Error::Older { found, known: CURRENT.version }),
        Some(_) => {}
    }
    // It reads the file, and so comes once that is known to be a ledger.
    connection.execute_batch(&format!("PRAGMA cache_size = -{READER_CACHE};")).map_err(Error::database("set up"))?;
    Ok(connection)
}

/// The version of the tables; none in a file that was made and then not filled.
fn version(connection: &Connection, path: &Path) -> Result<Option<u32>, Error> {
    let not_ours = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::NotALedger { path: path.to_owned() },
        _ => Error::database("read")(error),
    };
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(not_ours)?;
    if tables == 0 {
        return Ok(None);
    }
    let text: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
        .optional()
        .map_err(|_| Error::NotALedger { path: path.to_owned() })?;
    match text.and_then(|text| text.parse().ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Error::NotALedger { path: path.to_owned() }),
    }
}

fn create(connection: &mut Connection, schema: &Schema) -> Result<(), Error> {
    let mut create = || -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(schema.create)?;
        transaction.execute("INSERT INTO meta (key, value) VALUES ('schema_version', ?1)", [schema.version.to_string()])?;
        transaction.commit()
    };
    create().map_err(Error::database("create"))
}

/// One transaction over all steps, after a copy that the owner can go back to.
fn migrate(connection: &mut Connection, path: &Path, found: u32, schema: &Schema) -> Result<(), Error> {
    let copy = path.with_extension(format!("db.v{found}"));
    // A copy left by an attempt that failed afterwards is the same data; an unfinished one is not, so it is made anew.
    if copy.try_exists().map_err(Error::file("look at", &copy))? {
        std::fs::remove_file(&copy).map_err(Error::file("replace", &copy))?;
    }
    create_private(&copy)?;
    let name =
        copy.to_str().ok_or_else(|| Error::File { action: "name", path: copy.clone(), source_text: "the path is not UTF-8".into() })?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(Error::database("copy"))?;
    File::open(&copy).and_then(|file| file.sync_all()).map_err(Error::file("write", &copy))?;
    sync_folder(path)?;
    let mut migrate = || -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for step in schema.migrations.iter().filter(|step| step.to > found) {
            transaction.execute_batch(step.sql)?;
        }
        transaction.execute("UPDATE meta SET value = ?1 WHERE key = 'schema_version'", [schema.version.to_string()])?;
        transaction.commit()
    };
    migrate().map_err(Error::database("migrate"))
}

/// Makes folder, lock and file where they are not, private to their owner, and takes the lock.
fn prepare_files(path: &Path) -> Result<File, Error> {
    let folder = folder_of(path);
    if !folder.try_exists().map_err(Error::file("look at", folder))? {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::file("create", folder))?;
    }
    tighten(folder, 0o700)?;
    let lock_path = path.with_extension("lock");
    create_private(&lock_path)?;
    let lock = OpenOptions::new().write(true).open(&lock_path).map_err(Error::file("open", &lock_path))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Error::InUse { path: path.to_owned() },
        TryLockError::Error(error) => Error::file("lock", &lock_path)(error),
    })?;
    create_private(path)?;
    sync_folder(path)?;
    Ok(lock)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file survives a loss of power only once its folder is written.
fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::file("write", folder))
}

/// A file that only its owner can read; one that is there already is made so.
fn create_private(path: &Path) -> Result<(), Error> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => tighten(path, 0o600),
        Err(error) => Err(Error::file("create", path)(error)),
    }
}

fn tighten(path: &Path, mode: u32) -> Result<(), Error> {
    let now = std::fs::metadata(path).map_err(Error::file("look at", path))?.permissions().mode();
    if now & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::file("protect", path))
}

#[cfg(test)]
mod tests;
