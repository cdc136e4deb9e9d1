//! `wirken:host/credentials`: whether a credential is there. Its value never enters a component.

use std::collections::BTreeSet;

use wasmtime::component::HasData;
use wirken_bindings::host::credentials;
use wirken_engine::State;

use super::{Capability, Host, Offer};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/credentials"],
    validate: |manifest| if manifest.credentials.is_empty() { Err("declare them under [[credentials]]".into()) } else { Ok(()) },
    offers: &[Offer { version: "0.1.0", link: |linker| credentials::add_to_linker::<_, Credentials>(linker, view) }],
};

pub(super) struct Credentials;

impl HasData for Credentials {
    type Data<'a> = View<'a>;
}

pub(super) struct View<'a> {
    granted: &'a BTreeSet<String>,
    held: &'a BTreeSet<String>,
}

fn view(state: &mut State<Host>) -> View<'_> {
    View { granted: &state.data.credentials, held: &state.data.ports.credentials }
}

impl credentials::Host for View<'_> {
    async fn available(&mut self, name: String) -> bool {
        self.granted.contains(&name) && self.held.contains(&name)
    }
}
