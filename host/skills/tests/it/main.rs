//! Skills as people write them, against what the written contract makes of them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it is surprised")]

mod blocks;
mod corpus;
mod folders;
mod hostile;
mod properties;
mod states;
