//! Who is let in, with what every answer says, and where the bounds are.

use wirken_webchat::bounds::{BODY_BYTES, BROWSERS, CONNECTIONS, REFUSALS_RECORDED, SOCKETS, STRANGER};
use wirken_webchat::{Error, Logins, WebChat};

use crate::Server;
use crate::client::{Browser, Frame, Socket, connect, raw};
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
    assert_eq!(answer.status, 200);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("wirken-{}=", server.address.port())), "{cookie}");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let again = server.login(token.as_str()).await;
    assert_eq!(again.status, 401);
    assert!(again.json()["error"].as_str().unwrap().contains("wirken webchat login"));
    assert!(again.header("set-cookie").is_none());
    let browser = Browser { address: server.address, cookie: answer.cookie(), key: answer.key() };
    assert_eq!(browser.get("/api/status").await.status, 200);
    let status = browser.get("/api/status").await;
    assert_eq!((status.json()["browsers"].as_u64(), status.cookie()), (Some(1), browser.cookie));
}

#[tokio::test]
async fn a_cookie_that_another_port_was_given_admits_nobody() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let origin = format!("http://{}", server.address);
    for key in ["", "x", &browser.cookie, browser.cookie.split_once('=').unwrap().1] {
        let thief = Browser { key: key.into(), ..browser.clone() };
        assert_eq!(thief.get("/api/status").await.status, 401, "{key}");
        let headers = [("origin", origin.as_str()), ("cookie", &browser.cookie), ("sec-websocket-protocol", &thief.protocols())];
        assert_eq!(Socket::open(server.address, &headers).await.err(), Some(401), "{key}");
    }
    assert_eq!(browser.get("/api/status").await.status, 200);
}

#[tokio::test]
async fn a_browser_that_is_logged_out_hears_no_more() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let mut socket = browser.socket().await;
    socket.say(serde_json::Value::Null, &crate::key(1), "hello").await;
    let session = socket.until_type("accepted").await["session"].clone();
    socket.until_recorded("turn-finished").await;
    // One more browser than there may be logs the first one out.
    for _ in 0..BROWSERS {
        server.browser().await;
    }
    let mut other = server.browser().await.socket().await;
    other.say(session, &crate::key(2), "for others").await;
    assert_eq!(socket.frame().await, Some(Frame::Close(4401)));
}

#[tokio::test]
async fn log_ins_and_refusals_are_recorded_and_no_stranger_fills_the_record() {
    let server = Server::start().await;
    server.browser().await;
    let count = |action: &str| server.fake.recorded().iter().filter(|recorded| **recorded == action).count();
    assert_eq!(count("webchat-login-used"), 1);
    let own = server.address.to_string();
    for _ in 0..=REFUSALS_RECORDED {
        server.login("wrong").await;
        raw(server.address, "GET", "/", &[("host", &own), ("origin", "http://evil.example")], "").await;
    }
    let refused = || count("webchat-login-refused") + count("webchat-request-refused");
    for _ in 0..100 {
        if refused() == 2 * REFUSALS_RECORDED {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!((refused(), count("webchat-login-refused")), (2 * REFUSALS_RECORDED, REFUSALS_RECORDED));
}

#[tokio::test]
async fn every_address_but_the_page_needs_the_log_in() {
    let server = Server::start().await;
    let browser = server.browser().await;
    let stranger = Browser { address: server.address, cookie: "wirken=x; wirken-1=y".into(), key: "z".into() };
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
    let protocols = browser.protocols();
    let (cookie, protocols) = (("cookie", browser.cookie.as_str()), ("sec-websocket-protocol", protocols.as_str()));
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
        (vec![cookie, protocols], 403),
        (vec![cookie, protocols, ("origin", "http://evil.example")], 403),
        (vec![cookie, protocols, ("origin", "http://localhost:1")], 403),
        (vec![("origin", &origin), protocols], 401),
        (vec![("origin", &origin), protocols, ("cookie", "wirken-0=x")], 401),
    ] {
        assert_eq!(Socket::open(server.address, &headers).await.err(), Some(status), "{headers:?}");
    }
    assert!(Socket::open(server.address, &[("origin", &origin), cookie, protocols]).await.is_ok());
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
    let protocols = browser.protocols();
    let headers = [("origin", origin.as_str()), ("cookie", browser.cookie.as_str()), ("sec-websocket-protocol", &protocols)];
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

#[tokio::test]
async fn a_stranger_who_reads_no_answers_is_cut_off_too() {
    let server = Server::start().await;
    let mut stranger = connect(server.address).await;
    let request = format!("GET /style.css HTTP/1.1\r\nhost: {}\r\n\r\n", server.address).repeat(50);
    let began = std::time::Instant::now();
    // Until its answers fill every buffer on the way, and then until it ends.
    let asking = async { while tokio::io::AsyncWriteExt::write_all(&mut stranger, request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(STRANGER * 2, asking).await.expect("it ends");
    assert!(began.elapsed() >= STRANGER);
}

#[tokio::test]
async fn a_connection_of_a_stranger_ends_by_itself_and_a_browsers_stays() {
    let server = Server::start().await;
    let mut socket = server.browser().await.socket().await;
    let mut stranger = connect(server.address).await;
    let began = std::time::Instant::now();
    // What comes on it changes nothing.
    let drip = async {
        loop {
            tokio::time::sleep(STRANGER / 5).await;
            if tokio::io::AsyncWriteExt::write_all(&mut stranger, b"G").await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(STRANGER * 2, drip).await.expect("it ends");
    assert!(began.elapsed() >= STRANGER);
    socket.say(serde_json::Value::Null, &crate::key(1), "hello").await;
    socket.until_recorded("turn-finished").await;
}
