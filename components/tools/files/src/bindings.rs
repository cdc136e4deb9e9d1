//! Generated from `wit/`: the tool world, and the workspace's file system.

#![allow(unsafe_code, reason = "generated code")]
#![allow(clippy::allow_attributes_without_reason, clippy::missing_safety_doc, reason = "generated code")]
#![allow(missing_debug_implementations, unreachable_pub, reason = "generated code")]

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
