//! `wirken:host/messages`: linked to a refusal; no component may speak to people on its own.

use wasmtime::component::HasData;
use wirken_bindings::host::messages;
use wirken_bindings::host::types::Error;

use super::{Capability, denied, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/messages"],
    version: "0.1.0",
    validate: freely,
    link: |linker| messages::add_to_linker::<_, Deny>(linker, |_| Deny),
};

/// Sends nothing.
pub(super) struct Deny;

impl HasData for Deny {
    type Data<'a> = Self;
}

impl messages::Host for Deny {
    async fn send(&mut self, _channel: String, _conversation_id: String, _text: String) -> Result<(), Error> {
        Err(denied("sending messages"))
    }
}
