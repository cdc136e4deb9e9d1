//! Components while the gateway runs: taken out of use where they crash again and again, and exchanged under calls.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use wirken_testkit::llm::FakeLlm;

use crate::approvals::{codes, until};
use crate::channel::Running;
use crate::components::{copied, state};
use crate::gullible::{gullible, results};
use crate::support::{Wirken, stderr};

/// Crashes in a row after which a component is called no more.
const CRASHES: usize = 5;

pub(crate) async fn set_up() -> (Wirken, FakeLlm) {
    let llm = FakeLlm::start(gullible()).await.unwrap();
    (Wirken::with_model(&llm.base_url()), llm)
}

/// Asks for these calls, one after the other, and waits for their end.
pub(crate) fn calls(wirken: &Wirken, calls: &[(&str, Value)]) {
    let lines: Vec<String> = calls.iter().map(|(tool, arguments)| format!("call {tool} {arguments}")).collect();
    wirken.ok(&["ask", "-m", &lines.join("\n")]);
}

/// The same, in the background.
pub(crate) fn calling(wirken: &Wirken, lines: &str) -> Child {
    wirken.command(&["ask", "-m", lines]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// How often something stands in the record of the system.
pub(crate) fn recorded(wirken: &Wirken, action: &str) -> Vec<Value> {
    let log = wirken.json(&["audit", "log", "--action", action]);
    log["rows"].as_array().unwrap().iter().map(|row| row["event"].clone()).collect()
}

/// Changes a manifest, which has to hold what is exchanged.
pub(crate) fn rewrite(folder: &Path, from: &str, to: &str) {
    let path = folder.join("component.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// A server that answers when it is told to, and says when it was asked.
struct Slow {
    url: String,
    asked: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Slow {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tells, waits) = (Arc::clone(&asked), Arc::clone(&go_on));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                tells.notify_one();
                waits.notified().await;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nslow").await.unwrap();
            }
        });
        Self { url, asked, go_on }
    }
}

