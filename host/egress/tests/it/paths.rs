//! A secret in a URL's path: where it arrives, and where it is never seen.

use std::error::Error as _;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::any;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata};
use wirken_egress::{Authority, Egress, Error, Limits, Options};
use wirken_types::http::{Failure, Request};

use crate::support::*;
use crate::tls::{accept, identity, trusting};

const PLACE: &str = "path-prefix:bot";

/// Says whether the credential came, and the rest of the path and query.
fn seen(uri: &str) -> String {
    match uri.strip_prefix(&format!("/bot{SECRET}")) {
        Some(rest) => format!("placed {rest}"),
        None => "nothing".to_owned(),
    }
}

async fn check(uri: Uri, headers: HeaderMap) -> String {
    let elsewhere = headers.values().any(|value| String::from_utf8_lossy(value.as_bytes()).contains(SECRET));
    if elsewhere { "in a header".to_owned() } else { seen(&uri.to_string()) }
}

async fn server() -> SocketAddr {
    serve(Router::new().fallback(any(check))).await
}

fn with_path(authority: Authority) -> Authority {
    bound(authority, "token", PLACE, SECRET)
}

#[tokio::test]
async fn arrives_before_the_path_that_the_component_wrote() {
    let server = server().await;
    for (path, expected) in
        [("/getMe", "placed /getMe"), ("", "placed /"), ("/a/../b?q=1&r=%2F#f", "placed /b?q=1&r=%2F"), ("/bot/x", "placed /bot/x")]
    {
        let request = naming(get(format!("http://{server}{path}")), "token");
        assert_eq!(text(&egress(), request, with_path(at(server))).await, (200, expected.to_owned()), "{path}");
    }
    assert_eq!(text(&egress(), get(format!("http://{server}/x")), with_path(at(server))).await.1, "nothing", "not named, not placed");
}

#[tokio::test]
async fn stands_beside_a_credential_in_a_header() {
    let server = serve(Router::new().fallback(any(|uri: Uri, headers: HeaderMap| async move {
        format!("{} {:?}", seen(&uri.to_string()), headers.get("x-api-key").is_some_and(|value| value == "another-secret"))
    })))
    .await;
    let authority = bound(with_path(at(server)), "key", "header:x-api-key", "another-secret");
    let request = naming(naming(get(format!("http://{server}/x")), "key"), "token");
    assert_eq!(text(&egress(), request, authority).await.1, "placed /x true");
}

async fn http1(mut stream: TlsStream<TcpStream>) {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&buffer[..read]).into_owned();
    let body = seen(head.split(' ').nth(1).unwrap_or_default());
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A path that ends in `/reset` is broken off in its body, and one in `/refused` before its head.
async fn http2(stream: TlsStream<TcpStream>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let uri = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        if uri.ends_with("/refused") {
            respond.send_reset(h2::Reason::INTERNAL_ERROR);
            continue;
        }
        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
        body.send_data(seen(&uri).into(), !uri.ends_with("/reset")).unwrap();
        if uri.ends_with("/reset") {
            body.send_reset(h2::Reason::INTERNAL_ERROR);
        }
    }
}

#[tokio::test]
async fn arrives_over_tls_in_either_version_of_http() {
    let (root, acceptor) = identity(&["127.0.0.1"], &[b"http/1.1"]);
    let origin = format!("https://{}", accept(acceptor, http1).await);
    let request = || naming(post(format!("{origin}/send?x=1"), &[b"body"]), "token");
    assert_eq!(text(&trusting(vec![root]), request(), with_path(own(&[&origin]))).await, (200, "placed /send?x=1".to_owned()));

    let (root, acceptor) = identity(&["127.0.0.1"], &[b"h2", b"http/1.1"]);
    let origin = format!("https://{}", accept(acceptor, http2).await);
    let egress = trusting(vec![root]);
    for _ in 0..2 {
        let request = naming(post(format!("{origin}/send?x=1"), &[b"body"]), "token");
        assert_eq!(text(&egress, request, with_path(own(&[&origin]))).await, (200, "placed /send?x=1".to_owned()));
    }
}

