//! `wirken:host/store`: linked to a refusal; no component is given state of its own.

use wasmtime::component::HasData;
use wirken_bindings::host::store;
use wirken_bindings::host::types::Error;

use super::{Capability, denied, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/store"],
    version: "0.1.0",
    validate: freely,
    link: |linker| store::add_to_linker::<_, Deny>(linker, |_| Deny),
};

/// Keeps nothing.
pub(super) struct Deny;

impl HasData for Deny {
    type Data<'a> = Self;
}

impl store::Host for Deny {
    async fn get(&mut self, _key: String) -> Result<Option<Vec<u8>>, Error> {
        Err(denied("keeping state"))
    }

    async fn set(&mut self, _key: String, _value: Vec<u8>) -> Result<(), Error> {
        Err(denied("keeping state"))
    }

    async fn delete(&mut self, _key: String) -> Result<(), Error> {
        Err(denied("keeping state"))
    }

    async fn keys(&mut self, _prefix: String) -> Result<Vec<String>, Error> {
        Err(denied("keeping state"))
    }
}
