//! The templates, by kind and language.

use wirken_manifest::Kind;

use crate::Language;

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../templates/", $path))
    };
}

type Files = &'static [(&'static str, &'static str)];

/// The path of each file and its template.
pub(crate) fn files(kind: Kind, language: Language) -> Vec<(&'static str, String)> {
    let mut files: Vec<(&'static str, String)> = vec![("component.toml", manifest(kind, language))];
    files.extend(
        [of_language(language), of_kind(kind), of_both(kind, language)]
            .concat()
            .into_iter()
            .map(|(path, template)| (path, template.to_owned())),
    );
    files
}

fn manifest(kind: Kind, language: Language) -> String {
    let manifest = match kind {
        Kind::Tool => template!("manifest/tool.toml"),
        Kind::Provider => template!("manifest/provider.toml"),
        Kind::Channel => template!("manifest/channel.toml"),
        Kind::Policy => template!("manifest/policy.toml"),
    };
    let limits = if language == Language::Rust { "" } else { template!("manifest/interpreted.toml") };
    format!("{manifest}{limits}")
}

fn of_language(language: Language) -> Files {
    match language {
        Language::Rust => &[
            (".gitignore", template!("rust/gitignore")),
            (".cargo/config.toml", template!("rust/cargo-config.toml")),
            ("Cargo.toml", template!("rust/Cargo.toml")),
            ("README.md", template!("README-rust.md")),
            ("vendor/wirken-guest/Cargo.toml", template!("rust/sdk.toml")),
        ],
        Language::JavaScript => &[
            (".gitignore", template!("js/gitignore")),
            ("README.md", template!("README-js.md")),
            ("package.json", template!("js/package.json")),
        ],
        Language::Python => &[
            (".gitignore", template!("python/gitignore")),
            ("README.md", template!("README-python.md")),
            ("requirements.txt", template!("python/requirements.txt")),
        ],
    }
}

/// What was recorded: the same for each language.
fn of_kind(kind: Kind) -> Files {
    match kind {
        Kind::Tool => &[("tests/traffic/call.json", template!("traffic/tool.json"))],
        Kind::Provider => &[
            ("tests/traffic/answer.json", template!("traffic/provider-answer.json")),
            ("tests/traffic/refused.json", template!("traffic/provider-refused.json")),
        ],
        Kind::Channel => &[("tests/traffic/conversation.json", template!("traffic/channel.json"))],
        Kind::Policy => &[],
    }
}

fn of_both(kind: Kind, language: Language) -> Files {
    match (kind, language) {
        (Kind::Tool, Language::Rust) => {
            &[("src/lib.rs", template!("tool-rust/src/lib.rs")), ("vendor/wirken-guest-http/Cargo.toml", template!("rust/sdk-http.toml"))]
        }
        (Kind::Tool, Language::JavaScript) => &[
            ("src/component.js", template!("tool-js/src/component.js")),
            ("test/component.test.js", template!("tool-js/test/component.test.js")),
        ],
        (Kind::Tool, Language::Python) => &[
            ("app.py", template!("tool-python/app.py")),
            ("test_words.py", template!("tool-python/test_words.py")),
            ("words.py", template!("tool-python/words.py")),
        ],
        (Kind::Provider, Language::Rust) => &[("src/lib.rs", template!("provider-rust/src/lib.rs"))],
        (Kind::Provider, Language::JavaScript) => &[
            ("src/component.js", template!("provider-js/src/component.js")),
            ("test/component.test.js", template!("provider-js/test/component.test.js")),
        ],
        (Kind::Provider, Language::Python) => &[
            ("app.py", template!("provider-python/app.py")),
            ("chat.py", template!("provider-python/chat.py")),
            ("codec.py", template!("provider-python/codec.py")),
            ("test_chat.py", template!("provider-python/test_chat.py")),
        ],
        (Kind::Channel, Language::Rust) => {
            &[("src/lib.rs", template!("channel-rust/src/lib.rs")), ("src/tests.rs", template!("channel-rust/src/tests.rs"))]
        }
        (Kind::Channel, Language::JavaScript) => &[
            ("src/component.js", template!("channel-js/src/component.js")),
            ("test/component.test.js", template!("channel-js/test/component.test.js")),
        ],
        (Kind::Channel, Language::Python) => &[
            ("adapter.py", template!("channel-python/adapter.py")),
            ("app.py", template!("channel-python/app.py")),
            ("board.py", template!("channel-python/board.py")),
            ("test_board.py", template!("channel-python/test_board.py")),
        ],
        (Kind::Policy, Language::Rust) => &[("src/lib.rs", template!("policy-rust/src/lib.rs"))],
        (Kind::Policy, Language::JavaScript) => &[
            ("src/component.js", template!("policy-js/src/component.js")),
            ("test/component.test.js", template!("policy-js/test/component.test.js")),
        ],
        (Kind::Policy, Language::Python) => &[
            ("app.py", template!("policy-python/app.py")),
            ("test_words.py", template!("policy-python/test_words.py")),
            ("words.py", template!("policy-python/words.py")),
        ],
    }
}
