//! The server: where it listens, what each request passes first, and how it ends.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::{IncomingStream, Listener};
use http::header::{CACHE_CONTROL, COOKIE, HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wirken_gateway::Sparse;
use wirken_ledger::Session;
use wirken_types::event::Place;
use wirken_types::{SessionId, Timestamp};

use crate::api::{self, Failure};
use crate::backend::{ACCOUNT, AGENT, Backend, BackendError};
use crate::bounds::{
    BODY_BYTES, BROWSER_IDLE, CONNECTION_IDLE, CONNECTIONS, LISTED_SESSIONS, REFUSALS_RECORDED, REFUSALS_WITHIN, SHUTDOWN, SOCKETS,
    STRANGER,
};
use crate::error::Error;
use crate::guard::Hosts;
use crate::logins::Logins;
use crate::protocol::Chat;
use crate::standing::{self, Standing};
use crate::{page, socket};

/// On every response. Trusted types forbid the page to make markup, or code, of text; `'none'` allows no policy either.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        ),
    ),
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY")),
];

/// Chats whose place is remembered, so that a message waits for no look-up.
const PLACES: usize = 1024;

/// The browser's surface, listening.
pub struct WebChat<B> {
    listener: TcpListener,
    app: App<B>,
}

impl<B> fmt::Debug for WebChat<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebChat").field("address", &self.app.address).finish_non_exhaustive()
    }
}

impl<B: Backend> WebChat<B> {
    /// Listens on a loopback address; port 0 is any free one. Call it within a Tokio runtime.
    pub fn bind(address: SocketAddr, backend: B, logins: Logins) -> Result<Self, Error> {
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback { address });
        }
        let failed = |source| Error::Bind { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, app: App::new(address, backend, logins) })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.app.address
    }

    /// Serves until `shutdown` is done; then what is under way has [`SHUTDOWN`] to end.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let Self { listener, app } = self;
        let (closing, sockets) = (app.closing.clone(), app.tasks.clone());
        sockets.spawn(standing::keep(app.clone()));
        let listener = Bounded { listener, slots: Arc::new(Semaphore::new(CONNECTIONS)) };
        let stop = closing.clone();
        let serving = axum::serve(listener, router(app).into_make_service_with_connect_info::<Trust>())
            .with_graceful_shutdown(async move { stop.cancelled().await });
        let mut serving = tokio::spawn(serving.into_future());
        tokio::select! {
            () = shutdown => {}
            _ = &mut serving => {}
        }
        closing.cancel();
        sockets.close();
        let ended = async {
            let _ = (&mut serving).await;
            sockets.wait().await;
        };
        if tokio::time::timeout(SHUTDOWN, ended).await.is_err() {
            serving.abort();
            tracing::warn!("webchat: connections that did not end in {} s were cut", SHUTDOWN.as_secs());
        }
    }
}

fn router<B: Backend>(app: App<B>) -> Router {
    let mut router = Router::new()
        .route("/login", post(api::login::<B>))
        .route("/socket", get(socket::open::<B>))
        .route("/api/status", get(api::status::<B>))
        .route("/api/approvals", get(api::approvals::<B>))
        .route("/api/grants", get(api::grants::<B>))
        .route("/api/sessions", get(api::sessions::<B>))
        .route("/api/sessions/{id}", get(api::session::<B>))
        .route("/api/sessions/{id}/ledger", get(api::ledger::<B>))
        .route("/api/sessions/{id}/stop", post(api::stop::<B>))
        .route("/api/sessions/{id}/close", post(api::close::<B>))
        .fallback(api::not_found);
    for path in page::paths() {
        router = router.route(path, get(page::serve));
    }
    router
        .method_not_allowed_fallback(api::not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), admit::<B>))
        .with_state(app)
}

