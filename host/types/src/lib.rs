//! The words that every room of wirken shares: ids, digests, times, the neutral conversation model, HTTP as plain
//! values, where a credential may go, what a provider answers, what a channel tells, and the events that the ledger keeps.
//!
//! Nothing here performs I/O, and nothing here knows a platform, an LLM, Wasmtime or a database.

pub mod approval;
pub mod channel;
pub mod chat;
pub mod credential;
pub mod digest;
pub mod event;
pub mod http;
pub mod id;
pub mod media;
pub mod policy;
pub mod provider;
pub mod time;
pub mod tool;

pub use digest::{Digest, Digester};
pub use id::{GrantId, SessionId, TurnId};
pub use time::Timestamp;
