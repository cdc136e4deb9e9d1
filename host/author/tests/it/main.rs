//! The driver on real folders: with the real compiler for Rust, with stand-ins for what has to be downloaded.

#![expect(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod driver;
mod encoding;
mod scaffolds;
