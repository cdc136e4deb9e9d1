//! The browser's surface: log-in, chat, history and the ledger of a session, questions to the owner and the rights that
//! he gave, on a loopback address only.
//!
//! Loopback is not trusted: every web page that the owner visits, and every user of the machine, can reach it. So each
//! request passes [`guard`] (which host and origin it names) and then needs the cookie that a log-in token was exchanged
//! for ([`Logins`]). What models and tools wrote reaches the page as text or as a tree of a few known elements
//! ([`markdown`]), never as HTML, and nothing in it is ever fetched.
//!
//! What a chat does is the gateway's; this room sees it through [`Backend`].

mod api;
mod backend;
pub mod bounds;
mod error;
mod gateway;
mod guard;
mod logins;
mod markdown;
mod page;
mod protocol;
mod server;
mod socket;
mod standing;
mod words;

pub use backend::{Accepted, Backend, BackendError, Say, Update, Verification};
pub use error::Error;
pub use logins::{LoginToken, Logins};
pub use server::WebChat;
