//! One agent turn as a state machine, and the conversation that it is part of.
//!
//! Nothing here performs I/O or reads a clock. A [`Turn`] is told what happened ([`Input`]) and answers with what to do
//! next, in order ([`Effect`]). What it wants remembered are the ledger's own events, and a [`Conversation`] changes by
//! nothing but those: a session rebuilt from the ledger is the live one.

mod conversation;
mod effect;
mod files;
mod resume;
mod turn;

pub use conversation::Conversation;
pub use effect::{Allowed, Answer, Ask, Effect, File, Input, Shown, Verdict};
pub use files::{files_of, not_fetched};
pub use turn::{MAX_QUESTIONS, MAX_ROUNDS, MAX_STARTS, Setup, Surface, ToolOrigin, Turn};

#[cfg(test)]
mod tests;
