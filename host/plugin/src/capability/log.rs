//! `wirken:host/log`: accepted and dropped. A log is output, and a tool's only output is its result.

use wasmtime::component::HasData;
use wirken_bindings::host::log;

use super::{Capability, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/log"],
    version: "0.1.0",
    validate: freely,
    link: |linker| log::add_to_linker::<_, Deny>(linker, |_| Deny),
};

/// Writes nothing.
pub(super) struct Deny;

impl HasData for Deny {
    type Data<'a> = Self;
}

impl log::Host for Deny {
    async fn log(&mut self, _level: String, _message: String) {}
}
