//! `wirken:host/exec`: linked to a refusal. Running programs needs a sandbox and a person's approval, and this host has
//! neither.

use wasmtime::component::HasData;
use wirken_bindings::host::exec::{self, Command, Output};
use wirken_bindings::host::types::Error;

use super::{Capability, denied, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/exec"],
    version: "0.1.0",
    validate: freely,
    link: |linker| exec::add_to_linker::<_, Deny>(linker, |_| Deny),
};

/// Runs nothing.
pub(super) struct Deny;

impl HasData for Deny {
    type Data<'a> = Self;
}

impl exec::Host for Deny {
    async fn run(&mut self, _command: Command) -> Result<Output, Error> {
        Err(denied("running programs"))
    }
}
