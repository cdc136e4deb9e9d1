//! The requests of the page that are no socket: log-in, lists, history, the ledger, questions, rights, stop and close.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use wirken_types::{SessionId, Timestamp};

use crate::backend::{Backend, BackendError, SENDER};
use crate::logins::{Admission, Refused};
use crate::protocol::{Chats, Failed, History, Item, LedgerRow, LedgerView, LoggedIn, Login, Pending, Rights, Status, Stopped};
use crate::server::{self, App};

/// Why a request was not served, in words for the person at the browser.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(Failed { error: &self.message })).into_response()
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<PathRejection> for Failure {
    fn from(_: PathRejection) -> Self {
        no_such_chat()
    }
}

pub(crate) fn no_such_chat() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "There is no such chat. Choose one from the list, or begin a new one.")
}

type Id = Result<Path<SessionId>, PathRejection>;

pub(crate) async fn login<B: Backend>(State(app): State<App<B>>, login: Result<Json<Login>, JsonRejection>) -> Result<Response, Failure> {
    let Json(Login { token }) = login.map_err(|rejection| Failure::new(rejection.status(), "A log-in is JSON with one field, `token`."))?;
    match app.logins.redeem(&token, Timestamp::now()) {
        Ok(Admission { cookie, key }) => {
            app.backend.record("webchat-login-used", serde_json::json!({})).await?;
            Ok(([(SET_COOKIE, app.cookie.set(&cookie))], Json(LoggedIn { key })).into_response())
        }
        Err(refused) => {
            let status = match refused {
                Refused::Unknown => StatusCode::UNAUTHORIZED,
                Refused::NoRandom(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            app.refused(server::Refused::LogIn, &refused.to_string());
            Err(Failure::new(status, refused.to_string()))
        }
    }
}

pub(crate) async fn status<B: Backend>(State(app): State<App<B>>, headers: HeaderMap) -> Response {
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        address: app.address.to_string(),
        browsers: app.logins.count(),
        sockets: app.sockets_open(),
        uptime_seconds: app.started.elapsed().as_secs(),
    };
    // The page asks for this each time it opens: the cookie lasts from here on, as the log-in does.
    let renewed = app.cookie.read(&headers).map(|cookie| [(SET_COOKIE, app.cookie.set(cookie))]);
    (renewed, Json(status)).into_response()
}

pub(crate) async fn sessions<B: Backend>(State(app): State<App<B>>) -> Result<Json<Chats>, Failure> {
    Ok(Json(Chats { sessions: app.chats().await? }))
}

pub(crate) async fn approvals<B: Backend>(State(app): State<App<B>>) -> Result<Json<Pending>, Failure> {
    let approvals = app.backend.approvals().await?;
    Ok(Json(Pending::of(&approvals, app.backend.remember_days(), Timestamp::now())))
}

pub(crate) async fn grants<B: Backend>(State(app): State<App<B>>) -> Result<Json<Rights>, Failure> {
    Ok(Json(Rights::of(&app.backend.grants().await?, Timestamp::now())))
}

#[derive(Debug, Deserialize)]
pub(crate) struct FromRow {
    #[serde(default)]
    from: u64,
}

pub(crate) async fn session<B: Backend>(
    State(app): State<App<B>>,
    id: Id,
    Query(FromRow { from }): Query<FromRow>,
) -> Result<Json<History>, Failure> {
    let Path(id) = id?;
    let session = app.own(id).await?.ok_or_else(no_such_chat)?;
    let days = app.backend.remember_days();
    let items = app.backend.rows(id, from).await?.into_iter().map(|row| Item::of(row, days)).collect();
    Ok(Json(History { session: app.chat(session, &app.waiting().await), items }))
}

pub(crate) async fn ledger<B: Backend>(State(app): State<App<B>>, id: Id) -> Result<Json<LedgerView>, Failure> {
    let Path(id) = id?;
    app.own(id).await?.ok_or_else(no_such_chat)?;
    let verification = app.backend.verify(id).await?.into();
    // Rows that cannot be read are no reason to hide what the check found.
    let rows = app.backend.rows(id, 0).await.unwrap_or_default();
    Ok(Json(LedgerView { rows: rows.iter().map(LedgerRow::from).collect(), verification }))
}

pub(crate) async fn stop<B: Backend>(State(app): State<App<B>>, id: Id) -> Result<Json<Stopped>, Failure> {
    let Path(id) = id?;
    app.own(id).await?.ok_or_else(no_such_chat)?;
    Ok(Json(Stopped { stopped: app.backend.stop(id, STOP_REASON).await? }))
}

/// Stands in the ledger, and in the chat.
pub(crate) const STOP_REASON: &str = "you stopped it";

pub(crate) async fn close<B: Backend>(State(app): State<App<B>>, id: Id) -> Result<StatusCode, Failure> {
    let Path(id) = id?;
    app.own(id).await?.ok_or_else(no_such_chat)?;
    app.backend.close_session(id, SENDER).await?;
    app.list_changed();
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn not_found() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

pub(crate) async fn not_allowed() -> Failure {
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "This address takes no such request.")
}