/// What every request passes: the guard, then the cookie and the key, unless it asks for a file of the page or logs in.
async fn admit<B: Backend>(State(app): State<App<B>>, ConnectInfo(trust): ConnectInfo<Trust>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut response = if let Err(refusal) = app.hosts.check(&parts) {
        tracing::debug!(%refusal, "webchat: a request was refused");
        app.refused(Refused::Request, &refusal.to_string());
        Failure::new(StatusCode::FORBIDDEN, refusal.to_string()).into_response()
    } else {
        let path = parts.uri.path();
        let public = path == "/login" || page::paths().any(|own| own == path);
        let shown = app.cookie.read(&parts.headers).zip(key(&parts.headers));
        let browser = shown.and_then(|(cookie, key)| app.logins.browser(cookie, key, Timestamp::now()));
        match browser {
            None if !public => Failure::new(StatusCode::UNAUTHORIZED, LOGGED_OUT).into_response(),
            browser => {
                if let Some(browser) = browser {
                    parts.extensions.insert(browser);
                    trust.0.store(true, Ordering::Relaxed);
                }
                next.run(Request::from_parts(parts, body)).await
            }
        }
    };
    let headers = response.headers_mut();
    headers.extend(HEADERS);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The key beside the cookie: in a header, or, as a page cannot choose the headers of a socket, as a second subprotocol.
fn key(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get(KEY) {
        return key.to_str().ok();
    }
    let mut protocols = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?.split(',').map(str::trim);
    protocols.next().filter(|first| *first == PROTOCOL).and_then(|_| protocols.next())
}

const KEY: HeaderName = HeaderName::from_static("x-wirken-key");
/// What the socket speaks.
pub(crate) const PROTOCOL: &str = "wirken-1";

pub(crate) const LOGGED_OUT: &str = "This browser is not logged in. Run `wirken webchat login`, and open the address that it prints.";

/// What was refused; each is recorded apart, so that many of the one hide none of the other.
#[derive(Clone, Copy)]
pub(crate) enum Refused {
    Request,
    LogIn,
}

/// What every request and socket shares.
#[derive(Clone)]
pub(crate) struct App<B> {
    pub(crate) backend: B,
    shared: Arc<Shared>,
}

impl<B> std::ops::Deref for App<B> {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

pub(crate) struct Shared {
    pub(crate) logins: Logins,
    pub(crate) address: SocketAddr,
    pub(crate) hosts: Hosts,
    pub(crate) cookie: Cookie,
    pub(crate) started: Instant,
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) closing: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) standing: Standing,
    list: watch::Sender<()>,
    /// Requests that were, and log-ins.
    refusals: [Sparse; 2],
    places: Mutex<HashMap<SessionId, Place>>,
}

impl Shared {
    pub(crate) fn sockets_open(&self) -> usize {
        SOCKETS.saturating_sub(self.sockets.available_permits())
    }

    /// Tells every socket that the list of chats is another one now.
    pub(crate) fn list_changed(&self) {
        self.list.send_replace(());
    }

    pub(crate) fn list_changes(&self) -> watch::Receiver<()> {
        self.list.subscribe()
    }
}

impl<B: Backend> App<B> {
    fn new(address: SocketAddr, backend: B, logins: Logins) -> Self {
        let shared = Shared {
            logins,
            address,
            hosts: Hosts::of(address),
            cookie: Cookie::of(address),
            started: Instant::now(),
            sockets: Arc::new(Semaphore::new(SOCKETS)),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            standing: Standing::default(),
            list: watch::Sender::new(()),
            refusals: [(); 2].map(|()| Sparse::new(REFUSALS_RECORDED, REFUSALS_WITHIN)),
            places: Mutex::new(HashMap::new()),
        };
        Self { backend, shared: Arc::new(shared) }
    }

    /// Records that somebody was refused, unless that was recorded too often lately.
    pub(crate) fn refused(&self, refused: Refused, reason: &str) {
        let [requests, log_ins] = &self.refusals;
        let (refusals, action) = match refused {
            Refused::Request => (requests, "webchat-request-refused"),
            Refused::LogIn => (log_ins, "webchat-login-refused"),
        };
        if !refusals.passes() {
            return;
        }
        let (backend, reason) = (self.backend.clone(), reason.chars().take(200).collect::<String>());
        self.tasks.spawn(async move {
            if let Err(error) = backend.record(action, serde_json::json!({ "reason": reason })).await {
                tracing::error!(%error, action, "a refusal could not be recorded");
            }
        });
    }

    /// The chat with this id, if it is one of the browser's.
    pub(crate) async fn own(&self, id: SessionId) -> Result<Option<Session>, BackendError> {
        Ok(self.backend.session(id).await?.filter(|session| session.place.account == ACCOUNT))
    }

