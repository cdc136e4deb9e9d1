//! A server that speaks Telegram's Bot API to one bot, and the people who talk to that bot.
//!
//! It is strict where the real one is, and says so in the real one's words: clients have nothing else to tell errors
//! apart by. It forgets as the real one forgets: an update is gone once an offset confirms it, and a message that was
//! sent twice is there twice. Updates are only polled for: a webhook is remembered and never called. It does not slow
//! down pollers that come too often, as the real one does: a test would only wait.

mod answer;
mod body;
mod fault;
mod line;
mod markup;
mod messages;
mod methods;
mod people;
mod updates;
mod world;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use answer::Done;
use body::Arguments;
use line::{Cut, Lines};
use world::World;

pub use answer::Refusal;
pub use fault::Fault;
pub use messages::{Sent, Version};
pub use people::{Chat, Said, User};
pub use world::{Call, Options, Spoken};

/// The server, for as long as this value lives.
#[derive(Debug)]
pub struct FakeTelegram {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: Mutex<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    /// Something happened: to pollers, and to tests that wait.
    changed: Notify,
    /// Every connection ends at its next sign of life.
    away: AtomicBool,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self) -> bool {
        self.away.load(Ordering::SeqCst)
    }

    /// Looks until there is something to see, or the time is up.
    async fn look_until<T>(&self, deadline: Instant, mut look: impl FnMut(&mut World) -> Option<T>) -> Option<T> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let seen = look(&mut self.world());
            if seen.is_some() {
                return seen;
            }
            timeout_at(deadline, changed).await.ok()?;
        }
    }
}

impl FakeTelegram {
    /// Serves on a free port of this machine.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::start_on(0, options).await
    }

    /// Serves on a given port of this machine.
    pub async fn start_on(port: u16, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { world: Mutex::new(World::new(options)), changed: Notify::new(), away: AtomicBool::new(false) });
        let server = Mutex::new(serve(listener, &shared));
        Ok(Self { address, shared, server })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands in place of `https://api.telegram.org`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    #[must_use]
    pub fn token(&self) -> String {
        self.shared.world().options.token.clone()
    }

    /// Goes away: nobody can connect, and who is connected is cut off.
    pub async fn leave(&self) {
        self.shared.away.store(true, Ordering::SeqCst);
        self.shared.changed.notify_waiters();
        let server = std::mem::replace(&mut *self.server.lock().unwrap_or_else(PoisonError::into_inner), tokio::spawn(async {}));
        server.abort();
        drop(server.await);
    }

    /// Is back at the same address. What it knew, it knows.
    pub async fn come_back(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        self.shared.away.store(false, Ordering::SeqCst);
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = serve(listener, &self.shared);
        Ok(())
    }
}

/// What people do.
impl FakeTelegram {
    /// Changes the world, and wakes who waits for that.
    fn happen<T>(&self, what: impl FnOnce(&mut World) -> T) -> T {
        let result = what(&mut self.shared.world());
        self.shared.changed.notify_waiters();
        result
    }

    /// Lets the bot into a chat where nobody has said anything yet.
    pub fn enter(&self, chat: &Chat) {
        self.happen(|world| _ = world.enter(chat));
    }

    /// Says something. The bot is told, unless it is a group and none of its business.
    pub fn say(&self, chat: &Chat, user: &User, said: impl Into<Said>) -> Spoken {
        self.happen(|world| world.say(chat, user, said.into()))
    }

    /// Edits what a person said, and gives the number of the update. None where the bot is not told.
    pub fn edit(&self, chat: &Chat, message: i64, text: &str) -> Option<i64> {
        self.happen(|world| world.edit(chat, message, text))
    }

    /// Presses a button of a message of the bot, by its data or its label, and gives the number of the query.
    /// None where there is no such button.
    #[must_use]
    pub fn press(&self, chat: &Chat, user: &User, message: i64, button: &str) -> Option<String> {
        self.happen(|world| world.press(chat.id, user, message, button))
    }

    /// Sends any data with a message of the bot, as a client may that is not Telegram's own, and gives the number of the query.
    /// None where there is no such message.
    #[must_use]
    pub fn forge(&self, chat: &Chat, user: &User, message: i64, data: &str) -> Option<String> {
        self.happen(|world| world.forge(chat.id, user, message, data))
    }

    /// Hands a press out once more under its own number, confirmed or not. False where it is not known any more.
    #[must_use]
    pub fn repeat_press(&self, query: &str) -> bool {
        self.happen(|world| world.updates.of_query(query).is_some_and(|update| world.updates.repeat(update)))
    }

