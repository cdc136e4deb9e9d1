//! Generated from `wit/`: the channel world.

wit_bindgen::generate!({
    path: ["../../wit/http", "../../wit/chat", "../../wit/channel"],
    world: "wirken:channel/channel",
    generate_all,
    additional_derives: [PartialEq],
    pub_export_macro: true,
    default_bindings_module: "wirken_guest::channel::bindings",
});
