//! Programs, as a tool: one program with its arguments, run by the host in its sandbox.
//!
//! What a person is asked to allow and what is then run are made of the same [`call::Call`], so that they cannot differ.
//! Whether it is allowed, and what a program can reach, is the host's to say, whatever happens here.

mod answer;
mod call;
mod definition;

use call::{Arguments, Call};
use wirken_guest::host::Host;
use wirken_guest::tool::{CallPlan, Failure, Schema, Tool};

impl Tool for Arguments {
    const NAME: &str = definition::NAME;
    const DESCRIPTION: &str = definition::DESCRIPTION;

    fn schema() -> Schema {
        definition::schema()
    }

    fn plan(&self) -> Result<CallPlan, Failure> {
        Ok(Call::new(self.clone())?.plan())
    }

    fn call(self) -> Result<String, Failure> {
        Call::new(self)?.run(&Host)
    }
}

wirken_guest::tool!(Arguments);
