//! Components of other versions than this host's, and of the first, as their owner meets them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Wirken;

const WORLD: &str = "wirken:tool/tool@0.1.0";
const TOOLS: &str = "wirken:tool/tools@0.1.0";

/// A folder with a component for a world, or a file without a manifest where none is named.
fn written(wirken: &Wirken, name: &str, world: Option<&str>, text: &str) -> PathBuf {
    let folder = wirken.outside().join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("component.wasm"), wat::parse_str(text).unwrap()).unwrap();
    let Some(world) = world else { return folder.join("component.wasm") };
    let manifest = format!("name = \"{name}\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"{world}\"\n");
    fs::write(folder.join("component.toml"), manifest).unwrap();
    folder
}

fn exporting(export: &str) -> String {
    format!(r#"(component (instance (export "{export}")))"#)
}

#[test]
fn what_does_not_fit_is_neither_added_nor_hidden_and_says_why() {
    let wirken = Wirken::with_demo();
    let sync_03 = format!(
        r#"(component (import "wasi:clocks/wall-clock@0.3.0" (instance (export "now" (func (result u64))))) (instance (export "{TOOLS}")))"#
    );
    let later_host =
        format!(r#"(component (import "wirken:host/store@0.3.0" (instance (export "get" (func)))) (instance (export "{TOOLS}")))"#);
    for (name, world, text, told) in [
        (
            "later-world",
            "wirken:tool/tool@0.3.0",
            exporting("wirken:tool/tools@0.3.0"),
            "its manifest names the world wirken:tool/tool@0.3.0; this host offers wirken:tool/tool@0.1.0",
        ),
        (
            "later-export",
            WORLD,
            exporting("wirken:tool/tools@0.3.0"),
            "it exports wirken:tool/tools@0.3.0, and its world wirken:tool/tool@0.1.0 has wirken:tool/tools@0.1.0; this host offers \
             wirken:tool/tool@0.1.0",
        ),
        (
            "no-export",
            WORLD,
            "(component)".to_owned(),
            "it does not export wirken:tool/tools@0.1.0, which its world wirken:tool/tool@0.1.0 has: it exports nothing",
        ),
        ("later-host", WORLD, later_host, "it imports wirken:host/store@0.3.0; this host offers wirken:host/store@0.1.0"),
        (
            "wasi-03",
            WORLD,
            sync_03,
            "it is made for WASI 0.3 (it imports wasi:clocks/wall-clock@0.3.0), and this host offers WASI 0.2: build it for that",
        ),
    ] {
        let folder = written(&wirken, name, Some(world), &text);
        let path = folder.to_str().unwrap();
        let whole = format!("the component {name} cannot be loaded: {told}");
        let inspected = wirken.json(&["component", "inspect", path]);
        assert_eq!(inspected["problem"], whole.as_str());
        assert_eq!(inspected["world"], world);
        let shown = wirken.ok(&["component", "inspect", path]);
        assert!(shown.contains(&format!("This host would not load it: {whole}.")), "{shown}");
        let refused = wirken.fails(&["component", "add", path, "--yes"]);
        assert!(refused.contains(&whole), "{refused}");
        let refused = wirken.fails(&["component", "run", path]);
        assert!(refused.contains(&whole), "{refused}");
    }
    assert!(wirken.fails(&["component", "remove", "later-world"]).contains("component list"), "none of them was added");
}

/// There is nothing to show of what cannot be compiled.
#[test]
fn what_cannot_be_read_is_refused_with_the_reason_for_it() {
    let wirken = Wirken::with_demo();
    let asynchronous = r#"(component
        (core module $code
            (func (export "run") (result i32) i32.const 0)
            (func (export "back") (param i32 i32 i32) (result i32) i32.const 0)
        )
        (core instance $code (instantiate $code))
        (func (export "run") async (canon lift (core func $code "run") async (callback (core func $code "back"))))
    )"#;
    let async_03 = r#"(component (import "wasi:http/handler@0.3.0" (instance (export "handle" (func async)))))"#;
    for (name, text, told) in [
        ("asynchronous", asynchronous, "it is asynchronous ("),
        ("async-03", async_03, "it is made for WASI 0.3 (it imports wasi:http/handler@0.3.0), and this host offers WASI 0.2"),
        ("core", "(module)", "it is a core WebAssembly module and no component"),
    ] {
        // One that says what it is, and one that brings no manifest.
        for (name, world) in [(name.to_owned(), Some(WORLD)), (format!("bare-{name}"), None)] {
            let path = written(&wirken, &name, world, text);
            let path = path.to_str().unwrap();
            for args in [&["component", "add", path, "--yes"][..], &["component", "inspect", path], &["component", "run", path]] {
                let refused = wirken.fails(args);
                assert!(refused.contains(told), "{name} {args:?}: {refused}");
            }
        }
    }
}

#[test]
fn a_component_of_the_first_version_is_added_and_runs() {
    let wirken = Wirken::with_demo();
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin/tests/frozen/first-tool");
    wirken.ok(&["component", "add", frozen.to_str().unwrap(), "--yes"]);
    let inspected = wirken.json(&["component", "inspect", "first-tool"]);
    assert_eq!((&inspected["problem"], &inspected["world"]), (&serde_json::Value::Null, &serde_json::json!(WORLD)));
    let parts = wirken.ok(&["component", "run", "first-tool", "parts", r#"{"a":"ä"}"#]);
    assert_eq!(parts.trim(), r#"{"a":"ä"}"#);
}
