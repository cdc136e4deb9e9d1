//! The real thing behind [`Backend`]: the gateway.

use tokio::sync::broadcast;
use wirken_gateway::{Gateway, GatewayError};
use wirken_ledger::{KnownApproval, KnownGrant, Row, Session, Verdict};
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::{GrantId, SessionId};

use crate::backend::{ACCOUNT, Accepted, Backend, BackendError, Say, Update, Verification};

impl Backend for Gateway {
    async fn say(&self, say: Say) -> Result<Accepted, BackendError> {
        Ok(Self::say(self, say).await?)
    }

    async fn stop(&self, session: SessionId, reason: &str) -> Result<bool, BackendError> {
        Ok(Self::stop(self, session, reason).await?)
    }

    async fn close_session(&self, session: SessionId, by: &str) -> Result<(), BackendError> {
        Ok(Self::close_session(self, session, by).await?)
    }

    fn watch(&self, session: SessionId) -> broadcast::Receiver<Update> {
        Self::watch(self, session)
    }

    fn running(&self, session: SessionId) -> bool {
        Self::running(self, session)
    }

    async fn sessions(&self, account: &str, limit: usize) -> Result<Vec<Session>, BackendError> {
        Ok(Self::sessions(self, account, limit).await?)
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, BackendError> {
        Ok(Self::session(self, id).await?)
    }

    async fn rows(&self, session: SessionId, from: u64) -> Result<Vec<Row>, BackendError> {
        Ok(self.rows_from(session, from).await?)
    }

    async fn answer(&self, approval: ApprovalId, choice: Choice, note: Option<String>) -> Result<(), BackendError> {
        Ok(self.answer_as_owner(approval, choice, note, ACCOUNT).await?)
    }

    async fn approvals(&self) -> Result<Vec<KnownApproval>, BackendError> {
        Ok(Self::approvals(self).await?)
    }

    async fn grants(&self) -> Result<Vec<KnownGrant>, BackendError> {
        Ok(Self::grants(self).await?)
    }

    async fn revoke(&self, grant: GrantId, by: &str) -> Result<(), BackendError> {
        Ok(self.revoke_grant(grant, by).await?)
    }

    fn remember_days(&self) -> u32 {
        Self::remember_days(self)
    }

    async fn record(&self, action: &'static str, detail: serde_json::Value) -> Result<(), BackendError> {
        Ok(self.record_system(action, "webchat", detail).await?)
    }

    async fn verify(&self, session: SessionId) -> Result<Verification, BackendError> {
        let report = Self::verify(self, session).await?;
        let (text, broken_row) = match &report.verdict {
            // The chat is the one that is open: its id would say nothing to the person.
            Verdict::Ok => (format!("ok: {} rows, each hash matches its row and the row before it", report.rows), None),
            Verdict::Empty => ("ok: nothing is recorded yet".into(), None),
            Verdict::Broken { chain, seq, what } if *chain == session.to_string() => (format!("broken at row {seq}: {what}"), Some(*seq)),
            Verdict::Broken { chain, seq, what } => (format!("broken at row {seq} of the chain {chain:?}: {what}"), None),
        };
        Ok(Verification { ok: report.is_ok(), text, details: report.says(), broken_row })
    }
}

impl From<GatewayError> for BackendError {
    fn from(error: GatewayError) -> Self {
        Self { message: error.to_string(), forget: matches!(error, GatewayError::HoldsSecret { .. }) }
    }
}
