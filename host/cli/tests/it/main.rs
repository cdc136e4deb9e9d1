//! The binary as its users meet it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails where it is surprised")]

mod approvals;
mod authors;
mod channel;
mod channel_commits;
mod channel_kill;
mod channel_trouble;
mod commands;
mod components;
mod control;
mod faults;
mod kill;
mod network;
mod sandboxes;
mod support;
