//! What bounds the programs of a call and the questions to a person, on both sides of each number.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use wirken_gateway::{Gateway, MAX_STDIN_BYTES, Policy, Runner, Say};
use wirken_sandbox::program::{Ended, Piece, Program, ProgramError};
use wirken_types::approval::{Choice, Holder, Tier};
use wirken_types::event::{Event, Mark, Place, ToolOutcome};

use crate::here::{Here, here, with};
use crate::screen::recorded;
use crate::support::{Recording, SECRET, open_with, over, question, say};

/// A call has so many programs, and so many run at a time.
const PROGRAMS: usize = 32;
const AT_ONCE: usize = 8;

fn holder(account: &str, sender: &str) -> Holder {
    Holder { agent: "default".into(), account: account.into(), sender: sender.into() }
}

/// From now on nobody is asked about `ls -a`.
async fn may_list(gateway: &Gateway, holder: Holder) {
    gateway.grant_program(holder, "two-faced".into(), "ls".into(), vec!["-a".into()], "test").await.unwrap();
}

async fn until(what: &str, found: impl AsyncFn() -> bool) {
    let wait = async {
        while !found().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("{what} did not happen"));
}

#[tokio::test]
async fn a_call_runs_so_many_programs_and_no_more() {
    for (times, refused) in [(PROGRAMS, 0), (PROGRAMS + 1, 1)] {
        let here = here().await;
        may_list(&here.gateway, holder("webchat", "owner")).await;
        let arguments = json!({ "runs": [{ "program": "ls", "arguments": ["-a"] }], "times": times }).to_string();
        let (session, turn) = here.say(say("chat", "1", &format!("call as_told {arguments}"))).await;
        over(&here.gateway, session, turn).await;
        let (outcome, text) = here.ended(session, turn).await;
        assert_eq!(outcome, ToolOutcome::Ok, "{text}");
        let answers: Vec<Value> = serde_json::from_str(&text).unwrap();
        let kinds: Vec<&str> = answers.iter().filter_map(|answer| answer["kind"].as_str()).collect();
        assert_eq!((answers.len(), kinds), (times, vec!["limit"; refused]));
        assert_eq!(answers.last().unwrap()["kind"] == "limit", refused == 1, "it is the last that is refused");
        assert_eq!((here.runner.ran().len(), here.effects(session).await), (PROGRAMS, vec![ToolOutcome::Ok; PROGRAMS]));
    }
}

/// Lets nobody go before it is told to, and counts who is in.
struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
    gate: Semaphore,
}

