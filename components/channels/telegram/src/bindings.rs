//! Generated from `wit/`: the channel world.

#![allow(unsafe_code, reason = "generated code")]
#![allow(clippy::allow_attributes_without_reason, clippy::missing_safety_doc, reason = "generated code")]
#![allow(missing_debug_implementations, unreachable_pub, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/channel"],
    world: "wirken:channel/channel",
    generate_all,
});

export!(Telegram with_types_in self);

use crate::component::Telegram;
