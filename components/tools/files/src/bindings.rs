//! Generated from `wit/`: the tool world, and the workspace's file system.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: [
        "../../../wit/http",
        "../../../wit/chat",
        "../../../wit/tool",
        "../../../wit/wasi/io",
        "../../../wit/wasi/clocks",
        "../../../wit/wasi/filesystem",
    ],
    inline: "
        package wirken:files;
        world component {
            include wirken:tool/tool@0.1.0;
            import wasi:filesystem/types@0.2.12;
            import wasi:filesystem/preopens@0.2.12;
        }
    ",
    world: "wirken:files/component",
    generate_all,
});

export!(Files with_types_in self);

use crate::Files;
