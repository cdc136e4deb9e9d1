//! A component that is exchanged at the very moment of its call.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use wirken_gateway::{About, Outward, Tools};
use wirken_plugin::{Network, Ports, ToolEnd};
use wirken_turn::ToolOrigin;
use wirken_types::Digest;
use wirken_types::chat::{Part, ToolCall, ToolDefinition, plain_text};
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::tool::CallPlan;

use crate::support::{Rest, open_ruled, over, say};

/// Is another component each time that it is looked at, until it rests.
#[derive(Default)]
struct Restless {
    rests: AtomicBool,
    calls: AtomicU32,
}

impl Tools for Restless {
    fn definitions(&self) -> Vec<ToolDefinition> {
        vec![ToolDefinition { name: "turn".into(), description: String::new(), input_schema: "{}".into() }]
    }

    /// What is recorded.
    fn origins(&self) -> BTreeMap<String, ToolOrigin> {
        BTreeMap::from([("turn".into(), ToolOrigin { component: "restless".into(), digest: Digest::of(b"old"), gated: false })])
    }

    /// What runs.
    fn about(&self, _tool: &str) -> Option<About> {
        let digest = Digest::of(if self.rests.load(Ordering::Relaxed) { b"old" } else { b"new" });
        let (component, version) = ("restless".into(), "0.1.0".into());
        Some(About { component, version, digest, writes: false, gated: false, network: Network::default() })
    }

    fn plan(&self, _call: &ToolCall) -> Pin<Box<dyn Future<Output = Result<CallPlan, String>> + Send>> {
        Box::pin(async { Err("it has none".into()) })
    }

    fn call(&self, _call: ToolCall, _ports: Ports) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { ToolEnd { outcome: ToolOutcome::Ok, code: None, content: vec![Part::text("it ran")] } })
    }
}

#[tokio::test]
async fn what_runs_is_the_component_that_is_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let tools = Arc::new(Restless::default());
    let rest = Rest { outward: Outward::closed(), store: None, policies: Arc::default() };
    let (gateway, _ledger) = open_ruled(folder.path(), Arc::clone(&tools) as _, rest);
    for (key, expected, calls) in [("1", (ToolOutcome::Denied, "exchanged just now"), 0), ("2", (ToolOutcome::Ok, "it ran"), 1)] {
        let accepted = gateway.say(say("c", key, "call turn {}")).await.unwrap();
        over(&gateway, accepted.session, accepted.turn).await;
        let rows = gateway.rows(accepted.session).await.unwrap();
        let ended = rows.iter().rev().find_map(|row| match &row.event {
            Event::ToolFinished { outcome, content: Some(content), .. } => Some((*outcome, plain_text(content))),
            _ => None,
        });
        let (outcome, text) = ended.unwrap();
        assert!(outcome == expected.0 && text.contains(expected.1), "{outcome:?} {text}");
        assert_eq!(tools.calls.load(Ordering::Relaxed), calls);
        tools.rests.store(true, Ordering::Relaxed);
    }
}
