//! Notes that outlive a conversation, as tools: save, search, list and forget.
//!
//! The host keeps them, apart for each agent and each person or group. One note is one key, so that two calls at once lose
//! nothing; the key itself says roughly which words the note holds, so that a search reads only notes that may match.

mod bindings;
mod definitions;
mod key;
mod note;
mod problem;
mod search;
mod shelf;
mod tools;
mod words;

use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Part, ToolDefinition};
use bindings::wasi::clocks::wall_clock;
use bindings::wirken::host::store;
use problem::Problem;
use shelf::{Refusal, Shelf};
use tools::Call;

struct Memory;

impl Guest for Memory {
    fn definitions() -> Vec<ToolDefinition> {
        wirken_guest::init();
        let definition = |(name, description, schema): (&str, &str, serde_json::Value)| ToolDefinition {
            name: name.to_owned(),
            description: description.to_owned(),
            input_schema: schema.to_string(),
        };
        definitions::all().into_iter().map(definition).collect()
    }

    fn plan(name: String, arguments: String) -> Result<CallPlan, Failure> {
        wirken_guest::init();
        Ok(CallPlan { purpose: Call::parse(&name, &arguments)?.purpose(), intents: Vec::new() })
    }

    fn call(name: String, arguments: String) -> Result<Vec<Part>, Failure> {
        wirken_guest::init();
        Ok(vec![Part::Text(Call::parse(&name, &arguments)?.run(&Host)?)])
    }
}

/// The store and the clock that the host has.
struct Host;

impl Shelf for Host {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(store::get(key)?)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Refusal> {
        Ok(store::set(key, value)?)
    }

    fn delete(&self, key: &str) -> Result<(), Refusal> {
        Ok(store::delete(key)?)
    }

    fn keys(&self, prefix: &str) -> Result<Vec<String>, Refusal> {
        Ok(store::keys(prefix)?)
    }

    fn now_millis(&self) -> u64 {
        let now = wall_clock::now();
        now.seconds.saturating_mul(1000).saturating_add(u64::from(now.nanoseconds / 1_000_000))
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        Self { kind: error.kind, message: error.message }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Arguments(message) => Self::InvalidArguments(message),
            Problem::Denied(message) => Self::Denied(message),
            Problem::Failed(message) => Self::Failed(message),
        }
    }
}
