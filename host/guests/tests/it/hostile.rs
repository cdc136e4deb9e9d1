//! Each way to misbehave ends that call, and says how.

use wirken_engine::{CallError, Limits};
use wirken_types::chat::Part;
use wirken_types::tool::ToolFailure;

use crate::run::tool;

const LIMITS: Limits = Limits { fuel: 200_000_000, memory_bytes: 32 * 1024 * 1024, output_bytes: 1024 * 1024, ..Limits::DEFAULT };

async fn call(name: &str, arguments: &str) -> Result<Result<Vec<Part>, ToolFailure>, CallError> {
    tool("fixtures/hostile", None, &LIMITS).await.call(name, arguments).await
}

async fn text(name: &str, arguments: &str) -> String {
    match &call(name, arguments).await.unwrap().unwrap()[..] {
        [Part::Text(text)] => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_panic_tells_its_message_and_its_place() {
    let error = call("panic", "{\"message\":\"the kettle is ümpty\"}").await.unwrap_err();
    let CallError::Trap { code: "unreachable", panic: Some(message) } = &error else { panic!("{error:?}") };
    assert!(message.contains("the kettle is ümpty") && message.contains("hostile/src/lib.rs"), "{message}");
}

#[tokio::test]
async fn a_long_panic_message_is_cut() {
    let error = call("panic", &format!("{{\"message\":\"{}\"}}", "ü".repeat(5_000))).await.unwrap_err();
    let CallError::Trap { panic: Some(message), .. } = &error else { panic!("{error:?}") };
    assert!(message.len() <= 1024 && message.ends_with('ü'), "{message}");
}

#[tokio::test]
async fn an_abort_says_nothing() {
    let error = call("abort", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Trap { code: "unreachable", panic: None }), "{error:?}");
}

#[tokio::test]
async fn no_limit_can_be_passed() {
    let error = call("loop", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Fuel { .. }), "{error:?}");
    let error = call("allocate", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Memory { .. }), "{error:?}");
    let error = call("recurse", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Trap { code: "memory-out-of-bounds", .. }), "{error:?}");
    let error = call("big-output", "{\"bytes\":1048576}").await.unwrap_err();
    assert!(matches!(error, CallError::Output { .. }), "{error:?}");
}

#[tokio::test]
async fn within_its_limits_it_answers() {
    assert_eq!(text("echo", "{\"text\":\"Grüße\"}").await, "Grüße");
    assert_eq!(text("big-output", "{\"bytes\":1000}").await.len(), 1001);
    assert!(matches!(call("nothing", "{}").await.unwrap(), Err(ToolFailure::InvalidArguments(_))));
}

#[tokio::test]
async fn a_fresh_instance_counts_from_one() {
    for _ in 0..2 {
        assert_eq!(text("count", "{}").await, "1");
    }
    let mut instance = tool("fixtures/hostile", None, &LIMITS).await;
    instance.call("count", "{}").await.unwrap().unwrap();
    assert_eq!(instance.call("count", "{}").await.unwrap().unwrap(), [Part::Text("2".into())]);
}

#[tokio::test]
async fn hears_a_refusal_from_each_interface() {
    let told: serde_json::Value = serde_json::from_str(&text("probe", "{}").await).unwrap();
    let refusals =
        [&told["exec"], &told["messages"], &told["store"]["get"], &told["store"]["set"], &told["store"]["delete"], &told["store"]["keys"]];
    assert!(refusals.iter().all(|refusal| refusal["kind"] == "denied"), "{told}");
    assert_eq!((&told["credentials"], &told["log"]), (&serde_json::json!(false), &serde_json::json!("called")));
}
