//! Everything that can go wrong with the ledger, each with what a person does about it.
//!
//! A *refusal* ([`Error::is_refusal`]) leaves the ledger as it was and open for the next batch. After any other failed
//! write the ledger stops for good ([`Error::Stopped`]): a log that goes on after losing a row is worth nothing.

use std::path::PathBuf;

use wirken_types::approval::ApprovalId;
use wirken_types::{Digest, GrantId, SessionId};

use crate::chain::Chain;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The usual state of a new installation, and no fault.
    #[error("there is no ledger at {} yet; it is created when the gateway first runs", path.display())]
    NotFound { path: PathBuf },
    #[error("{} is not a ledger of wirken; move it away, or name another data folder", path.display())]
    NotALedger { path: PathBuf },
    #[error("the ledger has version {found}, and this wirken knows versions up to {known}; install the newer wirken that wrote it")]
    Newer { found: u32, known: u32 },
    #[error("the ledger has version {found}, and this wirken reads version {known}; run the gateway once, which migrates it after a copy")]
    Older { found: u32, known: u32 },
    #[error("another process is writing the ledger at {}; stop that gateway first", path.display())]
    InUse { path: PathBuf },
    #[error("could not {action} {}: {source_text}; check that the folder exists, is yours and has room", path.display())]
    File { action: &'static str, path: PathBuf, source_text: String },
    #[error(
        "could not {action} the ledger: {source_text}; check the disk and the room on it; if the file itself is damaged, go back to a copy"
    )]
    Database { action: &'static str, source_text: String },

    #[error("the ledger's file is damaged: {source_text}; go back to a copy, and keep this one")]
    Corrupt { source_text: String },

    /// This message was taken before; nothing of the batch was written.
    #[error("message {key:?} of {account} was taken before, as row {seq} of chain {chain}; nothing is to be done")]
    Duplicate { account: String, key: String, chain: Chain, seq: u64 },
    #[error("session {session} is already open at this place; append to it, or close it first")]
    PlaceTaken { session: SessionId },
    #[error("session {session} was never opened; append its opening first")]
    NotOpened { session: SessionId },
    #[error("session {session} was opened before; a session is opened once")]
    OpenedBefore { session: SessionId },
    #[error("session {session} is closed and takes no new message or turn; open a new one")]
    SessionClosed { session: SessionId },
    #[error("question {approval} was asked before; a question is asked once")]
    AskedBefore { approval: ApprovalId },
    #[error("nobody was asked {approval} for this call of this session; answer a question that is listed as open")]
    NotAsked { approval: ApprovalId },
    /// Of two who answer at the same time, the second is told.
    #[error("question {approval} was answered already, by {by}; nothing is to be done")]
    AnsweredBefore { approval: ApprovalId, by: String },
    #[error("question {approval} is not open any more: it expired, or its turn ended; ask the agent again")]
    NotOpen { approval: ApprovalId },
    #[error("grant {grant} was given before; a grant is given once")]
    GrantedBefore { grant: GrantId },
    #[error(
        "there is no grant {grant} to revoke: it was never given, was revoked, or ended with its session; take its id from the list of grants"
    )]
    NoSuchGrant { grant: GrantId },
    #[error("the ledger does not take this: {why}")]
    Invalid { why: String },
    #[error("no row of the ledger has the content {digest}; take the digest from a row's payload")]
    NoSuchPayload { digest: Digest },

    #[error("the ledger stopped, because a write failed: {cause}. Nothing is recorded any more; see to the disk, then restart the gateway")]
    Stopped { cause: String },
    #[error("the ledger is closed")]
    Closed,
    #[error("row {seq} of chain {chain} is damaged: {what}; run `wirken audit verify`")]
    Damaged { chain: String, seq: u64, what: String },
}

impl Error {
    /// Whether the ledger refused this one batch and goes on.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Duplicate { .. }
                | Self::PlaceTaken { .. }
                | Self::NotOpened { .. }
                | Self::OpenedBefore { .. }
                | Self::SessionClosed { .. }
                | Self::AskedBefore { .. }
                | Self::NotAsked { .. }
                | Self::AnsweredBefore { .. }
                | Self::NotOpen { .. }
                | Self::GrantedBefore { .. }
                | Self::NoSuchGrant { .. }
                | Self::Invalid { .. }
                | Self::NoSuchPayload { .. }
        )
    }

    pub(crate) fn database(action: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Corrupt { source_text: error.to_string() }
            }
            _ => Self::Database { action, source_text: error.to_string() },
        }
    }

    pub(crate) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { action, path, source_text: error.to_string() }
    }
}
