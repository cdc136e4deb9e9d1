//! Messages to people, as a tool: one text to one conversation, besides the answer to the one who asked.
//!
//! It reads nothing and knows no address book: which channels and conversations there are, and whether this message may
//! go to one, is the host's to say. What a person is asked to allow and what is then sent are made of the same
//! [`call::Call`], so that they cannot differ.

mod bindings;
mod call;
mod definition;

use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Part, ToolDefinition};
use bindings::wirken::host::messages;
use call::{Call, Post};

struct Message;

impl Guest for Message {
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

/// The channels that the host has.
struct Host;

impl Post for Host {
    fn send(&self, channel: &str, conversation: &str, text: &str) -> Result<(), messages::Error> {
        messages::send(channel, conversation, text)
    }
}
