//! The server as a browser meets it: over real connections, with a scripted gateway behind it.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails where it is surprised")]

mod approvals;
mod chat;
mod client;
mod fake;
mod guard;

use std::net::SocketAddr;

use client::{Browser, raw};
use fake::Fake;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wirken_types::Timestamp;
use wirken_webchat::{Logins, WebChat};

struct Server {
    address: SocketAddr,
    logins: Logins,
    fake: Fake,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    async fn at(address: &str) -> Self {
        let (logins, fake) = (Logins::default(), Fake::default());
        let webchat = WebChat::bind(address.parse().unwrap(), fake.clone(), logins.clone()).unwrap();
        let (stop, stopped) = oneshot::channel();
        let address = webchat.local_addr();
        let serving = tokio::spawn(webchat.serve(async move { drop(stopped.await) }));
        Self { address, logins, fake, stop: Some(stop), serving }
    }

    /// Logs in as the page does.
    async fn browser(&self) -> Browser {
        let token = self.logins.issue(Timestamp::now()).unwrap();
        let answer = self.login(token.as_str()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Browser { address: self.address, cookie: answer.cookie(), key: answer.key() }
    }

    async fn login(&self, token: &str) -> client::Answer {
        let (host, origin) = (self.address.to_string(), format!("http://{}", self.address));
        let headers = [("host", host.as_str()), ("origin", &origin), ("content-type", "application/json")];
        raw(self.address, "POST", "/login", &headers, &serde_json::json!({"token": token}).to_string()).await
    }
}

/// A message's key.
fn key(n: u64) -> String {
    format!("00000000-0000-7000-8000-{n:012}")
}
