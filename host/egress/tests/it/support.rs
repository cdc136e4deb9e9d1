//! Servers to send to, and the shortest ways to say what is sent.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wirken_egress::{Authority, Binding, Egress, Held, Limits, Options};
use wirken_secret::Secret;
use wirken_types::http::{Header, Request, Segment};

pub(crate) const SECRET: &str = "sk-live-4f9a8b7c6d5e4f3a2b1c";

/// Serves a router on a free port of this machine, for as long as the test runs.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Hands every connection, its first request read up to the empty line, to `answer`.
pub(crate) async fn raw<F, R>(answer: F) -> SocketAddr
where
    F: Fn(TcpStream, String) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            let mut buffer = [0; 1024];
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => head.extend_from_slice(&buffer[..read]),
                }
            }
            tokio::spawn(answer(stream, String::from_utf8_lossy(&head).into_owned()));
        }
    });
    address
}

/// Answers every request with these bytes, and closes.
pub(crate) async fn canned(bytes: &'static [u8]) -> SocketAddr {
    raw(move |mut stream, _| async move {
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
    })
    .await
}

pub(crate) fn get(url: impl Into<String>) -> Request {
    Request {
        method: "GET".to_owned(),
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
        credentials: Vec::new(),
        timeout_millis: Some(10_000),
    }
}

pub(crate) fn post(url: impl Into<String>, body: &[&[u8]]) -> Request {
    Request { method: "POST".to_owned(), body: body.iter().map(|piece| Segment::Bytes(piece.to_vec())).collect(), ..get(url) }
}

pub(crate) fn with_header(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
    request
}

pub(crate) fn naming(mut request: Request, credential: &str) -> Request {
    request.credentials.push(credential.to_owned());
    request
}

/// An authority over origins that the human wrote.
pub(crate) fn own(origins: &[&str]) -> Authority {
    Authority {
        component: "mail".to_owned(),
        origins: origins.iter().map(|origin| origin.parse().expect(origin)).collect(),
        own: origins.iter().map(|origin| origin.parse().expect(origin)).collect(),
        credentials: Vec::new(),
    }
}

/// An authority over one server of this machine.
pub(crate) fn at(address: SocketAddr) -> Authority {
    own(&[&format!("http://{address}")])
}

/// The same with a credential that manifest and record bind to it.
pub(crate) fn bound(mut authority: Authority, name: &str, place: &str, secret: &str) -> Authority {
    let place: wirken_types::credential::Place = place.parse().expect(place);
    let origins = authority.origins.clone();
    let record =
        Some(Held { origins: origins.clone(), places: vec![place.clone()], secret: Arc::new(Secret::from_string(secret.to_owned())) });
    authority.credentials.push(Binding {
        name: name.to_owned(),
        stored_as: name.to_owned(),
        manifest_origins: origins,
        place,
        optional: false,
        record,
    });
    authority
}

pub(crate) fn egress() -> Egress {
    Egress::new(Options::default())
}

pub(crate) fn limited(change: impl FnOnce(&mut Limits)) -> Egress {
    let mut options = Options::default();
    change(&mut options.limits);
    Egress::new(options)
}

/// Sends, and collects what comes back as text.
pub(crate) async fn text(egress: &Egress, request: Request, authority: Authority) -> (u16, String) {
    let response = egress.send(request, authority).await.expect("a response");
    let status = response.status;
    let body = response.collect(u64::MAX).await.expect("a whole body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

/// Sends, and gives the kind of failure and whether anything had left.
pub(crate) async fn refusal(egress: &Egress, request: Request, authority: Authority) -> (&'static str, bool, String) {
    let error = match egress.send(request, authority).await {
        Err(error) => error,
        Ok(response) => response.collect(u64::MAX).await.expect_err("a failure"),
    };
    (error.kind(), error.sent(), error.to_string())
}

/// A scanner that knows [`SECRET`].
pub(crate) fn scanner() -> Arc<wirken_secret::Scanner> {
    let secret = Arc::new(Secret::from_string(SECRET.to_owned()));
    Arc::new(wirken_secret::Scanner::new([("mail/key".to_owned(), secret)]).expect("long enough"))
}
