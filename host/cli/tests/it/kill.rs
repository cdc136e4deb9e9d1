//! The shipped binary has no crash points: it is killed at random instead. Here while it asks for itself, where what was
//! cut off is ended by the next start; `e2e/kill.test.mjs` kills the gateway, which takes it up.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use wirken_ledger::{Reader, Scope, SessionFilter};
use wirken_types::event::Event;

use crate::support::Wirken;

#[test]
fn a_question_that_is_killed_at_random_ends_in_one_turn_and_starts_no_call_twice() {
    let wirken = Wirken::with_demo();
    wirken.ok(&["ask", "-m", "hello"]);
    let mut seed = u64::from(std::process::id());
    for round in 0..12_u32 {
        let text = format!("write line {round} to file{round}.txt");
        let mut child = wirken.command(&["ask", "-m", &text]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis((seed >> 33) % 90));
        // It may have ended by then.
        child.kill().ok();
        child.wait().unwrap();
    }
    // The next start ends what is open.
    let mut gateway = wirken.command(&["run", "-p", "0"]).stdout(Stdio::null()).spawn().unwrap();
    let reader = Reader::open(&wirken_ledger::path_in(&wirken.data())).unwrap();
    let began = Instant::now();
    while !reader.open_turns().unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "unfinished turns were not ended: {:?}", reader.open_turns());
        std::thread::sleep(Duration::from_millis(50));
    }
    gateway.kill().unwrap();
    gateway.wait().unwrap();

    assert!(wirken_ledger::verify(&reader, Scope::All, &mut |_| {}).unwrap().is_ok());
    let mut inbounds = 0;
    for session in reader.sessions(&SessionFilter::default()).unwrap() {
        let mut ends = BTreeMap::new();
        let mut starts = BTreeMap::new();
        let mut turns = Vec::new();
        for row in reader.rows(session.id, 0).unwrap() {
            match row.event {
                Event::Inbound { turn, .. } => turns.push(turn),
                Event::ToolStarted { turn, call_id, .. } => *starts.entry((turn, call_id)).or_insert(0) += 1,
                Event::TurnFinished { turn, .. } | Event::TurnInterrupted { turn, .. } => *ends.entry(turn).or_insert(0) += 1,
                _ => {}
            }
        }
        inbounds += turns.len();
        assert!(turns.iter().all(|turn| ends.get(turn) == Some(&1)), "{turns:?} {ends:?}");
        assert!(starts.values().all(|count| *count == 1), "{starts:?}");
    }
    assert!(inbounds >= 1);
}
