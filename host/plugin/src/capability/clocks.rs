//! `wasi:clocks`: what time it is. Every component may know.

use std::time::Duration;

use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock, WasiClocks, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wirken_engine::State;

use super::{Capability, Host, Offer, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:clocks/monotonic-clock", "wasi:clocks/wall-clock"],
    validate: freely,
    offers: &[Offer {
        version: "0.2.12",
        link: |linker| {
            monotonic_clock::add_to_linker::<_, WasiClocks>(linker, view)?;
            wall_clock::add_to_linker::<_, WasiClocks>(linker, view)
        },
    }],
};

fn view(state: &mut State<Host>) -> WasiClocksCtxView<'_> {
    let Host { table, wasi, .. } = &mut state.data;
    WasiClocksCtxView { ctx: wasi.clocks(), table }
}

/// For an instance whose answers must not depend on when it is asked: it is always the beginning of 1970.
pub(super) fn stop(builder: &mut WasiCtxBuilder) {
    builder.wall_clock(Stopped).monotonic_clock(Stopped);
}

struct Stopped;

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Stopped {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}
