//! `wirken:host/credentials`: whether a credential is there. Answers no: no tool is granted one.

use wasmtime::component::HasData;
use wirken_bindings::host::credentials;

use super::{Capability, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/credentials"],
    version: "0.1.0",
    validate: freely,
    link: |linker| credentials::add_to_linker::<_, Deny>(linker, |_| Deny),
};

/// Has none.
pub(super) struct Deny;

impl HasData for Deny {
    type Data<'a> = Self;
}

impl credentials::Host for Deny {
    async fn available(&mut self, _name: String) -> bool {
        false
    }
}
