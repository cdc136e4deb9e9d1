//! Generated from `wit/`: the provider world.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/provider"],
    world: "wirken:provider/provider",
    generate_all,
});

export!(OpenAi with_types_in self);

use crate::component::OpenAi;
