//! What of config.toml waits for the next start is told where the gateway tells how it does.

use std::fs;

use serde_json::{Value, json};

use crate::channel::Running;
use crate::components::copied;
use crate::support::Wirken;

#[test]
fn a_configuration_that_was_changed_meanwhile_is_told_until_the_gateway_is_started_again() {
    let wirken = Wirken::with_demo();
    let path = wirken.data().join("config.toml");
    let before = fs::read_to_string(&path).unwrap();
    let running = Running::start(&wirken);
    let changed = || wirken.json(&["status"])["config"].clone();
    assert_eq!(changed(), Value::Null);
    assert!(!wirken.ok(&["status"]).contains("config.toml"));

    // What is written down in other words says the same, and components are read anew while it runs.
    fs::write(&path, format!("# mine\n{before}")).unwrap();
    wirken.ok(&["component", "add", copied(&wirken, "worldly").to_str().unwrap(), "--yes"]);
    assert_eq!(changed(), Value::Null);

    let after = before.replace("model = \"demo\"", "model = \"another\"").replace("[agent]", "[agent]\ninstructions = \"Be brief.\"");
    let after = format!("{after}\n[policies]\norder = []\n");
    fs::write(&path, &after).unwrap();
    assert_eq!(changed(), json!({ "sections": ["provider", "agent", "policies"] }));
    let status = wirken.ok(&["status"]);
    assert!(status.contains("config.toml   [provider], [agent], [policies] changed since the start: start the gateway again"), "{status}");
    // Until then it is as it was.
    assert!(status.contains("demo with demo") && status.contains("policies      injection"), "{status}");

    fs::write(&path, "[providr]\n").unwrap();
    let wrong = changed();
    assert!(wrong["wrong"].as_str().is_some_and(|why| why.contains("providr") && why.contains("config.toml")), "{wrong}");
    assert!(wirken.ok(&["status"]).contains("nothing starts with it"));

    fs::write(&path, &after).unwrap();
    drop(running);
    let _running = Running::start(&wirken);
    assert_eq!(changed(), Value::Null);
    let status = wirken.ok(&["status"]);
    assert!(status.contains("demo with another") && status.contains("policies      none"), "{status}");
}
