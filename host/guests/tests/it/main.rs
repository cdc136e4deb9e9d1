//! The guests of this repository, built by the builder and run by the engine.

mod build;
mod demo;
mod files;
mod hostile;
mod misbehaving;
mod run;