    /// What the bot answered to a press.
    #[must_use]
    pub fn answer_to(&self, query: &str) -> Option<Value> {
        self.shared.world().presses.get(query).cloned().flatten()
    }

    /// Blocks the bot, or throws it out of the group. It is told.
    pub fn block(&self, chat: &Chat) {
        self.happen(|world| world.close(chat, true));
    }

    /// Takes the bot back. It is told.
    pub fn unblock(&self, chat: &Chat) {
        self.happen(|world| world.close(chat, false));
    }
}

/// What goes wrong.
impl FakeTelegram {
    /// The next requests of a method go wrong, or of any with `*`.
    pub fn fail(&self, method: &str, times: usize, fault: Fault) {
        self.happen(|world| world.faults.add(method, times, fault));
    }

    /// Nothing goes wrong any more.
    pub fn recover(&self) {
        self.happen(|world| world.faults.clear());
    }

    /// Queues an update of any kind with anything in it, true to the documentation or not, and gives its number.
    pub fn inject(&self, kind: &str, what: Value) -> i64 {
        self.happen(|world| world.updates.push_raw(Map::from_iter([(kind.to_owned(), what)])))
    }

    /// Hands an update out once more under its own number, confirmed or not. False where it is not known any more.
    #[must_use]
    pub fn repeat(&self, update: i64) -> bool {
        self.happen(|world| world.updates.repeat(update))
    }

    /// Hands out what an update said once more under a new number.
    pub fn repeat_as_new(&self, update: i64) -> Option<i64> {
        self.happen(|world| world.updates.repeat_as_new(update))
    }
}

/// What the bot did.
impl FakeTelegram {
    /// How many requests came, refused ones and those for updates included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.world().record.requests
    }

    /// How many requests of a method came.
    #[must_use]
    pub fn requests_of(&self, method: &str) -> u64 {
        self.shared.world().record.by_method.get(&method.to_ascii_lowercase()).copied().unwrap_or_default()
    }

    /// Waits for more than so many requests of a method. False where the time is up.
    pub async fn wait_for_requests(&self, method: &str, count: u64, limit: Duration) -> bool {
        let deadline = Instant::now().checked_add(limit).unwrap_or_else(Instant::now);
        let method = method.to_ascii_lowercase();
        let look = |world: &mut World| world.record.by_method.get(&method).filter(|came| **came > count).map(|_| ());
        self.shared.look_until(deadline, look).await.is_some()
    }

    /// The last requests that were not for updates, oldest first; as many as are kept.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.world().record.calls.iter().cloned().collect()
    }

    /// The last messages of the bot in the order in which it sent them, deleted ones included.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.sent_since(0)
    }

    /// The same, but for the first so many that it ever sent: what a test that sends thousands looks at.
    #[must_use]
    pub fn sent_since(&self, count: usize) -> Vec<Sent> {
        self.shared.world().messages.sent_since(count)
    }

    /// Waits for more than so many messages, and gives those that came after them. Nothing where the time is up.
    pub async fn wait_since(&self, count: usize, limit: Duration) -> Vec<Sent> {
        let deadline = Instant::now().checked_add(limit).unwrap_or_else(Instant::now);
        let look = |world: &mut World| Some(world.messages.sent_since(count)).filter(|sent| !sent.is_empty());
        self.shared.look_until(deadline, look).await.unwrap_or_default()
    }

    /// Updates that are not confirmed.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.world().updates.pending()
    }

    /// Waits until the bot's messages are as wanted, and gives what was looked for. None where the time is up.
    pub async fn wait<T>(&self, limit: Duration, mut look: impl FnMut(&[Sent]) -> Option<T>) -> Option<T> {
        let deadline = Instant::now().checked_add(limit)?;
        self.shared.look_until(deadline, |world| look(&world.messages.sent_since(0))).await
    }
}

impl Drop for FakeTelegram {
    fn drop(&mut self) {
        self.shared.away.store(true, Ordering::SeqCst);
        self.shared.changed.notify_waiters();
        self.server.lock().unwrap_or_else(PoisonError::into_inner).abort();
    }
}

/// Of a request: the most that the real server takes, in bytes, and what surrounds it.
const BODY_MAX_BYTES: usize = 50 * 1024 * 1024 + 64 * 1024;
/// Of one poll, in seconds.
const POLL_MAX: i64 = 50;
const UPDATES_MAX: i64 = 100;

