//! Generated from `wit/`: what sends HTTP.

wit_bindgen::generate!({
    path: ["../../wit/wasi/io", "../../wit/wasi/clocks", "../../wit/wasi/http"],
    inline: "
        package wirken:guest-http;
        world client {
            import wasi:http/types@0.2.12;
            import wasi:http/outgoing-handler@0.2.12;
        }
    ",
    world: "wirken:guest-http/client",
    generate_all,
});
