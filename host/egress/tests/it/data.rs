//! `data:` URLs through the front door.

use std::time::{Duration, Instant};

use crate::support::*;

#[tokio::test]
async fn a_data_url_is_answered_without_a_network_for_any_authority() {
    let response = egress().send(post("data:application/json,{}", &[b"ignored"]), own(&[])).await.expect("an answer");
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
    assert_eq!(&response.collect(2).await.expect("a body")[..], b"{}");
}

#[tokio::test]
async fn its_lines_come_at_their_pace() {
    let mut response = egress().send(get("data:text/event-stream;pace=40,a%0Ab%0Ac%0A"), own(&[])).await.expect("an answer");
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let start = Instant::now();
    let mut lines = Vec::new();
    while let Some(chunk) = response.next_chunk().await.expect("a chunk") {
        lines.push(String::from_utf8(chunk.to_vec()).expect("text"));
    }
    assert_eq!(lines.concat(), "a\nb\nc\n");
    assert!(start.elapsed() >= Duration::from_millis(80), "{:?}", start.elapsed());
}

#[tokio::test]
async fn it_takes_no_credential_but_the_manifest_must_know_the_name() {
    let authority = || bound(own(&["https://api.example.com"]), "key", "bearer", SECRET);
    assert_eq!(text(&egress(), naming(get("data:,x"), "key"), authority()).await, (200, "x".to_owned()));
    assert_eq!(refusal(&egress(), naming(get("data:,x"), "other"), authority()).await.0, "denied");
}

#[tokio::test]
async fn its_size_is_bounded() {
    let egress = limited(|limits| limits.data_url = 5);
    assert_eq!(text(&egress, get("data:,1234"), own(&[])).await.1, "1234");
    let (kind, sent, _) = refusal(&egress, get("data:,12345"), own(&[])).await;
    assert_eq!((kind, sent), ("limit", false));
}

#[tokio::test]
async fn a_pace_ends_with_the_time_of_the_request() {
    let request = wirken_types::http::Request { timeout_millis: Some(60), ..get("data:;pace=50,a%0Ab%0Ac%0Ad%0A") };
    assert_eq!(refusal(&egress(), request, own(&[])).await.0, "timeout");
}
