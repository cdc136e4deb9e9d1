//! Generated from `wit/`: what the host offers to tools. Only what a component calls is imported by it.

wit_bindgen::generate!({
    path: ["../../wit/host"],
    inline: "
        package wirken:guest;
        world host {
            import wirken:host/exec@0.1.0;
            import wirken:host/store@0.1.0;
            import wirken:host/credentials@0.1.0;
            import wirken:host/messages@0.1.0;
            import wirken:host/settings@0.1.0;
            import wirken:host/log@0.1.0;
        }
    ",
    world: "wirken:guest/host",
    generate_all,
    additional_derives: [PartialEq],
});