#[tokio::test]
async fn disagreement_of_any_two_sends_nothing() {
    let server = server().await;
    let other: wirken_types::credential::OriginPattern = "https://api.example.com".parse().unwrap();
    let changed = |change: &dyn Fn(&mut wirken_egress::Binding)| {
        let mut authority = with_path(at(server));
        change(&mut authority.credentials[0]);
        authority
    };
    let cases = [
        ("another origin in the manifest", changed(&|binding| binding.manifest_origins = vec![other.clone()])),
        ("another origin in the record", changed(&|binding| binding.record.as_mut().unwrap().origins = vec![other.clone()])),
        ("no record", changed(&|binding| binding.record = None)),
        ("another place in the record", changed(&|binding| binding.record.as_mut().unwrap().places = vec!["bearer".parse().unwrap()])),
        (
            "another prefix in the record",
            changed(&|binding| binding.record.as_mut().unwrap().places = vec!["path-prefix:file/bot".parse().unwrap()]),
        ),
        ("another prefix in the manifest", changed(&|binding| binding.place = "path-prefix:file/bot".parse().unwrap())),
        ("no place", changed(&|binding| binding.record.as_mut().unwrap().places.clear())),
        ("nothing declared", at(server)),
    ];
    for (case, authority) in cases {
        let (kind, sent, message) = refusal(&egress(), naming(get(format!("http://{server}/x")), "token"), authority).await;
        assert_eq!((kind, sent), ("denied", false), "{case}: {message}");
        assert!(!message.contains(SECRET), "{case}: {message}");
    }
}

#[tokio::test]
async fn two_in_one_path_are_refused_stored_or_not() {
    let server = server().await;
    let request = || naming(naming(get(format!("http://{server}/x")), "token"), "file");
    let two = || bound(with_path(at(server)), "file", "path-prefix:file/bot", "another secret");
    let mut absent = two();
    absent.credentials[1].record = None;
    absent.credentials[1].optional = true;
    for authority in [two(), absent] {
        let (kind, sent, message) = refusal(&egress(), request(), authority).await;
        assert_eq!((kind, sent), ("denied", false), "{message}");
        assert!(message.contains("\"token\" and \"file\""), "{message}");
    }
    let twice = naming(naming(get(format!("http://{server}/x")), "token"), "token");
    assert_eq!(refusal(&egress(), twice, two()).await.0, "denied");
}

#[tokio::test]
async fn an_optional_one_that_nobody_stored_leaves_the_path_as_it_is() {
    let server = server().await;
    let mut authority = with_path(at(server));
    authority.credentials[0].record = None;
    authority.credentials[0].optional = true;
    assert_eq!(text(&egress(), naming(get(format!("http://{server}/x")), "token"), authority).await.1, "nothing");
}

#[tokio::test]
async fn a_secret_that_cannot_stand_in_a_path_is_refused_without_repeating_it() {
    let server = server().await;
    for secret in
        ["with/slash", "with?query", "with#hash", "with space", "with%2fpercent", "with\\back", "with\nline", "withé", "with\0nul"]
    {
        let authority = bound(at(server), "token", PLACE, secret);
        let (kind, sent, message) = refusal(&egress(), naming(get(format!("http://{server}/x")), "token"), authority).await;
        assert_eq!((kind, sent), ("denied", false), "{secret:?}");
        assert!(message.contains("store it again") && !message.contains("with/") && !message.contains(secret), "{message}");
    }
}

#[tokio::test]
async fn a_data_url_has_no_path_to_put_it_in() {
    let authority = || with_path(own(&["https://api.example.com"]));
    assert_eq!(text(&egress(), naming(get("data:,x"), "token"), authority()).await, (200, "x".to_owned()));
}

#[tokio::test]
async fn the_length_of_the_url_counts_the_secret() {
    let server = server().await;
    let base = format!("http://{server}/");
    let long = |length: usize| naming(get(format!("{base}{}", "a".repeat(length - base.len()))), "token");
    let most = wirken_egress::URL_MAX_BYTES - format!("/bot{SECRET}").len();
    assert!(text(&egress(), long(most), with_path(at(server))).await.1.starts_with("placed /aaa"));
    let (kind, sent, _) = refusal(&egress(), long(most + 1), with_path(at(server))).await;
    assert_eq!((kind, sent), ("limit", false));
}

