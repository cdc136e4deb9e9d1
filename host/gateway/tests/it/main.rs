//! The gateway's sessions over the real ledger, with a scripted model and a tool that leaves a trace.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails where it is surprised")]

mod approvals;
mod bounds;
mod control;
mod effects;
mod effects_bounds;
mod exchanged;
mod here;
mod kill;
mod lies;
mod policies;
mod quarantine;
mod screen;
mod sessions;
mod support;
mod thousand;
