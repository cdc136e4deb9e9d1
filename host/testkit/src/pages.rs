//! A web server with pages of the test's own, that writes down what it is asked for and under which name.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The server, for as long as this value lives.
#[derive(Debug)]
pub struct FakePages {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// By path.
    pages: HashMap<String, String>,
    asked: Mutex<Vec<String>>,
}

impl FakePages {
    /// Serves HTML by its path. Whatever stands behind a `?` leads to the same page.
    pub async fn start<P: Into<String>, H: Into<String>>(pages: impl IntoIterator<Item = (P, H)>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let pages = pages.into_iter().map(|(path, html)| (path.into(), html.into())).collect();
        let (address, shared) = (listener.local_addr()?, Arc::new(Shared { pages, asked: Mutex::default() }));
        let router = Router::new().fallback(page).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { address, shared, server })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked for, in order: `GET name/path?query`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for FakePages {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn page(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let target = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    shared.asked.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {host}{target}"));
    match shared.pages.get(uri.path()) {
        Some(html) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], html.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