#[tokio::test]
async fn a_far_end_that_repeats_the_path_is_stopped() {
    let router = Router::new().fallback(any(|uri: Uri| async move {
        let path = uri.path().to_owned();
        match path.rsplit('/').next().unwrap_or_default() {
            "body" => (StatusCode::NOT_FOUND, HeaderMap::new(), format!("<h1>404</h1> The path {path} was not found.")),
            _ => (StatusCode::FOUND, HeaderMap::from_iter([("location".parse().unwrap(), path.parse().unwrap())]), String::new()),
        }
    }));
    let server = serve(router).await;
    let egress = Egress::new(Options { scanner: scanner(), ..Options::default() });
    for case in ["body", "location"] {
        let (kind, sent, message) = refusal(&egress, naming(get(format!("http://{server}/{case}")), "token"), with_path(at(server))).await;
        assert_eq!((kind, sent), ("leak", true), "{case}: {message}");
        assert!(!message.contains(SECRET), "{case}: {message}");
    }
}

/// Everything that can be shown of an error.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, " {cause} {cause:?}");
        source = cause.source();
    }
    let failure = Failure::from(error.clone());
    let _ = write!(text, " {failure:?}");
    text
}

/// The error that a request ends with, its response read to the end. What is shown of the response itself is looked at too.
async fn fault(egress: &Egress, request: Request, authority: Authority) -> Error {
    assert!(!format!("{authority:?} {request:?}").contains(SECRET));
    match egress.send(request, authority).await {
        Err(error) => error,
        Ok(response) => {
            assert!(!format!("{response:?} {response:#?}").contains(SECRET));
            response.collect(u64::MAX).await.expect_err("a fault")
        }
    }
}

