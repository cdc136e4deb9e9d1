//! A write that fails ends the ledger: nothing more is promised, what was promised stands, and a restart goes on.

use std::time::Duration;

use wirken_ledger::{Batch, Chain, Error, Ledger, Options, Scope, Verdict, verify};
use wirken_types::SessionId;
use wirken_types::event::Event;
use wirken_types::{Digest, TurnId};

use crate::child::{Child, playing, tell, told};
use crate::support::{Home, system};

fn batch(action: &str) -> Batch {
    Batch::of(Chain::System, [system(action)])
}

#[tokio::test]
async fn nothing_is_taken_after_a_write_failed() {
    let home = Home::new();
    let ledger = Ledger::open(&home.path(), Options { busy_timeout: Duration::from_millis(20), ..Options::default() }).unwrap();
    ledger.append(batch("before")).await.unwrap();
    let other = home.meddle();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let failed = ledger.append(batch("lost")).await;
    assert!(matches!(&failed, Err(Error::Stopped { cause }) if cause.contains("locked")), "{failed:?}");
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    assert_eq!(ledger.append(batch("after")).await, failed);
    assert_eq!(ledger.flush().await.err(), failed.clone().err());
    assert_eq!(ledger.erase_payload(Digest::ZERO).await.err(), failed.clone().err());
    assert_eq!(ledger.clone().close().await.err(), failed.clone().err());
    assert_eq!(ledger.append_lazily(batch("after")).await.err(), failed.err());
    let ledger = home.ledger();
    ledger.append(batch("restarted")).await.unwrap();
    let rows = home.reader().rows(Chain::System, 0).unwrap();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn a_row_that_rides_along_and_cannot_stand_stops_the_ledger() {
    let home = Home::new();
    let ledger = home.ledger();
    let turn = TurnId::generate();
    let stray = Event::TurnFinished { turn, stop: "end".into() };
    ledger.append_lazily(Batch::of(SessionId::generate(), [stray])).await.unwrap();
    let stopped = ledger.append(batch("with it")).await;
    assert!(matches!(&stopped, Err(Error::Stopped { cause }) if cause.contains("never opened")), "{stopped:?}");
}

/// Run by the test below, with a limit on the size of its files: a disk that is full.
#[test]
fn child_that_fills_its_disk() {
    let Some((path, _)) = playing("fill") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&path, Options::default()).unwrap();
        let mut stopped = None;
        for number in 0..10_000 {
            let event = Event::System { action: "fill".into(), subject: number.to_string(), detail: serde_json::json!("x".repeat(900)) };
            match ledger.append(Batch::of(Chain::System, [event])).await {
                Ok(_) if stopped.is_none() => tell(&number.to_string()),
                Ok(_) => panic!("it went on after {stopped:?}"),
                Err(Error::Stopped { .. }) if stopped.is_some() => return,
                Err(error) => stopped = Some(error),
            }
        }
        panic!("the disk never filled");
    });
}

#[tokio::test]
async fn a_full_disk_stops_the_ledger_and_loses_nothing_promised() {
    let home = Home::new();
    let (test, ledger) = ("stop::child_that_fills_its_disk", &home.path());
    let output = Child { test, role: "fill", ledger, number: 0, file_limit: Some(600) }.run();
    assert!(output.status.success(), "{output:?}");
    let told = told(&output);
    assert!(told.len() > 10, "{output:?}");
    let reader = home.reader();
    assert_eq!(verify(&reader, Scope::All, &mut |_| ()).unwrap().verdict, Verdict::Ok);
    assert!(reader.rows(Chain::System, 0).unwrap().len() >= told.len());
    home.ledger().append(batch("there is room again")).await.unwrap();
}
