//! Each sandbox through the binary: the agent asks, a person allows, the program runs where it was configured to.

use std::fs;
use std::process::Stdio;

use serde_json::json;
use wirken_testkit::llm::FakeLlm;

use crate::approvals::{codes, configure, obedient, set_up, until};
use crate::channel::Running;
use crate::support::{Wirken, stderr};

/// Has the agent run a program, and answers its question.
fn asked(wirken: &Wirken, message: &str, answer: &str) -> String {
    let asking = wirken.command(&["ask", "-m", message]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let code = until("a question", || codes(wirken).pop());
    wirken.ok(&["permissions", "pending", answer, &code]);
    let output = asking.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_users_gateway_runs_in_namespaces_what_was_allowed_and_nothing_else() {
    let llm = FakeLlm::start(obedient()).await.unwrap();
    let wirken = Wirken::of_an_ordinary_user().set_up_with_model(&llm.base_url());
    let path = wirken.data().join("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{config}\n[programs]\nsandbox = \"namespaces\"\n")).unwrap();
    fs::write(wirken.data().join("workspace/note.txt"), "a note").unwrap();
    let diagnosis = wirken.json(&["doctor"]);
    assert_eq!((&diagnosis["programs"]["sandbox"], &diagnosis["programs"]["runs"]), (&json!("namespaces"), &json!(true)), "{diagnosis}");

    let _running = Running::start(&wirken);
    let script = "id -u; cat note.txt; ls /sys/class/net /home /root 2>/dev/null; grep CapEff /proc/self/status; echo made >made";
    let run = format!("run {}", json!(["sh", "-c", script]));
    assert!(asked(&wirken, &run, "deny").contains("did not allow"));
    let made = wirken.data().join("workspace/made");
    assert!(!made.exists());
    let told = asked(&wirken, &run, "approve");
    assert!(told.contains("1000") && told.contains("a note") && told.contains("CapEff:\t0000000000000000"), "{told}");
    assert!(!told.contains("eth") && !told.contains("lo\n"), "there is no network: {told}");
    assert_eq!(fs::read_to_string(made).unwrap(), "made\n");
    assert!(wirken.ok(&["audit", "verify"]).contains("whole"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_to_use_gvisor_runs_what_was_allowed_in_it() {
    let (wirken, _llm) = set_up().await;
    configure(&wirken, "gvisor = true\n");
    fs::write(wirken.data().join("workspace/note.txt"), "a note").unwrap();
    let diagnosis = wirken.json(&["doctor"]);
    assert!(diagnosis["programs"]["runs"] == true && diagnosis.to_string().contains("runtime runsc: there"), "{diagnosis}");
    let _running = Running::start(&wirken);
    let run = format!("run {}", json!(["sh", "-c", "dmesg; cat note.txt; echo made >made"]));
    let told = asked(&wirken, &run, "approve");
    assert!(told.contains("gVisor") && told.contains("a note"), "{told}");
    assert_eq!(fs::read_to_string(wirken.data().join("workspace/made")).unwrap(), "made\n");
}
