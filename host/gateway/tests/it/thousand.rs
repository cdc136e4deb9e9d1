//! A thousand calls of tools that mean harm, all at once, until who means none has been answered; and the memory comes back.
//!
//! In a process of its own (this test binary once more), so that what is measured is this alone.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use wirken_engine::Engine;
use wirken_gateway::{Gateway, Outward, ToolSet};
use wirken_ledger::Ledger;
use wirken_plugin::{Owner, ToolPlugin};
use wirken_types::chat::plain_text;
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::{SessionId, TurnId};

use crate::support::{Rest, open_ruled, package, say};

const ALONE: &str = "WIRKEN_TEST_THOUSAND";

/// At once.
const HOSTILE: usize = 1000;
/// Before what is measured: threads, pools and arenas that are kept are there from then on.
const WARM_UP: usize = 200;
/// Of the other session, one after the other, each with a call of a tool in the middle.
const HONEST: usize = 6;

/// More than the level before by this much is a leak: 64 KiB for each call. What an allocator keeps of a peak for later is less.
const MARGIN_BYTES: usize = 64 * 1024 * 1024;

/// Each with what it may end with; time is short where a thousand want it.
const WAYS: [(&str, &str, &[&str]); 6] = [
    ("loop", "{}", &["fuel", "deadline"]),
    ("allocate", "{}", &["memory", "deadline"]),
    ("recurse", "{}", &["memory-out-of-bounds", "deadline"]),
    ("big-output", r#"{"bytes":2000000}"#, &["output", "deadline"]),
    ("panic", r#"{"message":"no"}"#, &["unreachable", "deadline"]),
    ("abort", "{}", &["unreachable", "deadline"]),
];

/// Takes some 30 s: a session stays in memory for 20 s after its last turn.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test that starts itself once more")]
fn a_thousand_hostile_calls_at_once_hold_up_nobody_and_leave_nothing() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["thousand::alone", "--exact", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("it came back"), "the child did its work: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child through its environment")]
async fn alone() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (gateway, ledger) = open(folder.path()).await;
    let gateway = Arc::new(gateway);
    for _ in 0..2 {
        hostile(&gateway, WARM_UP, "warm-up").await;
    }
    settled(&gateway).await;
    let before = resident_bytes();
    println!("before: {} KiB", before / 1024);

    let (answered, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let attack = tokio::spawn({
        let (gateway, answered, ended) = (Arc::clone(&gateway), Arc::clone(&answered), Arc::clone(&ended));
        async move { attack(&gateway, HOSTILE, "at-once", &answered, &ended).await }
    });
    let mut ended_when_answered = Vec::new();
    for round in 0..HONEST {
        let (text, expected) = match round % 2 {
            0 => ("hello".to_owned(), None),
            _ => (format!("call act {}", json!({ "do": [{ "act": "available", "name": "key" }] })), Some("[false]")),
        };
        let accepted = gateway.say(say("honest", &format!("honest-{round}"), &text)).await.unwrap();
        let came = end(&gateway, accepted.session, accepted.turn).await;
        assert_eq!(
            came.map(|(outcome, _, text)| (outcome, text)),
            expected.map(|text| (ToolOutcome::Ok, text.to_owned())),
            "round {round}"
        );
        ended_when_answered.push(ended.load(Ordering::SeqCst));
    }
    answered.store(true, Ordering::SeqCst);
    println!("hostile calls that had ended when each honest turn was answered: {ended_when_answered:?}");
    println!("meanwhile: {} KiB", resident_bytes() / 1024);
    attack.await.unwrap();
    settled(&gateway).await;

    let begun = Instant::now();
    let after = loop {
        let now = resident_bytes();
        if now <= before + MARGIN_BYTES || begun.elapsed() > Duration::from_secs(60) {
            break now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    println!("after: {} KiB", after / 1024);
    assert!(after <= before + MARGIN_BYTES, "{before} bytes before, {after} after");
    drop(gateway);
    ledger.close().await.unwrap();
    println!("it came back");
}

/// A gateway whose hostile component and whose honest one are granted nothing.
async fn open(folder: &std::path::Path) -> (Gateway, Ledger) {
    let engine = Engine::new(&wirken_engine::Options { cache: Some(folder.join("cache")), ..wirken_engine::Options::default() }).unwrap();
    let mut tools = ToolSet::default();
    for component in ["fixtures/hostile", "fixtures/worldly"] {
        tools.add(&ToolPlugin::load(&engine, package(component), &Owner::default()).await.unwrap()).unwrap();
    }
    open_ruled(folder, Arc::new(tools), Rest { outward: Outward::closed(), store: None, policies: Arc::default() })
}

/// So many at once, and for each that ends another one, until the honest have been answered.
async fn attack(gateway: &Arc<Gateway>, calls: usize, key: &str, answered: &Arc<AtomicBool>, ended: &Arc<AtomicUsize>) {
    let mut under_way = JoinSet::new();
    for (at, (tool, arguments, ends)) in (0..calls).zip(WAYS.into_iter().cycle()) {
        let (key, gateway) = (format!("{key}-{at}"), Arc::clone(gateway));
        let (answered, ended) = (Arc::clone(answered), Arc::clone(ended));
        under_way.spawn(async move {
            for again in 0.. {
                let conversation = format!("{key}-{again}");
                let accepted = gateway.say(say(&conversation, &conversation, &format!("call {tool} {arguments}"))).await.unwrap();
                let (outcome, code, text) = end(&gateway, accepted.session, accepted.turn).await.unwrap();
                assert_eq!(outcome, ToolOutcome::Crashed, "{tool}: {text}");
                assert!(code.as_deref().is_some_and(|code| ends.contains(&code)), "{tool}: {code:?} {text}");
                ended.fetch_add(1, Ordering::SeqCst);
                if answered.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
    }
    under_way.join_all().await;
}

async fn hostile(gateway: &Arc<Gateway>, calls: usize, key: &str) {
    attack(gateway, calls, key, &Arc::new(AtomicBool::new(true)), &Arc::default()).await;
}

/// The end of a turn, and what came of its call, if it had one. A thousand others may be first.
async fn end(gateway: &Gateway, session: SessionId, turn: TurnId) -> Option<(ToolOutcome, Option<String>, String)> {
    loop {
        let rows = gateway.rows(session).await.unwrap();
        let over = |event: &Event| matches!(event, Event::TurnFinished { turn: its, .. } | Event::TurnInterrupted { turn: its, .. } if *its == turn);
        if rows.iter().any(|row| over(&row.event)) {
            return rows.into_iter().find_map(|row| match row.event {
                Event::ToolFinished { turn: its, outcome, code, content, .. } if its == turn => {
                    Some((outcome, code, plain_text(&content.unwrap_or_default())))
                }
                _ => None,
            });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until no session has anything to do.
async fn settled(gateway: &Gateway) {
    while gateway.sessions("webchat", 5000).await.unwrap().iter().any(|session| gateway.running(session.id)) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What this process has in memory.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")).unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}
