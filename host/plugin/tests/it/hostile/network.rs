//! Ways to a server that was not granted. Its listener hears nothing of them, not even a connection.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wirken_egress::{Options, Resolve};

use super::server::{Outside, Server};

async fn worldly(base: &str, other: &str, options: Options) -> Outside {
    Outside::of(crate::package("fixtures/worldly"), json!({ "base-url": base, "other-url": other }), None, options).await
}

fn is_denied(told: &Value) -> bool {
    told["error"].as_str().is_some_and(|error| error.starts_with("denied"))
}

pub(super) async fn forbidden_host() {
    let (mine, other, forbidden) = (Server::start().await, Server::start().await, Server::start().await);
    let outside = worldly(&mine.url(), &other.url(), Options::default()).await;
    let port = forbidden.address.port();
    for url in [
        forbidden.url(),
        format!("http://localhost:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://0x7f.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("{}/closed/", other.url()),
        format!("{}/open/../closed/", other.url()),
        format!("{}/open/%2E%2E/closed/", other.url()),
        "http://169.254.169.254/latest/meta-data".into(),
        "https://elsewhere.example/".into(),
    ] {
        let told = outside.get(&url).await;
        assert!(is_denied(&told), "{url}: {told}");
    }
    // One method is granted there, and one scheme; without a library a request may have anything in its parts.
    let told = outside.act(json!({ "act": "request", "method": "POST", "url": format!("{}/open/", other.url()) })).await;
    assert!(is_denied(&told), "{told}");
    let prying = Outside::of(crate::package("fixtures/prying"), json!({ "base-url": mine.url() }), None, Options::default()).await;
    for authority in [
        format!("127.0.0.1:{port}"),
        format!("{}@127.0.0.1:{port}", mine.address),
        format!("{}\\@127.0.0.1:{port}", mine.address),
        format!("{}#@127.0.0.1:{port}", mine.address),
        format!("127.0.0.1:{port}#{}", mine.address),
    ] {
        let told = prying.answer("smuggle", json!({ "authority": authority })).await;
        assert!(told["refused"].is_string(), "{authority}: {told}");
    }
    for scheme in ["https", "ftp", "file", "unix", "ws"] {
        let told = prying.answer("smuggle", json!({ "scheme": scheme, "authority": mine.address.to_string() })).await;
        assert!(told["refused"].is_string(), "{scheme}: {told}");
    }
    let nothing = Vec::<String>::new();
    assert_eq!((mine.heard(), other.heard(), forbidden.heard()), (nothing.clone(), nothing.clone(), nothing));
    assert_eq!(outside.get(&mine.url()).await["body"], "hello");
    assert_eq!(outside.get(&format!("{}/open/", other.url())).await["body"], "hello");
    assert_eq!(prying.answer("smuggle", json!({ "authority": mine.address.to_string() })).await, json!({ "status": 200 }));
    assert_eq!((mine.heard().len(), other.heard().len(), forbidden.heard().len()), (2, 1, 0));
}

pub(super) async fn redirect_to_loopback() {
    let forbidden = Server::start().await;
    let mine = Server::leading_to(&format!("{}/stolen", forbidden.url())).await;
    let outside = worldly(&mine.url(), "http://localhost:9", Options::default()).await;
    let told = outside.get(&format!("{}/redirect", mine.url())).await;
    assert_eq!(
        (&told["status"], &told["location"]),
        (&json!(302), &json!(format!("{}/stolen", forbidden.url()))),
        "it is told, and not followed"
    );
    // The guest may follow it by itself, and comes no further.
    let told = outside.get(&format!("{}/stolen", forbidden.url())).await;
    assert!(is_denied(&told), "{told}");
    assert_eq!((mine.heard().len(), forbidden.heard().len()), (1, 0));
}

/// Answers for a name with something else each time.
struct Rebinding {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Resolve for Rebinding {
    fn resolve(&self, name: String) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, String>> + Send>> {
        self.asked.lock().unwrap().push(name);
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or_default();
        Box::pin(std::future::ready(Ok(answer)))
    }
}

pub(super) async fn rebinding() {
    let (loopback, server) = (Server::start().await, Server::start().await);
    // The human wrote a name that everybody can reach, and its owner's name server leads it here.
    let url = format!("https://rebound.example.com:{}", loopback.address.port());
    let inward = ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0"];
    let answers = inward.map(|address| vec![address.parse().unwrap()]);
    let resolver = Arc::new(Rebinding { answers: Mutex::new(answers.into()), asked: Mutex::default() });
    let mut options = Options { resolver: Arc::clone(&resolver) as _, ..Options::default() };
    options.limits.connect = Duration::from_millis(100);
    let outside = worldly(&url, &server.url(), options).await;
    for address in inward {
        let told = outside.get(&url).await;
        assert!(is_denied(&told), "{address}: {told}");
    }
    // Where the name leads nowhere it is not denied: it was asked for each time, and the address is what was refused.
    let told = outside.get(&url).await;
    assert!(told["error"] == "the server cannot be reached", "{told}");
    assert_eq!(*resolver.asked.lock().unwrap(), vec!["rebound.example.com"; inward.len() + 1]);
    assert_eq!(loopback.heard(), Vec::<String>::new());
    assert_eq!(outside.get(&format!("{}/open/", server.url())).await["body"], "hello");
}

pub(super) async fn header_smuggling() {
    let mine = Server::start().await;
    let prying = Outside::of(crate::package("fixtures/prying"), json!({ "base-url": mine.url() }), None, Options::default()).await;
    let authority = mine.address.to_string();
    let send = async |change: Value| {
        let mut request = json!({ "authority": authority });
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        prying.answer("smuggle", request).await
    };
    let header = |name: &str, value: &str| json!({ "headers": [[name, value]] });
    for (change, refused) in [
        // What frames a message or addresses it.
        (header("transfer-encoding", "chunked"), "headers"),
        (header("Transfer-Encoding", "chunked"), "headers"),
        (header("host", "elsewhere.example"), "headers"),
        (header("connection", "upgrade"), "headers"),
        (header("upgrade", "h2c"), "headers"),
        (header("te", "trailers"), "HttpRequestDenied"),
        (header("trailer", "x"), "HttpRequestDenied"),
        (header("expect", "100-continue"), "HttpRequestDenied"),
        (header("via", "1.1 x"), "HttpRequestDenied"),
        (header("x-forwarded-for", "127.0.0.1"), "HttpRequestDenied"),
        // What proves who sends it.
        (header("authorization", "Bearer mine"), "HttpRequestDenied"),
        (header("proxy-authorization", "Basic eDp5"), "headers"),
        (header("cookie", "session=1"), "HttpRequestDenied"),
        // Credentials of nobody's.
        (header("wirken-credentials", "somebody-elses"), "HttpRequestDenied"),
        (header("wirken-credentials", "key, somebody-elses"), "HttpRequestDenied"),
        // A second header, or request, in the value, the name, the method, the path or the authority of the first.
        (header("x", "1\r\nhost: elsewhere.example"), "headers"),
        (header("x", "1\nhost: elsewhere.example"), "headers"),
        (header("x\r\nhost", "elsewhere.example"), "headers"),
        (header("x: 1\r\ny", "2"), "headers"),
        (header("", "1"), "headers"),
        (json!({ "method": "GET / HTTP/1.1\r\nhost: elsewhere.example\r\n\r\nGET" }), "method"),
        (json!({ "method": "CONNECT" }), "HttpRequestDenied"),
        (json!({ "method": "TRACE" }), "HttpRequestDenied"),
        (json!({ "path": "/ HTTP/1.1\r\nhost: elsewhere.example\r\n\r\n" }), "path"),
        (json!({ "authority": format!("{authority}\r\nhost: elsewhere.example") }), "authority"),
    ] {
        let told = send(change.clone()).await;
        assert!(told["refused"].as_str().is_some_and(|why| why.contains(refused)), "{change}: {told}");
    }
    assert_eq!(mine.heard(), Vec::<String>::new());
    // What libraries set by themselves is the transport's own affair, and what it says there is not the guest's.
    let told = send(json!({ "headers": [["accept-encoding", "gzip"], ["x-mine", "1"]] })).await;
    assert_eq!(told, json!({ "status": 200 }));
    let heard = mine.heard();
    let [head] = heard.as_slice() else { panic!("{heard:?}") };
    let values = |name: &str| head.lines().filter_map(|line| line.strip_prefix(&format!("{name}: "))).collect::<Vec<_>>();
    assert_eq!(
        (values("host"), values("x-mine"), values("accept-encoding")),
        (vec![authority.as_str()], vec!["1"], vec!["identity"]),
        "{head}"
    );
    assert!(values("content-length").is_empty() && values("transfer-encoding").is_empty(), "{head}");
}
