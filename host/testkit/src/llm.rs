//! A server that speaks OpenAI's Chat Completions API, and says what a [`Script`] tells it to.
//!
//! It is strict where the real one is: a request that OpenAI would answer with 400 gets 400 here (`check`). It is cheap
//! enough to stand behind a load test: without a pace, a response is one write.

mod check;
mod reply;
mod script;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use reply::{Problem, Reply, ToolCall, Usage};
pub use script::Script;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub path: String,
    pub authorization: Option<String>,
    pub headers: Vec<(String, String)>,
    /// `null` where there was no JSON.
    pub body: Value,
}

/// The server, for as long as this value lives.
#[derive(Debug)]
pub struct FakeLlm {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    script: Script,
    requests: AtomicU64,
    /// Streams that their client left before the end.
    abandoned: AtomicU64,
    recorded: Mutex<VecDeque<Recorded>>,
}

impl FakeLlm {
    /// Serves a script on a free port of this machine.
    pub async fn start(script: Script) -> io::Result<Self> {
        Self::start_on(0, script).await
    }

    /// Serves a script on a given port of this machine.
    pub async fn start_on(port: u16, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let shared =
            Arc::new(Shared { script, requests: AtomicU64::new(0), abandoned: AtomicU64::new(0), recorded: Mutex::new(VecDeque::new()) });
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .route("/v1/models/{id}", get(model))
            .fallback(nowhere)
            .method_not_allowed_fallback(nowhere)
            .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
            .with_state(Arc::clone(&shared));
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { address, shared, server })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients call the base URL: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.origin())
    }

    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests came, refused ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// How many responses their client left before the end.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.shared.abandoned.load(Ordering::SeqCst)
    }

    /// The last requests, oldest first; as many as the script keeps.
    #[must_use]
    pub fn recorded(&self) -> Vec<Recorded> {
        self.shared.recorded.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The last request.
    #[must_use]
    pub fn last(&self) -> Option<Recorded> {
        self.shared.recorded.lock().unwrap_or_else(PoisonError::into_inner).back().cloned()
    }
}

impl Drop for FakeLlm {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Room for a conversation with images in it, in bytes.
const BODY_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Counts and records a request, and refuses one without the right key.
fn admit(shared: &Shared, path: &str, headers: &HeaderMap, body: &Value) -> Result<(), Problem> {
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let bearer = authorization.as_deref().and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    if shared.script.keep() > 0 {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let mut recorded = shared.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        while recorded.len() >= shared.script.keep() {
            recorded.pop_front();
        }
        recorded.push_back(Recorded { path: path.to_owned(), authorization, headers, body: body.clone() });
    }
    match (shared.script.key(), bearer) {
        (None, _) => Ok(()),
        (Some(key), Some(given)) if given == key => Ok(()),
        (Some(_), given) => Err(Problem::authentication(given.is_some())),
    }
}

async fn complete(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = match axum::body::to_bytes(body, BODY_MAX_BYTES).await {
        Ok(bytes) => bytes,
        Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    };
    let parsed = serde_json::from_slice::<Value>(&bytes);
    let body = parsed.as_ref().cloned().unwrap_or(Value::Null);
    if let Err(problem) = admit(&shared, parts.uri.path(), &parts.headers, &body) {
        return refuse(&problem);
    }
    if parsed.is_err() {
        return refuse(&Problem::invalid("We could not parse the JSON body of your request.", None));
    }
    if let Err(problem) = check::check(&parts.headers, &body, shared.script.models()) {
        return refuse(&problem);
    }
    let reply = shared.script.answer(&body);
    if let Some(wait) = reply.first_byte() {
        tokio::time::sleep(wait).await;
    }
    if let Some(problem) = &reply.problem {
        return refuse(problem);
    }
    let id = shared.requests.load(Ordering::SeqCst);
    let streaming = body.get("stream").and_then(Value::as_bool).unwrap_or_default();
    let (media_type, pieces) = if streaming {
        ("text/event-stream; charset=utf-8", wire::stream(&reply, &body, id))
    } else {
        ("application/json", wire::whole(&reply, &body, id))
    };
    ([(CONTENT_TYPE, media_type)], deliver(pieces, &reply, &shared)).into_response()
}

/// Writes pieces at the reply's pace, and cuts the connection where it says so.
fn deliver(mut pieces: Vec<Bytes>, reply: &Reply, shared: &Arc<Shared>) -> Body {
    let broken = reply.break_after.map(|after| pieces.truncate(after)).is_some();
    let pace = Duration::from_millis(reply.pace_millis);
    if pace.is_zero() && !broken {
        return Body::from(pieces.concat());
    }
    let watch = Watch { shared: Arc::clone(shared), finished: false };
    Body::from_stream(futures_util::stream::unfold((pieces.into_iter(), watch, false), move |(mut pieces, mut watch, begun)| async move {
        match pieces.next() {
            Some(piece) => {
                if begun {
                    tokio::time::sleep(pace).await;
                }
                watch.finished = pieces.len() == 0 && !broken;
                Some((Ok(piece), (pieces, watch, true)))
            }
            None if broken && !watch.finished => {
                watch.finished = true;
                // What was written before must have left when the connection is cut.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(io::Error::other("the script breaks off here")), (pieces, watch, true)))
            }
            None => None,
        }
    }))
}

/// Notices that a stream was dropped before its end.
struct Watch {
    shared: Arc<Shared>,
    finished: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.finished {
            self.shared.abandoned.fetch_add(1, Ordering::SeqCst);
        }
    }
}

async fn models(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if let Err(problem) = admit(&shared, request.uri().path(), request.headers(), &Value::Null) {
        return refuse(&problem);
    }
    let data: Vec<_> = shared.script.models().iter().map(|id| wire::model(id)).collect();
    axum::Json(json!({ "object": "list", "data": data })).into_response()
}

async fn model(State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request) -> Response {
    if let Err(problem) = admit(&shared, request.uri().path(), request.headers(), &Value::Null) {
        return refuse(&problem);
    }
    match shared.script.models().iter().find(|known| **known == id) {
        Some(id) => axum::Json(wire::model(id)).into_response(),
        None => refuse(&Problem::unknown_model(&id)),
    }
}

async fn nowhere(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    drop(admit(&shared, &path, request.headers(), &Value::Null));
    refuse(&Problem::new(404, "invalid_request_error", format!("Invalid URL ({method} {path})")))
}

fn refuse(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem.body())).into_response();
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}