fn serve(listener: TcpListener, shared: &Arc<Shared>) -> JoinHandle<()> {
    let router = Router::new().fallback(handle).with_state(Arc::clone(shared));
    let service = router.into_make_service_with_connect_info::<Cut>();
    tokio::spawn(async move { drop(axum::serve(Lines(listener), service).await) })
}

/// How a request ends.
enum End {
    Answer(Done),
    File(bytes::Bytes),
    /// A file, of which so much comes at once and so much in all.
    Pieces {
        bytes: bytes::Bytes,
        piece: usize,
        pause: Duration,
        until: usize,
    },
    Refusal(Refusal),
    /// Something that the API would not say.
    Raw(u16, String),
    Cut,
}

async fn handle(State(shared): State<Arc<Shared>>, ConnectInfo(cut): ConnectInfo<Cut>, request: Request) -> Response {
    let end = if shared.is_away() { End::Cut } else { respond(&shared, request).await };
    let end = if shared.is_away() { End::Cut } else { end };
    match end {
        End::Answer(done) => axum::Json(done.body()).into_response(),
        End::File(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        End::Pieces { bytes, piece, pause, until } => pieces(&bytes, piece, pause, until),
        End::Refusal(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = (status, axum::Json(refusal.body())).into_response();
            if let Some(seconds) = refusal.retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            response
        }
        End::Raw(status, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(CONTENT_TYPE, "application/json")], body).into_response()
        }
        End::Cut => {
            cut.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn respond(shared: &Shared, request: Request) -> End {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_MAX_BYTES).await else {
        return End::Refusal(Refusal::new(413, "Request Entity Too Large"));
    };
    let path = parts.uri.path();
    if let Some((token, file)) = path.strip_prefix("/file/bot").and_then(|rest| rest.split_once('/')) {
        return download(shared, token, file).await;
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        shared.world().record.requests += 1;
        return End::Refusal(Refusal::not_found());
    };
    let admitted = admit(&mut shared.world(), token, method, &parts.method);
    shared.changed.notify_waiters();
    if let Err(refusal) = admitted {
        return End::Refusal(refusal);
    }
    let arguments = match body::read(parts.uri.query(), content_type(&parts.headers), &bytes) {
        Ok(arguments) => arguments,
        Err(refusal) => return End::Refusal(refusal),
    };
    with_fault(shared, method, &arguments).await
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Counts a request, and refuses one without the right token.
fn admit(world: &mut World, token: &str, method: &str, http: &Method) -> Result<(), Refusal> {
    world.record.requests += 1;
    *world.record.by_method.entry(method.to_ascii_lowercase()).or_default() += 1;
    if http != Method::GET && http != Method::POST {
        return Err(Refusal::new(405, "Method Not Allowed"));
    }
    check_token(world, token)
}

/// What does not even look like a token is a path that leads nowhere.
fn check_token(world: &World, token: &str) -> Result<(), Refusal> {
    let token = percent_decode_str(token).decode_utf8_lossy();
    match token.split_once(':') {
        _ if token == world.options.token => Ok(()),
        Some((id, _)) if id.parse::<u64>().is_ok() => Err(Refusal::unauthorized()),
        _ => Err(Refusal::not_found()),
    }
}

/// Faults of the method `file` are those of downloads.
async fn download(shared: &Shared, token: &str, path: &str) -> End {
    let (file, fault) = {
        let mut world = shared.world();
        *world.record.by_method.entry("file".to_owned()).or_default() += 1;
        let file = check_token(&world, token).and_then(|()| world.files.at(path).ok_or_else(Refusal::not_found));
        (file.map(|file| file.bytes.clone()), world.faults.take("file"))
    };
    shared.changed.notify_waiters();
    let bytes = match file {
        Ok(bytes) => bytes,
        Err(refusal) => return End::Refusal(refusal),
    };
    match fault {
        None => End::File(bytes),
        Some(Fault::Refuse(refusal)) => End::Refusal(refusal),
        Some(Fault::CutBefore | Fault::CutAfter) => End::Cut,
        Some(Fault::Delay(delay) | Fault::DelayAnswer(delay)) => {
            tokio::time::sleep(delay).await;
            End::File(bytes)
        }
        Some(Fault::Answer { status, body }) => End::Raw(status, body),
        Some(Fault::Slow { piece, pause }) => End::Pieces { until: bytes.len(), bytes, piece, pause },
        Some(Fault::CutIn(until)) => End::Pieces { until, bytes, piece: usize::MAX, pause: Duration::ZERO },
    }
}

/// Says how long the whole is, whatever comes of it.
fn pieces(bytes: &bytes::Bytes, piece: usize, pause: Duration, until: usize) -> Response {
    let some = bytes.slice(..until.min(bytes.len()));
    let all: Vec<bytes::Bytes> = some.chunks(piece.clamp(1, some.len().max(1))).map(|piece| some.slice_ref(piece)).collect();
    let broken = (until < bytes.len()).then(|| Err(io::Error::other("it is cut here")));
    let paced = stream::iter(all).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok(piece)
    });
    let body = axum::body::Body::from_stream(paced.chain(stream::iter(broken)));
    ([(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_LENGTH, bytes.len().to_string())], body).into_response()
}

