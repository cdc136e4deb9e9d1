//! One call: what the model asked for, as the command that the host is given and as the plan that a person is shown.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wirken_guest::host::{self, Programs};
use wirken_guest::tool::{CallPlan, Failure, Intent};

use crate::answer;

/// The longest that a program may take: the host's own bound.
pub(crate) const MAX_SECONDS: u32 = 300;
/// Program and arguments, each with a byte for its end: the host's own bound.
pub(crate) const MAX_COMMAND_BYTES: usize = 1024 * 1024;
/// One of them, with that byte: the host's own bound.
pub(crate) const MAX_WORD_BYTES: usize = 128 * 1024;
/// The host's own bound.
pub(crate) const MAX_STDIN_BYTES: usize = 1024 * 1024;
/// More than that is a mistake, and would only meet a bound that says less.
pub(crate) const MAX_ARGUMENTS: usize = 10_000;

/// How much of a program's name a purpose shows. The host shows all of it.
const SHOWN_CHARACTERS: usize = 60;

/// A call whose arguments are right.
#[derive(Debug)]
pub(crate) struct Call {
    command: host::Command,
}

/// As the model writes them. What it leaves out it may also give as null.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    program: String,
    arguments: Option<Vec<String>>,
    stdin: Option<String>,
    timeout_seconds: Option<u32>,
}

/// What the host compares with the command, besides its program.
#[derive(Serialize)]
struct Detail<'a> {
    arguments: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    stdin: Option<String>,
}

impl Call {
    pub(crate) fn new(arguments: Arguments) -> Result<Self, Failure> {
        let timeout_millis = arguments.timeout_seconds.map(millis).transpose()?;
        let command = host::Command {
            program: arguments.program,
            arguments: arguments.arguments.unwrap_or_default(),
            stdin: arguments.stdin.unwrap_or_default().into_bytes(),
            timeout_millis,
        };
        check(&command)?;
        Ok(Self { command })
    }

    pub(crate) fn plan(&self) -> CallPlan {
        let host::Command { program, arguments, stdin, .. } = &self.command;
        let digest = (!stdin.is_empty()).then(|| hex(&Sha256::digest(stdin)));
        let detail = serde_json::json!(Detail { arguments, stdin: digest }).to_string();
        CallPlan { purpose: self.purpose(), intents: vec![Intent { action: "exec".to_owned(), target: program.clone(), detail }] }
    }

    pub(crate) fn run(&self, sandbox: &dyn Programs) -> Result<String, Failure> {
        sandbox.run(&self.command).map(|output| answer::text(&output)).map_err(|error| self.refused(error))
    }

    /// In one line whatever the model named: what is no printable character is written out.
    fn purpose(&self) -> String {
        let host::Command { program, arguments, stdin, .. } = &self.command;
        let mut shown: String = program.chars().take(SHOWN_CHARACTERS).collect();
        if shown.len() < program.len() {
            shown.push('…');
        }
        let arguments = match arguments.len() {
            0 => String::new(),
            1 => " with 1 argument".to_owned(),
            more => format!(" with {more} arguments"),
        };
        let input = if stdin.is_empty() { String::new() } else { format!(" on {} bytes of input", stdin.len()) };
        format!("Run {shown:?}{arguments}{input}.")
    }

    fn refused(&self, error: host::Error) -> Failure {
        match error.kind.as_str() {
            "denied" => Failure::Denied(error.message),
            "invalid" if self.command.program.contains(char::is_whitespace) => Failure::invalid(format!(
                "{}; no shell takes the program apart: give its name alone as program, and each argument by itself in arguments",
                error.message
            )),
            "invalid" => Failure::invalid(error.message),
            "limit" | "timeout" | "unavailable" | "failed" => Failure::Failed(error.message),
            other => Failure::Failed(format!("{other}: {}", error.message)),
        }
    }
}

/// What the host would refuse in any case, in words that help a model to do better.
fn check(command: &host::Command) -> Result<(), Failure> {
    let host::Command { program, arguments, stdin, .. } = command;
    if program.is_empty() {
        return Err(Failure::invalid("the program is empty; name one, such as ls"));
    }
    if arguments.len() > MAX_ARGUMENTS {
        return Err(Failure::invalid(format!("there are {} arguments, and {MAX_ARGUMENTS} are the most", arguments.len())));
    }
    let words = || std::iter::once(program).chain(arguments);
    if words().any(|word| word.contains('\0')) {
        return Err(Failure::invalid("the program or an argument holds a NUL character, which cannot be passed on; stdin can hold one"));
    }
    if let Some(word) = words().find(|word| word.len() >= MAX_WORD_BYTES) {
        let most = MAX_WORD_BYTES - 1;
        return Err(Failure::invalid(format!(
            "the program or an argument has {} bytes, and {most} are the most; use stdin or a file",
            word.len()
        )));
    }
    let bytes: usize = words().map(|word| word.len() + 1).sum();
    if bytes > MAX_COMMAND_BYTES {
        return Err(Failure::invalid(format!(
            "program and arguments have {bytes} bytes, and {MAX_COMMAND_BYTES} are the most; use stdin or a file"
        )));
    }
    if stdin.len() > MAX_STDIN_BYTES {
        return Err(Failure::invalid(format!("stdin has {} bytes, and {MAX_STDIN_BYTES} are the most; use a file", stdin.len())));
    }
    Ok(())
}

fn millis(seconds: u32) -> Result<u32, Failure> {
    match seconds {
        1..=MAX_SECONDS => Ok(seconds * 1000),
        other => Err(Failure::invalid(format!("timeout_seconds is {other}, and has to be from 1 to {MAX_SECONDS}"))),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
