//! What the browser's surface asks of the gateway, and nothing else.
//!
//! A trait, so that the surface is tested without an engine, a provider or a ledger behind it.

use std::future::Future;

use tokio::sync::broadcast;
use wirken_ledger::{KnownApproval, KnownGrant, Row, Session};
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::{GrantId, SessionId};

/// The account of all chats of the browser.
pub(crate) const ACCOUNT: &str = "webchat";
pub(crate) const AGENT: &str = "default";
/// Who speaks here: whoever could log in.
pub(crate) const SENDER: &str = "owner";

pub use wirken_gateway::{Accepted, Say, Update};

/// Why the gateway did not do it, in words for the person at the browser.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct BackendError {
    pub message: String,
    /// What was said must not be kept anywhere.
    pub forget: bool,
}

/// What checking a session's chain found.
#[derive(Clone, Debug)]
pub struct Verification {
    pub ok: bool,
    /// For people, in a line.
    pub text: String,
    /// What was checked, and what such a check cannot find.
    pub details: String,
    /// The first row that is wrong.
    pub broken_row: Option<u64>,
}

pub trait Backend: Clone + Send + Sync + 'static {
    /// Durable once `Ok`. A key is taken once, however often it comes.
    fn say(&self, say: Say) -> impl Future<Output = Result<Accepted, BackendError>> + Send;
    /// False: nothing was running.
    fn stop(&self, session: SessionId, reason: &str) -> impl Future<Output = Result<bool, BackendError>> + Send;
    fn close_session(&self, session: SessionId, by: &str) -> impl Future<Output = Result<(), BackendError>> + Send;
    /// Everything recorded in the session from now on, and glimpses of what is under way.
    fn watch(&self, session: SessionId) -> broadcast::Receiver<Update>;
    fn running(&self, session: SessionId) -> bool;
    /// Those that were used last, the newest first.
    fn sessions(&self, account: &str, limit: usize) -> impl Future<Output = Result<Vec<Session>, BackendError>> + Send;
    fn session(&self, id: SessionId) -> impl Future<Output = Result<Option<Session>, BackendError>> + Send;
    /// From a sequence number on.
    fn rows(&self, session: SessionId, from: u64) -> impl Future<Output = Result<Vec<Row>, BackendError>> + Send;
    fn verify(&self, session: SessionId) -> impl Future<Output = Result<Verification, BackendError>> + Send;
    /// The owner's answer to a question, of whatever session. Durable once `Ok`, and taken once.
    fn answer(&self, approval: ApprovalId, choice: Choice, note: Option<String>) -> impl Future<Output = Result<(), BackendError>> + Send;
    /// The questions of all sessions that wait for an answer, in the order in which they were asked.
    fn approvals(&self) -> impl Future<Output = Result<Vec<KnownApproval>, BackendError>> + Send;
    /// The rights that were given and not revoked, in the order in which they were given.
    fn grants(&self) -> impl Future<Output = Result<Vec<KnownGrant>, BackendError>> + Send;
    fn revoke(&self, grant: GrantId, by: &str) -> impl Future<Output = Result<(), BackendError>> + Send;
    /// How many days a remembered answer is good for.
    fn remember_days(&self) -> u32;
    /// Records what belongs to no session: who logged in, and who was refused.
    fn record(&self, action: &'static str, detail: serde_json::Value) -> impl Future<Output = Result<(), BackendError>> + Send;
}
