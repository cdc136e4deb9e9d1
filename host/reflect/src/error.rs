//! Why there is nothing to call in some bytes, why a function is not among those that are called, and what is wrong with
//! the arguments or the result of a call.

use crate::reflected::Refused;
use crate::{
    MAX_COMPONENT_BYTES, MAX_DEFINITION_BYTES, MAX_DEPTH, MAX_EXPORTS, MAX_FUNCTIONS, MAX_IMPORTS, MAX_ITEMS, MAX_NAME_BYTES, MAX_NESTING,
    MAX_RESULT_BYTES,
};

/// Why no function can be read from some bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("it has {bytes} bytes, and {MAX_COMPONENT_BYTES} are the most")]
    TooLarge { bytes: usize },
    #[error("it is no WebAssembly: a component begins with the bytes 00 61 73 6d 0d 00 01 00")]
    NotWasm,
    #[error(
        "it is a core WebAssembly module and no component: make one of it, with `wasm-tools component new` say, or build for wasm32-wasip2"
    )]
    CoreModule,
    #[error("it is a WIT package and no component: it describes types and holds no code")]
    WitPackage,
    #[error("it is no valid component: {reason}")]
    Invalid { reason: String },
    #[error("it nests modules and components more than {MAX_NESTING} deep")]
    Nested,
    #[error("it is made for WASI 0.3 (it {} {}), and this host offers WASI 0.2: build it for that", if *.imported { "imports" } else { "exports" }, short(.name))]
    Wasi03 { name: String, imported: bool },
    #[error("it is asynchronous ({what}), and this host calls synchronous functions: build it without async")]
    Asynchronous { what: String },
    #[error("it imports {imports} things, and {MAX_IMPORTS} are the most")]
    TooManyImports { imports: usize },
    #[error("it exports more than {MAX_EXPORTS} functions and types")]
    TooManyExports,
    #[error("its imported and exported interfaces hold {items} types and functions, and {MAX_ITEMS} are the most")]
    TooManyItems { items: usize },
    #[error("it exports {functions} functions that could be called, and a component may have {MAX_FUNCTIONS} tools")]
    TooManyFunctions { functions: usize },
    #[error("it is made for a world of wirken's, since it exports {}: a manifest that names that world loads it", short(.export))]
    OfWirken { export: String },
    #[error("it exports no function that can be called as a tool{}", why_none(refused, left_out))]
    NothingCallable { refused: Vec<Refused>, left_out: Vec<String> },
}

/// How many refused functions a message names.
const SHOWN: usize = 8;
/// Characters of a name that a message repeats.
const SHOWN_CHARS: usize = 80;

fn why_none(refused: &[Refused], left_out: &[String]) -> String {
    let mut reasons: Vec<String> = refused.iter().take(SHOWN).map(ToString::to_string).collect();
    if refused.len() > SHOWN {
        reasons.push(format!("and {} more", refused.len() - SHOWN));
    }
    if !left_out.is_empty() {
        reasons.push(format!("what it exports for other hosts is left out: {}", named(left_out)));
    }
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

fn named(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| short(name)).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

/// A component's name for something, which may have 100 000 bytes, for a message.
pub(crate) fn short(name: &str) -> String {
    if name.chars().nth(SHOWN_CHARS).is_none() { name.to_owned() } else { name.chars().take(SHOWN_CHARS - 1).chain(['…']).collect() }
}

/// Why one function is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("it is asynchronous, and this host calls synchronous functions")]
    Asynchronous,
    #[error("it belongs to a resource, and none lives from one call to the next")]
    OfResource,
    #[error("{place} holds a handle to a resource, and none lives from one call to the next")]
    Handle { place: String },
    #[error("{place} holds a {kind}, which this host does not pass on")]
    Unsupported { place: String, kind: &'static str },
    #[error("{place} is nested more than {MAX_DEPTH} types deep")]
    TooDeep { place: String },
    #[error("its description and the schema of its {of} need more than {MAX_DEFINITION_BYTES} bytes")]
    TooLarge { of: &'static str },
    #[error("{place} has a name of more than {MAX_NAME_BYTES} bytes")]
    LongName { place: String },
    #[error("it is not a function")]
    NotAFunction,
    #[error("its schema cannot be used: {reason}")]
    Schema { reason: String },
}

/// What is wrong with the arguments of a call, for a model to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if path.is_empty() { String::new() } else { format!("at {path}: ") })]
pub struct ArgumentError {
    /// A JSON pointer to the value; empty where it is all of them.
    pub path: String,
    pub message: String,
}

/// Why a component's result is not passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    #[error("the result is no {expected}")]
    Unfit { expected: String },
    #[error("the result has more than {MAX_RESULT_BYTES} bytes as JSON")]
    TooLarge,
}
