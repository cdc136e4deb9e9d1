//! Generated from `wit/`: the tool world, and what the owner set.

#![expect(unsafe_code, reason = "generated code")]

wit_bindgen::generate!({
    path: ["../../../wit/http", "../../../wit/chat", "../../../wit/tool", "../../../wit/host"],
    inline: "
        package wirken:web-search;
        world component {
            include wirken:tool/tool@0.1.0;
            import wirken:host/settings@0.1.0;
        }
    ",
    world: "wirken:web-search/component",
    generate_all,
});

export!(WebSearch with_types_in self);

use crate::WebSearch;
