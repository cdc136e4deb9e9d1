//! The socket of one page: what is said goes to the gateway, what happens comes back.
//!
//! One task and one loop. A message, or an answer to a question, waits only for the gateway's commit, and meanwhile no
//! further frame is read, which keeps them in their order; what happens is passed on all the while.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures_util::SinkExt as _;
use http::StatusCode;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, MissedTickBehavior};
use wirken_permissions::MAX_NOTE_CHARS;
use wirken_turn::Shown;
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::event::Event;
use wirken_types::{GrantId, SessionId, Timestamp};

use crate::api::{Failure, STOP_REASON};
use crate::backend::{Accepted, Backend, BackendError, SENDER, Say, Update};
use crate::bounds::{FRAME_BYTES, FRAMES_PER_FLUSH, MESSAGE_CHARS, PING_EVERY, SILENCE, SOCKETS, WRITE_TIMEOUT};
use crate::logins::BrowserKey;
use crate::protocol::{About, Form, FromPage, Pending, Rights, ToPage};
use crate::server::{App, LOGGED_OUT, PROTOCOL, new_place};
use crate::standing;

/// Close codes. Those from 4000 on are for applications to choose; the page knows this one.
const CLOSE_LOGGED_OUT: u16 = 4401;
const CLOSE_GOING_AWAY: u16 = 1001;

/// What an error belongs to that belongs to no message and no question.
const NOTHING: About<'static> = About::Nothing {};
const NO_SUCH_CHAT: &str = "There is no such chat. Choose one from the list, or begin a new one.";

pub(crate) async fn open<B: Backend>(
    State(app): State<App<B>>,
    Extension(browser): Extension<BrowserKey>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Failure::new(rejection.status(), "This address takes WebSocket connections only.").into_response(),
    };
    let Ok(slot) = Arc::clone(&app.sockets).try_acquire_owned() else {
        let message = format!("{SOCKETS} pages are open already. Close one, then load this one again.");
        return Failure::new(StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    };
    let tasks = app.tasks.clone();
    upgrade.protocols([PROTOCOL]).max_message_size(FRAME_BYTES).max_frame_size(FRAME_BYTES).on_upgrade(move |io| {
        tasks.track_future(async move {
            // What waited while no page was open is looked at now.
            app.standing.changed();
            let mut socket = Socket { app, browser, io, watched: None, doing: None, heard: Instant::now() };
            let ended = socket.run().await;
            tracing::debug!(?ended, "webchat: a socket ended");
            drop(slot);
        })
    })
}

struct Socket<B> {
    app: App<B>,
    browser: BrowserKey,
    io: WebSocket,
    watched: Option<Watched>,
    doing: Option<Doing>,
    /// When something last came from the page.
    heard: Instant,
}

struct Watched {
    session: SessionId,
    /// Rows before it are known to the page.
    next: u64,
    updates: broadcast::Receiver<Update>,
}

/// Something on its way into the ledger.
type Doing = Pin<Box<dyn Future<Output = Done> + Send>>;

enum Done {
    Said { key: String, opens: bool, result: Result<Accepted, BackendError> },
    Answered { approval: ApprovalId, choice: Choice, result: Result<(), BackendError> },
    Revoked { grant: GrantId, result: Result<(), BackendError> },
}

/// Why a socket ends.
#[derive(Debug)]
enum End {
    Gone,
    Silent,
    TooSlow,
    LoggedOut,
    Closing,
}

enum Next {
    Update(Result<Update, RecvError>),
    Done(Done),
    Frame(Option<Result<Message, axum::Error>>),
    ListChanged,
    Asked,
    Given,
    Ping,
    Closing,
}

impl<B: Backend> Socket<B> {
    async fn run(&mut self) -> End {
        let Err(end) = self.converse().await;
        let frame = match end {
            End::Closing => Some(CloseFrame { code: CLOSE_GOING_AWAY, reason: "the gateway stops".into() }),
            End::LoggedOut => Some(CloseFrame { code: CLOSE_LOGGED_OUT, reason: "not logged in".into() }),
            End::Gone | End::Silent | End::TooSlow => None,
        };
        if frame.is_some() {
            // It ends, whether the page hears why or not.
            let _ = tokio::time::timeout(Duration::from_secs(1), self.io.send(Message::Close(frame))).await;
        }
        end
    }

