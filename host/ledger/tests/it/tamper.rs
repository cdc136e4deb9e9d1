//! What `verify` catches, and what it does not: every edit that somebody with the file can make, and the exceptions
//! that its report names.

use proptest::prelude::*;
use proptest::sample::Index;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use wirken_ledger::{Batch, Chain, Reader, Report, Scope, Verdict, What, verify};
use wirken_types::event::Event;
use wirken_types::{Digest, GrantId, SessionId, TurnId};

use crate::history::{TABLES, build, steps};
use crate::support::{Home, one_turn};

fn check(home: &Home) -> Report {
    verify(&Reader::open(&home.path()).unwrap(), Scope::All, &mut |_| ()).unwrap()
}

fn found(report: &Report) -> Option<(String, u64)> {
    match &report.verdict {
        Verdict::Broken { chain, seq, .. } => Some((chain.clone(), *seq)),
        _ => None,
    }
}

/// Right where the report names the edited row; or, where that row is the one that vouches for an erased content, the
/// row of that content, which comes first.
fn at_its_row(report: &Report, expected: &(String, u64), erasing: bool) -> bool {
    let place = found(report);
    place.as_ref() == Some(expected)
        || (erasing
            && matches!(&report.verdict, Verdict::Broken { seq: 1, what: What::ContentMissing, .. })
            && place.as_ref() < Some(expected))
}

/// Whether a row is the one that says that a content was erased.
fn erases(entry: &[Value]) -> bool {
    entry.iter().any(|value| matches!(value, Value::Blob(bytes) if String::from_utf8_lossy(bytes).contains("payload-erased")))
}

