//! The file's mode, foreign files, and migration with versions that only exist here.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::{CURRENT, Migration, Schema, TABLES, open_for_reading, open_for_writing, path_in};
use crate::error::Error;

const TIME: Duration = Duration::from_secs(5);

const FIRST: Schema = Schema { version: 1, create: TABLES, migrations: &[] };

const NEXT: Schema = Schema {
    version: 4,
    create: "",
    migrations: &[
        Migration { to: 1, sql: "SELECT no_such_function()" },
        Migration { to: 2, sql: "ALTER TABLE sessions ADD COLUMN mood TEXT; INSERT INTO meta VALUES ('second', 'yes');" },
        Migration { to: 4, sql: "UPDATE meta SET value = 'third' WHERE key = 'second';" },
    ],
};

const FAILING: Schema = Schema {
    version: 3,
    create: "",
    migrations: &[Migration { to: 2, sql: "INSERT INTO meta VALUES ('second', 'yes')" }, Migration { to: 3, sql: "DROP TABLE nowhere" }],
};

fn meta(path: &Path, key: &str) -> Option<String> {
    Connection::open(path).unwrap().query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).ok()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn folder_and_files_are_their_owners_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = path_in(home.path());
    let opened = open_for_writing(&path, TIME, &CURRENT).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for extension in ["db", "lock", "db-wal", "db-shm"] {
        assert_eq!(mode(&path.with_extension(extension)), 0o600, "{extension}");
    }
    drop(opened);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    open_for_writing(&path, TIME, &CURRENT).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn an_older_ledger_is_migrated_after_a_copy() {
    let home = tempfile::tempdir().unwrap();
    let path = path_in(home.path());
    drop(open_for_writing(&path, TIME, &FIRST).unwrap());
    drop(open_for_writing(&path, TIME, &NEXT).unwrap());
    assert_eq!((meta(&path, "schema_version").as_deref(), meta(&path, "second").as_deref()), (Some("4"), Some("third")));
    let copy = path.with_extension("db.v1");
    assert_eq!((meta(&copy, "schema_version").as_deref(), meta(&copy, "second"), mode(&copy)), (Some("1"), None, 0o600));
    // The same version again does nothing.
    drop(open_for_writing(&path, TIME, &NEXT).unwrap());
}

#[test]
fn a_migration_that_fails_changes_nothing_and_can_be_tried_again() {
    let home = tempfile::tempdir().unwrap();
    let path = path_in(home.path());
    drop(open_for_writing(&path, TIME, &FIRST).unwrap());
    for _ in 0..2 {
        let failed = open_for_writing(&path, TIME, &FAILING).unwrap_err();
        assert!(matches!(failed, Error::Database { action: "migrate", .. }), "{failed}");
        assert_eq!((meta(&path, "schema_version").as_deref(), meta(&path, "second")), (Some("1"), None));
    }
    open_for_writing(&path, TIME, &NEXT).unwrap();
}

#[test]
fn a_newer_ledger_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = path_in(home.path());
    drop(open_for_writing(&path, TIME, &CURRENT).unwrap());
    drop(open_for_writing(&path, TIME, &NEXT).unwrap());
    let newer = Error::Newer { found: 4, known: CURRENT.version };
    assert_eq!(open_for_writing(&path, TIME, &CURRENT).err(), Some(newer.clone()));
    assert_eq!(open_for_reading(&path, TIME).err(), Some(newer));
    Connection::open(&path).unwrap().execute("UPDATE meta SET value = '0' WHERE key = 'schema_version'", []).unwrap();
    assert_eq!(open_for_reading(&path, TIME).err(), Some(Error::Older { found: 0, known: CURRENT.version }));
}

#[test]
fn a_foreign_file_is_refused_and_an_unfinished_one_is_finished() {
    let home = tempfile::tempdir().unwrap();
    let path = path_in(home.path());
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "").unwrap();
    assert_eq!(open_for_reading(&path, TIME).err(), Some(Error::NotFound { path: path.clone() }));
    drop(open_for_writing(&path, TIME, &CURRENT).unwrap());
    open_for_reading(&path, TIME).unwrap();
    for foreign in ["CREATE TABLE notes (text)", "CREATE TABLE meta (key, value)"] {
        std::fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch(foreign).unwrap();
        assert_eq!(open_for_writing(&path, TIME, &CURRENT).err(), Some(Error::NotALedger { path: path.clone() }));
        assert_eq!(open_for_reading(&path, TIME).err(), Some(Error::NotALedger { path: path.clone() }));
    }
    std::fs::write(&path, "This is no database, but a text of some length, as people keep them.".repeat(20)).unwrap();
    assert_eq!(open_for_writing(&path, TIME, &CURRENT).err(), Some(Error::NotALedger { path: path.clone() }));
    assert_eq!(open_for_reading(&path, TIME).err(), Some(Error::NotALedger { path }));
}

#[test]
fn a_ledger_from_before_there_were_questions_gets_their_tables_and_keeps_what_it_had() {
    let home = tempfile::tempdir().unwrap();
    let path = path_in(home.path());
    drop(open_for_writing(&path, TIME, &FIRST).unwrap());
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "DROP TABLE approvals; DROP TABLE grants; DROP TABLE outbox; DROP TABLE prompts; INSERT INTO pairings (account, sender) VALUES ('a', 's');",
    )
    .unwrap();
    drop(old);
    assert_eq!(open_for_reading(&path, TIME).err(), Some(Error::Older { found: 1, known: CURRENT.version }));
    drop(open_for_writing(&path, TIME, &CURRENT).unwrap());
    let now = open_for_reading(&path, TIME).unwrap();
    let count = |table: &str| now.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u32>(0)).unwrap();
    assert_eq!((count("approvals"), count("grants"), count("outbox"), count("prompts"), count("pairings")), (0, 0, 0, 0, 1));
    assert_eq!(meta(&path.with_extension("db.v1"), "schema_version").as_deref(), Some("1"));
}
