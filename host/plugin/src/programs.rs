//! What runs a program for a component: a port. Who implements it decides, records, and has a sandbox.

use std::pin::Pin;
use std::time::Duration;

/// What a component asks for, as it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub program: String,
    /// Without the program's name.
    pub arguments: Vec<String>,
    pub stdin: Vec<u8>,
    pub timeout: Option<Duration>,
}

/// What a program that ended left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub truncated: bool,
}

/// Why none ran, or none ran to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One of those that `wirken:host/exec` names.
    pub kind: &'static str,
    pub message: String,
}

/// Runs programs for one call.
pub trait Programs: Send + Sync {
    fn run(&self, command: Command) -> Pin<Box<dyn Future<Output = Result<Output, Refusal>> + Send + '_>>;
}

/// Runs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyPrograms;

impl Programs for DenyPrograms {
    fn run(&self, _command: Command) -> Pin<Box<dyn Future<Output = Result<Output, Refusal>> + Send + '_>> {
        let message = "running programs is not granted to this component".to_owned();
        Box::pin(std::future::ready(Err(Refusal { kind: "denied", message })))
    }
}
