//! Every bound from both sides, with small numbers.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::any;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use crate::support::*;

#[tokio::test]
async fn the_body_of_a_request() {
    let server = serve(Router::new().fallback(any(|body: Bytes| async move { body.len().to_string() }))).await;
    let egress = limited(|limits| limits.request_body = 10);
    let url = format!("http://{server}/");
    assert_eq!(text(&egress, post(&url, &[b"12345", b"", b"67890"]), at(server)).await.1, "10");
    let (kind, sent, _) = refusal(&egress, post(&url, &[b"12345", b"678901"]), at(server)).await;
    assert_eq!((kind, sent), ("limit", false));
}

#[tokio::test]
async fn the_body_of_a_response_announced_or_not() {
    let router = Router::new()
        .route("/announced/{length}", any(|axum::extract::Path(length): axum::extract::Path<usize>| async move { "x".repeat(length) }))
        .route(
            "/streamed/{length}",
            any(|axum::extract::Path(length): axum::extract::Path<usize>| async move {
                let pieces = (0..length).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"x")));
                Body::from_stream(futures_util::stream::iter(pieces))
            }),
        );
    let server = serve(router).await;
    let egress = limited(|limits| limits.response_body = 10);
    for kind in ["announced", "streamed"] {
        assert_eq!(text(&egress, get(format!("http://{server}/{kind}/10")), at(server)).await.1.len(), 10, "{kind}");
        let (refused, sent, _) = refusal(&egress, get(format!("http://{server}/{kind}/11")), at(server)).await;
        assert_eq!((refused, sent), ("limit", true), "{kind}");
    }
    let head = wirken_types::http::Request { method: "HEAD".to_owned(), ..get(format!("http://{server}/announced/11")) };
    assert_eq!(text(&egress, head, at(server)).await, (200, String::new()), "the length of a body that does not come");
}

#[tokio::test]
async fn the_head_of_a_response() {
    // content-length: 14+1, x: 1+n.
    let canned = |length: usize| async move {
        raw(move |mut stream, _| async move {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: {}\r\n\r\n", "y".repeat(length));
            let _ = stream.write_all(head.as_bytes()).await;
        })
        .await
    };
    let egress = limited(|limits| limits.response_head = 100);
    let server = canned(84).await;
    assert_eq!(text(&egress, get(format!("http://{server}/")), at(server)).await.0, 200);
    let server = canned(85).await;
    assert_eq!(refusal(&egress, get(format!("http://{server}/")), at(server)).await.0, "limit");
}

#[tokio::test]
async fn a_head_too_large_for_the_client_itself() {
    let server = raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        for _ in 0..2_000 {
            let _ = stream.write_all(format!("x: {}\r\n", "y".repeat(1000)).as_bytes()).await;
        }
    })
    .await;
    let (kind, sent, _) = refusal(&egress(), get(format!("http://{server}/")), at(server)).await;
    assert!(sent && matches!(kind, "interrupted" | "limit"), "{kind}");
}

#[tokio::test]
async fn the_head_and_the_url_of_a_request() {
    let server = serve(Router::new().fallback(any(|| async { "" }))).await;
    let base = format!("http://{server}/");
    let long = |length: usize| format!("{base}{}", "a".repeat(length - base.len()));
    assert_eq!(text(&egress(), get(long(wirken_egress::URL_MAX_BYTES)), at(server)).await.0, 200);
    let (kind, sent, _) = refusal(&egress(), get(long(wirken_egress::URL_MAX_BYTES + 1)), at(server)).await;
    assert_eq!((kind, sent), ("limit", false));
    let value = "v".repeat(wirken_egress::HEADERS_MAX_BYTES - 1);
    assert_eq!(text(&egress(), with_header(get(&base), "x", &value), at(server)).await.0, 200);
    let (kind, sent, _) = refusal(&egress(), with_header(get(&base), "xx", &value), at(server)).await;
    assert_eq!((kind, sent), ("limit", false));
}

#[tokio::test]
async fn the_time_to_the_head_and_between_pieces() {
    let server = raw(|mut stream, head| async move {
        let slow = if head.contains("/head") { 300 } else { 0 };
        let pause = if head.contains("/pause") { 300 } else { 0 };
        sleep(Duration::from_millis(slow)).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc").await;
        sleep(Duration::from_millis(pause)).await;
        let _ = stream.write_all(b"def").await;
        let _ = stream.shutdown().await;
    })
    .await;
    let url = |path: &str| format!("http://{server}/{path}");
    let patient = limited(|limits| (limits.head, limits.idle) = (Duration::from_secs(5), Duration::from_secs(5)));
    for path in ["", "head", "pause"] {
        assert_eq!(text(&patient, get(url(path)), at(server)).await.1, "abcdef", "{path}");
    }
    let hasty = limited(|limits| (limits.head, limits.idle) = (Duration::from_millis(100), Duration::from_millis(100)));
    assert_eq!(text(&hasty, get(url("")), at(server)).await.1, "abcdef");
    for path in ["head", "pause"] {
        let (kind, sent, _) = refusal(&hasty, get(url(path)), at(server)).await;
        assert_eq!((kind, sent), ("timeout", true), "{path}");
    }
}

#[tokio::test]
async fn a_server_that_drips_is_cut_off_by_the_whole_time() {
    let server = raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let url = format!("http://{server}/");
    let start = Instant::now();
    let request = wirken_types::http::Request { timeout_millis: Some(200), ..get(&url) };
    assert_eq!(refusal(&egress(), request, at(server)).await.0, "timeout");
    let capped = limited(|limits| limits.total_max = Duration::from_millis(200));
    assert_eq!(refusal(&capped, get(&url), at(server)).await.0, "timeout", "a request cannot ask for more than the most");
    let unsaid = limited(|limits| limits.total = Duration::from_millis(200));
    let request = wirken_types::http::Request { timeout_millis: None, ..get(&url) };
    assert_eq!(refusal(&unsaid, request, at(server)).await.0, "timeout");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_failure_is_said_again() {
    let server = canned(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").await;
    let mut response = egress().send(get(format!("http://{server}/")), at(server)).await.expect("a head");
    let failed = loop {
        match response.next_chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a broken body ended"),
            Err(error) => break error,
        }
    };
    assert_eq!(response.next_chunk().await.expect_err("again"), failed);
}