fn settings(wirken: &Wirken, more: &str) {
    let path = wirken.data().join("config.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + more).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_crashes_again_and_again_is_called_no_more_until_its_owner_says_so() {
    let (wirken, llm) = set_up().await;
    wirken.ok(&["component", "add", copied(&wirken, "hostile").to_str().unwrap(), "--yes"]);
    let running = Running::start(&wirken);
    let crash = ("abort", json!({}));
    let works = ("echo", json!({ "text": "I am well" }));

    // One less, a success, and one less again: it goes on.
    let mut lines = vec![crash.clone(); CRASHES - 1];
    lines.push(works.clone());
    lines.extend(vec![crash.clone(); CRASHES - 1]);
    calls(&wirken, &lines);
    assert!(results(&llm)[CRASHES - 1].contains("I am well"));
    assert_eq!(state(&wirken, "hostile").as_deref(), Some("in use"));
    assert_eq!(recorded(&wirken, "component-quarantined"), Vec::<Value>::new());

    // The one that makes them enough, and whatever comes right behind it.
    calls(&wirken, &[crash.clone(), works.clone(), ("files_list", json!({}))]);
    let told = results(&llm);
    assert!(told[0].contains("crashed 5 times") && told[0].contains("called no more"), "{told:?}");
    assert!(!told[1].contains("I am well"), "{told:?}");
    assert!(!told[2].contains("no more"), "everything else goes on: {told:?}");
    until("it is listed", || state(&wirken, "hostile").filter(|state| state.starts_with("quarantined: it crashed 5 times")));
    let status = wirken.json(&["status"]);
    assert!(status["resting"]["hostile"].as_str().unwrap().contains("crashed 5 times"), "{status}");
    assert!(wirken.ok(&["status"]).contains("not in use    hostile: quarantined"), "{}", wirken.ok(&["status"]));
    let rows = recorded(&wirken, "component-quarantined");
    assert!(rows.len() == 1 && rows[0]["subject"] == "hostile" && rows[0].to_string().contains("5 times"), "{rows:?}");

    let gone = |when: &str| {
        calls(&wirken, std::slice::from_ref(&works));
        let told = results(&llm);
        assert!(told[0].contains("no tool named \"echo\""), "{when}: {told:?}");
        assert!(!llm.last().unwrap().body["tools"].to_string().contains("\"echo\""), "{when}: nor is it offered");
    };
    gone("as it is");
    wirken.ok(&["component", "reload"]);
    gone("after a reload");
    drop(running);
    gone("without the gateway");
    let running = Running::start(&wirken);
    gone("after a start");
    assert!(state(&wirken, "hostile").unwrap().starts_with("quarantined"));

    // Its owner ends it, and it has as many chances as before.
    wirken.ok(&["component", "enable", "hostile"]);
    assert_eq!(state(&wirken, "hostile").as_deref(), Some("in use"));
    assert_eq!(wirken.json(&["status"])["resting"], json!({}));
    calls(&wirken, &[vec![crash; CRASHES - 1], vec![works]].concat());
    assert!(results(&llm)[CRASHES - 1].contains("I am well"));
    drop(running);
    assert!(wirken.ok(&["audit", "verify"]).contains("whole"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_ends_with_the_component_that_it_began_with_and_the_next_one_has_the_new() {
    let (wirken, llm) = set_up().await;
    let slow = Slow::start().await;
    settings(&wirken, &format!("\n[components.worldly.settings]\nbase-url = \"{}\"\n", slow.url));
    let folder = copied(&wirken, "worldly");
    wirken.ok(&["component", "add", folder.to_str().unwrap(), "--yes"]);
    let _running = Running::start(&wirken);

    let waits = json!({ "do": [{ "act": "request", "method": "GET", "url": slow.url }, { "act": "settings" }] });
    let looks = json!({ "do": [{ "act": "settings" }] });
    let asking = calling(&wirken, &format!("call act {waits}\ncall act {looks}"));
    slow.asked.notified().await;
    rewrite(
        &folder,
        "default = \"http://localhost:9\"\ndescription = \"Another",
        "default = \"http://localhost:10\"\ndescription = \"Another",
    );
    let said = stderr(&wirken.run(&["component", "add", folder.to_str().unwrap()]));
    assert!(said.contains("nothing that was not allowed before"), "{said}");
    slow.go_on.notify_one();
    let output = asking.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));

    let told = results(&llm);
    assert!(told[0].contains("slow") && told[0].contains("localhost:9") && !told[0].contains("localhost:10"), "the old one: {told:?}");
    assert!(told[1].contains("localhost:10"), "the new one, in the same turn: {told:?}");
    let rows = recorded(&wirken, "tool-started");
    assert_eq!(rows.len(), 2, "nothing was begun twice");
    assert_eq!(recorded(&wirken, "turn-interrupted"), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_of_a_component_is_not_answered_for_the_one_in_its_place() {
    let (wirken, llm) = set_up().await;
    let slow = Slow::start().await;
    settings(&wirken, &format!("\n[components.worldly.settings]\nbase-url = \"{}\"\n", slow.url));
    let folder = copied(&wirken, "worldly");
    wirken.ok(&["component", "add", folder.to_str().unwrap(), "--yes"]);
    let _running = Running::start(&wirken);

    let post = json!({ "act": "request", "method": "POST", "url": format!("{}/notes", slow.url) });
    let plan = json!([{ "action": "http", "target": slow.url, "detail": { "method": "POST", "path": "/notes" } }]);
    let lines = format!("call act {}", json!({ "plan": plan, "do": [post] }));
    let asking = calling(&wirken, &lines);
    let code = until("a question", || codes(&wirken).pop());
    // Another component by one byte: a section that nothing reads.
    let wasm = folder.join("component.wasm");
    let mut bytes = fs::read(&wasm).unwrap();
    bytes.extend([0, 2, 1, b'x']);
    fs::write(&wasm, bytes).unwrap();
    wirken.ok(&["component", "add", folder.to_str().unwrap()]);
    assert!(wirken.fails(&["permissions", "pending", "approve", &code]).contains("taken back"), "it is open for nobody");
    let output = asking.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(results(&llm)[0].contains("not the one any more"), "{:?}", results(&llm));
    assert_eq!(recorded(&wirken, "tool-started"), Vec::<Value>::new());

    // Asked of the one that there is now, it is done once somebody allows it.
    let asking = calling(&wirken, &lines);
    let code = until("a question", || codes(&wirken).pop());
    wirken.ok(&["permissions", "pending", "approve", &code]);
    slow.asked.notified().await;
    slow.go_on.notify_one();
    assert!(asking.wait_with_output().unwrap().status.success());
    assert!(results(&llm)[0].contains("slow"), "{:?}", results(&llm));
}