fn entries(connection: &Connection, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    let sql = format!("SELECT {} FROM {table} ORDER BY 1, 2", columns.join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| (0..columns.len()).map(|index| row.get(index)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

fn same(columns: &[&str]) -> String {
    columns.iter().enumerate().map(|(index, column)| format!("{column} IS ?{}", index + 1)).collect::<Vec<_>>().join(" AND ")
}

/// The same value with one bit, digit or letter changed.
fn changed(value: &Value, at: Index, bit: u8) -> Value {
    let other = |byte: u8| byte ^ (1 << (bit % 7));
    match value {
        Value::Null => Value::Integer(i64::from(bit)),
        Value::Integer(number) => Value::Integer(number ^ (1 << (bit % 12))),
        Value::Blob(bytes) if bytes.is_empty() => Value::Blob(vec![bit]),
        Value::Blob(bytes) => {
            let (mut bytes, at) = (bytes.clone(), at.index(bytes.len()));
            bytes[at] = other(bytes[at]);
            Value::Blob(bytes)
        }
        Value::Text(text) => {
            let mut letters: Vec<char> = text.chars().collect();
            if letters.is_empty() {
                return Value::Text("x".into());
            }
            let at = at.index(letters.len());
            letters[at] = if letters[at] == 'q' { 'r' } else { 'q' };
            Value::Text(letters.into_iter().collect())
        }
        Value::Real(_) => Value::Null,
    }
}

fn number(value: &Value) -> i64 {
    let Value::Integer(number) = value else { panic!("{value:?}") };
    *number
}

fn name(value: &Value) -> String {
    let Value::Text(text) = value else { panic!("{value:?}") };
    text.clone()
}

/// Where an entry of a table says that it belongs.
fn home_of(connection: &Connection, table: &str, columns: &[&str], entry: &[Value]) -> (String, u64) {
    let column = |wanted: &str| &entry[columns.iter().position(|column| *column == wanted).unwrap()];
    match table {
        "sessions" => (name(column("id")), 0),
        "pairings" => ("system".into(), made_by(connection, &name(column("account")), &name(column("sender")))),
        "grants" => given_at(connection, &name(column("id"))),
        _ => (name(column("chain")), number(column("seq")).unsigned_abs()),
    }
}

/// The row that gave a right.
fn given_at(connection: &Connection, grant: &str) -> (String, u64) {
    let sql = "SELECT chain, seq FROM rows WHERE kind = 'granted' AND instr(CAST(canonical AS TEXT), ?1) > 0";
    connection.query_row(sql, [grant], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))).unwrap()
}

/// The row that made a sender's pairing what it is.
fn made_by(connection: &Connection, account: &str, sender: &str) -> u64 {
    let rows = entries(connection, "rows", &["chain", "seq", "canonical"]);
    let (mut made, mut approved) = (None, false);
    for row in rows.iter().filter(|row| name(&row[0]) == "system") {
        let Value::Blob(canonical) = &row[2] else { panic!("{row:?}") };
        let event = serde_json::from_slice::<serde_json::Value>(canonical).unwrap()["event"].take();
        let kind = event["kind"].as_str().unwrap();
        if event["account"] != account || event["sender"] != sender || (approved && kind == "pairing-asked") {
            continue;
        }
        approved = kind == "pairing-approved";
        made = Some(number(&row[1]).unsigned_abs());
    }
    made.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_column_is_caught_at_its_row(
        steps in steps(),
        edits in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<Index>(), any::<Index>(), any::<u8>()), 24),
    ) {
        let home = build(&steps);
        prop_assert_eq!(check(&home).verdict, Verdict::Ok);
        let whole = std::fs::read(home.path()).unwrap();
        for (table, entry, column, at, bit) in edits {
            let (table, columns) = *table.get(&TABLES);
            let connection = home.meddle();
            let entries = entries(&connection, table, columns);
            let entry = entry.get(&entries);
            let expected = home_of(&connection, table, columns, entry);
            // No hash covers the order of arrival among chains; the test of swaps has it within one.
            let edited = column.index(columns.len() - usize::from(table == "rows"));
            let value = changed(&entry[edited], at, bit);
            let mut values = entry.clone();
            values.push(value.clone());
            let sql = format!("UPDATE {table} SET {} = ?{} WHERE {}", columns[edited], values.len(), same(columns));
            // What the tables' own constraints refuse is no edit that anybody can make this way.
            let Ok(1) = connection.execute(&sql, params_from_iter(values)) else { continue };
            drop(connection);
            let report = check(&home);
            let place = found(&report);
            prop_assert!(place.is_some(), "{table}.{} edited to {value:?}: {report}", columns[edited]);
            match (table, columns[edited]) {
                ("rows", "seq") if number(&value) < 0 => prop_assert_eq!(place, Some((expected.0, 0))),
                // It leaves one chain and turns up in another: the first of the two in order is found.
                ("rows" | "open_turns" | "outbox" | "approvals" | "prompts", "chain") => {
                    let place = place.unwrap();
                    prop_assert!(place <= expected || place.0 == name(&value), "{place:?} {expected:?}");
                }
                _ => prop_assert!(
                    at_its_row(&report, &expected, erases(entry)),
                    "{table}.{} of {expected:?} edited to {value:?}: {report}", columns[edited]
                ),
            }
            std::fs::write(home.path(), &whole).unwrap();
        }
    }

    #[test]
    fn a_removed_entry_is_caught_at_its_row(
        steps in steps(),
        removals in proptest::collection::vec((any::<Index>(), any::<Index>()), 12),
    ) {
        let home = build(&steps);
        let whole = std::fs::read(home.path()).unwrap();
        for (table, entry) in removals {
            let (table, columns) = *table.get(&TABLES);
            let connection = home.meddle();
            let entries = entries(&connection, table, columns);
            let entry = entry.get(&entries);
            let expected = home_of(&connection, table, columns, entry);
            if table == "rows" && !entries.iter().any(|other| other[0] == entry[0] && number(&other[1]) > number(&entry[1])) {
                continue;
            }
            connection.execute(&format!("DELETE FROM {table} WHERE {}", same(columns)), params_from_iter(entry)).unwrap();
            if table == "rows" {
                for table in ["payloads", "inbounds", "open_turns", "outbox", "approvals", "prompts"] {
                    let sql = format!("DELETE FROM {table} WHERE chain IS ?1 AND seq IS ?2");
                    connection.execute(&sql, params_from_iter(&entry[..2])).unwrap();
                }
            }
            drop(connection);
            let report = check(&home);
            prop_assert!(at_its_row(&report, &expected, erases(entry)), "{table} {expected:?}: {report}");
            std::fs::write(home.path(), &whole).unwrap();
        }
    }

    #[test]
    fn a_swap_is_caught_at_the_first_of_the_two(
        steps in steps(),
        swaps in proptest::collection::vec((any::<Index>(), any::<Index>(), 0..5_u8), 12),
    ) {
        const SWAPS: [&[&str]; 4] =
            [&["canonical"], &["canonical", "hash"], &["canonical", "hash", "at", "kind", "turn", "payload"], &["seq"]];
        let home = build(&steps);
        let whole = std::fs::read(home.path()).unwrap();
        for (one, other, how) in swaps {
            let connection = home.meddle();
            let columns = TABLES[0].1;
            let entries = entries(&connection, "rows", columns);
            let (one, other) = (one.get(&entries), other.get(&entries));
            if one == other || (how >= 3 && one[0] != other[0]) {
                continue;
            }
            let (first, second) = if (&name(&one[0]), number(&one[1])) < (&name(&other[0]), number(&other[1])) { (one, other) } else { (other, one) };
            let mut expected = home_of(&connection, "rows", columns, first);
            if how == 4 {
                // A later id is no harm to the row that has it, only to the one after.
                expected.1 += 1;
            }
            let (id, swapped) = (columns.len() - 1, SWAPS.get(usize::from(how)).copied().unwrap_or(&["id"]));
            let park = format!("UPDATE rows SET {} = -1 WHERE id = ?1", swapped[0]);
            if how >= 3 {
                connection.execute(&park, [&first[id]]).unwrap();
            }
            let parked = Value::Integer(-1);
            let find = if how == 4 { &parked } else { &first[id] };
            for (entry, key) in [(first, &second[id]), (second, find)] {
                for column in swapped {
                    let value = &entry[columns.iter().position(|own| own == column).unwrap()];
                    connection.execute(&format!("UPDATE rows SET {column} = ?1 WHERE id = ?2"), [value, key]).unwrap();
                }
            }
            drop(connection);
            let report = check(&home);
            prop_assert!(at_its_row(&report, &expected, erases(one) || erases(other)), "{swapped:?} {expected:?}: {report}");
            std::fs::write(home.path(), &whole).unwrap();
        }
    }
}