    /// Where this chat is, if it is one of the browser's. A chat never moves.
    pub(crate) async fn place(&self, id: SessionId) -> Result<Option<Place>, BackendError> {
        if let Some(place) = self.places.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Some(place.clone()));
        }
        let Some(Session { place, .. }) = self.own(id).await? else { return Ok(None) };
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= PLACES {
            places.clear();
        }
        places.insert(id, place.clone());
        Ok(Some(place))
    }

    pub(crate) async fn chats(&self) -> Result<Vec<Chat>, BackendError> {
        let sessions = self.backend.sessions(ACCOUNT, LISTED_SESSIONS).await?;
        let own = sessions.into_iter().filter(|session| session.place.account == ACCOUNT);
        let waiting = self.waiting().await;
        Ok(own.map(|session| self.chat(session, &waiting)).collect())
    }

    pub(crate) fn chat(&self, session: Session, waiting: &HashSet<SessionId>) -> Chat {
        let (running, waiting) = (self.backend.running(session.id), waiting.contains(&session.id));
        Chat::of(session, running, waiting)
    }

    /// The sessions in which a question waits. A list without these marks is better than none.
    pub(crate) async fn waiting(&self) -> HashSet<SessionId> {
        let open = self.backend.approvals().await.unwrap_or_else(|error| {
            tracing::error!(%error, "webchat: the questions that wait could not be read");
            Vec::new()
        });
        open.into_iter().map(|known| known.session).collect()
    }
}

/// Where a new chat is.
pub(crate) fn new_place() -> Place {
    let conversation = uuid::Uuid::now_v7().simple().to_string();
    Place { agent: AGENT.into(), account: ACCOUNT.into(), conversation, thread: None }
}

/// Browsers give a cookie to every port of a host: the name has the port in it, so that two gateways on one machine do
/// not log each other out.
#[derive(Clone, Debug)]
pub(crate) struct Cookie {
    name: String,
}

impl Cookie {
    fn of(address: SocketAddr) -> Self {
        Self { name: format!("wirken-{}", address.port()) }
    }

    pub(crate) fn set(&self, value: &str) -> String {
        format!("{}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}", self.name, BROWSER_IDLE.as_secs())
    }

    pub(crate) fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let pairs = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == self.name).map(|(_, value)| value)
    }
}

/// A listener with so many connections at once; the next ones wait to be accepted.
struct Bounded {
    listener: TcpListener,
    slots: Arc<Semaphore>,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // A small frame must not wait for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "webchat: a connection keeps Nagle's algorithm");
        }
        let ends = Box::pin(tokio::time::sleep(STRANGER));
        (Connection { stream, trust: Trust::default(), trusted: false, ends, _slot: slot }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection, its slot and its clock.
struct Connection {
    stream: TcpStream,
    trust: Trust,
    /// The clock is that of a browser.
    trusted: bool,
    ends: Pin<Box<Sleep>>,
    _slot: Option<OwnedSemaphorePermit>,
}

/// Whether a browser that is logged in has shown itself on a connection.
#[derive(Clone, Default)]
struct Trust(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Bounded>> for Trust {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        stream.io().trust.clone()
    }
}

impl AsyncRead for Connection {
    /// Ends a stranger's connection by the clock, whatever comes on it, and a browser's when nothing comes for long.
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.trust.0.load(Ordering::Relaxed) && (read.is_ready() || !self.trusted) {
            self.trusted = true;
            self.ends.as_mut().reset(tokio::time::Instant::now() + CONNECTION_IDLE);
        }
        self.unless_over(context, read)
    }
}

impl Connection {
    /// What waits, waits no longer than the clock allows: also for somebody who asks and never reads the answers.
    fn unless_over<T>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_pending() && self.ends.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        progress
    }

    /// A browser that reads is there.
    fn wrote<T>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if self.trusted && progress.is_ready() {
            self.ends.as_mut().reset(tokio::time::Instant::now() + CONNECTION_IDLE);
        }
        self.unless_over(context, progress)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, wrote)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.unless_over(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.unless_over(context, shut)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(context, wrote)
    }
}
