//! A search service that answers as SearXNG does (docs.searxng.org/dev/search_api): by GET and POST at `/` and `/search`, in
//! JSON where its owner allowed that, with 400 for what its parameters cannot be.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One thing that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub title: String,
    pub url: String,
    pub content: String,
}

impl Found {
    #[must_use]
    pub fn new(title: impl Into<String>, url: impl Into<String>, content: impl Into<String>) -> Self {
        Self { title: title.into(), url: url.into(), content: content.into() }
    }
}

type Index = dyn Fn(&str) -> Vec<Found> + Send + Sync;

/// The service, for as long as this value lives.
#[derive(Debug)]
pub struct FakeSearxng {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    index: Box<Index>,
    /// `search.formats` of its settings, beside `html`.
    formats: Vec<&'static str>,
    queries: Mutex<Vec<String>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("formats", &self.formats).finish_non_exhaustive()
    }
}

impl FakeSearxng {
    /// Finds by a function of the query, and offers JSON.
    pub async fn start(index: impl Fn(&str) -> Vec<Found> + Send + Sync + 'static) -> io::Result<Self> {
        Self::serve(Shared { index: Box::new(index), formats: vec!["json"], queries: Mutex::default() }).await
    }

    /// As it is installed: it answers people alone.
    pub async fn start_without_json() -> io::Result<Self> {
        Self::serve(Shared { index: Box::new(|_| Vec::new()), formats: Vec::new(), queries: Mutex::default() }).await
    }

    async fn serve(shared: Shared) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, shared) = (listener.local_addr()?, Arc::new(shared));
        let answers = get(search).post(search);
        let router = Router::new().route("/", answers.clone()).route("/search", answers).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { address, shared, server })
    }

    /// What its clients call its address.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was searched for, in order.
    #[must_use]
    pub fn queries(&self) -> Vec<String> {
        self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for FakeSearxng {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn search(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, body: Bytes) -> Response {
    let text =
        if method == Method::POST { String::from_utf8_lossy(&body).into_owned() } else { uri.query().unwrap_or_default().to_owned() };
    let pairs = pairs(&text);
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let format = value("format").unwrap_or("html");
    if format != "html" && !shared.formats.contains(&format) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if format == "html" {
        return "<!doctype html><title>searxng</title>".into_response();
    }
    let wrong = |why: String| (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response();
    let Some(query) = value("q").filter(|query| !query.is_empty()) else { return wrong("No query".to_owned()) };
    for (name, fits) in [
        ("pageno", |value: &str| value.parse::<u32>().is_ok_and(|page| page > 0)),
        ("time_range", |value: &str| ["", "day", "week", "month", "year"].contains(&value)),
        ("safesearch", |value: &str| ["0", "1", "2"].contains(&value)),
        ("language", |value: &str| ["all", "auto"].contains(&value) || is_language(value)),
    ] as [(&str, fn(&str) -> bool); 4]
    {
        if let Some(given) = value(name).filter(|given| !fits(given)) {
            return wrong(format!("Invalid value \"{given}\" for parameter {name}"));
        }
    }
    shared.queries.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_owned());
    let results: Vec<Value> = (shared.index)(query).into_iter().enumerate().map(result).collect();
    Json(json!({
        "query": query,
        "number_of_results": 0,
        "results": results,
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": [],
    }))
    .into_response()
}

fn result((at, found): (usize, Found)) -> Value {
    let Found { title, url, content } = found;
    json!({
        "url": url, "title": title, "content": content, "publishedDate": null, "engine": "fake", "engines": ["fake"],
        "template": "default.html", "positions": [at + 1], "score": 1.0, "category": "general", "thumbnail": "",
    })
}

/// `en`, `pt-BR`.
fn is_language(text: &str) -> bool {
    let letters = |part: &str, least, most| (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    match text.split_once('-') {
        Some((language, region)) => letters(language, 2, 3) && letters(region, 2, 4),
        None => letters(text, 2, 3),
    }
}

/// A form, as browsers write it.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}
