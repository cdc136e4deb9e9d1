//! Generated from `wit/`: the policy world.

wit_bindgen::generate!({
    path: ["../../wit/http", "../../wit/chat", "../../wit/tool", "../../wit/policy"],
    world: "wirken:policy/policy",
    generate_all,
    additional_derives: [PartialEq],
    pub_export_macro: true,
    default_bindings_module: "wirken_guest::policy::bindings",
});
