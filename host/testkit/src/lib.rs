//! What tests talk to in place of the world: servers on this machine that behave like the real ones, down to their
//! mistakes. Never part of a shipped program: other rooms depend on it for their tests only.
//!
//! A fake proves nothing by agreeing with the code that it tests. So each is held to an independent client of the
//! protocol (`tests/it`), and refuses what the real server would refuse.

pub mod llm;
pub mod pages;
pub mod proxy;
pub mod searxng;
pub mod telegram;
pub mod tls;