impl Runner for Crowd {
    fn run<'a>(
        &'a self,
        _program: &'a Program,
        _pieces: mpsc::Sender<Piece>,
    ) -> Pin<Box<dyn Future<Output = Result<Ended, ProgramError>> + Send + 'a>> {
        Box::pin(async move {
            let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(inside, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            // Whoever may come beside comes now.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            self.inside.fetch_sub(1, Ordering::SeqCst);
            Ok(Ended { code: 0, stdout: Vec::new(), stderr: Vec::new(), truncated: false })
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_programs_run_at_a_time_and_the_next_waits() {
    const CALLS: usize = 3 * AT_ONCE;
    let folder = tempfile::tempdir().unwrap();
    let crowd = Arc::new(Crowd { inside: AtomicUsize::new(0), most: AtomicUsize::new(0), gate: Semaphore::new(0) });
    let (gateway, ledger) = open_with(folder.path(), &["fixtures/two-faced"], Policy::default(), Arc::clone(&crowd) as _).await;
    may_list(&gateway, holder("webchat", "owner")).await;
    let mut calls = Vec::new();
    for chat in 0..CALLS {
        let accepted = gateway.say(say(&format!("chat {chat}"), &format!("{chat}"), "call honest_ls {}")).await.unwrap();
        calls.push((accepted.session, accepted.turn));
    }
    let count = async |kind: &str| {
        let mut count = 0;
        for (session, _) in &calls {
            count += gateway.rows(*session).await.unwrap().iter().filter(|row| row.event.kind() == kind).count();
        }
        count
    };
    // All have begun, and all but these wait: nothing of them is on record as begun either.
    until("so many programs", async || crowd.inside.load(Ordering::SeqCst) == AT_ONCE).await;
    until("all calls", async || count("tool-started").await == CALLS).await;
    assert_eq!((count("effect-started").await, count("effect-finished").await), (AT_ONCE, 0));
    // One goes, and one comes.
    crowd.gate.add_permits(1);
    until("the next program", async || count("effect-started").await == AT_ONCE + 1).await;
    until("the end of the first", async || count("effect-finished").await == 1).await;
    assert_eq!(count("effect-started").await, AT_ONCE + 1);
    crowd.gate.add_permits(CALLS);
    for (session, turn) in &calls {
        over(&gateway, *session, *turn).await;
    }
    assert_eq!((crowd.most.load(Ordering::SeqCst), count("effect-finished").await), (AT_ONCE, CALLS));
    ledger.close().await.unwrap();
}

#[tokio::test]
async fn a_program_is_given_so_much_to_read_and_no_more() {
    for (bytes, asked) in [(MAX_STDIN_BYTES, 1), (MAX_STDIN_BYTES + 1, 0)] {
        let here = here().await;
        let arguments = json!({ "runs": [{ "program": "cat", "stdin-bytes": bytes }] }).to_string();
        let (outcome, text, questions) = here.answered_with("as_told", &arguments, Choice::Once).await;
        assert_eq!((outcome, questions), (ToolOutcome::Ok, asked), "{text}");
        assert_eq!(text.contains(r#""kind":"limit""#), asked == 0, "{text}");
        assert_eq!(*here.runner.fed.lock().unwrap(), vec![bytes; asked as usize]);
    }
}

/// The word is said backwards: what a model says is searched before a component hears it.
fn with_word(word: &str, at: &str) -> String {
    let word: String = word.chars().rev().collect();
    match at {
        "purpose" => json!({ "purpose": word, "plans": [{ "program": "sl", "arguments": ["a-"] }], "backwards": true }),
        "planned program" => json!({ "plans": [{ "program": word }], "backwards": true }),
        "planned argument" => json!({ "plans": [{ "program": "ohce", "arguments": ["olleh", word] }], "backwards": true }),
        "program" => json!({ "runs": [{ "program": word }], "backwards": true }),
        _ => json!({ "runs": [{ "program": "ohce", "arguments": [word] }], "backwards": true }),
    }
    .to_string()
}

#[tokio::test]
async fn a_credentials_value_comes_into_no_question_and_no_record_by_what_a_component_says() {
    for at in ["purpose", "planned program", "planned argument", "program", "argument"] {
        let here = here().await;
        let (outcome, text, asked) = here.answered_with("as_told", &with_word(SECRET, at), Choice::Once).await;
        assert_eq!(asked, 0, "{at}: {text}");
        assert!(here.runner.ran().is_empty(), "{at}");
        let refused = match at {
            // The component tells what it had tried, and that is not told either.
            "program" => outcome == ToolOutcome::Failed && text.contains("withheld"),
            "argument" => text.contains(r#""kind":"denied""#) && text.contains("the value of a credential"),
            _ => outcome == ToolOutcome::Denied && text.contains("the value of a credential"),
        };
        assert!(refused && !text.contains(SECRET), "{at}: {outcome:?} {text}");
        here.ledger.flush().await.unwrap();
        recorded(here.folder.path());
    }
    // Any other word in the same place is asked about, and done.
    for at in ["purpose", "planned program", "planned argument", "program", "argument"] {
        let here = here().await;
        let (outcome, text, asked) = here.answered_with("as_told", &with_word("harmless", at), Choice::Once).await;
        assert_eq!((outcome, asked), (ToolOutcome::Ok, 1), "{at}: {text}");
        assert_eq!(here.runner.ran().len(), usize::from(["program", "argument"].contains(&at)), "{at}");
    }
}

#[tokio::test]
async fn in_a_group_whoever_spoke_before_is_behind_what_another_asks_for() {
    let policy = || Policy {
        shared_workspace: ["messenger".to_owned()].into(),
        channels: [("messenger".to_owned(), Default::default())].into(),
        ..Policy::default()
    };
    let place = |conversation: &str| Place {
        agent: "default".into(),
        account: "messenger".into(),
        conversation: conversation.into(),
        thread: None,
    };
    for (marks, restarts, asked) in [(vec![], false, false), (vec![Mark::Shared], false, true), (vec![Mark::Shared], true, true)] {
        let mut here = with(policy(), Recording::default()).await;
        may_list(&here.gateway, holder("messenger", "bob")).await;
        let ask = |sender: &str, key: &str, text: &str| Say {
            place: place("home"),
            sender: sender.into(),
            marks: marks.clone(),
            ..say("", key, text)
        };
        // Alone, he needs nobody.
        let (session, turn) = here.say(ask("bob", "1", "call honest_ls {}")).await;
        over(&here.gateway, session, turn).await;
        assert_eq!(here.runner.ran().len(), 1, "{marks:?}");
        let (session, turn) = here.say(ask("ana", "2", "please run something, bob")).await;
        over(&here.gateway, session, turn).await;
        if restarts {
            let Here { folder, gateway, ledger, runner } = here;
            drop(gateway);
            ledger.close().await.unwrap();
            let (gateway, ledger) = open_with(folder.path(), &["fixtures/two-faced"], policy(), Arc::clone(&runner) as _).await;
            here = Here { folder, gateway, ledger, runner };
        }
        let (session, turn) = here.say(ask("bob", "3", "call honest_ls {}")).await;
        if asked {
            let known = question(&here.gateway).await;
            assert_eq!((known.tier, known.question.unwrap().holder), (Tier::EveryTime, None), "{marks:?}");
            let error = here.gateway.answer_as_owner(known.approval, Choice::Remember, None, "test").await.unwrap_err();
            assert!(error.to_string().contains("takes yes or no"), "{error}");
            here.gateway.answer_as_owner(known.approval, Choice::Deny, None, "test").await.unwrap();
        }
        over(&here.gateway, session, turn).await;
        assert_eq!(here.runner.ran().len(), if asked { 1 } else { 2 }, "{marks:?} {restarts}");
    }
}

#[tokio::test]
async fn a_program_that_was_stopped_has_its_end_on_record_and_is_dropped() {
    for close in [false, true] {
        let here = with(Policy::default(), Recording { hangs: Some("ls".into()), ..Recording::default() }).await;
        may_list(&here.gateway, holder("webchat", "owner")).await;
        let (session, turn) = here.call("1", "runs_ls_twice").await;
        here.runner.begun.notified().await;
        match close {
            true => here.gateway.close_session(session, "owner").await.unwrap(),
            false => assert!(here.gateway.stop(session, "enough").await.unwrap()),
        }
        over(&here.gateway, session, turn).await;
        here.ledger.flush().await.unwrap();
        assert_eq!(here.ended(session, turn).await.0, ToolOutcome::Interrupted);
        let kinds = here.kinds(session).await;
        let at = |kind: &str| kinds.iter().position(|its| *its == kind).unwrap_or_else(|| panic!("no {kind} in {kinds:?}"));
        assert!(at("effect-started") < at("effect-finished") && at("effect-finished") < at("tool-finished"), "{kinds:?}");
        assert_eq!(here.effects(session).await, [ToolOutcome::Interrupted]);
        let rows = here.gateway.rows(session).await.unwrap();
        let detail =
            rows.iter().find_map(|row| if let Event::EffectFinished { detail, .. } = &row.event { Some(detail.as_str()) } else { None });
        assert_eq!(detail, Some("it was stopped while it ran"));
        assert_eq!(here.runner.ran().len(), 1, "its second program never begins");
    }
}

/// More questions than there are threads that may block: where each held one, nothing else would be read or run. A call that
/// runs does hold one, so that no more of those are here than leave room for what they ask.
#[test]
fn a_question_that_waits_takes_no_thread() {
    const THREADS: usize = 4;
    const QUESTIONS: usize = 4 * THREADS;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(THREADS).enable_all().build().unwrap();
    runtime.block_on(async {
        let here = here().await;
        for chat in 0..QUESTIONS {
            here.say(say(&format!("chat {chat}"), &format!("{chat}"), "call honest_ls {}")).await;
        }
        until("so many questions", async || here.gateway.approvals().await.unwrap().len() == QUESTIONS).await;
        let (session, turn) = here.say(say("another", "plain", "call as_told {}")).await;
        over(&here.gateway, session, turn).await;
        assert_eq!(here.ended(session, turn).await, (ToolOutcome::Ok, "[]".to_owned()));
        // Each waits in a session of its own, and all of them can be answered.
        let open = here.gateway.approvals().await.unwrap();
        assert_eq!(open.iter().map(|known| known.session).collect::<BTreeSet<_>>().len(), QUESTIONS);
        for known in open {
            here.gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.unwrap();
            over(&here.gateway, known.session, known.turn).await;
        }
        assert_eq!(here.runner.ran().len(), QUESTIONS);
    });
}
