//! Generated from `wit/`: the tool world, and what runs programs.

#![expect(unsafe_code, reason = "generated code")]

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
