//! Generated from `wit/`: the tool world, and what runs programs.

#![allow(unsafe_code, reason = "generated code")]
#![allow(clippy::allow_attributes_without_reason, clippy::missing_safety_doc, reason = "generated code")]
#![allow(missing_debug_implementations, unreachable_pub, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/tool", "../../../wit/host"],
    inline: "
        package wirken:exec;
        world component {
            include wirken:tool/tool@0.1.0;
            import wirken:host/exec@0.1.0;
        }
    ",
    world: "wirken:exec/component",
    generate_all,
});

export!(Exec with_types_in self);

use crate::Exec;
