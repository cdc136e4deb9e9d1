//! The fake LLM against OpenAI's own client: whatever that accepts, it got from a server that speaks its protocol.

use std::path::PathBuf;

use wirken_testkit::llm::{FakeLlm, Script};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[tokio::test]
async fn the_official_client_understands_every_answer() {
    let python = root().join(".tools/py/bin/python");
    assert!(python.exists(), "the clients to test against are missing: run ./bootstrap test");
    let server = FakeLlm::start(Script::echo().with_key("sk-right-key").with_models(["fake-model", "fake-small"])).await.unwrap();
    let script = root().join("host/testkit/tests/it/openai_sdk.py");
    let base_url = server.base_url();
    #[expect(clippy::disallowed_methods, reason = "a client to test against, which nobody ships")]
    let run = move || std::process::Command::new(python).arg(script).arg(base_url).arg("sk-right-key").output();
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for checked in ["models", "text", "stream", "tools", "streamed tools", "errors", "rate limit", "broken stream", "timeout"] {
        assert!(said.lines().any(|line| line == format!("ok {checked}")), "{checked}: {said}");
    }
    let last = server.last().unwrap();
    assert_eq!(last.authorization.as_deref(), Some("Bearer sk-right-key"));
}
