//! What a channel remembers: with the rows of its batch or not at all, and checked by nobody.

use std::time::Duration;

use wirken_ledger::{Batch, Chain, Error, Ledger, Options, Scope, Verdict, verify};
use wirken_types::TurnId;

use crate::support::{Home, inbound, one_turn, system};

fn set(key: &str, value: &[u8]) -> (String, Option<Vec<u8>>) {
    (key.into(), Some(value.into()))
}

fn state(home: &Home, account: &str) -> Vec<(String, Vec<u8>)> {
    home.reader().channel_state(account).unwrap()
}

#[tokio::test]
async fn a_value_is_set_replaced_and_removed_with_its_rows_or_without_any() {
    let home = Home::new();
    let ledger = home.ledger();
    let receipt = ledger.append(Batch::new().with_state("telegram-1", vec![set("b", &[0, 255]), set("a", b"")])).await.unwrap();
    assert_eq!(receipt.rows, []);
    assert_eq!(state(&home, "telegram-1"), [("a".into(), Vec::new()), ("b".into(), vec![0, 255])]);
    let batch = Batch::of(Chain::System, [system("one")]).with_state("telegram-1", vec![set("a", b"new"), ("b".into(), None)]);
    ledger.append(batch.with_state("telegram-2", vec![set("a", b"other")])).await.unwrap();
    assert_eq!(state(&home, "telegram-1"), [("a".into(), b"new".to_vec())]);
    assert_eq!(state(&home, "telegram-2"), [("a".into(), b"other".to_vec())]);
    // What is not there can be removed; of two values of one key the later stands.
    let batch = Batch::new().with_state("telegram-1", vec![("never".into(), None), set("a", b"1"), set("a", b"2")]);
    ledger.append(batch).await.unwrap();
    ledger.close().await.unwrap();
    assert_eq!(state(&home, "telegram-1"), [("a".into(), b"2".to_vec())]);
    assert_eq!(state(&home, "telegram-3"), []);
}

#[tokio::test]
async fn a_refused_batch_leaves_the_state_as_it_was() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, _) = one_turn(&ledger, "c").await;
    ledger.append(Batch::new().with_state("telegram-1", vec![set("cursor", b"1")])).await.unwrap();
    let turn = TurnId::generate();
    let again = Batch::of(session, [inbound(turn, "c-1", "again")]).with_state("telegram-1", vec![set("cursor", b"2")]);
    assert!(matches!(ledger.append(again).await, Err(Error::Duplicate { .. })));
    assert_eq!(state(&home, "telegram-1"), [("cursor".into(), b"1".to_vec())]);
}

#[tokio::test]
async fn a_value_can_ride_along() {
    let home = Home::new();
    let options = Options { lazy_after: Duration::from_secs(3600), ..Options::default() };
    let ledger = Ledger::open(&home.path(), options).unwrap();
    ledger.append_lazily(Batch::new().with_state("telegram-1", vec![set("cursor", b"1")])).await.unwrap();
    assert_eq!(state(&home, "telegram-1"), []);
    ledger.append(Batch::of(Chain::System, [system("one")])).await.unwrap();
    assert_eq!(state(&home, "telegram-1"), [("cursor".into(), b"1".to_vec())]);
}

/// What its documentation says, shown: who changes a value here is told apart by the one who encrypted it.
#[tokio::test]
async fn a_check_of_the_ledger_passes_the_state_over() {
    let home = Home::new();
    let ledger = home.ledger();
    one_turn(&ledger, "c").await;
    ledger.append(Batch::new().with_state("telegram-1", vec![set("cursor", b"1")])).await.unwrap();
    ledger.close().await.unwrap();
    for sql in ["UPDATE channel_states SET value = x'00'", "DELETE FROM channel_states"] {
        home.meddle().execute_batch(sql).unwrap();
        assert_eq!(verify(&home.reader(), Scope::All, &mut |_| ()).unwrap().verdict, Verdict::Ok);
    }
}
