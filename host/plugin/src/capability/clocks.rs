//! `wasi:clocks`: what time it is. Every component may know.

use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wirken_engine::State;

use super::{Capability, Host, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:clocks/monotonic-clock", "wasi:clocks/wall-clock"],
    version: "0.2.12",
    validate: freely,
    link: |linker| {
        monotonic_clock::add_to_linker::<_, WasiClocks>(linker, view)?;
        wall_clock::add_to_linker::<_, WasiClocks>(linker, view)
    },
};

fn view(state: &mut State<Host>) -> WasiClocksCtxView<'_> {
    let Host { table, wasi, .. } = &mut state.data;
    WasiClocksCtxView { ctx: wasi.clocks(), table }
}
