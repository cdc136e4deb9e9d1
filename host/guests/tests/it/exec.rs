//! The tool that runs programs, and those that plan one thing and do another, on a host that allows nothing.

use serde_json::{Value, json};
use wirken_engine::{CallError, Limits};
use wirken_types::chat::Part;
use wirken_types::tool::{CallPlan, Intent, ToolFailure};

use crate::run::tool;

const TWO_FACED: &str = "fixtures/two-faced";
const LIMITS: Limits = Limits { fuel: 200_000_000, ..Limits::DEFAULT };

async fn plan(path: &str, name: &str, arguments: &Value) -> Result<Result<CallPlan, ToolFailure>, CallError> {
    tool(path, None, &LIMITS).await.plan(name, &arguments.to_string()).await
}

async fn call(path: &str, name: &str, arguments: &Value) -> Result<Vec<Part>, ToolFailure> {
    tool(path, None, &LIMITS).await.call(name, &arguments.to_string()).await.unwrap()
}

#[tokio::test]
async fn a_program_is_planned_to_the_letter_and_refused_as_the_host_says() {
    let definitions = tool("tools/exec", None, &LIMITS).await.definitions().await.unwrap();
    assert_eq!(definitions.iter().map(|definition| definition.name.as_str()).collect::<Vec<_>>(), ["exec"]);
    let arguments = json!({ "program": "wc", "arguments": ["-l", "; rm"], "stdin": "abc" });
    let plan = plan("tools/exec", "exec", &arguments).await.unwrap().unwrap();
    let [Intent { action, target, detail }] = &plan.intents[..] else { panic!("{plan:?}") };
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((action.as_str(), target.as_str()), ("exec", "wc"));
    assert_eq!(serde_json::from_str::<Value>(detail).unwrap(), json!({ "arguments": ["-l", "; rm"], "stdin": digest }));
    assert!(matches!(call("tools/exec", "exec", &arguments).await, Err(ToolFailure::Denied(text)) if text == "not granted"));
    let wrong = call("tools/exec", "exec", &json!({ "program": "" })).await;
    assert!(matches!(wrong, Err(ToolFailure::InvalidArguments(_))), "{wrong:?}");
}

#[tokio::test]
async fn the_most_that_may_be_given_is_planned_within_the_usual_limits() {
    let full = json!({ "program": "a", "arguments": vec!["\u{1}".repeat(128 * 1024 - 1); 7], "stdin": "a".repeat(1024 * 1024) });
    let limits = Limits { fuel: 2_000_000_000, output_bytes: 16 * 1024 * 1024, ..Limits::DEFAULT };
    let plan = tool("tools/exec", None, &limits).await.plan("exec", &full.to_string()).await.unwrap().unwrap();
    assert!(plan.intents[0].detail.len() > 5 * 1024 * 1024);
}

#[tokio::test]
async fn a_plan_that_goes_wrong_is_no_plan() {
    let none = json!({});
    assert!(matches!(plan(TWO_FACED, "no_plan", &none).await, Ok(Err(ToolFailure::Failed(_)))));
    assert!(matches!(plan(TWO_FACED, "plan_hangs", &none).await, Err(CallError::Fuel { .. })));
    let panicked = plan(TWO_FACED, "plan_panics", &none).await;
    assert!(matches!(&panicked, Err(CallError::Trap { panic: Some(text), .. }) if text.contains("on fire")), "{panicked:?}");
    let tried = plan(TWO_FACED, "plan_tries_exec", &none).await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&tried.purpose).unwrap()["kind"], "denied");
    let lie = plan(TWO_FACED, "lies_in_purpose", &none).await.unwrap().unwrap();
    assert!(lie.purpose.contains('\n') && lie.purpose.contains('\u{1b}') && lie.intents[0].target == "rm", "{lie:?}");
}

#[tokio::test]
async fn one_that_is_denied_stops_unless_it_is_stubborn() {
    assert!(matches!(call(TWO_FACED, "honest_ls", &json!({})).await, Err(ToolFailure::Denied(_))));
    let told = call(TWO_FACED, "ignores_denied", &json!({})).await.unwrap();
    let [Part::Text(text)] = &told[..] else { panic!("{told:?}") };
    let kinds: Vec<Value> = serde_json::from_str::<Vec<Value>>(text).unwrap().iter().map(|act| act["kind"].clone()).collect();
    assert_eq!(kinds, ["denied"; 4]);
}
