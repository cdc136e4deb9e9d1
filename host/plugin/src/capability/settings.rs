//! `wirken:host/settings`: what the owner set for the component. It says nothing about anybody else, and is free.

use wasmtime::component::HasData;
use wirken_bindings::host::settings;
use wirken_engine::State;

use super::{Capability, Host, Offer, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/settings"],
    validate: freely,
    offers: &[Offer {
        version: "0.1.0",
        link: |linker| settings::add_to_linker::<_, Settings>(linker, |state: &mut State<Host>| View(&state.data.settings)),
    }],
};

pub(super) struct Settings;

impl HasData for Settings {
    type Data<'a> = View<'a>;
}

pub(super) struct View<'a>(&'a str);

impl settings::Host for View<'_> {
    async fn get(&mut self) -> String {
        self.0.to_owned()
    }
}