/// A listener that takes connections and says nothing.
async fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn no_fault_shows_the_secret_or_the_url_that_holds_it() {
    let short = || limited(|limits| (limits.connect, limits.head, limits.idle) = (ms(100), ms(100), ms(100)));
    let small = || limited(|limits| (limits.response_head, limits.response_body) = (60, 10));
    let brief = |request: Request| Request { timeout_millis: Some(100), ..request };
    let marked = |url: String| naming(get(format!("{url}/marked-path?marked=query")), "token");
    let http = |address: SocketAddr| (marked(format!("http://{address}")), with_path(at(address)));

    let (listener, closed) = silent().await;
    drop(listener);
    let (_silent, mute) = silent().await;
    let cut = canned(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").await;
    let paused = raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").await;
        tokio::time::sleep(ms(2_000)).await;
    })
    .await;
    let mut cases: Vec<(&str, &str, Egress, (Request, Authority))> = vec![
        ("nobody listens", "connect", egress(), http(closed)),
        ("no head", "timeout", short(), http(mute)),
        ("no time left", "timeout", egress(), (brief(http(mute).0), http(mute).1)),
        ("closed before the head", "interrupted", egress(), http(canned(b"").await)),
        ("closed within the head", "interrupted", egress(), http(canned(b"HTTP/1.1 200 OK\r\nx: ").await)),
        ("no HTTP", "interrupted", egress(), http(canned(b"SSH-2.0-OpenSSH\r\n\r\n").await)),
        ("a bad length", "interrupted", egress(), http(canned(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n").await)),
        ("a bad chunk", "interrupted", egress(), http(canned(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").await)),
        ("closed within the body", "interrupted", egress(), http(cut)),
        ("a pause within the body", "timeout", short(), http(paused)),
        ("compressed", "protocol", egress(), http(canned(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nx").await)),
        (
            "a long head",
            "limit",
            small(),
            http(canned(b"HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n").await),
        ),
        ("a long body", "limit", small(), http(canned(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n01234567890").await)),
        ("a long body unannounced", "limit", small(), http(canned(b"HTTP/1.1 200 OK\r\n\r\n01234567890").await)),
    ];

    let (root, acceptor) = identity(&["127.0.0.1"], &[b"h2", b"http/1.1"]);
    let two = format!("https://{}", accept(acceptor, http2).await);
    let https = |origin: &str, path: &str| (naming(get(format!("{origin}{path}")), "token"), with_path(own(&[origin])));
    cases.extend([
        ("a stranger's certificate", "tls", egress(), https(&two, "/marked-path")),
        ("a stream that is refused", "interrupted", trusting(vec![root.clone()]), https(&two, "/marked-path/refused")),
        ("a stream that is reset", "interrupted", trusting(vec![root]), https(&two, "/marked-path/reset")),
        ("no handshake", "connect", short(), https(&format!("https://{mute}"), "/marked-path")),
        ("a long URL", "limit", egress(), https("https://8.8.8.8", &format!("/{}", "a".repeat(wirken_egress::URL_MAX_BYTES - 20)))),
    ]);
    for (case, kind, egress, (request, authority)) in cases {
        let error = fault(&egress, request, authority).await;
        assert_eq!(error.kind(), kind, "{case}: {error}");
        let shown = shown(&error);
        for hidden in [SECRET, "/bot", "marked"] {
            assert!(!shown.contains(hidden), "{case}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_name_that_leads_nowhere_shows_nothing_either() {
    let egress = Egress::new(Options { resolver: std::sync::Arc::new(wirken_egress::DenyResolve), ..Options::default() });
    let authority = with_path(own(&["https://api.example.com"]));
    let error = fault(&egress, naming(get("https://api.example.com/marked-path"), "token"), authority).await;
    assert_eq!(error.kind(), "connect");
    let shown = shown(&error);
    assert!(!shown.contains(SECRET) && !shown.contains("marked") && !shown.contains("/bot"), "{shown}");
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A secret of the test that follows alone: what is logged, all tests of this process log.
const LOGGED: &str = "770011:a-secret-that-might-be-logged";

/// What the binary lets into its log: of our own crates everything, of others warnings at the most.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("wirken") || *metadata.level() <= Level::WARN
}

/// Keeps what was said that holds [`LOGGED`], and counts what others say at all.
#[derive(Default)]
struct Heard {
    found: Vec<String>,
    own: usize,
    others: usize,
}

static HEARD: OnceLock<Mutex<Heard>> = OnceLock::new();

struct Everything;

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

fn hear(metadata: &Metadata<'_>, text: Text) {
    let mut heard = HEARD.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if metadata.target().starts_with("wirken") {
        heard.own += 1
    } else {
        heard.others += 1
    }
    if may_be_logged(metadata) && text.0.contains(LOGGED) {
        heard.found.push(format!("{} {}{}", metadata.level(), metadata.target(), text.0));
    }
}

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(span.metadata().name().to_owned());
        span.record(&mut text);
        hear(span.metadata(), text);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = Text(String::new());
        values.record(&mut text);
        let mut heard = HEARD.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if text.0.contains(LOGGED) {
            heard.found.push(text.0);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        hear(event.metadata(), text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_log_line_and_no_span_holds_it() {
    tracing::subscriber::set_global_default(Everything).expect("the only subscriber of these tests");
    let limits = Limits { head: ms(200), ..Limits::default() };
    let (root, acceptor) = identity(&["127.0.0.1"], &[b"h2", b"http/1.1"]);
    let two = format!("https://{}", accept(acceptor, http2).await);
    let one = server().await;
    let cut = canned(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").await;
    let (_silent, mute) = silent().await;
    let egress = Egress::new(Options { limits, extra_roots: vec![root], ..Options::default() });
    for origin in [two.clone(), format!("{two}/reset"), format!("http://{one}"), format!("http://{cut}"), format!("http://{mute}")] {
        let authority = bound(own(&[origin.trim_end_matches("/reset")]), "token", PLACE, LOGGED);
        if let Ok(response) = egress.send(naming(get(&origin), "token"), authority).await {
            let _ = response.collect(u64::MAX).await;
        }
    }
    let heard = HEARD.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    assert!(heard.own > 0 && heard.others > 0, "{} of our own, {} of others", heard.own, heard.others);
    assert!(heard.found.is_empty(), "{:#?}", heard.found);
}
