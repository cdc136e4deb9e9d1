//! `wasi:random`: random bytes. Every component may have some.

use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::random::{Deterministic, WasiRandom, WasiRandomCtx};
use wirken_engine::State;

use super::{Capability, Host, Offer, freely};

pub(super) const CAPABILITY: Capability = Capability {
    interfaces: &["wasi:random/random", "wasi:random/insecure", "wasi:random/insecure-seed"],
    validate: freely,
    offers: &[Offer {
        version: "0.2.12",
        link: |linker| {
            random::add_to_linker::<_, WasiRandom>(linker, context)?;
            insecure::add_to_linker::<_, WasiRandom>(linker, context)?;
            insecure_seed::add_to_linker::<_, WasiRandom>(linker, context)
        },
    }],
};

fn context(state: &mut State<Host>) -> &mut WasiRandomCtx {
    state.data.wasi.random()
}

/// For an instance whose answers must not depend on chance.
pub(super) fn fix(builder: &mut WasiCtxBuilder) {
    let same = || Deterministic::new(vec![0; 32]);
    builder.secure_random(same()).insecure_random(same()).insecure_random_seed(0);
}
