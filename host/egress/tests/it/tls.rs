//! HTTPS to a server of this machine, under a root of this test.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use wirken_egress::{Egress, Options};

use crate::support::*;

/// An authority, and what proves a server to be the given names by it.
pub(crate) fn identity(names: &[&str], protocols: &[&[u8]]) -> (Vec<u8>, TlsAcceptor) {
    wirken_testkit::tls::identity(names, protocols).unwrap()
}

/// Hands every connection, its handshake done, to `answer`.
pub(crate) async fn accept<F, R>(acceptor: TlsAcceptor, answer: F) -> SocketAddr
where
    F: Fn(TlsStream<TcpStream>) -> R + Copy + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream).await;
                }
            });
        }
    });
    address
}

/// Says whether the credential came.
pub(crate) async fn http1(mut stream: TlsStream<TcpStream>) {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).await.unwrap_or(0);
    let placed = String::from_utf8_lossy(&buffer[..read]).contains(&format!("authorization: Bearer {SECRET}\r\n"));
    let body = if placed { "placed" } else { "nothing" };
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// The same over HTTP/2, the body in two frames; `/reset` ends in the middle of it.
pub(crate) async fn http2(stream: TlsStream<TcpStream>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let placed = request.headers().get("authorization").is_some_and(|value| value.as_bytes() == format!("Bearer {SECRET}").as_bytes());
        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
        body.send_data(if placed { "placed" } else { "nothing" }.into(), false).unwrap();
        if request.uri().path() == "/reset" {
            body.send_reset(h2::Reason::INTERNAL_ERROR);
        } else {
            body.send_data(" over h2".into(), true).unwrap();
        }
    }
}

async fn server(names: &[&str]) -> (Vec<u8>, SocketAddr) {
    let (root, acceptor) = identity(names, &[b"http/1.1"]);
    (root, accept(acceptor, http1).await)
}

pub(crate) fn trusting(roots: Vec<Vec<u8>>) -> Egress {
    Egress::new(Options { extra_roots: roots, ..Options::default() })
}

#[tokio::test]
async fn reaches_a_server_that_proves_its_address() {
    let (root, server) = server(&["127.0.0.1"]).await;
    let origin = format!("https://{server}");
    let authority = bound(own(&[&origin]), "key", "bearer", SECRET);
    assert_eq!(text(&trusting(vec![root]), naming(get(&origin), "key"), authority).await, (200, "placed".to_owned()));
}

#[tokio::test]
async fn refuses_a_server_that_it_does_not_trust_or_that_is_another() {
    let (root, stranger) = server(&["127.0.0.1"]).await;
    let origin = format!("https://{stranger}");
    let (kind, sent, message) = refusal(&trusting(Vec::new()), get(&origin), own(&[&origin])).await;
    assert_eq!((kind, sent), ("tls", false), "{message}");
    let (other_root, other) = server(&["127.0.0.2", "example.com"]).await;
    let origin = format!("https://{other}");
    let (kind, sent, message) = refusal(&trusting(vec![root, other_root]), get(&origin), own(&[&origin])).await;
    assert_eq!((kind, sent), ("tls", false), "{message}");
}

#[tokio::test]
async fn a_server_without_tls_gets_no_request_byte() {
    let server = canned(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let origin = format!("https://{server}");
    let egress = limited(|limits| limits.connect = std::time::Duration::from_millis(500));
    let (kind, sent, message) = refusal(&egress, get(&origin), own(&[&origin])).await;
    assert!(matches!(kind, "tls" | "connect") && !sent, "{kind}: {message}");
}

#[tokio::test]
async fn a_root_that_is_no_certificate_is_said_to_be_none() {
    let (kind, sent, message) = refusal(&trusting(vec![b"junk".to_vec()]), get("https://8.8.8.8/"), own(&["https://8.8.8.8"])).await;
    assert_eq!((kind, sent), ("unavailable", false));
    assert!(message.contains("extra trust root"), "{message}");
}

#[tokio::test]
async fn speaks_http2_where_the_server_does() {
    let (root, acceptor) = identity(&["127.0.0.1"], &[b"h2", b"http/1.1"]);
    let server = accept(acceptor, http2).await;
    let origin = format!("https://{server}");
    let egress = trusting(vec![root]);
    for _ in 0..2 {
        let authority = bound(own(&[&origin]), "key", "bearer", SECRET);
        assert_eq!(text(&egress, naming(post(&origin, &[b"body"]), "key"), authority).await, (200, "placed over h2".to_owned()));
    }
    let (kind, sent, message) = refusal(&egress, get(format!("{origin}/reset")), own(&[&origin])).await;
    assert_eq!((kind, sent), ("interrupted", true), "{message}");
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let egress = limited(|limits| limits.connect = std::time::Duration::from_millis(100));
    let start = std::time::Instant::now();
    let (kind, sent, message) = refusal(&egress, get(&origin), own(&[&origin])).await;
    assert_eq!((kind, sent), ("connect", false), "{message}");
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}
