//! A component that was made for any host (`tests/foreign`): Rust's standard library over `wasi:cli` and `wasi:filesystem`, and
//! `wasi:http` without a library of this project's. It runs unchanged within what it is granted, and comes no further.

use std::path::Path;

use serde_json::{Value, json};
use wasi_preview1_component_adapter_provider::{WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER};
use wirken_egress::Options;
use wirken_engine::Wasm;
use wirken_manifest::{Filesystem, Manifest, Network};
use wirken_plugin::{Package, Ports, Problem, ToolEnd, ToolPlugin};
use wirken_types::chat::plain_text;
use wirken_types::event::ToolOutcome;
use wit_component::ComponentEncoder;

use crate::hostile::server::{Outside, Server};
use crate::hostile::tool_in;

/// What its owner writes for it, who knows this host.
const MANIFEST: &str = r#"
name = "notes"
kind = "tool"
version = "1.0.0"
world = "reflected"

[settings]
type = "object"

[settings.properties.server]
type = "string"
default = "https://notes.example.com"

[filesystem]
workspace = "read-write"

[network]
origins = ["{settings.server}"]
"#;

pub(crate) fn notes() -> Package {
    let adapter = (WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER);
    let encoder = ComponentEncoder::default().validate(true).module(include_bytes!("../foreign/notes.wasm"));
    let wasm = encoder.and_then(|encoder| encoder.adapter(adapter.0, adapter.1)).unwrap().encode().unwrap();
    Package { manifest: Manifest::parse(MANIFEST).unwrap(), wasm: Wasm::of(wasm) }
}

async fn call(tool: &ToolPlugin, name: &str, arguments: Value, ports: &Ports) -> (ToolOutcome, String) {
    let ToolEnd { outcome, content, .. } = tool.call(name.into(), arguments.to_string(), ports.clone()).await;
    (outcome, plain_text(&content))
}

async fn granted(workspace: Option<&Path>, server: &str) -> (ToolPlugin, Ports) {
    let settings = json!({ "server": server });
    let Outside { ports, .. } = Outside::of(notes(), settings.clone(), None, Options::default()).await;
    (tool_in(notes(), workspace, settings).await.unwrap(), ports)
}

#[tokio::test]
async fn a_component_for_any_host_runs_unchanged_within_its_grants() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("old")).unwrap();
    let server = Server::start().await;
    let (tool, ports) = granted(Some(folder.path()), &server.url()).await;
    for import in ["wasi:cli/environment", "wasi:cli/stdout", "wasi:filesystem/types", "wasi:http/outgoing-handler"] {
        assert!(tool.info().imports.iter().any(|found| found.unversioned() == import), "{import}: {:?}", tool.info().imports);
    }
    let note = json!({ "path": "/workspace/new.txt", "text": "Grüße" });
    assert_eq!(call(&tool, "write-note", note, &ports).await, (ToolOutcome::Ok, "Done.".into()));
    assert_eq!(std::fs::read_to_string(folder.path().join("new.txt")).unwrap(), "Grüße");
    assert_eq!(call(&tool, "read-note", json!({ "path": "/workspace/new.txt" }), &ports).await, (ToolOutcome::Ok, "Grüße".into()));
    assert_eq!(call(&tool, "names", json!({ "path": "/workspace" }), &ports).await, (ToolOutcome::Ok, r#"["new.txt","old"]"#.into()));
    assert_eq!(call(&tool, "greet", json!({}), &ports).await, (ToolOutcome::Ok, "0 arguments, 0 variables, 0 bytes".into()));
    let there = json!({ "scheme": "http", "authority": server.address.to_string(), "path": "/" });
    assert_eq!(call(&tool, "status", there, &ports).await, (ToolOutcome::Ok, "200".into()));
    let (outcome, text) = call(&tool, "quit", json!({ "code": 3 }), &ports).await;
    assert_eq!(outcome, ToolOutcome::Crashed, "{text}");
}

#[tokio::test]
async fn a_component_for_any_host_comes_no_further_than_its_grants() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = outside.path().join("secret.txt");
    std::fs::write(&secret, "theirs").unwrap();
    std::os::unix::fs::symlink(&secret, folder.path().join("link.txt")).unwrap();
    let (server, forbidden) = (Server::start().await, Server::start().await);
    let (tool, ports) = granted(Some(folder.path()), &server.url()).await;
    let absolute = secret.display().to_string();
    for path in [absolute.as_str(), "/etc/passwd", "/workspace/../etc/passwd", "/workspace/link.txt", "secret.txt", ""] {
        let (outcome, text) = call(&tool, "read-note", json!({ "path": path }), &ports).await;
        assert!(outcome == ToolOutcome::Failed && !text.contains("theirs"), "{path}: {text}");
        let (outcome, text) = call(&tool, "write-note", json!({ "path": path, "text": "mine" }), &ports).await;
        assert_eq!(outcome, ToolOutcome::Failed, "{path}: {text}");
    }
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "theirs");
    for (scheme, authority) in
        [("http", forbidden.address.to_string()), ("https", server.address.to_string()), ("https", "a.example".into())]
    {
        let there = json!({ "scheme": scheme, "authority": authority, "path": "/" });
        let (outcome, text) = call(&tool, "status", there, &ports).await;
        assert!(outcome == ToolOutcome::Failed && text.contains("HttpRequestDenied"), "{scheme} {authority}: {text}");
    }
    assert_eq!((server.heard(), forbidden.heard()), (Vec::new(), Vec::new()));

    // Without a folder it finds none, and its owner need not give it one.
    let (tool, ports) = granted(None, &server.url()).await;
    assert_eq!(call(&tool, "read-note", json!({ "path": "/workspace/link.txt" }), &ports).await.0, ToolOutcome::Failed);
    assert_eq!(call(&tool, "names", json!({ "path": "/" }), &ports).await.0, ToolOutcome::Failed);
    assert_eq!(call(&tool, "greet", json!({}), &ports).await.0, ToolOutcome::Ok);

    // What its manifest does not ask for it may not even import.
    let mut no_files = notes();
    no_files.manifest.filesystem = Filesystem::default();
    let mut no_network = notes();
    no_network.manifest.network = Network::default();
    for (package, import) in [(no_files, "wasi:filesystem/"), (no_network, "wasi:http/")] {
        let error = tool_in(package, None, json!({})).await.unwrap_err();
        assert!(matches!(&error.problem, Problem::Undeclared { import: found, .. } if found.starts_with(import)), "{error}");
    }
}
