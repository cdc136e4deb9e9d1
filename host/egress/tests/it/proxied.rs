//! Through a proxy: what it is told, what is refused before it is asked, and what its answers mean.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wirken_egress::{DenyResolve, Egress, Held, Options, ProxyOptions, Resolve};
use wirken_secret::Secret;
use wirken_testkit::proxy::{FakeProxy, Route, Rules, Seen};
use wirken_types::credential::Place;

use crate::support::*;
use crate::tls::{accept, http1, http2, identity};

pub(crate) const ORIGIN: &str = "https://api.example.com";
const PASSWORD: &str = "correct-horse";

/// Answers every name with the same addresses.
struct Always(Vec<IpAddr>);

impl Resolve for Always {
    fn resolve(&self, _name: String) -> BoxFuture<'static, Result<Vec<IpAddr>, String>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

fn always(addresses: &[&str]) -> Arc<dyn Resolve> {
    Arc::new(Always(addresses.iter().map(|address| address.parse().expect(address)).collect()))
}

fn held(place: &str, password: &str) -> Held {
    let places = vec![place.parse::<Place>().expect(place)];
    Held { origins: Vec::new(), places, secret: Arc::new(Secret::from_string(password.to_owned())) }
}

/// An egress behind this proxy, that trusts these authorities and resolves no name itself.
pub(crate) fn behind(proxy: &str, login: Option<(&str, &str)>, roots: &[&Vec<u8>]) -> Options {
    let password = login.map(|(_, password)| held(&format!("proxy:{proxy}"), password));
    let proxy = ProxyOptions { proxy: proxy.parse().expect(proxy), user: login.map(|(user, _)| user.to_owned()), password };
    Options {
        proxy: Some(proxy),
        extra_roots: roots.iter().map(|root| (*root).clone()).collect(),
        resolver: Arc::new(DenyResolve),
        ..Options::default()
    }
}

fn at(proxy: &FakeProxy) -> String {
    format!("http://{}", proxy.address())
}

fn routes(routes: &[(&str, Route)]) -> Rules {
    Rules { login: None, routes: routes.iter().map(|(target, route)| ((*target).to_owned(), route.clone())).collect() }
}

async fn started(rules: Rules) -> FakeProxy {
    FakeProxy::start(rules, None).await.unwrap()
}

/// A server that is `api.example.com`, its authority, and a proxy that leads there.
async fn world() -> (FakeProxy, SocketAddr, Vec<u8>) {
    let (root, acceptor) = identity(&["api.example.com"], &[b"http/1.1"]);
    let server = accept(acceptor, http1).await;
    (started(routes(&[("api.example.com:443", Route::To(server))])).await, server, root)
}

async fn refused(options: Options, url: &str) -> (&'static str, bool, String) {
    let origin = url.parse::<url::Url>().unwrap().origin().ascii_serialization();
    refusal(&Egress::new(options), get(url), own(&[&origin])).await
}

#[tokio::test]
async fn a_request_goes_through_the_tunnel_end_to_end() {
    let (proxy, _, root) = world().await;
    let egress = Egress::new(behind(&at(&proxy), None, &[&root]));
    let authority = || bound(own(&[ORIGIN]), "key", "bearer", SECRET);
    for _ in 0..2 {
        assert_eq!(text(&egress, naming(get(ORIGIN), "key"), authority()).await, (200, "placed".to_owned()));
    }
    let asked = Seen { target: "api.example.com:443".into(), login: None };
    assert!(proxy.seen().iter().all(|seen| *seen == asked), "{:?}", proxy.seen());
}

#[tokio::test]
async fn http2_is_spoken_through_one_tunnel() {
    let (root, acceptor) = identity(&["api.example.com"], &[b"h2", b"http/1.1"]);
    let server = accept(acceptor, http2).await;
    let proxy = started(routes(&[("api.example.com:8443", Route::To(server))])).await;
    let egress = Egress::new(behind(&at(&proxy), None, &[&root]));
    let origin = "https://api.example.com:8443";
    for _ in 0..3 {
        let authority = bound(own(&[origin]), "key", "bearer", SECRET);
        assert_eq!(text(&egress, naming(get(origin), "key"), authority).await, (200, "placed over h2".to_owned()));
    }
    assert_eq!(proxy.seen().len(), 1, "one tunnel for all: {:?}", proxy.seen());
}

#[tokio::test]
async fn a_proxy_may_speak_tls_and_is_held_to_its_name() {
    let (root, acceptor) = identity(&["api.example.com"], &[b"http/1.1"]);
    let server = accept(acceptor, http1).await;
    let (own_root, own_acceptor) = identity(&["127.0.0.1"], &[b"h2", b"http/1.1"]);
    let proxy = FakeProxy::start(routes(&[("api.example.com:443", Route::To(server))]), Some(own_acceptor)).await.unwrap();
    let address = format!("https://{}", proxy.address());
    let login = Some(("me", PASSWORD));
    assert_eq!(text(&Egress::new(behind(&address, login, &[&root, &own_root])), get(ORIGIN), own(&[ORIGIN])).await.0, 200);
    assert_eq!(proxy.seen()[0].login.as_deref(), Some("me:correct-horse"));
    let (kind, sent, message) = refused(behind(&address, login, &[&root]), ORIGIN).await;
    assert_eq!((kind, sent), ("tls", false), "{message}");
    assert!(message.contains(&format!("the proxy {address}")) && message.contains("`ca-file`"), "{message}");
    let elsewhere = format!("https://localhost:{}", proxy.address().port());
    let (kind, _, message) = refused(behind(&elsewhere, login, &[&root, &own_root]), ORIGIN).await;
    assert_eq!(kind, "tls", "{message}");
    assert_eq!(proxy.seen().len(), 1, "whoever cannot prove to be the proxy is told nothing");
}

#[tokio::test]
async fn a_proxy_that_looks_into_what_passes_needs_the_owners_word() {
    let server = canned(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nseen").await;
    let (root, acceptor) = identity(&["api.example.com"], &[b"http/1.1"]);
    let proxy = started(routes(&[("api.example.com:443", Route::Intercepted(acceptor, server))])).await;
    let (kind, sent, message) = refused(behind(&at(&proxy), None, &[]), ORIGIN).await;
    assert_eq!((kind, sent), ("tls", false), "{message}");
    assert!(message.contains("UnknownIssuer") && message.contains("`ca-file`") && message.contains("[network]"), "{message}");
    assert_eq!(text(&Egress::new(behind(&at(&proxy), None, &[&root])), get(ORIGIN), own(&[ORIGIN])).await, (200, "seen".to_owned()));
}

#[tokio::test]
async fn the_password_is_for_this_proxy_and_can_change_under_way() {
    let (proxy, server, root) = world().await;
    proxy.set(|rules| rules.login = Some(format!("me:{PASSWORD}")));
    let address = at(&proxy);
    let (kind, sent, message) = refused(behind(&address, None, &[&root]), ORIGIN).await;
    assert_eq!((kind, sent), ("denied", false), "{message}");
    assert!(message.contains("`wirken credentials add network proxy`"), "{message}");
    let (kind, _, message) = refused(behind(&address, Some(("me", "wrong-horse")), &[&root]), ORIGIN).await;
    assert_eq!(kind, "denied", "{message}");
    assert!(message.contains("`wirken credentials rotate network proxy`") && !message.contains("wrong-horse"), "{message}");

    // Kept for another proxy: it is not told to this one.
    let mut other = behind(&address, Some(("me", PASSWORD)), &[&root]);
    other.proxy.as_mut().unwrap().password = Some(held("proxy:http://proxy.example.com:3128", PASSWORD));
    let before = proxy.seen().len();
    let (kind, _, message) = refused(other, ORIGIN).await;
    assert_eq!((kind, proxy.seen().len()), ("denied", before), "{message}");

    let egress = Egress::new(behind(&address, Some(("me", PASSWORD)), &[&root]));
    assert_eq!(text(&egress, get(ORIGIN), own(&[ORIGIN])).await.0, 200);
    let second = "https://api.example.com:8443";
    proxy.set(|rules| {
        rules.login = Some("me:battery-staple".into());
        rules.routes.insert("api.example.com:8443".into(), Route::To(server));
    });
    assert_eq!(refusal(&egress, get(second), own(&[second])).await.0, "denied");
    egress.set_proxy_password(Some(held(&format!("proxy:{address}"), "battery-staple")));
    assert_eq!(text(&egress, get(second), own(&[second])).await.0, 200);
    egress.set_proxy_password(None);
    proxy.set(|rules| rules.routes.insert("api.example.com:8444".into(), Route::To(server)).map_or((), drop));
    assert_eq!(refusal(&egress, get("https://api.example.com:8444"), own(&["https://api.example.com:8444"])).await.0, "denied");
}

#[tokio::test]
async fn what_is_known_here_of_a_name_is_judged_before_the_proxy_is_asked() {
    let (proxy, _, root) = world().await;
    for (addresses, passes) in [
        (vec!["93.184.215.14"], true),
        (vec![], true),
        (vec!["127.0.0.1"], false),
        (vec!["10.0.0.1"], false),
        (vec!["169.254.169.254"], false),
        (vec!["93.184.215.14", "192.168.1.1"], false),
        (vec!["64:ff9b::a00:1"], false),
    ] {
        let options = Options { resolver: always(&addresses), ..behind(&at(&proxy), None, &[&root]) };
        let before = proxy.seen().len();
        let sent = Egress::new(options).send(get(ORIGIN), own(&[ORIGIN])).await;
        assert_eq!(sent.as_ref().map_err(|error| error.kind()).is_ok(), passes, "{addresses:?}");
        let Err(error) = sent else { continue };
        assert_eq!((error.kind(), error.sent(), proxy.seen().len()), ("denied", false, before), "{addresses:?}: {error}");
    }
}

#[tokio::test]
async fn closed_addresses_stay_closed_behind_a_proxy() {
    let (proxy, _, root) = world().await;
    for url in ["https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/", "https://[::ffff:127.0.0.1]/", "https://localhost/"]
    {
        let mut authority = own(&[url.trim_end_matches('/')]);
        authority.own.clear();
        let (kind, sent, message) = refusal(&Egress::new(behind(&at(&proxy), None, &[&root])), get(url), authority).await;
        assert_eq!((kind, sent), ("denied", false), "{url}: {message}");
    }
    assert_eq!(proxy.seen(), []);
}

#[tokio::test]
async fn this_machine_is_reached_without_it() {
    let (proxy, _, _) = world().await;
    let server = serve(axum::Router::new().route("/", axum::routing::get(|| async { "here" }))).await;
    let origin = format!("http://{server}");
    assert_eq!(text(&Egress::new(behind(&at(&proxy), None, &[])), get(&origin), own(&[&origin])).await, (200, "here".to_owned()));
    assert_eq!(proxy.seen(), []);
}

#[tokio::test]
async fn addresses_that_everyone_reaches_go_through_it_too() {
    let (root, acceptor) = identity(&["93.184.215.14", "2606:4700::1111"], &[b"http/1.1"]);
    let server = accept(acceptor, http1).await;
    let proxy = started(routes(&[("93.184.215.14:443", Route::To(server)), ("[2606:4700::1111]:443", Route::To(server))])).await;
    let egress = Egress::new(behind(&at(&proxy), None, &[&root]));
    for origin in ["https://93.184.215.14", "https://[2606:4700::1111]"] {
        assert_eq!(text(&egress, get(origin), own(&[origin])).await.0, 200, "{origin}");
    }
}

#[tokio::test]
async fn each_answer_of_the_proxy_says_what_it_means() {
    let answer = |text: &str| Route::Answer(text.as_bytes().to_vec());
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(20 * 1024));
    for (route, kind, said) in [
        (None, "denied", "refuses to let requests through to api.example.com: it answered 403 Forbidden"),
        (Some(answer("HTTP/1.1 502 Bad Gateway\r\n\r\n")), "connect", "answered 502 Bad Gateway"),
        (Some(answer("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n")), "denied", "by Negotiate, and wirken knows Basic alone"),
        (Some(answer("220 mail.example.com ESMTP\r\n\r\n")), "connect", "does not speak HTTP/1"),
        (Some(answer("")), "connect", "closed the connection without an answer"),
        (Some(answer(&long)), "connect", "too long"),
    ] {
        let rules =
            Rules { routes: route.map(|route| ("api.example.com:443".to_owned(), route)).into_iter().collect(), ..Rules::default() };
        let (found, sent, message) = refused(behind(&at(&started(rules).await), None, &[]), ORIGIN).await;
        assert_eq!((found, sent), (kind, false), "{said}: {message}");
        assert!(message.contains(said), "{said}: {message}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_or_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut options = behind(&address, None, &[]);
    options.limits.connect = Duration::from_millis(200);
    let (kind, sent, message) = refused(options, ORIGIN).await;
    assert_eq!((kind, sent), ("connect", false), "{message}");
    assert!(message.contains("within the time"), "{message}");
    drop(listener);
    let (kind, sent, message) = refused(behind(&address, None, &[]), ORIGIN).await;
    assert_eq!((kind, sent), ("connect", false), "{message}");
    assert!(message.contains(&address) && message.contains("`network.proxy`") && message.contains("refused"), "{message}");
}

#[tokio::test]
async fn a_proxys_name_is_resolved_here_and_leads_anywhere_but_where_nobody_goes() {
    let (proxy, _, root) = world().await;
    let address = format!("http://proxy.example.com:{}", proxy.address().port());
    let unresolved = Options { resolver: Arc::new(DenyResolve), ..behind(&address, None, &[&root]) };
    let (kind, _, message) = refused(unresolved, ORIGIN).await;
    assert_eq!(kind, "connect", "{message}");
    assert!(message.contains("cannot be reached"), "{message}");
    // The far end by its address, so that only the proxy has a name.
    let (root, acceptor) = identity(&["93.184.215.14"], &[b"http/1.1"]);
    let server = accept(acceptor, http1).await;
    proxy.set(|rules| rules.routes.insert("93.184.215.14:443".into(), Route::To(server)).map_or((), drop));
    let origin = "https://93.184.215.14";
    for (found, passes) in [("127.0.0.1", true), ("169.254.169.254", false), ("0.0.0.0", false)] {
        let options = Options { resolver: always(&[found]), ..behind(&address, None, &[&root]) };
        let sent = Egress::new(options).send(get(origin), own(&[origin])).await;
        assert_eq!(sent.as_ref().map_err(|error| error.kind()).err(), (!passes).then_some("connect"), "{found}: {:?}", sent.err());
    }
    let literal = behind("http://169.254.169.254:3128", None, &[]);
    let (kind, _, message) = refused(literal, ORIGIN).await;
    assert_eq!(kind, "connect");
    assert!(message.contains("a cloud metadata service"), "{message}");
}

#[tokio::test]
async fn what_passes_a_proxy_is_searched_and_bounded_as_ever() {
    let (root, acceptor) = identity(&["api.example.com"], &[b"http/1.1"]);
    let server = accept(acceptor, |mut stream| async move {
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{SECRET}", SECRET.len());
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    let proxy = started(routes(&[("api.example.com:443", Route::To(server))])).await;
    let options = || Options { scanner: scanner(), ..behind(&at(&proxy), None, &[&root]) };
    assert_eq!(refused(options(), ORIGIN).await.0, "leak");
    let before = proxy.seen().len();
    let (kind, sent, _) = refusal(&Egress::new(options()), post(ORIGIN, &[SECRET.as_bytes()]), own(&[ORIGIN])).await;
    assert_eq!((kind, sent, proxy.seen().len()), ("leak", false, before));
}
