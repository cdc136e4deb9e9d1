//! What the world `wirken:provider/provider` holds, generated from its WIT. Its types are used as they are, natively too: the codec has no others.
#![allow(unsafe_code, reason = "the canonical ABI is raw memory; the generator owns it")]
#![allow(missing_debug_implementations, unreachable_pub, dead_code, clippy::all, reason = "generated")]

#[cfg(target_arch = "wasm32")]
use crate::Demo;

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/provider"],
    world: "wirken:provider/provider",
    generate_all,
    additional_derives: [PartialEq],
});

#[cfg(target_arch = "wasm32")]
export!(Demo);
