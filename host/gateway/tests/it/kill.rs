//! Killed at every commit, and taken up again.
//!
//! A child process (this test binary once more) works through messages and aborts at its n-th crash point. A second
//! child takes up what is open. Then every message must belong to exactly one turn that ended, no tool call may have
//! started twice, and the ledger must be whole; for every n until a child gets through without a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use wirken_ledger::{CrashPoint, CrashPoints, Options, Reader, Scope, SessionFilter};
use wirken_types::event::Event;

use crate::support::{ledger_path, open, over, say, trace_path};

const FOLDER: &str = "WIRKEN_TEST_KILL_FOLDER";
const CRASH_AT: &str = "WIRKEN_TEST_KILL_AT";

/// What the child works through: plain answers, tool calls, two at once.
const MESSAGES: [(&str, &str); 4] = [("a", "hello"), ("b", "tool 2"), ("a", "tool 1"), ("b", "more")];

struct AbortAt {
    remaining: AtomicU32,
}

impl CrashPoints for AbortAt {
    fn reached(&self, _: CrashPoint) {
        if self.remaining.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}

/// Runs in the child: takes up what is open, then says what was not taken yet.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child through its environment")]
async fn child() {
    let (Ok(folder), Ok(at)) = (std::env::var(FOLDER), std::env::var(CRASH_AT)) else { return };
    let points = AbortAt { remaining: AtomicU32::new(at.parse().unwrap()) };
    let (gateway, ledger) = open(Path::new(&folder), Options::default().with_crash_points(points));
    gateway.resume().await.unwrap();
    let mut turns = Vec::new();
    for (index, (conversation, text)) in MESSAGES.iter().enumerate() {
        let accepted = gateway.say(say(conversation, &format!("key-{index}"), text)).await.unwrap();
        turns.push((accepted.session, accepted.turn, accepted.duplicate));
    }
    for (session, turn, duplicate) in turns {
        if !duplicate {
            over(&gateway, session, turn).await;
        }
    }
    while gateway.sessions("webchat", 10).await.unwrap().iter().any(|session| gateway.running(session.id)) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    ledger.close().await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a test that kills processes starts them")]
fn run_child(folder: &Path, crash_at: u32) -> bool {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["kill::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(CRASH_AT, crash_at.to_string())
        .output()
        .unwrap();
    assert!(output.status.success() || output.status.code().is_none(), "{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}

/// Takes about 20 s: some 25 crashes, each followed by a second process that takes up the work.
#[test]
fn killed_at_every_commit_each_message_is_answered_or_shown_as_interrupted_and_no_call_starts_twice() {
    for (crashes, at) in (1..200).enumerate() {
        let folder = tempfile::tempdir().unwrap();
        if run_child(folder.path(), at) {
            assert!(crashes >= 10, "only {crashes} crash points were reached");
            return;
        }
        assert!(run_child(folder.path(), u32::MAX), "crash point {at}: the second start did not get through");
        check(folder.path(), at);
    }
    panic!("the child never got through");
}

fn check(folder: &Path, at: u32) {
    let reader = Reader::open(&ledger_path(folder)).unwrap();
    assert!(wirken_ledger::verify(&reader, Scope::All, &mut |_| {}).unwrap().is_ok(), "crash point {at}");
    assert_eq!(reader.open_turns().unwrap(), [], "crash point {at}");
    let mut turn_of = BTreeMap::new();
    let mut ended = BTreeMap::new();
    for session in reader.sessions(&SessionFilter::default()).unwrap() {
        for row in reader.rows(session.id, 0).unwrap() {
            match row.event {
                Event::Inbound { turn, key, .. } => {
                    assert_eq!(turn_of.insert(key.clone(), turn), None, "crash point {at}: {key} was taken twice");
                }
                Event::TurnFinished { turn, .. } | Event::TurnInterrupted { turn, .. } => *ended.entry(turn).or_insert(0) += 1,
                _ => {}
            }
        }
    }
    assert_eq!(turn_of.len(), MESSAGES.len(), "crash point {at}");
    for (key, turn) in turn_of {
        assert_eq!(ended.get(&turn), Some(&1), "crash point {at}: the turn of {key}");
    }
    let trace = std::fs::read_to_string(trace_path(folder)).unwrap_or_default();
    let starts: Vec<&str> = trace.lines().collect();
    let unique: BTreeSet<&str> = starts.iter().copied().collect();
    assert_eq!(starts.len(), unique.len(), "crash point {at}: a call started twice: {starts:?}");
}
