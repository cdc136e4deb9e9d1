//! Generated from `wit/`: the tool world, the store, and the time.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: [
        "../../../wit/http",
        "../../../wit/chat",
        "../../../wit/tool",
        "../../../wit/host",
        "../../../wit/wasi/io",
        "../../../wit/wasi/clocks",
    ],
    inline: "
        package wirken:memory;
        world component {
            include wirken:tool/tool@0.1.0;
            import wirken:host/store@0.1.0;
            import wasi:clocks/wall-clock@0.2.12;
        }
    ",
    world: "wirken:memory/component",
    generate_all,
});

export!(Memory with_types_in self);

use crate::Memory;
