//! Version 0.1 of every package.

#![expect(unreachable_pub, reason = "generated code")]

pub mod provider {
    wasmtime::component::bindgen!({
        path: ["../../wit/http", "../../wit/chat", "../../wit/provider"],
        world: "wirken:provider/provider",
        exports: { default: async },
    });
}

pub mod tool {
    wasmtime::component::bindgen!({
        path: ["../../wit/http", "../../wit/chat", "../../wit/tool"],
        world: "wirken:tool/tool",
        exports: { default: async },
        with: {
            "wirken:http/types@0.1.0": super::provider::wirken::http::types,
            "wirken:chat/types@0.1.0": super::provider::wirken::chat::types,
        },
    });
}

pub mod policy {
    wasmtime::component::bindgen!({
        path: ["../../wit/http", "../../wit/chat", "../../wit/tool", "../../wit/policy"],
        world: "wirken:policy/policy",
        exports: { default: async },
        with: {
            "wirken:http/types@0.1.0": super::provider::wirken::http::types,
            "wirken:chat/types@0.1.0": super::provider::wirken::chat::types,
            "wirken:tool/types@0.1.0": super::tool::wirken::tool::types,
        },
    });
}

pub mod channel {
    wasmtime::component::bindgen!({
        path: ["../../wit/http", "../../wit/chat", "../../wit/channel"],
        world: "wirken:channel/channel",
        exports: { default: async },
        with: {
            "wirken:http/types@0.1.0": super::provider::wirken::http::types,
            "wirken:chat/types@0.1.0": super::provider::wirken::chat::types,
        },
    });
}

pub mod host {
    wasmtime::component::bindgen!({
        path: ["../../wit/host"],
        inline: "
            package wirken:everything;
            world everything {
                import wirken:host/exec@0.1.0;
                import wirken:host/store@0.1.0;
                import wirken:host/credentials@0.1.0;
                import wirken:host/messages@0.1.0;
                import wirken:host/settings@0.1.0;
                import wirken:host/log@0.1.0;
            }
        ",
        imports: { default: async },
    });
}
