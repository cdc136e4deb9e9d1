//! Plain requests to a server of this machine, as the human named it.

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::any;

use crate::support::*;

/// Writes down what arrived.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: String) -> String {
    let mut lines = vec![format!("{method} {uri}")];
    for (name, value) in &headers {
        lines.push(format!("{name}: {}", value.to_str().unwrap()));
    }
    lines.push(body);
    lines.join("\n")
}

#[tokio::test]
async fn carries_method_path_headers_and_body() {
    let server = serve(Router::new().fallback(any(echo))).await;
    let request = with_header(post(format!("http://{server}/v1/things?a=b%20c"), &[b"{\"a\":", b"1}"]), "Content-Type", "application/json");
    let (status, body) = text(&egress(), request, at(server)).await;
    assert_eq!(status, 200);
    let lines: Vec<_> = body.lines().collect();
    assert_eq!(lines[0], "POST /v1/things?a=b%20c");
    assert_eq!(lines.last(), Some(&"{\"a\":1}"));
    for expected in ["content-type: application/json", "content-length: 7", "accept-encoding: identity", &format!("host: {server}")] {
        assert!(lines.contains(&expected), "{expected} in {body}");
    }
    assert!(body.contains("user-agent: wirken/"), "{body}");
}

#[tokio::test]
async fn a_component_may_name_itself() {
    let server = serve(Router::new().fallback(any(echo))).await;
    let (_, body) = text(&egress(), with_header(get(format!("http://{server}/")), "user-agent", "mail/1"), at(server)).await;
    assert!(body.contains("user-agent: mail/1") && !body.contains("wirken/"), "{body}");
}

#[tokio::test]
async fn every_status_is_a_response_and_a_redirect_is_followed_by_nobody() {
    let router = Router::new().route(
        "/{status}",
        any(|axum::extract::Path(status): axum::extract::Path<u16>| async move {
            (StatusCode::from_u16(status).unwrap(), [("location", "/200"), ("x-seen", "yes")], "body")
        }),
    );
    let server = serve(router).await;
    for status in [200, 201, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503] {
        let response = egress().send(get(format!("http://{server}/{status}")), at(server)).await.expect("a response");
        assert_eq!((response.status, response.header("x-seen"), response.header("absent")), (status, Some("yes"), None));
    }
}

#[tokio::test]
async fn localhost_is_this_machine_and_no_name_server_is_asked() {
    let server = serve(Router::new().fallback(any(echo))).await;
    let origin = format!("http://localhost:{}", server.port());
    let egress = wirken_egress::Egress::new(wirken_egress::Options {
        resolver: std::sync::Arc::new(wirken_egress::DenyResolve),
        ..Default::default()
    });
    assert_eq!(text(&egress, get(&origin), own(&[&origin])).await.0, 200);
}

#[tokio::test]
async fn a_component_cannot_set_the_headers_of_the_host() {
    let server = serve(Router::new().fallback(any(echo))).await;
    for name in [
        "Authorization",
        "proxy-authorization",
        "COOKIE",
        "Host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "proxy-connection",
        "expect",
        "accept-encoding",
        "forwarded",
        "x-forwarded-for",
    ] {
        let (kind, sent, message) = refusal(&egress(), with_header(get(format!("http://{server}/")), name, "1"), at(server)).await;
        assert_eq!((kind, sent), ("denied", false), "{name}");
        assert!(message.contains("leave it out"), "{message}");
    }
}

#[tokio::test]
async fn malformed_requests_are_refused_before_anything_is_sent() {
    let server = serve(Router::new().fallback(any(echo))).await;
    let url = format!("http://{server}/");
    let method = |method: &str| wirken_types::http::Request { method: method.to_owned(), ..get(&url) };
    for (request, expected) in [
        (method(""), "invalid"),
        (method("GET /x HTTP/1.1\r\nhost: evil"), "invalid"),
        (method("CONNECT"), "denied"),
        (method("TRACE"), "denied"),
        (with_header(get(&url), "a b", "1"), "invalid"),
        (with_header(get(&url), ":authority", "evil"), "invalid"),
        (with_header(get(&url), "x", "1\r\nhost: evil"), "invalid"),
        (with_header(get(&url), "x", "1\n2"), "invalid"),
        (get("no url"), "invalid"),
        (get(format!("http://user:pass@{server}/")), "denied"),
        (get("ftp://127.0.0.1/"), "denied"),
        (get("file:///etc/passwd"), "denied"),
        (get(format!("http://{server}@example.com/")), "denied"),
    ] {
        let (kind, sent, message) = refusal(&egress(), request.clone(), at(server)).await;
        assert_eq!((kind, sent), (expected, false), "{request:?}: {message}");
    }
}

#[tokio::test]
async fn blobs_are_refused_where_there_is_no_store() {
    let server = serve(Router::new().fallback(any(echo))).await;
    for segment in [wirken_types::http::Segment::Blob("b1".to_owned()), wirken_types::http::Segment::BlobBase64("b1".to_owned())] {
        let request = wirken_types::http::Request { body: vec![segment], ..post(format!("http://{server}/"), &[]) };
        let (kind, sent, _) = refusal(&egress(), request, at(server)).await;
        assert_eq!((kind, sent), ("unavailable", false));
    }
}

#[tokio::test]
async fn this_machine_is_closed_to_origins_that_the_human_did_not_write() {
    let server = serve(Router::new().fallback(any(echo))).await;
    let mut authority = at(server);
    authority.own.clear();
    let (kind, sent, message) = refusal(&egress(), get(format!("http://{server}/")), authority).await;
    assert_eq!((kind, sent), ("denied", false));
    assert!(message.contains("only after you write that address"), "{message}");
}

#[tokio::test]
async fn the_environments_proxy_is_not_asked() {
    let proxy = serve(Router::new().fallback(any(|| async { (StatusCode::IM_A_TEAPOT, "proxy") }))).await;
    let server = serve(Router::new().fallback(any(echo))).await;
    // The environment is the process's: another one, started with it, sends.
    #[expect(clippy::disallowed_methods, reason = "this test's own program, under an environment that the test sets")]
    let mut program = std::process::Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "local::sends_directly", "--nocapture"]).env("WIRKEN_TEST_SERVER", server.to_string());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        program.env(name, format!("http://{proxy}"));
    }
    program.env_remove("no_proxy").env_remove("NO_PROXY");
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Also run by itself, under another environment.
#[tokio::test]
async fn sends_directly() {
    #[expect(clippy::disallowed_methods, reason = "set by the test that starts this one")]
    let server = match std::env::var("WIRKEN_TEST_SERVER") {
        Ok(server) => server.parse().unwrap(),
        Err(_) => serve(Router::new().fallback(any(echo))).await,
    };
    assert_eq!(text(&egress(), get(format!("http://{server}/")), at(server)).await.0, 200);
}