/// Below the tables: a file that rots. A check ends, whatever it meets, and what it calls whole is what was written.
#[test]
fn a_file_with_any_byte_changed_is_refused_or_reads_as_it_was_written() {
    let home = build(&[]);
    let whole = std::fs::read(home.path()).unwrap();
    let chains = |reader: &Reader| {
        let ids = reader.open_sessions()?.into_iter().map(|session| Chain::Session(session.id)).chain([Chain::System]);
        ids.map(|chain| reader.rows(chain, 0)).collect::<Result<Vec<_>, _>>()
    };
    let written: Vec<_> = chains(&home.reader()).unwrap().concat();
    let (mut refused, mut kept) = (0, 0);
    for at in (0..whole.len()).step_by(67) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(home.path(), &bytes).unwrap();
        let Ok(reader) = Reader::open(&home.path()) else { continue };
        match verify(&reader, Scope::All, &mut |_| ()) {
            Ok(report) if report.verdict == Verdict::Ok => {
                // The loss of a tail is the exception here too.
                for row in chains(&reader).unwrap().concat() {
                    assert!(written.contains(&row), "byte {at}: {row:?}");
                }
                kept += 1;
            }
            _ => refused += 1,
        }
        drop(reader);
        for side in ["db-wal", "db-shm"] {
            let _ = std::fs::remove_file(home.path().with_extension(side));
        }
    }
    assert!(refused > 50 && kept > 50, "{refused} refused, {kept} kept");
}

#[test]
fn swapped_contents_are_caught() {
    let home = build(&[]);
    let connection = home.meddle();
    let contents = entries(&connection, "payloads", &["digest", "salt", "bytes", "chain", "seq"]);
    let [.., one, other] = contents.as_slice() else { panic!("{contents:?}") };
    for (from, to) in [(one, other), (other, one)] {
        let values = [&from[1], &from[2], &to[0]];
        connection.execute("UPDATE payloads SET salt = ?1, bytes = ?2 WHERE digest = ?3", values).unwrap();
    }
    assert!(found(&check(&home)).is_some());
}

