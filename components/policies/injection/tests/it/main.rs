//! The policy, from the outside: what it finds in the corpus, and what holds for any text.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "the helpers of tests fail as tests do")]

mod any;
mod corpus;
mod policy;