/// Answers a request, or lets happen to it what a test wants.
async fn with_fault(shared: &Shared, method: &str, arguments: &Arguments) -> End {
    let fault = shared.world().faults.take(method);
    let without_effect = |answer| note(shared, method, arguments, answer);
    match fault {
        None => answer(shared, method, arguments).await,
        Some(Fault::Refuse(refusal)) => {
            without_effect(Some(Err(refusal.clone())));
            End::Refusal(refusal)
        }
        Some(Fault::CutBefore) => {
            without_effect(None);
            End::Cut
        }
        Some(Fault::CutAfter) => {
            answer(shared, method, arguments).await;
            End::Cut
        }
        Some(Fault::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            answer(shared, method, arguments).await
        }
        Some(Fault::DelayAnswer(delay)) => {
            let end = answer(shared, method, arguments).await;
            tokio::time::sleep(delay).await;
            end
        }
        Some(Fault::Answer { status, body }) => {
            without_effect(None);
            End::Raw(status, body)
        }
        // Those of files.
        Some(Fault::Slow { .. } | Fault::CutIn(_)) => answer(shared, method, arguments).await,
    }
}

/// Records a request that had no effect.
fn note(shared: &Shared, method: &str, arguments: &Arguments, answer: Option<Result<Value, Refusal>>) {
    if !is_poll(method) {
        shared.world().note(method, arguments.recorded(), answer);
        shared.changed.notify_waiters();
    }
}

fn is_poll(method: &str) -> bool {
    method.eq_ignore_ascii_case("getUpdates")
}

async fn answer(shared: &Shared, method: &str, arguments: &Arguments) -> End {
    let answer = if is_poll(method) {
        poll(shared, arguments).await
    } else {
        let mut world = shared.world();
        let answer = methods::perform(&mut world, method, arguments);
        world.note(method, arguments.recorded(), Some(answer.clone().map(|done| done.result)));
        drop(world);
        shared.changed.notify_waiters();
        answer
    };
    answer.map_or_else(End::Refusal, End::Answer)
}

/// `getUpdates`: what there is, or the first that comes. Of two who wait, the first is told of the conflict.
async fn poll(shared: &Shared, arguments: &Arguments) -> Result<Done, Refusal> {
    let offset = arguments.integer("offset").unwrap_or_default();
    let limit = usize::try_from(arguments.clamped("limit", UPDATES_MAX, 1..=UPDATES_MAX)).unwrap_or(1);
    let seconds = u64::try_from(arguments.clamped("timeout", 0, 0..=POLL_MAX)).unwrap_or_default();
    let kinds = arguments.json("allowed_updates", "allowed_updates").ok().flatten();
    let mine = {
        let mut world = shared.world();
        if world.updates.webhook.is_some() {
            return Err(Refusal::conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            ));
        }
        if let Some(kinds) = kinds {
            world.updates.allow(&kinds);
        }
        let updates = world.updates.take(offset, limit);
        if seconds == 0 || !updates.is_empty() {
            return Ok(Value::Array(updates).into());
        }
        world.updates.poller = world.updates.poller.wrapping_add(1);
        world.updates.poller
    };
    shared.changed.notify_waiters();
    let deadline = Instant::now().checked_add(Duration::from_secs(seconds)).unwrap_or_else(Instant::now);
    let come = shared.look_until(deadline, |world| {
        if shared.is_away() {
            return Some(Ok(Vec::new()));
        }
        if world.updates.poller != mine {
            return Some(Err(Refusal::conflict("terminated by other getUpdates request; make sure that only one bot instance is running")));
        }
        if world.updates.webhook.is_some() {
            return Some(Err(Refusal::conflict("terminated by setWebhook request")));
        }
        Some(world.updates.take(offset, limit)).filter(|updates| !updates.is_empty()).map(Ok)
    });
    let updates = come.await.unwrap_or_else(|| Ok(Vec::new()))?;
    Ok(Value::Array(updates).into())
}