#[test]
fn an_added_entry_is_caught() {
    let home = build(&[0, 1, 2].map(|session| (session, 8, "/stop".into())));
    let whole = std::fs::read(home.path()).unwrap();
    let reader = home.reader();
    let session = reader.open_sessions().unwrap()[0].id;
    drop(reader);
    for sql in [
        format!("INSERT INTO inbounds VALUES ('telegram-1', 'never', '{session}', 1)"),
        format!("INSERT INTO inbounds VALUES ('telegram-1', 'never', '{session}', 0)"),
        "INSERT INTO inbounds SELECT account, 'never', chain, seq FROM inbounds WHERE key = 'k0'".into(),
        format!("INSERT INTO payloads VALUES (x'00', '{session}', 1, x'00', x'00', NULL)"),
        format!("INSERT INTO open_turns VALUES ('{session}', '{}', 2, 0)", TurnId::generate()),
        format!("INSERT INTO open_turns VALUES ('{}', '{}', 2, 0)", SessionId::generate(), TurnId::generate()),
        format!("INSERT INTO outbox VALUES ('{session}', '{}', 1, 1, 0, 'queued', 0)", TurnId::generate()),
        format!("INSERT INTO outbox SELECT chain, turn, outbound + 1, seq, at, state, attempt FROM outbox WHERE chain = '{session}'"),
        format!("INSERT INTO outbox VALUES ('{}', '{}', 1, 1, 0, 'queued', 0)", SessionId::generate(), TurnId::generate()),
        format!(
            "INSERT INTO approvals SELECT '{}', chain, turn, call_id, tier, action, asked_at, expires_at, seq, state, NULL, NULL
             FROM approvals WHERE chain = '{session}' AND state = 'open' LIMIT 1",
            "f".repeat(32)
        ),
        format!(
            "INSERT INTO approvals VALUES ('{}', '{}', 't', 'c', 1, x'00', 0, 0, 1, 'open', NULL, NULL)",
            "f".repeat(32),
            SessionId::generate()
        ),
        format!("INSERT INTO prompts SELECT chain, '{}', seq, state FROM prompts WHERE chain = '{session}' LIMIT 1", "f".repeat(32)),
        format!("INSERT INTO prompts VALUES ('{}', '{}', 1, 'shown')", SessionId::generate(), "f".repeat(32)),
        "INSERT INTO grants SELECT upper(id), account, sender, agent, component, key, session, until, given_by, given_at, revoked_at
         FROM grants LIMIT 1"
            .into(),
        format!(
            "INSERT INTO grants VALUES ('{}', 'telegram-1', 'eve', 'main', 'exec', 'exec rm', NULL, 9, 'eve', 0, NULL)",
            GrantId::generate()
        ),
        "INSERT INTO pairings VALUES ('telegram-1', 'eve', NULL, NULL, NULL, NULL, 7)".into(),
        "INSERT INTO pairings SELECT 'telegram-2', sender, name, code, asked_at, expires_at, approved_at FROM pairings".into(),
        format!("INSERT INTO sessions VALUES ('{}', 'a', 'b', 'c', NULL, 0, 0, NULL, NULL, NULL)", SessionId::generate()),
    ] {
        home.meddle().execute_batch(&sql).unwrap();
        let stray = "SELECT chain, seq FROM inbounds WHERE key = 'never'";
        let stray = home.meddle().query_row(stray, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))).ok();
        let place = found(&check(&home));
        assert!(place.is_some() && (stray.is_none() || place == stray), "{sql}: {place:?} {stray:?}");
        std::fs::write(home.path(), &whole).unwrap();
    }
    assert_eq!(check(&home).verdict, Verdict::Ok);
}

/// Somebody let himself in where the system's chain says nothing of anybody.
#[tokio::test]
async fn a_pairing_without_a_chain_is_caught() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "a").await;
    ledger.close().await.unwrap();
    home.meddle().execute_batch("INSERT INTO pairings VALUES ('telegram-1', 'eve', NULL, NULL, NULL, NULL, 7)").unwrap();
    let report = check(&home);
    assert_eq!(found(&report), Some(("system".into(), 0)));
    assert!(report.says().contains("\"eve\" of \"telegram-1\""), "{report}");
    let alone = |chain| verify(&home.reader(), Scope::Chain(chain), &mut |_| ()).unwrap().is_ok();
    assert_eq!((alone(session.into()), alone(Chain::System)), (true, false));
}

/// The first exception that the report names.
#[tokio::test]
async fn the_loss_of_a_tail_or_of_a_whole_chain_is_not_caught() {
    let home = Home::new();
    let ledger = home.ledger();
    let (first, _) = one_turn(&ledger, "a").await;
    let (second, turn) = one_turn(&ledger, "b").await;
    ledger.close().await.unwrap();
    home.meddle()
        .execute_batch(&format!(
            "DELETE FROM rows WHERE chain = '{first}'; DELETE FROM payloads WHERE chain = '{first}';
         DELETE FROM inbounds WHERE chain = '{first}'; DELETE FROM sessions WHERE id = '{first}';
         DELETE FROM rows WHERE chain = '{second}' AND seq = 3;
         INSERT INTO open_turns SELECT chain, '{turn}', seq, at FROM rows WHERE chain = '{second}' AND seq = 2;"
        ))
        .unwrap();
    let report = check(&home);
    assert_eq!((&report.verdict, report.rows), (&Verdict::Ok, 3));
    assert!(report.says().contains("the loss of the last rows of a chain, or of a whole chain"), "{report}");
}

