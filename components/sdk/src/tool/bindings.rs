//! Generated from `wit/`: the tool world.

wit_bindgen::generate!({
    path: ["../../wit/http", "../../wit/chat", "../../wit/tool"],
    world: "wirken:tool/tool",
    generate_all,
    additional_derives: [PartialEq],
    pub_export_macro: true,
    default_bindings_module: "wirken_guest::tool::bindings",
});
