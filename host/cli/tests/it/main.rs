//! The binary as its users meet it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it is surprised")]

mod commands;
mod faults;
mod kill;
mod support;
