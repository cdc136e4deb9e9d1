//! Generated from `wit/`: the tool world. What sends HTTP is `wirken-guest-http`'s.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/tool"],
    world: "wirken:tool/tool",
    generate_all,
});

export!(WebFetch with_types_in self);

use crate::WebFetch;