/// The second one.
#[tokio::test]
async fn an_edit_with_every_later_hash_computed_anew_is_not_caught() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "a").await;
    ledger.close().await.unwrap();
    let connection = home.meddle();
    let rows = entries(&connection, "rows", &["seq", "canonical", "hash"]);
    let mut replaced: Option<(String, String)> = None;
    for (index, row) in rows.iter().enumerate() {
        let Value::Blob(canonical) = &row[1] else { panic!("{row:?}") };
        let mut text = String::from_utf8(canonical.clone()).unwrap();
        match &replaced {
            None => text = text.replace("\"sender\":\"ana\"", "\"sender\":\"eve\""),
            Some((old, new)) => text = text.replace(old, new),
        }
        let hash = Digest::of_parts("wirken-ledger-row-1", &[text.as_bytes()]);
        let Value::Blob(old) = &row[2] else { panic!("{row:?}") };
        let old = Digest::from_bytes(old.as_slice().try_into().unwrap());
        let values = rusqlite::params![text.as_bytes(), hash.as_bytes(), row[0]];
        connection.execute("UPDATE rows SET canonical = ?1, hash = ?2 WHERE seq = ?3", values).unwrap();
        if old != hash {
            replaced = Some((old.to_hex(), hash.to_hex()));
            let caught = index + 1 < rows.len();
            assert_eq!(found(&check(&home)), caught.then(|| (session.to_string(), index as u64 + 1)));
        }
    }
    let report = check(&home);
    assert_eq!(report.verdict, Verdict::Ok);
    assert!(report.says().contains("unless every later hash of that chain\nwas computed anew"), "{report}");
    assert!(matches!(&home.reader().rows(session, 1).unwrap()[0].event, Event::Inbound { sender, .. } if sender == "eve"));
}

/// The third one.
#[tokio::test]
async fn an_erasure_that_somebody_else_added_is_not_caught_and_one_that_replaces_a_row_is() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "a").await;
    let system = |action: &str| Event::System { action: action.into(), subject: "x".into(), detail: serde_json::json!({}) };
    ledger.append(Batch::of(Chain::System, [system("one"), system("two")])).await.unwrap();
    ledger.close().await.unwrap();
    let whole = std::fs::read(home.path()).unwrap();
    for (seq, caught) in [(2, false), (0, true)] {
        let connection = home.meddle();
        let contents = entries(&connection, "payloads", &["digest", "seq"]);
        let Value::Blob(digest) = &contents[0][0] else { panic!("{contents:?}") };
        let subject = Digest::from_bytes(digest.as_slice().try_into().unwrap()).to_hex();
        let prev: Option<Vec<u8>> =
            connection.query_row("SELECT hash FROM rows WHERE chain = 'system' AND seq = ?1 - 1", [seq], |row| row.get(0)).ok();
        let prev = prev.map_or(Digest::ZERO, |hash| Digest::from_bytes(hash.as_slice().try_into().unwrap())).to_hex();
        let event = format!(r#"{{"kind":"system","action":"payload-erased","subject":"{subject}","detail":{{}}}}"#);
        let text = format!(r#"{{"v":1,"chain":"system","seq":{seq},"at":5,"prev":"{prev}","event":{event}}}"#);
        let hash = Digest::of_parts("wirken-ledger-row-1", &[text.as_bytes()]);
        connection.execute("DELETE FROM rows WHERE chain = 'system' AND seq = ?1", [seq]).unwrap();
        connection
            .execute(
                "INSERT INTO rows (chain, seq, at, kind, hash, canonical) VALUES ('system', ?1, 5, 'system', ?2, ?3)",
                rusqlite::params![seq, hash.as_bytes(), text.as_bytes()],
            )
            .unwrap();
        connection
            .execute("UPDATE payloads SET salt = NULL, bytes = NULL, erased_by = ?1 WHERE digest = ?2", rusqlite::params![seq, digest])
            .unwrap();
        connection.execute("UPDATE sessions SET title = NULL WHERE id = ?1", [session.to_string()]).unwrap();
        drop(connection);
        assert_eq!(found(&check(&home)).is_some(), caught, "{}", check(&home));
        // The check of the chat alone looks at what its erasures rest on.
        let alone = verify(&home.reader(), Scope::Chain(session.into()), &mut |_| ()).unwrap();
        assert_eq!(alone.is_ok(), !caught, "{alone}");
        std::fs::write(home.path(), &whole).unwrap();
    }
}
