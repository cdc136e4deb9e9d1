//! Another version of a component that is in use, and changes that cannot be made.

use std::fs;

use serde_json::{Value, json};
use wirken_testkit::telegram::{FakeTelegram, Options};

use crate::channel::{Running, add};
use crate::component_life::{calls, recorded, rewrite, set_up};
use crate::components::{copied, state};
use crate::gullible::results;
use crate::support::{Wirken, stderr};

/// What the component that serves now says of itself.
fn serves(wirken: &Wirken, llm: &wirken_testkit::llm::FakeLlm) -> String {
    calls(wirken, &[("act", json!({ "do": [{ "act": "settings" }] }))]);
    results(llm).remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_asks_for_more_waits_and_one_that_does_not_is_put_to_use() {
    let (wirken, llm) = set_up().await;
    let folder = copied(&wirken, "worldly");
    let path = folder.to_str().unwrap();
    wirken.ok(&["component", "add", path, "--yes"]);
    let _running = Running::start(&wirken);
    let version = |from: &str, to: &str, port: u16| {
        rewrite(&folder, &format!("version = \"{from}\""), &format!("version = \"{to}\""));
        let text = fs::read_to_string(folder.join("component.toml")).unwrap();
        let at = text.find("default = \"http://localhost:").unwrap();
        let end = at + text[at..].find('\n').unwrap();
        fs::write(folder.join("component.toml"), format!("{}default = \"http://localhost:{port}\"{}", &text[..at], &text[end..])).unwrap();
    };

    // More: it waits, and the one before goes on.
    version("0.1.0", "0.2.0", 20);
    rewrite(&folder, "[store]", "[exec]\nrun = true\n\n[store]");
    let refused = wirken.fails(&["component", "add", path]);
    assert!(refused.contains("more than before: to run programs in the sandbox"), "{refused}");
    assert!(refused.contains("--yes; version 0.1.0 stays in use"), "{refused}");
    assert!(serves(&wirken, &llm).contains("localhost:9"));
    assert_eq!(state(&wirken, "worldly").as_deref(), Some("in use"));
    // Its owner allows it: it is in use at once.
    wirken.ok(&["component", "add", path, "--yes"]);
    assert!(serves(&wirken, &llm).contains("localhost:20"));

    // The same, and then less: neither waits.
    version("0.2.0", "0.3.0", 30);
    assert!(stderr(&wirken.run(&["component", "add", path])).contains("asks for nothing that was not allowed before"));
    assert!(serves(&wirken, &llm).contains("localhost:30"));
    version("0.3.0", "0.4.0", 40);
    rewrite(&folder, "[exec]\nrun = true\n\n", "");
    wirken.ok(&["component", "add", path]);
    assert!(serves(&wirken, &llm).contains("localhost:40"));
    // What it gave up it has to ask for again.
    version("0.4.0", "0.5.0", 50);
    rewrite(&folder, "[store]", "[exec]\nrun = true\n\n[store]");
    assert!(wirken.fails(&["component", "add", path]).contains("version 0.4.0 stays in use"));
    rewrite(&folder, "[exec]\nrun = true\n\n", "");

    // One that its owner does not use is not put to use by another version of it.
    wirken.ok(&["component", "disable", "worldly"]);
    let refused = wirken.fails(&["component", "add", path]);
    assert!(refused.contains("--yes") && !refused.contains("stays in use"), "{refused}");
    assert_eq!(state(&wirken, "worldly").as_deref(), Some("disabled"));
    assert_eq!(recorded(&wirken, "component-added").len(), 4, "what waited was not added");
    assert_eq!(recorded(&wirken, "turn-interrupted"), Vec::<Value>::new());
}

#[test]
fn a_change_that_fails_is_on_record_as_failed() {
    let wirken = Wirken::with_demo();
    let folder = copied(&wirken, "worldly");
    let path = folder.to_str().unwrap();
    let tried = |when: &str| {
        let before = recorded(&wirken, "component-removed-failed").len();
        assert!(wirken.fails(&["component", "remove", "worldly"]).contains("no added component"), "{when}");
        let rows = recorded(&wirken, "component-removed-failed");
        assert!(rows.len() == before + 1 && rows[before]["subject"] == "worldly", "{when}: {rows:?}");
    };
    tried("without the gateway");
    let running = Running::start(&wirken);
    tried("through the gateway");
    drop(running);

    // In the place of the folder is something else.
    let components = wirken.data().join("components");
    fs::write(&components, "no folder").unwrap();
    wirken.fails(&["component", "add", path, "--yes"]);
    let rows = recorded(&wirken, "component-added-failed");
    assert!(rows.len() == 1 && rows[0]["detail"]["digest"].is_string(), "{rows:?}");
    fs::remove_file(&components).unwrap();
    wirken.ok(&["component", "add", path, "--yes"]);
    // What was allowed cannot be read any more.
    let consent = components.join("worldly/consent.toml");
    fs::remove_file(&consent).unwrap();
    fs::create_dir(&consent).unwrap();
    wirken.fails(&["component", "disable", "worldly"]);
    assert_eq!(recorded(&wirken, "component-disabled-failed").len(), 1);
    wirken.ok(&["component", "remove", "worldly"]);
    assert_eq!(recorded(&wirken, "component-removed-failed").len(), 2, "what worked has not failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_not_named_as_what_else_has_credentials() {
    let (wirken, _llm) = set_up().await;
    let folder = copied(&wirken, "worldly");
    let path = folder.to_str().unwrap();
    rewrite(&folder, "name = \"worldly\"", "name = \"network\"");
    let error = wirken.fails(&["component", "add", path, "--yes"]);
    assert!(error.contains("wirken uses the name \"network\" itself"), "{error}");
    assert!(wirken.fails(&["component", "new", "network"]).contains("wirken uses the name \"network\" itself"));
    assert!(!wirken.data().join("components").exists());

    // The vault has what an account's requests carry under the account's name.
    rewrite(&folder, "name = \"network\"", "name = \"family\"");
    wirken.ok(&["component", "add", path, "--yes"]);
    assert!(!stderr(&wirken.run(&["ask", "-m", "hello"])).contains("not in use"));
    let telegram = FakeTelegram::start(Options::default()).await.unwrap();
    add(&wirken, &telegram, &["--account", "family"]);
    let said = stderr(&wirken.run(&["ask", "-m", "hello"]));
    assert!(said.contains("family is not in use: an account of a channel is named family"), "{said}");
}
