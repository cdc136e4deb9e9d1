//! `wasi:io`: streams and polling. No authority by itself; the others hand out its resources.

use wasmtime_wasi_io::bindings::wasi::io::{error, poll, streams};

use super::{Capability, Host, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:io/error", "wasi:io/poll", "wasi:io/streams"],
    version: "0.2.12",
    validate: freely,
    link: |linker| {
        fn table(state: &mut wirken_engine::State<Host>) -> &mut wasmtime::component::ResourceTable {
            &mut state.data.table
        }
        error::add_to_linker::<_, Io>(linker, table)?;
        poll::add_to_linker::<_, Io>(linker, table)?;
        streams::add_to_linker::<_, Io>(linker, table)
    },
};

struct Io;

impl wasmtime::component::HasData for Io {
    type Data<'a> = &'a mut wasmtime::component::ResourceTable;
}
