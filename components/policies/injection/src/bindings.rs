//! Generated from `wit/`: the policy world.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/tool", "../../../wit/policy"],
    world: "wirken:policy/policy",
    generate_all,
});

export!(Injection with_types_in self);

use crate::component::Injection;
