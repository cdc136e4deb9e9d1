//! Chat Completions, as OpenAI defined it and as llama.cpp, vLLM, LM Studio, LiteLLM and others speak it.
//!
//! Everything but `bindings` and `component` is a pure library on plain values, so that it is tested and fuzzed natively; those two
//! map it to `wirken:provider` and exist only on WebAssembly. Nothing here sends a request or sees a key: the host does both.

pub mod types;

mod calls;
mod decode;
mod encode;
mod error;
mod json;
mod models;
mod settings;
mod sse;

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod component;

pub use calls::{MAX_ARGUMENT_BYTES, MAX_CALLS};
pub use decode::{Decoder, MAX_ANSWER_BYTES, decode_split};
pub use encode::encode;
pub use error::{MAX_ERROR_BYTES, MAX_MESSAGE_BYTES};
pub use models::{decode_models, encode_task};
pub use sse::MAX_LINE_BYTES;
