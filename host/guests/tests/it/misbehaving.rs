//! Providers that a host refuses, or that fail in the middle of an answer.

use std::time::Duration;

use wirken_engine::{CallError, Limits};
use wirken_types::provider::{ChatRequest, Event, Target};

use crate::run::provider;

const LIMITS: Limits = Limits { fuel: 50_000_000, deadline: Duration::from_secs(5), ..Limits::DEFAULT };

#[tokio::test]
async fn a_provider_that_imports_the_log_is_not_linked() {
    let error = provider("fixtures/impure-provider", &LIMITS).await.unwrap_err();
    assert!(format!("{error:#}").contains("wirken:host/log"), "{error:#}");
}

#[tokio::test]
async fn a_decoder_fails_where_the_server_says_so() {
    let mut slow = provider("fixtures/slow-provider", &LIMITS).await.unwrap();
    let target = Target { base_url: "http://127.0.0.1:1/x".into(), settings: "{}".into() };
    let request = ChatRequest { model: "slow".into(), messages: Vec::new(), tools: Vec::new(), options: Vec::new() };
    assert_eq!(slow.encode(&target, &request).await.unwrap().unwrap().url, target.base_url);

    let mut decoder = slow.decoder(&Target::default(), 200, &[]).await.unwrap();
    assert_eq!(decoder.push("Grüße".as_bytes()).await.unwrap(), [Event::Text("Grüße".into())]);
    let error = decoder.push(b"a trap here").await.unwrap_err();
    assert!(matches!(&error, CallError::Trap { panic: Some(text), .. } if text.contains("a trap here")), "{error:?}");

    let mut decoder = provider("fixtures/slow-provider", &LIMITS).await.unwrap().decoder(&Target::default(), 200, &[]).await.unwrap();
    assert!(matches!(decoder.push(b"loop").await.unwrap_err(), CallError::Fuel { .. }));
}
