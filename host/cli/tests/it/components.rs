//! Components that the owner adds: what is shown, what is in use, and what is not any more.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Wirken, stderr};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist/fixtures").join(name)
}

/// A copy that a test may change.
pub(crate) fn copied(wirken: &Wirken, name: &str) -> PathBuf {
    let folder = wirken.outside().join(name);
    fs::create_dir_all(&folder).unwrap();
    for file in ["component.toml", "component.wasm"] {
        fs::copy(fixture(name).join(file), folder.join(file)).unwrap();
    }
    folder
}

pub(crate) fn state(wirken: &Wirken, name: &str) -> Option<String> {
    let listed = wirken.json(&["component", "list"]);
    let found = listed["components"].as_array().unwrap().iter().find(|listed| listed["name"] == name)?.clone();
    found["state"].as_str().map(str::to_owned)
}

#[test]
fn a_component_is_shown_allowed_used_and_removed() {
    let wirken = Wirken::with_demo();
    let folder = copied(&wirken, "worldly");
    let path = folder.to_str().unwrap();
    let inspected = wirken.json(&["component", "inspect", path]);
    let asks = inspected["asks"].to_string();
    for word in ["{settings.base-url}", "keep what it learns", "messages", "credential"] {
        assert!(asks.contains(word), "{asks}");
    }
    assert!(wirken.fails(&["component", "add", path]).contains("--yes"), "nobody is there to be asked");
    assert_eq!(state(&wirken, "worldly"), None);
    wirken.ok(&["component", "add", path, "--yes"]);
    assert_eq!(state(&wirken, "worldly").as_deref(), Some("in use"));

    let settings =
        wirken.ok(&["component", "run", "worldly", "act", r#"{"do":[{"act":"settings"}]}"#, "--setting", "base-url=http://localhost:7"]);
    assert!(settings.contains("localhost:7"), "{settings}");
    let refused = wirken.ok(&[
        "component",
        "run",
        "worldly",
        "act",
        r#"{"do":[{"act":"get","key":"a"},{"act":"send","channel":"c","conversation":"1","text":"x"}]}"#,
    ]);
    assert_eq!(refused.matches("denied").count(), 2, "a call from the shell has what its flags say: {refused}");

    wirken.ok(&["component", "disable", "worldly"]);
    assert_eq!(state(&wirken, "worldly").as_deref(), Some("disabled"));
    wirken.ok(&["component", "enable", "worldly"]);
    assert_eq!(state(&wirken, "worldly").as_deref(), Some("in use"));
    wirken.ok(&["component", "remove", "worldly"]);
    assert_eq!(state(&wirken, "worldly"), None);
    assert!(wirken.fails(&["component", "remove", "worldly"]).contains("component list"));
    let log = wirken.json(&["audit", "log"]).to_string();
    for action in ["component-added", "component-disabled", "component-enabled", "component-removed"] {
        assert!(log.contains(action), "{action}");
    }
}

#[test]
fn what_changed_since_it_was_allowed_rests_until_it_is_allowed_again() {
    let wirken = Wirken::with_demo();
    let folder = copied(&wirken, "worldly");
    wirken.ok(&["component", "add", folder.to_str().unwrap(), "--yes"]);
    let manifest = wirken.data().join("components/worldly/component.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("[store]", "[exec]\nrun = true\n\n[store]")).unwrap();
    assert_eq!(state(&wirken, "worldly").as_deref(), Some("changed since it was allowed"));
    // It is left out, and everything else goes on.
    assert!(!wirken.ok(&["ask", "-m", "hello"]).trim().is_empty());
    let grown = fs::read_to_string(folder.join("component.toml")).unwrap().replace("[store]", "[exec]\nrun = true\n\n[store]");
    fs::write(folder.join("component.toml"), grown).unwrap();
    let said = stderr(&wirken.run(&["component", "add", folder.to_str().unwrap(), "--yes"]));
    assert!(said.contains("It takes the place of version 0.1.0"), "{said}");
    assert_eq!(state(&wirken, "worldly").as_deref(), Some("in use"));
}

#[test]
fn what_cannot_be_loaded_is_refused_with_the_reason() {
    let wirken = Wirken::with_demo();
    let folder = copied(&wirken, "worldly");
    let path = folder.to_str().unwrap();
    let text = fs::read_to_string(folder.join("component.toml")).unwrap();
    fs::write(folder.join("component.toml"), text.replace("keep = true", "keep = false")).unwrap();
    let error = wirken.fails(&["component", "add", path, "--yes"]);
    assert!(error.contains("wirken:host/store") && error.contains("[store]"), "{error}");
    fs::write(folder.join("component.toml"), text.replace("\"worldly\"", "\"files\"")).unwrap();
    assert!(wirken.fails(&["component", "add", path, "--yes"]).contains("bundled"));
    fs::write(folder.join("component.toml"), text).unwrap();
    fs::write(folder.join("component.wasm"), b"\0asm\x01\0\0\0").unwrap();
    assert!(!wirken.fails(&["component", "add", path, "--yes"]).is_empty());
    assert!(wirken.fails(&["component", "add", "nowhere", "--yes"]).contains("nowhere"));
    assert_eq!(state(&wirken, "worldly"), None);
}

#[test]
fn a_new_component_is_a_folder_that_says_what_comes_next() {
    let wirken = Wirken::new();
    let begin = |args: &[&str]| wirken.command(&[&["component", "new"], args].concat()).current_dir(wirken.outside()).output().unwrap();
    let said = begin(&["word-count", "--lang", "python"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("wirken component build"), "{}", stderr(&said));
    assert!(wirken.outside().join("word-count/component.toml").is_file());
    assert!(stderr(&begin(&["word-count"])).contains("word-count"), "what is there is left alone");
    assert!(stderr(&begin(&["Word"])).contains("lower-case"));
}
