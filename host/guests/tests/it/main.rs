//! The guests of this repository, built by the builder and run by the engine.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails where it is surprised")]

mod build;
mod demo;
mod exec;
mod files;
mod hostile;
mod misbehaving;
mod openai;
mod run;
mod wit;
