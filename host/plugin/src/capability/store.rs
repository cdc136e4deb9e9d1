//! `wirken:host/store`: state of a component's own, by way of whoever keeps it.

use wasmtime::component::HasData;
use wirken_bindings::host::store;
use wirken_bindings::host::types::Error;
use wirken_engine::{Clock, State};

use super::{Capability, Host, Offer, refused};
use crate::ports::Store as Port;

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wirken:host/store"],
    validate: |manifest| if manifest.store.keep { Ok(()) } else { Err("add `keep = true` under [store]".into()) },
    offers: &[Offer { version: "0.1.0", link: |linker| store::add_to_linker::<_, Store>(linker, view) }],
};

pub(super) struct Store;

impl HasData for Store {
    type Data<'a> = View<'a>;
}

pub(super) struct View<'a> {
    port: &'a dyn Port,
    clock: Clock,
}

fn view(state: &mut State<Host>) -> View<'_> {
    let clock = state.clock();
    View { port: &*state.data.ports.store, clock }
}

impl store::Host for View<'_> {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.clock.wait(self.port.get(key)).await.map_err(refused)
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.clock.wait(self.port.set(key, value)).await.map_err(refused)
    }

    async fn delete(&mut self, key: String) -> Result<(), Error> {
        self.clock.wait(self.port.delete(key)).await.map_err(refused)
    }

    async fn keys(&mut self, prefix: String) -> Result<Vec<String>, Error> {
        self.clock.wait(self.port.keys(prefix)).await.map_err(refused)
    }
}
