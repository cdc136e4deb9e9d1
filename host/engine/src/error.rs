//! What can go wrong with a component: before it runs, and while it does.

use std::path::PathBuf;

/// A component that could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the WebAssembly engine could not be set up")]
    Setup(#[source] wasmtime::Error),
    #[error("the folder {} for compiled components cannot be used", folder.display())]
    Cache { folder: PathBuf, source: std::io::Error },
    #[error("the component's bytes cannot be read: {0}")]
    Bytes(std::io::Error),
    #[error("the component does not compile: {0:#}")]
    Compile(wasmtime::Error),
    #[error("the compiled component cannot be handed on: {0:#}")]
    Seal(wasmtime::Error),
    #[error("the compiled component that was handed over cannot be used: {0:#}")]
    Adopt(wasmtime::Error),
}

/// A guest call that ended early. The instance is dead; nothing else is affected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// `code` names the trap. `panic` is what the guest's own code left: untrusted text, bounded.
    #[error("it crashed ({code}){}", panic.as_ref().map(|text| format!(", saying: {text:?}")).unwrap_or_default())]
    Trap { code: &'static str, panic: Option<String> },
    #[error("it used up its fuel of {limit} units")]
    Fuel { limit: u64 },
    #[error("it did not answer within {millis} ms")]
    Deadline { millis: u64 },
    #[error("it needs more memory than its {limit} bytes")]
    Memory { limit: usize },
    #[error("it needs larger tables than its {limit} elements")]
    Table { limit: usize },
    #[error("it handed over more than the {limit} bytes that one call may")]
    Output { limit: usize },
    #[error("it could not be called: {message}")]
    Host { message: String },
}

impl CallError {
    /// A short word for records and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Trap { code, .. } => code,
            Self::Fuel { .. } => "fuel",
            Self::Deadline { .. } => "deadline",
            Self::Memory { .. } => "memory",
            Self::Table { .. } => "table",
            Self::Output { .. } => "output",
            Self::Host { .. } => "host",
        }
    }
}
