//! The fake of a proxy against curl, which is nobody's relative here.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use tempfile::TempDir;
use tokio::net::TcpListener;
use wirken_testkit::proxy::{FakeProxy, Route, Rules, Seen};
use wirken_testkit::tls::{identity, pem};

async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(|| async { "it is here" }))).await });
    address
}

/// The status of the tunnel, and what came through it.
#[expect(clippy::disallowed_methods, reason = "an independent client, in a process of its own")]
async fn curl(arguments: &[&str]) -> (String, String) {
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let run = move || {
        let mut command = std::process::Command::new("curl");
        command.env_clear().args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_connect}"]).args(arguments);
        command.output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().expect("curl, which `.ci/docker install` installs");
    eprintln!("curl: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

#[tokio::test]
async fn curl_gets_through_where_it_may_and_is_refused_where_it_may_not() {
    let (root, acceptor) = identity(&["api.example.com"], &[b"http/1.1"]).unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem(&root)).unwrap();
    let routes = HashMap::from([("api.example.com:443".to_owned(), Route::Intercepted(acceptor, server().await))]);
    let proxy = FakeProxy::start(Rules { login: Some("me:correct-horse".into()), routes }, None).await.unwrap();
    let (at, ca) = (format!("http://{}", proxy.address()), file.to_str().unwrap());
    let through = async |login, url| curl(&["--cacert", ca, "--proxy", &at, "--proxy-user", login, url]).await;
    assert_eq!(through("me:correct-horse", "https://api.example.com/").await, ("200".into(), "it is here".into()));
    assert_eq!(through("me:wrong", "https://api.example.com/").await.0, "407");
    assert_eq!(through("me:correct-horse", "https://other.example.com/").await.0, "403");
    let seen: Vec<Seen> = proxy.seen();
    assert_eq!(seen[0], Seen { target: "api.example.com:443".into(), login: Some("me:correct-horse".into()) });
}

#[tokio::test]
async fn curl_reaches_it_over_tls_and_what_it_leads_to_is_left_alone() {
    let (root, acceptor) = identity(&["127.0.0.1"], &[b"http/1.1"]).unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem(&root)).unwrap();
    let routes = HashMap::from([("plain.example.com:80".to_owned(), Route::To(server().await))]);
    let proxy = FakeProxy::start(Rules { login: None, routes }, Some(acceptor)).await.unwrap();
    let at = format!("https://{}", proxy.address());
    let answer = curl(&["--proxytunnel", "--proxy", &at, "--proxy-cacert", file.to_str().unwrap(), "http://plain.example.com/"]).await;
    assert_eq!(answer, ("200".into(), "it is here".into()));
}
