//! What takes without end: fuel, time, memory, stack, output.

use serde_json::json;
use wirken_plugin::{Ports, ToolEnd};
use wirken_types::chat::plain_text;
use wirken_types::event::ToolOutcome;

use super::{crashed, fixture, tool};

pub(super) async fn endless_loop() {
    let hostile = fixture("hostile").await;
    assert_eq!(crashed(&hostile, "loop", json!({})).await, "fuel");
    // With more fuel than can be burnt in its time, the time is what ends it.
    let mut patient = crate::package("fixtures/hostile");
    patient.manifest.limits.fuel = Some(100_000_000_000);
    patient.manifest.limits.deadline_millis = Some(60);
    assert_eq!(crashed(&tool(patient).await.unwrap(), "loop", json!({})).await, "deadline");
}

pub(super) async fn endless_allocation() {
    assert_eq!(crashed(&fixture("hostile").await, "allocate", json!({})).await, "memory");
}

pub(super) async fn deep_recursion() {
    // The stack of its own stands before its data, and ends there; that of the engine's is tried in host/engine/src/tests.rs.
    assert_eq!(crashed(&fixture("hostile").await, "recurse", json!({})).await, "memory-out-of-bounds");
}

pub(super) async fn huge_output() {
    let hostile = fixture("hostile").await;
    let most = hostile.manifest().limits.output_bytes.unwrap();
    // Beside the text, the list that holds it and the name of the tool count some tens of bytes.
    let ToolEnd { outcome, content, .. } =
        hostile.call("big-output".into(), json!({ "bytes": most - 1024 }).to_string(), Ports::default()).await;
    assert_eq!((outcome, plain_text(&content).len() as u64), (ToolOutcome::Ok, most - 1023));
    assert_eq!(crashed(&hostile, "big-output", json!({ "bytes": most })).await, "output");
}

/// What a guest hands to a function of the host is bounded like what it returns.
pub(super) async fn huge_argument_to_the_host() {
    let mut small = crate::package("fixtures/worldly");
    small.manifest.limits.output_bytes = Some(64 * 1024);
    let small = tool(small).await.unwrap();
    let log = |bytes: usize| json!({ "do": [{ "act": "log", "level": "info", "message": "x".repeat(bytes), "times": 2 }] });
    assert_eq!(super::answer(&small, "act", log(63 * 1024), Ports::default()).await, json!(["logged"]));
    assert_eq!(crashed(&small, "act", log(65 * 1024)).await, "output");
}

pub(super) async fn crash() {
    let hostile = fixture("hostile").await;
    assert_eq!(crashed(&hostile, "abort", json!({})).await, "unreachable");
    let ToolEnd { code, content, .. } =
        hostile.call("panic".into(), json!({ "message": "a\u{1b}[2Jb" }).to_string(), Ports::default()).await;
    let text = plain_text(&content);
    assert_eq!(code, Some("unreachable"));
    assert!(text.contains("a [2Jb") && !text.contains('\u{1b}'), "{text}");
}

/// It names a blob that nobody handed to it.
pub(super) async fn blob_of_nobodys() {
    let ToolEnd { outcome, content, .. } = fixture("hostile").await.call("blob".into(), "{}".into(), Ports::default()).await;
    assert_eq!((outcome, plain_text(&content).contains("does not keep")), (ToolOutcome::Failed, true));
}
