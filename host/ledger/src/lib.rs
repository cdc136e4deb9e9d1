//! The ledger: every step of every session, written before it is carried out, hash-chained, and readable as the
//! session itself.
//!
//! One thread writes ([`Ledger`]); anybody with the file may read ([`Reader`]) and check ([`verify`]). It knows no
//! channel, no provider and no policy: it takes events, keeps what is derived from them in step, and answers questions
//! about them. Beside its chains it keeps what channels remember, as it is given, and the files that rows name ([`Blobs`]).

mod apply;
mod approval;
mod blobs;
mod chain;
mod crash;
mod encode;
mod error;
mod grant;
mod handle;
mod outbox;
mod pairing;
mod prompt;
mod reader;
mod row;
mod schema;
mod session;
mod state;
mod verify;
mod writer;

pub use approval::{ApprovalState, Approvals, KnownApproval};
pub use blobs::{BlobError, Blobs, Pieces, TOTAL_BYTES, Unfinished};
pub use chain::{Chain, Position};
pub use crash::{CrashPoint, CrashPoints, NoCrashPoints};
pub use error::Error;
pub use grant::KnownGrant;
pub use handle::{Batch, Erasure, Ledger, Options, Receipt};
pub use outbox::{OutboxEntry, OutboxState};
pub use pairing::Pairing;
pub use prompt::{KnownPrompt, PromptState};
pub use reader::{LogFilter, NamedBlob, Reader, SessionFilter};
pub use row::{PayloadRef, Row};
pub use schema::path_in;
pub use session::{OpenTurn, Session};
pub use verify::{Progress, Report, Scope, Verdict, What, verify};
