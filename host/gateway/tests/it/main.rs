//! The gateway's sessions over the real ledger, with a scripted model and a tool that leaves a trace.

mod control;
mod kill;
mod sessions;
mod support;
