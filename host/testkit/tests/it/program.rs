//! `fake-llm`, as a test in another language starts it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn start(arguments: &[&str]) -> (Child, Value) {
    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    let mut program = Command::new(env!("CARGO_BIN_EXE_fake-llm"));
    let mut child = program.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

#[tokio::test]
async fn serves_until_its_input_ends() {
    let (mut child, line) = start(&["--reply", r#"{"text":"scripted"}"#, "--models", "a,b"]);
    assert_eq!(line["base_url"], format!("http://127.0.0.1:{}/v1", line["port"]));
    let models = crate::llm::client().get(format!("{}/models", line["base_url"].as_str().unwrap())).send().await.unwrap();
    let models: Value = serde_json::from_str(&models.text().await.unwrap()).unwrap();
    assert_eq!(models["data"][1]["id"], "b");
    drop(child.stdin.take());
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(5), "it goes on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn refuses_arguments_that_it_does_not_know() {
    for arguments in [&["--port", "x"][..], &["--reply", "{\"txet\":1}"], &["--what", "1"], &["--key"]] {
        #[expect(clippy::disallowed_methods, reason = "the program under test")]
        let output = Command::new(env!("CARGO_BIN_EXE_fake-llm")).args(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("Usage"), "{arguments:?}");
    }
}
