//! Which ends of a call count against its component: a trap and each exhausted limit do, whatever it answers does not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wirken_engine::{Engine, Options};
use wirken_gateway::{CRASHES, Catalogue, ToolSet, Tools};
use wirken_plugin::{Owner, Ports, ToolEnd, ToolPlugin};
use wirken_types::chat::{ToolCall, plain_text};
use wirken_types::event::ToolOutcome;

use crate::support::package;

/// Why each component was taken out.
type Told = Arc<Mutex<Vec<String>>>;

/// Its tools end in every way that there is. Fuel, deadline and memory are less than its manifest's, so that that is soon.
async fn hostile(engine: &Engine, fuel: u64, deadline: Duration) -> (Catalogue, Told) {
    let mut package = package("fixtures/hostile");
    package.manifest.limits.fuel = Some(fuel);
    package.manifest.limits.deadline_millis = Some(u64::try_from(deadline.as_millis()).unwrap());
    package.manifest.limits.memory_bytes = Some(4 << 20);
    package.manifest.limits.output_bytes = Some(64 << 10);
    let mut tools = ToolSet::default();
    tools.add(&ToolPlugin::load(engine, package, &Owner::default()).await.unwrap()).unwrap();
    let (catalogue, told) = (Catalogue::new(tools), Told::default());
    let telling = Arc::clone(&told);
    catalogue.on_quarantine(Box::new(move |name, why| telling.lock().unwrap().push(format!("{name}: {why}"))));
    (catalogue, told)
}

async fn call(catalogue: &Catalogue, name: &str, arguments: &Value) -> ToolEnd {
    let call = ToolCall { id: "c".into(), name: name.into(), arguments: arguments.to_string() };
    catalogue.call(call, Ports::default()).await
}

#[tokio::test]
async fn a_trap_and_every_exhausted_limit_count() {
    let engine = Engine::new(&Options::default()).unwrap();
    let (long, never) = (Duration::from_secs(60), 100_000_000_000);
    for (tool, arguments, code, fuel, deadline) in [
        ("abort", json!({}), "unreachable", never, long),
        ("recurse", json!({}), "memory-out-of-bounds", never, long),
        ("loop", json!({}), "fuel", 10_000_000, long),
        ("loop", json!({}), "deadline", never, Duration::from_millis(200)),
        ("allocate", json!({}), "memory", never, long),
        ("big-output", json!({ "bytes": 64 << 10 }), "output", never, long),
    ] {
        let (catalogue, told) = hostile(&engine, fuel, deadline).await;
        for nth in 1..=CRASHES {
            let end = call(&catalogue, tool, &arguments).await;
            let text = plain_text(&end.content);
            assert_eq!((end.outcome, end.code), (ToolOutcome::Crashed, Some(code)), "{tool}: {text}");
            assert_eq!(text.contains("is called no more"), nth == CRASHES, "{tool}, {nth}: {text}");
        }
        let why = format!("hostile: it crashed 5 times, one after the other; the last time by {code}");
        assert_eq!(*told.lock().unwrap(), [why]);
        let end = call(&catalogue, "echo", &json!({ "text": "I am well" })).await;
        assert_eq!(end.outcome, ToolOutcome::Denied, "{:?}", end.content);
    }
}

#[tokio::test]
async fn they_count_together_and_any_answer_begins_anew() {
    let engine = Engine::new(&Options::default()).unwrap();
    let (catalogue, told) = hostile(&engine, 10_000_000, Duration::from_secs(60)).await;
    let crashes = ["abort", "loop", "allocate", "loop"];
    assert_eq!(u32::try_from(crashes.len()).unwrap(), CRASHES - 1);
    // An answer is one too that says what was wrong with the call.
    for (tool, arguments, outcome) in [("echo", json!({ "text": "I am well" }), ToolOutcome::Ok), ("echo", json!({}), ToolOutcome::Failed)]
    {
        for crash in crashes {
            assert_eq!(call(&catalogue, crash, &json!({})).await.outcome, ToolOutcome::Crashed);
        }
        assert_eq!(call(&catalogue, tool, &arguments).await.outcome, outcome);
    }
    assert_eq!(*told.lock().unwrap(), [""; 0]);
    for crash in crashes.into_iter().chain(["abort"]) {
        call(&catalogue, crash, &json!({})).await;
    }
    assert_eq!(*told.lock().unwrap(), ["hostile: it crashed 5 times, one after the other; the last time by unreachable"]);
}
