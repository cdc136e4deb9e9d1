//! The fakes, held to what they imitate.

mod llm;
mod openai_sdk;
mod program;
