//! The scaffolds, as an author gets them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it is surprised")]

mod contents;
mod refused;
