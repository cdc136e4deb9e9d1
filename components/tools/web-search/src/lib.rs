//! A search of the web, as a tool: titles, addresses and snippets from a service that the owner chose.
//!
//! The query leaves this machine, in the address of one GET: what a person is asked to allow and what is then sent are
//! made of the same [`call::Call`]. A snippet is written by strangers, and is handed on as such.

mod answer;
mod bindings;
mod call;
mod definition;
mod service;
mod settings;

use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Part, ToolDefinition};
use bindings::wirken::host::settings as owner;
use call::Call;

struct WebSearch;

impl Guest for WebSearch {
    fn definitions() -> Vec<ToolDefinition> {
        wirken_guest::init();
        vec![definition::tool()]
    }

    fn plan(name: String, arguments: String) -> Result<CallPlan, Failure> {
        wirken_guest::init();
        Ok(Call::parse(&name, &arguments, &owner::get())?.plan())
    }

    fn call(name: String, arguments: String) -> Result<Vec<Part>, Failure> {
        wirken_guest::init();
        Ok(vec![Part::Text(Call::parse(&name, &arguments, &owner::get())?.run(&wirken_guest_http::Host)?)])
    }
}
