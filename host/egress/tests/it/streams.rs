//! Bodies that arrive in pieces, break, or are no longer wanted.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::support::*;

#[tokio::test]
async fn pieces_arrive_as_the_server_writes_them() {
    let server = raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await;
        sleep(Duration::from_millis(150)).await;
        let _ = stream.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await;
    })
    .await;
    let mut response = egress().send(get(format!("http://{server}/")), at(server)).await.expect("a head");
    assert_eq!(response.next_chunk().await.expect("a chunk").as_deref(), Some(&b"one"[..]));
    assert_eq!(response.next_chunk().await.expect("a chunk").as_deref(), Some(&b"two"[..]));
    assert_eq!(response.next_chunk().await.expect("the end"), None);
    assert_eq!(response.next_chunk().await.expect("the end again"), None);
}

#[tokio::test]
async fn a_stream_that_breaks_is_interrupted_and_may_have_been_sent() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 20",
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let server = canned(bytes).await;
        let error = match egress().send(get(format!("http://{server}/secret-path?q=1")), at(server)).await {
            Err(error) => error,
            Ok(response) => response.collect(u64::MAX).await.expect_err("a failure"),
        };
        assert_eq!((error.kind(), error.sent(), error.retryable()), ("interrupted", true, true), "{error}");
        assert!(!error.to_string().contains("secret-path"), "{error}");
    }
}

#[tokio::test]
async fn nobody_listening_means_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    drop(listener);
    let error = egress().send(get(format!("http://{server}/")), at(server)).await.expect_err("nobody there");
    assert_eq!((error.kind(), error.sent(), error.retryable()), ("connect", false, true), "{error}");
    let failure = wirken_types::http::Failure::from(error);
    assert_eq!((failure.kind.as_str(), failure.sent), ("connect", false));
}

/// A server that starts to answer (or does not), and tells when its client is gone.
async fn watched(answer: &'static [u8]) -> (std::net::SocketAddr, mpsc::Receiver<()>) {
    let (gone, told) = mpsc::channel(1);
    let server = raw(move |mut stream, _| {
        let gone = gone.clone();
        async move {
            let _ = stream.write_all(answer).await;
            let mut buffer = [0; 16];
            while matches!(stream.read(&mut buffer).await, Ok(read) if read > 0) {}
            let _ = gone.send(()).await;
        }
    })
    .await;
    (server, told)
}

#[tokio::test]
async fn dropping_a_response_closes_the_connection() {
    let (server, mut gone) = watched(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart").await;
    let egress = egress();
    let mut response = egress.send(get(format!("http://{server}/")), at(server)).await.expect("a head");
    assert!(response.next_chunk().await.expect("a chunk").is_some());
    assert!(timeout(Duration::from_millis(100), gone.recv()).await.is_err(), "still wanted");
    drop(response);
    timeout(Duration::from_secs(5), gone.recv()).await.expect("the server saw the end");
}

#[tokio::test]
async fn dropping_a_request_closes_the_connection() {
    let (server, mut gone) = watched(b"").await;
    let egress = egress();
    let sending = egress.send(get(format!("http://{server}/")), at(server));
    assert!(timeout(Duration::from_millis(200), sending).await.is_err(), "no answer comes");
    timeout(Duration::from_secs(5), gone.recv()).await.expect("the server saw the end");
}

#[tokio::test]
async fn a_timeout_closes_the_connection() {
    let (server, mut gone) = watched(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart").await;
    let egress = limited(|limits| limits.idle = Duration::from_millis(50));
    let mut response = egress.send(get(format!("http://{server}/")), at(server)).await.expect("a head");
    while response.next_chunk().await.is_ok() {}
    timeout(Duration::from_secs(5), gone.recv()).await.expect("the server saw the end, though the response is still held");
    drop(response);
}

#[tokio::test]
async fn connections_are_used_again() {
    let (count, mut counted) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.send(()).unwrap();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while matches!(stream.read(&mut buffer).await, Ok(read) if read > 0) {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                }
            });
        }
    });
    let egress = egress();
    for _ in 0..5 {
        assert_eq!(text(&egress, get(format!("http://{server}/")), at(server)).await.1, "ok");
    }
    counted.close();
    let mut connections = 0;
    while counted.recv().await.is_some() {
        connections += 1;
    }
    assert_eq!(connections, 1);
}
