//! Generated from `wit/`: the provider world.

wit_bindgen::generate!({
    path: ["../../wit/http", "../../wit/chat", "../../wit/provider"],
    world: "wirken:provider/provider",
    generate_all,
    additional_derives: [PartialEq],
    pub_export_macro: true,
    default_bindings_module: "wirken_guest::provider::bindings",
});
