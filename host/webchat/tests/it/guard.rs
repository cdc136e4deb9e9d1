//! Who is let in, with what every answer says, and where the bounds are.

use wirken_webchat::bounds::{BODY_BYTES, CONNECTIONS, FAILED_LOGINS, SOCKETS};
use wirken_webchat::{Error, Logins, WebChat};

use crate::Server;
use crate::client::{Browser, Socket, connect, raw};
use crate::fake::Fake;

#[tokio::test]
async fn refuses_to_listen_where_others_could_reach_it() {
    for address in ["0.0.0.0:0", "[::]:0", "192.168.1.1:18790", "[::ffff:127.0.0.1]:0"] {
        let error = WebChat::bind(address.parse().unwrap(), Fake::default(), Logins::default()).unwrap_err();
        assert!(matches!(error, Error::NotLoopback { .. }), "{address}");
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
    }
    let first = WebChat::bind("127.0.0.1:0".parse().unwrap(), Fake::default(), Logins::default()).unwrap();
    let error = WebChat::bind(first.local_addr(), Fake::default(), Logins::default()).unwrap_err();
    assert!(matches!(error, Error::Bind { .. }), "{error}");
}

#[tokio::test]
async fn a_token_logs_one_browser_in_once() {
    let server = Server::start().await;
    let token = server.logins.issue(wirken_types::Timestamp::now()).unwrap();
    let answer = server.login(token.as_str()).await;
    assert_eq!(answer.status, 204);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("wirken-{}=", server.address.port())), "{cookie}");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let again = server.login(token.as_str()).await;
    assert_eq!(again.status, 401);
    assert!(again.json()["error"].as_str().unwrap().contains("wirken webchat login"));
    assert!(again.header("set-cookie").is_none());
    let browser = Browser { address: server.address, cookie: answer.cookie() };
    assert_eq!(browser.get("/api/status").await.status, 200);
    let status = browser.get("/api/status").await;
    assert_eq!((status.json()["browsers"].as_u64(), status.cookie()), (Some(1), browser.cookie));
}

#[tokio::test]
async fn failed_log_ins_lock_the_next() {
    let server = Server::start().await;
    let token = server.logins.issue(wirken_types::Timestamp::now()).unwrap();
    for _ in 1..FAILED_LOGINS {
        assert_eq!(server.login("wrong").await.status, 401);
    }
    assert_eq!(server.login("wrong").await.status, 429);
    let locked = server.login(token.as_str()).await;
    assert_eq!(locked.status, 429);
    assert!(locked.header("retry-after").unwrap().parse::<u64>().unwrap() > 500);
}

#[tokio::test]
async fn every_address_but_the_page_needs_the_log_in() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let stranger = Browser { address: server.address, cookie: "wirken=x; wirken-1=y".into() };
    for path in
        ["/api/status", "/api/sessions", "/api/sessions/0", "/socket", "/index.html", "/favicon.ico", "/../Cargo.toml", "//", "/%2e"]
    {
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
    }
    for path in ["/api/sessions/x/stop", "/api/sessions/x/close", "/api/status", "/logout"] {
        assert_eq!(stranger.post(path, "").await.status, 401, "{path}");
    }
    for path in ["/", "/app.js", "/style.css", "/icon.svg", "/thread.js"] {
        assert_eq!(stranger.get(path).await.status, 200, "{path}");
    }
    assert_eq!(browser.get("/nothing").await.status, 404);
    assert_eq!(browser.post("/api/status", "").await.status, 405);
    assert_eq!(stranger.post("/", "").await.status, 405);
}

#[tokio::test]
async fn a_request_from_elsewhere_is_refused_whatever_it_asks_for() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let own = server.address.to_string();
    let origin = format!("http://{own}");
    let cookie = ("cookie", browser.cookie.as_str());
    for path in ["/", "/app.js", "/api/sessions", "/nothing"] {
        for headers in [
            vec![("host", "evil.example"), cookie],
            vec![("host", &own), ("origin", "http://evil.example"), cookie],
            vec![("host", &own), ("origin", "null"), cookie],
            vec![("host", &own), ("sec-fetch-site", "cross-site"), cookie],
            vec![("host", &own), ("sec-fetch-site", "same-site"), cookie],
        ] {
            let answer = raw(server.address, "GET", path, &headers, "").await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert!(answer.header("content-security-policy").is_some());
        }
    }
    let json = ("content-type", "application/json");
    assert_eq!(raw(server.address, "POST", "/login", &[("host", &own), json], "{\"token\":\"x\"}").await.status, 403);
    let simple = [("host", own.as_str()), ("origin", origin.as_str()), ("content-type", "text/plain")];
    assert_eq!(raw(server.address, "POST", "/login", &simple, "{\"token\":\"x\"}").await.status, 415);
    // A socket has to say which page it belongs to.
    for (headers, status) in [
        (vec![cookie], 403),
        (vec![cookie, ("origin", "http://evil.example")], 403),
        (vec![cookie, ("origin", "http://localhost:1")], 403),
        (vec![("origin", &origin)], 401),
        (vec![("origin", &origin), ("cookie", "wirken-0=x")], 401),
    ] {
        assert_eq!(Socket::open(server.address, &headers).await.err(), Some(status), "{headers:?}");
    }
    assert!(Socket::open(server.address, &[("origin", &origin), cookie]).await.is_ok());
}

#[tokio::test]
async fn every_answer_forbids_what_the_page_does_not_need() {
    let server = Server::start().await;
    let browser = server.browser().await;
    for path in ["/", "/api/status", "/nothing", "/app.js"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert!(answer.header("access-control-allow-origin").is_none());
        assert_eq!(answer.header("cache-control"), Some(if path == "/" || path == "/app.js" { "no-cache" } else { "no-store" }));
    }
}

#[tokio::test]
async fn a_body_has_a_bound() {
    let server = Server::start().await;
    let fill = |len: usize| "x".repeat(len - serde_json::json!({"token": ""}).to_string().len());
    assert_eq!(server.login(&fill(BODY_BYTES)).await.status, 401);
    assert_eq!(server.login(&fill(BODY_BYTES + 1)).await.status, 413);
}

#[tokio::test]
async fn so_many_sockets_and_no_more() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let origin = format!("http://{}", server.address);
    let headers = [("origin", origin.as_str()), ("cookie", browser.cookie.as_str())];
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(Socket::open(server.address, &headers).await.unwrap());
    }
    assert_eq!(Socket::open(server.address, &headers).await.err(), Some(503));
    assert_eq!(browser.get("/api/status").await.json()["sockets"], SOCKETS);
    sockets.pop();
    for _ in 0..100 {
        if Socket::open(server.address, &headers).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a closed socket leaves its place to the next");
}

#[tokio::test]
async fn so_many_connections_and_the_next_waits() {
    let server = Server::start().await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(connect(server.address).await);
    }
    let host = server.address.to_string();
    let headers = [("host", host.as_str())];
    let request = raw(server.address, "GET", "/", &headers, "");
    tokio::pin!(request);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(300), &mut request).await.is_err());
    idle.pop();
    assert_eq!(request.await.status, 200);
}
