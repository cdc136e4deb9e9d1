//! A policy that looks for text which instructs a model: in what people and tools say, before the model reads it, and in what
//! the model then asks for.
//!
//! It reads as a person would and not as bytes: letters by their looks, words by their meaning, in many languages. What it
//! says is a measure and no proof: whoever knows these rules can write around them. So it flags, and what a session may do
//! is held by the host. What is found, missed and wrongly flagged stands in `tests/corpus.jsonl`, line by line.
//!
//! Everything but `bindings` and `component` is a plain library, so that it is tested and fuzzed natively. Its time is that of
//! the text's length, whatever the text is.

pub mod policy;
pub mod rule;
pub mod types;

mod address;
mod encoded;
mod fold;
mod hidden;
mod judge;
mod letters;
mod markup;
mod phrase;
mod regions;
mod scan;
mod settings;
mod shell;
mod tokens;
mod words;

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod component;

pub use scan::{MAX_EXCERPT, MAX_FINDINGS, Report, scan};
