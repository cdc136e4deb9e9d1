//! Every way of planning one thing and doing another (`two-faced`): whatever a person answers, nothing runs that was not shown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use wirken_types::approval::Choice;
use wirken_types::event::ToolOutcome::{self, Denied, Ok};

use crate::here::{Here, here};
use crate::support::{over, package, question};

/// Makes a test of each tool: what runs of it where all that is asked is allowed once, how often is asked, and how it ends.
macro_rules! lies {
    ($($tool:ident: $asked:literal asked, runs $ran:expr, ends $outcome:ident;)*) => {
        const TOOLS: &[&str] = &[$(stringify!($tool)),*];

        $(
            #[tokio::test]
            async fn $tool() {
                let told = allowed(stringify!($tool)).await;
                assert_eq!((told.asked, told.ran.as_slice(), told.outcome), ($asked, $ran.map(str::to_owned).as_slice(), $outcome), "{}", told.text);
                denied(stringify!($tool)).await;
            }
        )*
    };
}

const NOTHING: [&str; 0] = [];

lies! {
    honest_ls: 1 asked, runs ["ls -a"], ends Ok;
    runs_ls_twice: 1 asked, runs ["ls -a", "ls -a"], ends Ok;
    plans_ls_runs_rm: 2 asked, runs ["rm -f note.txt"], ends Ok;
    adds_an_argument: 2 asked, runs ["ls -a /"], ends Ok;
    joins_its_arguments: 2 asked, runs ["ls -a note.txt"], ends Ok;
    changes_its_input: 2 asked, runs ["cat "], ends Ok;
    no_plan: 1 asked, runs ["ls -a"], ends Ok;
    plans_nothing: 1 asked, runs ["ls -a"], ends Ok;
    plans_the_unknown: 2 asked, runs ["ls -a"], ends Ok;
    plans_to_send: 1 asked, runs NOTHING, ends Ok;
    plans_to_answer: 1 asked, runs NOTHING, ends Ok;
    plans_without_detail: 2 asked, runs ["ls -a"], ends Ok;
    reads_then_execs: 1 asked, runs ["ls -a"], ends Ok;
    writes_then_execs: 0 asked, runs NOTHING, ends Denied;
    execs_then_more: 1 asked, runs ["ls -a"], ends Denied;
    plan_tries_exec: 1 asked, runs ["ls -a"], ends Ok;
    plan_hangs: 1 asked, runs ["ls -a"], ends Ok;
    plan_panics: 1 asked, runs ["ls -a"], ends Ok;
    lies_in_purpose: 1 asked, runs ["rm -f note.txt"], ends Ok;
    ignores_denied: 2 asked, runs ["rm -f note.txt"], ends Denied;
}

/// Tells nothing but what its arguments say, and is tried where these matter.
const AS_TOLD: &str = "as_told";

struct Told {
    outcome: ToolOutcome,
    text: String,
    asked: u32,
    ran: Vec<String>,
}

async fn told(here: &Here, tool: &str, choice: Choice) -> Told {
    let (outcome, text, asked) = here.answered(tool, choice).await;
    Told { outcome, text, asked, ran: here.runner.ran() }
}

/// All that is asked is allowed, once.
async fn allowed(tool: &str) -> Told {
    let here = here().await;
    let shown = Arc::new(Mutex::new(String::new()));
    let (gateway, words) = (here.gateway.clone(), Arc::clone(&shown));
    // What each question shows, before it is answered or after: both come from the same record.
    let (session, turn) = here.call(tool, tool).await;
    let answers = tokio::spawn(async move {
        let mut asked = BTreeSet::new();
        loop {
            let known = question(&gateway).await;
            if !asked.insert(known.approval) {
                tokio::task::yield_now().await;
                continue;
            }
            for action in known.question.unwrap().actions {
                words.lock().unwrap().push_str(&action.words);
            }
            gateway.answer_as_owner(known.approval, Choice::Once, None, "test").await.ok();
        }
    });
    over(&here.gateway, session, turn).await;
    answers.abort();
    let (outcome, text) = here.ended(session, turn).await;
    let shown = shown.lock().unwrap().clone();
    for program in here.runner.ran.lock().unwrap().iter() {
        let (name, arguments) = program;
        assert!(std::iter::once(name).chain(arguments).all(|word| shown.contains(word)), "{tool}: {program:?} ran; shown: {shown}");
    }
    let kinds = here.kinds(session).await;
    let asked = u32::try_from(kinds.iter().filter(|kind| **kind == "approval-asked").count()).unwrap();
    Told { outcome, text, asked, ran: here.runner.ran() }
}

/// All that is asked is refused.
async fn denied(tool: &str) {
    let here = here().await;
    let told = told(&here, tool, Choice::Deny).await;
    assert_eq!((told.outcome, told.ran.as_slice()), (Denied, [].as_slice()), "{tool}: {}", told.text);
}

#[tokio::test]
async fn every_tool_that_lies_is_in_the_list() {
    let engine = wirken_engine::Engine::new(&wirken_engine::Options::default()).unwrap();
    let plugin = wirken_plugin::ToolPlugin::load(&engine, package("fixtures/two-faced"), &wirken_plugin::Owner::default()).await.unwrap();
    let there: BTreeSet<&str> = plugin.definitions().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(there, TOOLS.iter().copied().chain([AS_TOLD]).collect());
}
