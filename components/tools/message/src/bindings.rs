//! Generated from `wit/`: the tool world, and what sends messages.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/tool", "../../../wit/host"],
    inline: "
        package wirken:message;
        world component {
            include wirken:tool/tool@0.1.0;
            import wirken:host/messages@0.1.0;
        }
    ",
    world: "wirken:message/component",
    generate_all,
});

export!(Message with_types_in self);

use crate::Message;