    async fn converse(&mut self) -> Result<std::convert::Infallible, End> {
        let mut list = self.app.list_changes();
        let mut approvals = self.app.standing.approvals.subscribe();
        let mut grants = self.app.standing.grants.subscribe();
        let closing = self.app.closing.clone();
        let mut ping = tokio::time::interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let reading = self.doing.is_none();
            let next = tokio::select! {
                () = closing.cancelled() => Next::Closing,
                update = updates(&mut self.watched) => Next::Update(update),
                done = done(&mut self.doing) => Next::Done(done),
                frame = self.io.recv(), if reading => Next::Frame(frame),
                Ok(()) = list.changed() => Next::ListChanged,
                Ok(()) = approvals.changed() => Next::Asked,
                Ok(()) = grants.changed() => Next::Given,
                _ = ping.tick() => Next::Ping,
            };
            match next {
                Next::Update(update) => self.update(update).await?,
                Next::Done(done) => {
                    self.doing = None;
                    self.done(done).await?;
                }
                Next::Frame(Some(Ok(message))) => self.heard(message).await?,
                Next::Frame(Some(Err(_)) | None) => return Err(End::Gone),
                Next::ListChanged => match self.app.chats().await {
                    Ok(sessions) => self.send(&ToPage::Sessions { sessions }).await?,
                    Err(error) => self.error(&error.to_string(), NOTHING).await?,
                },
                Next::Asked | Next::Given if !self.app.logins.knows(self.browser, Timestamp::now()) => return Err(End::LoggedOut),
                Next::Asked => {
                    let days = self.app.backend.remember_days();
                    let pending = Pending::of(&approvals.borrow_and_update(), days, Timestamp::now());
                    self.send(&ToPage::Approvals(pending)).await?;
                }
                Next::Given => {
                    let rights = Rights::of(&grants.borrow_and_update(), Timestamp::now());
                    self.send(&ToPage::Grants(rights)).await?;
                }
                Next::Ping if self.heard.elapsed() > SILENCE => return Err(End::Silent),
                Next::Ping if !self.app.logins.knows(self.browser, Timestamp::now()) => return Err(End::LoggedOut),
                Next::Ping => self.write(Message::Ping(Default::default())).await?,
                Next::Closing => return Err(End::Closing),
            }
        }
    }

    async fn heard(&mut self, message: Message) -> Result<(), End> {
        self.heard = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => return self.error("Frames are text.", NOTHING).await,
            Message::Close(_) => return Err(End::Gone),
        };
        if !self.app.logins.admits(self.browser, Timestamp::now()) {
            self.error(LOGGED_OUT, NOTHING).await?;
            return Err(End::LoggedOut);
        }
        match serde_json::from_str(&text) {
            Ok(FromPage::Watch { session, from }) => self.watch(session, from).await,
            Ok(FromPage::Say { session, key, text }) => self.say(session, key, text).await,
            Ok(FromPage::Stop { session }) => self.stop(session).await,
            Ok(FromPage::Answer { approval, choice, note }) => self.answer(approval, choice, note).await,
            Ok(FromPage::Revoke { grant }) => {
                let backend = self.app.backend.clone();
                self.doing = Some(Box::pin(async move { Done::Revoked { grant, result: backend.revoke(grant, SENDER).await } }));
                Ok(())
            }
            Err(error) => self.error(&format!("This frame was not understood: {error}"), NOTHING).await,
        }
    }

    async fn watch(&mut self, session: SessionId, from: Option<u64>) -> Result<(), End> {
        match self.app.place(session).await {
            Ok(Some(_)) => {}
            Ok(None) => return self.error(NO_SUCH_CHAT, NOTHING).await,
            Err(error) => return self.error(&error.to_string(), NOTHING).await,
        }
        // What is recorded while older rows are read comes with both, and is sent once.
        let updates = self.app.backend.watch(session);
        let mut watched = Watched { session, next: from.unwrap_or(0), updates };
        if from.is_some() {
            let rows = match self.app.backend.rows(session, watched.next).await {
                Ok(rows) => rows,
                Err(error) => return self.error(&error.to_string(), NOTHING).await,
            };
            for row in &rows {
                let form = self.form(&row.event);
                self.feed(&ToPage::Recorded { session, seq: row.seq, at: row.at, event: &row.event, form }).await?;
            }
            self.flush().await?;
            watched.next = rows.last().map_or(watched.next, |row| row.seq + 1);
        }
        self.watched = Some(watched);
        Ok(())
    }

    async fn say(&mut self, session: Option<SessionId>, key: String, text: String) -> Result<(), End> {
        let refusal = if uuid::Uuid::try_parse(&key).is_err() {
            // It is not repeated: the page could not match it.
            return self.error("A message's key is a UUID.", NOTHING).await;
        } else if text.trim().is_empty() {
            Some("An empty message cannot be sent.".to_owned())
        } else if text.chars().count() > MESSAGE_CHARS {
            Some(format!("This message has more than {MESSAGE_CHARS} characters. Shorten it, or send it in parts."))
        } else {
            None
        };
        let about = About::Message { key: &key };
        if let Some(message) = refusal {
            return self.error(&message, about).await;
        }
        let place = match session {
            None => new_place(),
            Some(session) => match self.app.place(session).await {
                Ok(Some(place)) => place,
                Ok(None) => return self.error(NO_SUCH_CHAT, about).await,
                Err(error) => return self.error(&error.to_string(), about).await,
            },
        };
        let backend = self.app.backend.clone();
        let say =
            Say { session, place, sender: SENDER.into(), key: key.clone(), message: None, marks: Vec::new(), text, files: Vec::new() };
        let opens = session.is_none();
        self.doing = Some(Box::pin(async move { Done::Said { key, opens, result: backend.say(say).await } }));
        Ok(())
    }

    async fn answer(&mut self, approval: ApprovalId, choice: Choice, note: Option<String>) -> Result<(), End> {
        let note = note.filter(|note| !note.trim().is_empty());
        let refusal = match &note {
            Some(_) if choice != Choice::Deny => Some("A note goes with a denial alone. Nothing was answered.".to_owned()),
            Some(note) if note.chars().count() > MAX_NOTE_CHARS => {
                Some(format!("This note has more than {MAX_NOTE_CHARS} characters. Shorten it. Nothing was answered."))
            }
            _ => None,
        };
        if let Some(message) = refusal {
            return self.error(&message, About::Question { approval }).await;
        }
        let backend = self.app.backend.clone();
        self.doing =
            Some(Box::pin(async move { Done::Answered { approval, choice, result: backend.answer(approval, choice, note).await } }));
        Ok(())
    }

    async fn done(&mut self, done: Done) -> Result<(), End> {
        let (frame, result) = match done {
            Done::Said { key, opens, result } => return self.said(&key, opens, result).await,
            Done::Answered { approval, choice, result } => {
                (ToPage::Answered { approval, choice }, result.map_err(|error| (error, About::Question { approval })))
            }
            Done::Revoked { grant, result } => (ToPage::Revoked { grant }, result.map_err(|error| (error, About::Right { grant }))),
        };
        // Where it was refused, what the page shows is not how it stands.
        self.app.standing.changed();
        match result {
            Ok(()) => self.send(&frame).await,
            Err((BackendError { message, forget }, about)) => self.send(&ToPage::Error { message: &message, about, forget }).await,
        }
    }

    async fn said(&mut self, key: &str, opens: bool, result: Result<Accepted, BackendError>) -> Result<(), End> {
        match result {
            Ok(Accepted { session, turn, duplicate }) => {
                self.send(&ToPage::Accepted { key, session, turn, duplicate }).await?;
                if opens {
                    self.app.list_changed();
                    self.watch(session, Some(0)).await?;
                }
                Ok(())
            }
            Err(BackendError { message, forget }) => {
                self.send(&ToPage::Error { message: &message, about: About::Message { key }, forget }).await
            }
        }
    }

    async fn stop(&mut self, session: SessionId) -> Result<(), End> {
        match self.app.place(session).await {
            Ok(Some(_)) => {}
            Ok(None) => return self.error(NO_SUCH_CHAT, NOTHING).await,
            Err(error) => return self.error(&error.to_string(), NOTHING).await,
        }
        match self.app.backend.stop(session, STOP_REASON).await {
            // Nothing was running: it ended by itself, and the page hears so.
            Ok(_) => Ok(()),
            Err(error) => self.error(&error.to_string(), NOTHING).await,
        }
    }

    /// Passes on this update and what has come behind it, under one flush. Pieces of one text become one frame.
    async fn update(&mut self, first: Result<Update, RecvError>) -> Result<(), End> {
        if !self.app.logins.knows(self.browser, Timestamp::now()) {
            return Err(End::LoggedOut);
        }
        let mut queue = VecDeque::from([first]);
        if let Some(watched) = &mut self.watched {
            while queue.len() < FRAMES_PER_FLUSH {
                match watched.updates.try_recv() {
                    Ok(update) => queue.push_back(Ok(update)),
                    Err(broadcast::error::TryRecvError::Lagged(missed)) => queue.push_back(Err(RecvError::Lagged(missed))),
                    Err(_) => break,
                }
            }
        }
        while let Some(update) = queue.pop_front() {
            let Some(watched) = &mut self.watched else { return Ok(()) };
            let session = watched.session;
            match update {
                Ok(Update::Recorded { seq, .. }) if seq < watched.next => {}
                Ok(Update::Recorded { seq, at, event }) => {
                    watched.next = seq + 1;
                    if standing::is_changed_by(&event) {
                        self.app.standing.changed();
                    }
                    let form = self.form(&event);
                    self.feed(&ToPage::Recorded { session, seq, at, event: &event, form }).await?;
                }
                Ok(Update::Glimpse { turn, mut shown }) => {
                    while let Some(Ok(Update::Glimpse { turn: next_turn, shown: next })) = queue.front()
                        && *next_turn == turn
                        && joined(&mut shown, next)
                    {
                        queue.pop_front();
                    }
                    self.feed(&ToPage::Glimpse { session, turn, shown }).await?;
                }
                Err(RecvError::Lagged(_)) => self.feed(&ToPage::Lagged { session }).await?,
                // The gateway dropped the session's channel; the page asks again when it needs to.
                Err(RecvError::Closed) => self.watched = None,
            }
        }
        self.flush().await
    }

    fn form(&self, event: &Event) -> Form {
        Form::of(event, self.app.backend.remember_days(), Timestamp::now())
    }

    async fn error(&mut self, message: &str, about: About<'_>) -> Result<(), End> {
        self.send(&ToPage::Error { message, about, forget: false }).await
    }

    async fn send(&mut self, frame: &ToPage<'_>) -> Result<(), End> {
        self.feed(frame).await?;
        self.flush().await
    }

    async fn feed(&mut self, frame: &ToPage<'_>) -> Result<(), End> {
        // Nothing that is sent has a form that JSON lacks.
        let Ok(text) = serde_json::to_string(frame) else { return Ok(()) };
        timely(self.io.feed(Message::text(text))).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        timely(self.io.flush()).await
    }

    async fn write(&mut self, message: Message) -> Result<(), End> {
        timely(self.io.send(message)).await
    }
}

/// Takes the next glimpse into this one, where the two are pieces of one text.
fn joined(shown: &mut Shown, next: &Shown) -> bool {
    match (shown, next) {
        (Shown::Text { text }, Shown::Text { text: more }) | (Shown::Reasoning { text }, Shown::Reasoning { text: more }) => {
            text.push_str(more);
            true
        }
        _ => false,
    }
}

async fn timely(writing: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
    match tokio::time::timeout(WRITE_TIMEOUT, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::TooSlow),
    }
}

/// The next update of the watched chat; never, where none is watched.
async fn updates(watched: &mut Option<Watched>) -> Result<Update, RecvError> {
    match watched {
        Some(watched) => watched.updates.recv().await,
        None => pending().await,
    }
}

async fn done(doing: &mut Option<Doing>) -> Done {
    match doing {
        Some(doing) => doing.as_mut().await,
        None => pending().await,
    }
}
