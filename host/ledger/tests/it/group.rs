//! Commits that many share, and rows that ride along: order, durability and bounds.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use wirken_ledger::{Batch, Chain, CrashPoint, CrashPoints, Error, Ledger, LogFilter, Options, Scope, Verdict, verify};
use wirken_types::event::{Delivery, Event};
use wirken_types::{SessionId, TurnId};

use crate::support::{Home, commanded, inbound, one_turn, opened, system};

/// Counts commits.
#[derive(Clone, Default)]
struct Commits(Arc<AtomicU32>);

impl CrashPoints for Commits {
    fn reached(&self, point: CrashPoint) {
        self.0.fetch_add(u32::from(point == CrashPoint::AfterCommit), Ordering::SeqCst);
    }
}

impl Commits {
    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Holds the writer before each commit until the test lets it go.
struct Gate(Mutex<mpsc::Receiver<()>>);

impl CrashPoints for Gate {
    fn reached(&self, point: CrashPoint) {
        if point == CrashPoint::BeforeCommit {
            let _ = self.0.lock().unwrap().recv();
        }
    }
}

fn actions(home: &Home) -> Vec<String> {
    let rows = home.reader().rows(Chain::System, 0).unwrap();
    rows.into_iter().map(|row| if let Event::System { action, .. } = row.event { action } else { panic!() }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_share_commits_and_each_keeps_its_order() {
    const CALLERS: u32 = 64;
    const EACH: u32 = 12;
    let home = Home::new();
    let commits = Commits::default();
    let options = Options { queue: 16, ..Options::default() }.with_crash_points(commits.clone());
    let ledger = Ledger::open(&home.path(), options).unwrap();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let ledger = ledger.clone();
        callers.spawn(async move {
            let session = SessionId::generate();
            ledger.append(Batch::of(session, [opened(&format!("c{caller}"))])).await.unwrap();
            for step in 1..=EACH {
                let turn = TurnId::generate();
                let batch = Batch::of(session, [Event::TurnResumed { turn, attempt: step }]);
                if step % 3 == 0 {
                    ledger.append_lazily(batch).await.unwrap();
                } else {
                    let receipt = ledger.append(batch).await.unwrap();
                    assert_eq!(receipt.rows[0].seq, u64::from(step));
                }
            }
            session
        });
    }
    let sessions = callers.join_all().await;
    ledger.flush().await.unwrap();
    let reader = home.reader();
    for session in sessions {
        let attempts = reader.rows(session, 1).unwrap().into_iter().map(|row| match row.event {
            Event::TurnResumed { attempt, .. } => attempt,
            other => panic!("{other:?}"),
        });
        assert_eq!(attempts.collect::<Vec<_>>(), (1..=EACH).collect::<Vec<_>>());
    }
    assert!(commits.count() < CALLERS * EACH / 2, "{} commits are not shared", commits.count());
    let report = verify(&reader, Scope::All, &mut |_| ()).unwrap();
    assert_eq!((report.verdict, report.rows), (Verdict::Ok, u64::from(CALLERS * (EACH + 1))));
}

#[tokio::test]
async fn a_refused_batch_does_not_disturb_those_of_the_same_commit() {
    let home = Home::new();
    let (go, gate) = mpsc::channel();
    let ledger = Ledger::open(&home.path(), Options::default().with_crash_points(Gate(Mutex::new(gate)))).unwrap();
    let (session, turn) = (SessionId::generate(), TurnId::generate());
    go.send(()).unwrap();
    ledger.append(Batch::of(session, [opened("c"), inbound(turn, "k", "once")])).await.unwrap();
    let started = |turn| Batch::of(session, [Event::TurnStarted { turn }]);
    let (first, second) = (TurnId::generate(), TurnId::generate());
    let release = async {
        // The first commit waits at the gate; the other three queue behind it and make the next.
        tokio::time::sleep(Duration::from_millis(50)).await;
        go.send(()).unwrap();
        go.send(()).unwrap();
    };
    let (zero, one, refused, two, ()) = tokio::join!(
        ledger.append(Batch::of(Chain::System, [system("first")])),
        ledger.append(started(first)),
        ledger.append(Batch::of(session, [Event::TurnStarted { turn }, inbound(turn, "k", "twice")])),
        ledger.append(started(second)),
        release,
    );
    zero.unwrap();
    assert!(matches!(refused, Err(Error::Duplicate { .. })), "{refused:?}");
    assert_eq!((one.unwrap().rows[0].seq, two.unwrap().rows[0].seq), (2, 3));
    assert_eq!(home.reader().rows(session, 0).unwrap().len(), 4);
}

#[tokio::test]
async fn what_rides_along_costs_no_commit_and_keeps_its_place() {
    let home = Home::new();
    let commits = Commits::default();
    let options = Options { lazy_after: Duration::from_secs(3600), ..Options::default() }.with_crash_points(commits.clone());
    let ledger = Ledger::open(&home.path(), options).unwrap();
    for action in ["a", "b"] {
        ledger.append_lazily(Batch::of(Chain::System, [system(action)])).await.unwrap();
    }
    assert_eq!(commits.count(), 0);
    ledger.append(Batch::of(Chain::System, [system("c")])).await.unwrap();
    assert_eq!((commits.count(), actions(&home)), (1, vec!["a".to_owned(), "b".into(), "c".into()]));
    ledger.append_lazily(Batch::of(Chain::System, [system("d")])).await.unwrap();
    ledger.flush().await.unwrap();
    assert_eq!(actions(&home).len(), 4);
    ledger.append_lazily(Batch::of(Chain::System, [system("e")])).await.unwrap();
    ledger.close().await.unwrap();
    assert_eq!(actions(&home).len(), 5);
}

#[tokio::test]
async fn what_rides_along_is_committed_by_itself_before_long() {
    let home = Home::new();
    let ledger = home.ledger();
    ledger.append_lazily(Batch::of(Chain::System, [system("a")])).await.unwrap();
    let since = Instant::now();
    while home.reader().log(&LogFilter::default()).unwrap().is_empty() {
        assert!(since.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The last handle may simply be dropped, too.
    ledger.append_lazily(Batch::of(Chain::System, [system("b")])).await.unwrap();
    drop(ledger);
    while actions(&home).len() < 2 {
        assert!(since.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_may_be_refused_does_not_ride_along() {
    let home = Home::new();
    let ledger = home.ledger();
    let (session, turn) = one_turn(&ledger, "c").await;
    let queued = || Event::OutboundQueued { turn, outbound: 1, content: None };
    let (delivery, detail) = (Delivery::Delivered, String::new());
    let delivered = || Event::OutboundOutcome { turn, outbound: 1, delivery, detail: detail.clone(), shown: Vec::new() };
    for events in [
        vec![inbound(turn, "k", "text")],
        vec![commanded("k", "/stop")],
        vec![opened("d")],
        vec![Event::TurnStarted { turn }],
        vec![Event::SessionClosed { by: "ana".into() }],
        vec![queued()],
        vec![queued(), delivered()],
        // Nothing refuses it, but an answer must not leave before it stands.
        vec![Event::OutboundAttempted { turn, outbound: 1, attempt: 1 }],
    ] {
        let refused = ledger.append_lazily(Batch::of(session, events)).await.unwrap_err();
        assert!(refused.is_refusal(), "{refused}");
    }
    let asked = Event::PairingApproved { account: "telegram-1".into(), sender: "ana".into() };
    assert!(ledger.append_lazily(Batch::of(Chain::System, [asked])).await.unwrap_err().is_refusal());
    let drafted = Event::OutboundDrafted { turn, outbound: 1, shown: Vec::new() };
    ledger.append_lazily(Batch::of(session, [drafted, delivered()])).await.unwrap();
    ledger.append(Batch::of(Chain::System, [system("goes on")])).await.unwrap();
}

#[tokio::test]
async fn the_queue_is_bounded_and_a_full_one_blocks_no_thread() {
    let home = Home::new();
    let (go, gate) = mpsc::channel();
    let options = Options { queue: 2, ..Options::default() }.with_crash_points(Gate(Mutex::new(gate)));
    let ledger = Ledger::open(&home.path(), options).unwrap();
    let batch = |action: &str| Batch::of(Chain::System, [system(action)]);
    ledger.append_lazily(batch("a")).await.unwrap();
    ledger.append_lazily(batch("b")).await.unwrap();
    // One worker thread runs this test: were it blocked, the time would never be up.
    let full = tokio::time::timeout(Duration::from_millis(100), ledger.append_lazily(batch("c"))).await;
    assert!(full.is_err());
    drop(go);
    ledger.append(batch("d")).await.unwrap();
    assert_eq!(actions(&home), ["a", "b", "d"], "what waited for a place and was given up is not there");
}

#[tokio::test]
async fn a_closed_ledger_says_so() {
    let home = Home::new();
    let ledger = home.ledger();
    let other = ledger.clone();
    ledger.close().await.unwrap();
    assert_eq!(other.append(Batch::of(Chain::System, [system("late")])).await, Err(Error::Closed));
    assert_eq!(other.close().await, Err(Error::Closed));
    assert!(!home.path().with_extension("db-wal").exists(), "a closed ledger is one file");
}

#[tokio::test]
async fn the_write_ahead_file_is_folded_in_when_nobody_waits() {
    const ROUNDS: usize = 6;
    let home = Home::new();
    let ledger = home.ledger();
    let wal = home.path().with_extension("db-wal");
    for round in 0..ROUNDS {
        // Some 8 MB, of which up to 4 MB may stay: less is not worth folding.
        for part in 0..8 {
            let event =
                Event::System { action: "bulk".into(), subject: format!("{round}-{part}"), detail: serde_json::json!("x".repeat(1 << 20)) };
            ledger.append(Batch::of(Chain::System, [event])).await.unwrap();
        }
        let since = Instant::now();
        while std::fs::metadata(home.path()).unwrap().len() < (round as u64 + 1) * (8 << 20) - (5 << 20) {
            assert!(since.elapsed() < Duration::from_secs(10), "round {round} was never folded in");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let length = std::fs::metadata(&wal).unwrap().len();
    assert!(length < 20 << 20, "it grew to {length} bytes over {ROUNDS} rounds");
}
