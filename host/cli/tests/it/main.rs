//! The binary as its users meet it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails where it is surprised")]

mod added;
mod approvals;
mod authors;
mod board;
mod button_commits;
mod buttons;
mod channel;
mod channel_commits;
mod channel_kill;
mod channel_trouble;
mod commands;
mod component_life;
mod component_upgrade;
mod components;
mod control;
mod exfiltration;
mod faults;
mod gullible;
mod kill;
mod media;
mod messages;
mod network;
mod removal;
mod restart;
mod sandboxes;
mod skills;
mod support;
mod versions;
