//! Places where something might lie about that is not meant for a guest.

use serde_json::json;
use wirken_egress::Options;
use wirken_plugin::Ports;
use wirken_types::event::ToolOutcome;

use super::server::{KEY, Outside, held_for};
use super::{answer, fixture, tool_in};

pub(super) async fn secret_probe() {
    // The host has surroundings, and a credential for this very component.
    assert!(std::env::vars_os().count() > 3);
    let url = "http://localhost:9";
    let prying = Outside::of(crate::package("fixtures/prying"), json!({ "base-url": url }), Some(held_for(url)), Options::default()).await;
    let backwards: String = KEY.chars().rev().collect();
    let names = ["key", "openai/api-key", "hostile/key", "", "*"];
    let told = prying.answer("snoop", json!({ "backwards": backwards, "credentials": names })).await;
    let expected = json!({
        "environment": [], "arguments": [], "cwd": null, "stdin": [], "folders": [],
        // That there is one may be known: what it is may not.
        "credentials": [true, false, false, false, false],
        "settings": json!({ "base-url": url }).to_string(),
        "in-memory": 0,
    });
    assert_eq!(told, expected);
    // What was not granted answers that, and nothing else.
    let told = answer(&fixture("hostile").await, "probe", json!({}), Ports::default()).await;
    for refusal in ["/exec", "/messages", "/store/get", "/store/set", "/store/delete", "/store/keys"] {
        assert_eq!(told.pointer(refusal).map(|told| &told["kind"]), Some(&json!("denied")), "{refusal}: {told}");
    }
}

/// Instances take turns in the same memory.
pub(super) async fn what_an_earlier_call_left() {
    let prying = tool_in(crate::package("fixtures/prying"), None, json!({})).await.unwrap();
    let (told, backwards) = ("what-was-said-before", "erofeb-dias-saw-tahw");
    // In its own arguments it is found: that is how a guest would find it.
    let twin = answer(&prying, "snoop", json!({ "backwards": backwards, "credentials": [told] }), Ports::default()).await;
    assert!(twin["in-memory"].as_u64().is_some_and(|times| times > 0), "{twin}");
    for _ in 0..8 {
        let after = answer(&prying, "snoop", json!({ "backwards": backwards }), Ports::default()).await;
        assert_eq!(after["in-memory"], 0, "{after}");
    }
    let hostile = fixture("hostile").await;
    for _ in 0..3 {
        let end = hostile.call("count".into(), "{}".into(), Ports::default()).await;
        assert_eq!((end.outcome, wirken_types::chat::plain_text(&end.content)), (ToolOutcome::Ok, "1".to_owned()));
    }
}
