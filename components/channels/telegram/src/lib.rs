//! Telegram bots, by the Bot API: long polling in, messages out. <https://core.telegram.org/bots/api>
//!
//! Everything but `component` is a pure library on plain values, so that it is tested and fuzzed natively; that one maps it
//! to `wirken:channel` and exists only on WebAssembly. Nothing here sends a request or sees the token:
//! the host does both.

pub mod types;

mod address;
mod api;
mod bounded;
mod connection;
mod core;
mod delivery;
mod entity;
mod fetch;
mod markdown;
mod media;
mod offset;
mod outbox;
mod people;
mod place;
mod poll;
mod prompt;
mod settings;
mod split;
mod typing;
mod update;

#[cfg(target_arch = "wasm32")]
mod component;

pub use connection::Connection;
pub use entity::{Entity, Formatted, Kind};
pub use markdown::render;
pub use split::{MAX_ENTITIES, MAX_UNITS, split};
