//! Through a proxy that others wrote: tinyproxy, as Debian ships it. It has no names but those that its next proxy knows.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wirken_egress::Egress;
use wirken_testkit::proxy::{FakeProxy, Route, Rules};

use crate::proxied::{ORIGIN, behind};
use crate::support::*;
use crate::tls::{accept, http1, identity};

/// The program while it runs.
struct Tinyproxy {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Tinyproxy {
    /// Starts it on a free port, with these lines more in its configuration.
    #[expect(clippy::disallowed_methods, reason = "a proxy to test against, which nobody ships")]
    async fn start(lines: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("tinyproxy.conf");
        std::fs::write(
            &file,
            format!("Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 20\nConnectPort 443\n{lines}\n"),
        )
        .unwrap();
        let child = Command::new("tinyproxy").arg("-d").arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("tinyproxy is missing: run ./bootstrap test, or install Debian's tinyproxy-bin");
        let this = Self { child, address: format!("http://127.0.0.1:{port}"), _folder: folder };
        let began = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "tinyproxy does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        this
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn tinyproxy_lets_through_whom_it_knows_and_says_no_to_others() {
    let (root, acceptor) = identity(&["api.example.com"], &[b"http/1.1"]);
    let server = accept(acceptor, http1).await;
    let to = |target: &str| (target.to_owned(), Route::To(server));
    let next = FakeProxy::start(Rules { login: None, routes: [to("api.example.com:443")].into() }, None).await.unwrap();
    let proxy = Tinyproxy::start(&format!("BasicAuth me correct-horse\nUpstream http {}", next.address())).await;
    let known = Egress::new(behind(&proxy.address, Some(("me", "correct-horse")), &[&root]));
    let authority = bound(own(&[ORIGIN]), "key", "bearer", SECRET);
    assert_eq!(text(&known, naming(get(ORIGIN), "key"), authority).await, (200, "placed".to_owned()));
    assert_eq!(next.seen()[0].target, "api.example.com:443");
    assert_eq!(next.seen()[0].login, None, "the next one is told another's password");

    let stranger = Egress::new(behind(&proxy.address, None, &[&root]));
    let (kind, sent, message) = refusal(&stranger, get(ORIGIN), own(&[ORIGIN])).await;
    assert_eq!((kind, sent), ("denied", false), "{message}");
    assert!(message.contains("`wirken credentials add network proxy`"), "{message}");
    let wrong = Egress::new(behind(&proxy.address, Some(("me", "wrong-horse")), &[&root]));
    let (kind, sent, message) = refusal(&wrong, get(ORIGIN), own(&[ORIGIN])).await;
    assert_eq!((kind, sent), ("denied", false), "{message}");

    // A port that it is not to connect to.
    let elsewhere = "https://api.example.com:8443";
    let (kind, sent, message) = refusal(&known, get(elsewhere), own(&[elsewhere])).await;
    assert_eq!((kind, sent), ("denied", false), "{message}");
    assert!(message.contains("403 Forbidden") && message.contains("api.example.com"), "{message}");
    assert_eq!(next.seen().len(), 1, "{:?}", next.seen());
}
