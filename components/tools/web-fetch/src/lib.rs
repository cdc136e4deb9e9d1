//! A page of the web, as a tool: one GET, and what a person would read there.
//!
//! A page is written by strangers, some of whom write for the model that reads it. So what a person would not see is left
//! out where the page itself says so, the rest stands in a fence that the page cannot end, and a redirect to another
//! place is told, not followed. Hiding by style sheets and scripts is not seen.

mod bindings;
mod call;
mod charset;
mod definition;
mod html;
mod page;

use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Part, ToolDefinition};
use call::Call;

struct WebFetch;

impl Guest for WebFetch {
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
        Ok(vec![Part::Text(Call::parse(&name, &arguments)?.run(&wirken_guest_http::Host)?)])
    }
}
