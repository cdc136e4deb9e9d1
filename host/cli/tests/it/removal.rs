//! What stays when a component is removed: its credentials, which only their owner takes out of the vault.

use serde_json::{Value, json};

use crate::channel::Running;
use crate::components::copied;
use crate::support::{Wirken, stderr};

const KEY: &str = "sk-removal-9c0d1e2b3a4f";
const COMMAND: &str = "`wirken credentials remove hostile key`";

/// With a component that is in use and has a credential.
fn with_credential(how: &[&str]) -> Wirken {
    let wirken = Wirken::with_demo();
    wirken.ok(&["component", "add", copied(&wirken, "hostile").to_str().unwrap(), "--yes"]);
    let kept = wirken.run_with_input(&[&["credentials", "add", "hostile", "key", "--stdin"], how].concat(), KEY.as_bytes());
    assert!(kept.status.success(), "{}", stderr(&kept));
    wirken
}

fn held(wirken: &Wirken, how: &[&str]) -> Vec<Value> {
    let listed = wirken.json(&[&["credentials", "list"], how].concat());
    listed["credentials"].as_array().unwrap().clone()
}

#[test]
fn a_component_that_is_removed_leaves_its_credential_and_says_how_to_remove_that() {
    let wirken = with_credential(&["--key-file"]);
    let told = wirken.ok(&["component", "remove", "hostile"]);
    assert!(told.contains("hostile: It is gone.") && told.contains(COMMAND), "{told}");
    assert_eq!(held(&wirken, &[]).len(), 1);
    wirken.ok(&["credentials", "remove", "hostile", "key"]);
    assert_eq!(held(&wirken, &[]), Vec::<Value>::new());
    // One without a credential leaves nothing.
    let folder = copied(&wirken, "hostile");
    wirken.ok(&["component", "add", folder.to_str().unwrap(), "--yes"]);
    assert_eq!(wirken.ok(&["component", "remove", "hostile"]).trim(), "hostile: It is gone.");
    // And none is asked for one that was disabled only.
    wirken.ok(&["component", "add", folder.to_str().unwrap(), "--yes"]);
    assert!(!wirken.ok(&["component", "disable", "hostile"]).contains("credentials"));
}

#[test]
fn so_does_one_that_a_gateway_removes() {
    let wirken = with_credential(&["--key-file"]);
    let _running = Running::start(&wirken);
    let told = wirken.json(&["component", "remove", "hostile"]);
    assert_eq!((&told["change"], &told["credentials"]), (&json!("component-removed"), &json!(["key"])), "{told}");
    wirken.ok(&["credentials", "remove", "hostile", "key"]);
    wirken.ok(&["component", "add", copied(&wirken, "hostile").to_str().unwrap(), "--yes"]);
    assert_eq!(wirken.ok(&["component", "remove", "hostile"]).trim(), "hostile: It is gone.");
}

/// Nobody is asked for a passphrase to be told that.
#[test]
fn where_the_vault_is_locked_what_it_may_hold_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    std::fs::write(&passphrase, "correct horse\n").unwrap();
    let unlock = ["--passphrase-file", passphrase.to_str().unwrap()];
    let wirken = with_credential(&unlock);
    let told = wirken.ok(&["component", "remove", "hostile"]);
    assert!(told.contains("hostile: It is gone.") && told.contains(COMMAND), "{told}");
    wirken.ok(&[&["credentials", "remove", "hostile", "key"][..], &unlock].concat());
    assert_eq!(held(&wirken, &unlock), Vec::<Value>::new());
}
