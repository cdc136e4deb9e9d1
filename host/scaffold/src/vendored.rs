//! What a component is handed of this tree: the interfaces of its kind, and for Rust the crate that it is made with.
//!
//! Neither is published anywhere, and an author must be able to build what was handed out years later.

use wirken_manifest::Kind;

use crate::{File, Language};

macro_rules! wit {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../wit/", $path)))
    };
}

macro_rules! sdk {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../components/sdk/src/", $path)))
    };
}

macro_rules! sdk_http {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../components/sdk-http/src/", $path)))
    };
}

/// Below `vendor/wirken-guest/src/`; the whole crate, so that it compiles whichever feature is chosen.
const SDK: &[(&str, &str)] = &[
    sdk!("lib.rs"),
    sdk!("panic.rs"),
    sdk!("channel.rs"),
    sdk!("channel/bindings.rs"),
    sdk!("channel/component.rs"),
    sdk!("host.rs"),
    sdk!("host/bindings.rs"),
    sdk!("host/fake.rs"),
    sdk!("policy.rs"),
    sdk!("policy/bindings.rs"),
    sdk!("policy/component.rs"),
    sdk!("provider.rs"),
    sdk!("provider/bindings.rs"),
    sdk!("provider/component.rs"),
    sdk!("tool.rs"),
    sdk!("tool/bindings.rs"),
    sdk!("tool/intent.rs"),
    sdk!("tool/schema.rs"),
    sdk!("tool/set.rs"),
];

/// Below `vendor/wirken-guest-http/src/`, for tools: whoever sends requests names it in Cargo.toml, and nobody else compiles it.
const SDK_HTTP: &[(&str, &str)] = &[
    sdk_http!("lib.rs"),
    sdk_http!("bindings.rs"),
    sdk_http!("error.rs"),
    sdk_http!("fence.rs"),
    sdk_http!("target.rs"),
    sdk_http!("testing.rs"),
    sdk_http!("wasi.rs"),
];

/// The crate's own tests stay here, and so does what declares them.
const TESTS: &str = "\n#[cfg(test)]\nmod tests;\n";

pub(crate) fn files(kind: Kind, language: Language) -> Vec<File> {
    let mut files: Vec<File> = packages(kind).iter().flat_map(|package| package.iter()).map(|file| interface(file, language)).collect();
    match language {
        Language::Rust => {
            files.extend(vendored("wirken-guest", SDK));
            if kind == Kind::Tool {
                files.extend(vendored("wirken-guest-http", SDK_HTTP));
                files.extend(WASI.iter().map(|file| interface(file, language)));
            }
        }
        Language::JavaScript | Language::Python => {
            files.push(File { path: "wit/world.wit".into(), content: world(kind).to_owned() });
        }
    }
    files
}

fn vendored(name: &str, sources: &[(&str, &str)]) -> Vec<File> {
    let file = |(path, text): &(&str, &str)| File {
        path: format!("vendor/{name}/src/{path}"),
        content: text.strip_suffix(TESTS).unwrap_or(text).to_owned(),
    };
    sources.iter().map(file).collect()
}

/// The Rust crate names each package's folder; the tools of the other languages want all but the first under `deps`.
fn interface((path, text): &(&str, &str), language: Language) -> File {
    let folder = if language == Language::Rust { "wit" } else { "wit/deps" };
    File { path: format!("{folder}/{path}"), content: (*text).to_owned() }
}

type Package = &'static [(&'static str, &'static str)];

const HTTP: Package = &[wit!("http/types.wit")];
const CHAT: Package = &[wit!("chat/types.wit")];
const HOST: Package = &[wit!("host/host.wit")];
/// What requests go by.
const WASI: Package = &[wit!("wasi/io/io.wit"), wit!("wasi/clocks/clocks.wit"), wit!("wasi/http/http.wit")];
const TOOL: Package = &[wit!("tool/tool.wit")];
const PROVIDER: Package = &[wit!("provider/provider.wit")];
const CHANNEL: Package = &[wit!("channel/channel.wit")];
const POLICY: Package = &[wit!("policy/policy.wit")];

fn packages(kind: Kind) -> &'static [Package] {
    match kind {
        Kind::Tool => &[HTTP, CHAT, HOST, TOOL],
        Kind::Provider => &[HTTP, CHAT, PROVIDER],
        Kind::Channel => &[HTTP, CHAT, CHANNEL],
        Kind::Policy => &[HTTP, CHAT, TOOL, POLICY],
    }
}

fn world(kind: Kind) -> &'static str {
    match kind {
        Kind::Tool => include_str!("../templates/wit/tool.wit"),
        Kind::Provider => include_str!("../templates/wit/provider.wit"),
        Kind::Channel => include_str!("../templates/wit/channel.wit"),
        Kind::Policy => include_str!("../templates/wit/policy.wit"),
    }
}
