//! Generated from `wit/`: the channel world.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/channel"],
    world: "wirken:channel/channel",
    generate_all,
});

export!(Telegram with_types_in self);

use crate::component::Telegram;
