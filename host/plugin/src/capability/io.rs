//! `wasi:io`: streams and polling. No authority by itself; the others hand out its resources.

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi_io::bindings::wasi::io::{error, poll, streams};
use wasmtime_wasi_io::poll::DynPollable;
use wirken_engine::{Clock, State};

use super::{Capability, Host, Offer, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:io/error", "wasi:io/poll", "wasi:io/streams"],
    validate: freely,
    offers: &[Offer {
        version: "0.2.12",
        link: |linker| {
            error::add_to_linker::<_, Io>(linker, table)?;
            poll::add_to_linker::<_, Polls>(linker, waiting)?;
            streams::add_to_linker::<_, Io>(linker, table)
        },
    }],
};

struct Io;

impl wasmtime::component::HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(state: &mut State<Host>) -> &mut ResourceTable {
    &mut state.data.table
}

struct Polls;

impl wasmtime::component::HasData for Polls {
    type Data<'a> = Waiting<'a>;
}

/// Polling as it is underneath, but that a guest which waits leaves its turn to compute to others.
struct Waiting<'a> {
    table: &'a mut ResourceTable,
    clock: Clock,
}

fn waiting(state: &mut State<Host>) -> Waiting<'_> {
    let clock = state.clock();
    Waiting { table: &mut state.data.table, clock }
}

impl poll::Host for Waiting<'_> {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        self.clock.wait(poll::Host::poll(self.table, pollables)).await
    }
}

impl poll::HostPollable for Waiting<'_> {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        self.clock.wait(poll::HostPollable::block(self.table, pollable)).await
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        poll::HostPollable::ready(self.table, pollable).await
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}
