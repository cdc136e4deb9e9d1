//! Programs, as a tool: one program with its arguments, run by the host in its sandbox.
//!
//! What a person is asked to allow and what is then run are made of the same [`call::Call`], so that they cannot differ.
//! Whether it is allowed, and what a program can reach, is the host's to say, whatever happens here.

mod answer;
mod bindings;
mod call;
mod definition;

use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Part, ToolDefinition};
use bindings::wirken::host::exec;
use call::{Call, Sandbox};

struct Exec;

impl Guest for Exec {
    fn definitions() -> Vec<ToolDefinition> {
        wirken_guest::init();
        vec![definition::tool()]
    }

    fn plan(name: String, arguments: String) -> Result<CallPlan, Failure> {
        wirken_guest::init();
        Ok(Call::parse(&name, &arguments)?.plan())
    }

    fn call(name: String, arguments: String) -> Result<Vec<Part>, Failure> {
        wirken_guest::init();
        Ok(vec![Part::Text(Call::parse(&name, &arguments)?.run(&Host)?)])
    }
}

/// The sandbox that the host has, or has not.
struct Host;

impl Sandbox for Host {
    fn run(&self, command: &exec::Command) -> Result<exec::Output, exec::Error> {
        exec::run(command)
    }
}
