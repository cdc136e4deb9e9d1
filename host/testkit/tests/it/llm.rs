//! What the official client does not show: counting, recording, scripts, and clients that leave.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wirken_testkit::llm::{FakeLlm, Reply, Script};

/// A client without roots: these servers speak plain HTTP.
pub(crate) fn client() -> reqwest::Client {
    // The first call of the process sets it.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().tls_certs_only([]).build().unwrap()
}

async fn post(server: &FakeLlm, body: &Value) -> (u16, String) {
    let request = client().post(format!("{}/chat/completions", server.base_url())).header("content-type", "application/json");
    let response = request.header("authorization", "Bearer sk-1").body(body.to_string()).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn hello() -> Value {
    json!({ "model": "fake-model", "messages": [{ "role": "user", "content": "hello" }] })
}

#[tokio::test]
async fn counts_and_records_requests() {
    let server = FakeLlm::start(Script::echo().keeping(2)).await.unwrap();
    for text in ["one", "two", "three"] {
        let body = json!({ "model": "fake-model", "messages": [{ "role": "user", "content": text }] });
        assert_eq!(post(&server, &body).await.0, 200);
    }
    assert_eq!(server.requests(), 3);
    let recorded = server.recorded();
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[0].body["messages"][0]["content"], "two");
    assert_eq!((recorded[1].path.as_str(), recorded[1].authorization.as_deref()), ("/v1/chat/completions", Some("Bearer sk-1")));
}

#[tokio::test]
async fn a_script_sees_the_request_and_answers_in_turn() {
    let server = FakeLlm::start(Script::reply(|request| Reply::text(request["messages"].to_string()))).await.unwrap();
    assert!(post(&server, &hello()).await.1.contains(r#"[{\"content\":\"hello\""#));
    let server =
        FakeLlm::start(Script::sequence([Reply::tool("weather", &json!({ "city": "Bern" })), Reply::text("sunny")])).await.unwrap();
    assert!(post(&server, &hello()).await.1.contains("tool_calls"));
    assert!(post(&server, &hello()).await.1.contains("sunny"));
    assert_eq!(post(&server, &hello()).await.0, 500);
}

#[tokio::test]
async fn a_stream_is_events_that_end_with_done() {
    let server = FakeLlm::start(Script::reply(|_| Reply::text("a b"))).await.unwrap();
    let mut body = hello();
    body["stream"] = json!(true);
    let (status, text) = post(&server, &body).await;
    let events: Vec<_> = text.split_terminator("\n\n").collect();
    assert_eq!((status, events.len(), events.last()), (200, 5, Some(&"data: [DONE]")));
    for event in &events[..4] {
        let chunk: Value = serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert!(chunk.get("usage").is_none());
    }
}

#[tokio::test]
async fn notices_a_client_that_leaves() {
    let server = FakeLlm::start(Script::reply(|_| Reply::text("word ".repeat(1000)).pace(10))).await.unwrap();
    let mut body = hello();
    body["stream"] = json!(true);
    let request = client().post(format!("{}/chat/completions", server.base_url())).header("content-type", "application/json");
    let mut response = request.body(body.to_string()).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    assert_eq!(server.abandoned(), 0);
    drop(response);
    let start = Instant::now();
    while server.abandoned() == 0 {
        assert!(start.elapsed() < Duration::from_secs(5), "the server did not notice");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn ends_with_its_value() {
    let server = FakeLlm::start(Script::echo()).await.unwrap();
    let url = format!("{}/models", server.base_url());
    assert!(client().get(&url).send().await.is_ok());
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(client().get(&url).send().await.is_err());
}
