//! A scaffold in Rust from nothing to a component, with the real compiler.
//!
//! It compiles the vendored crate twice, natively and to WebAssembly, which takes some twenty seconds where the guests of this
//! tree were built before and a minute where they were not. The scaffolds of the other kinds differ in their one source file.

#![expect(clippy::disallowed_methods, reason = "a test runs the compiler, as an author does")]

use std::path::{Path, PathBuf};
use std::process::Command;

use wasmparser::{Parser, Payload};
use wirken_author::{Tools, build, create};
use wirken_manifest::Kind;
use wirken_scaffold::{Language, scaffold};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// With the crates that this tree's guests are built with: nothing is downloaded, and little is compiled.
fn settle(folder: &Path) {
    let components = root().join("components");
    std::fs::copy(components.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let written = std::fs::read_to_string(folder.join(".cargo/config.toml")).unwrap();
    let config = format!("{written}[net]\noffline = true\n[build]\ntarget-dir = {:?}\n", components.join("target"));
    std::fs::write(folder.join(".cargo/config.toml"), config).unwrap();
}

/// The compiler with the target, as the guests' own build finds it.
fn compiler() -> std::ffi::OsString {
    let output = Command::new(root().join(".ci/wasm-toolchain")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned().into()
}

/// Of its module, as it begins.
fn memory_bytes(component: &[u8]) -> u64 {
    let memories = Parser::new(0).parse_all(component).filter_map(|payload| match payload.unwrap() {
        Payload::MemorySection(memories) => Some(memories.into_iter().map(|memory| memory.unwrap().initial).sum::<u64>()),
        _ => None,
    });
    memories.sum::<u64>() * 64 * 1024
}

#[test]
fn a_new_tool_in_rust_passes_its_tests_and_becomes_a_component_without_authority() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first-try");
    create(&path, &scaffold("first-try", Kind::Tool, Language::Rust).unwrap()).unwrap();
    settle(&path);
    let cargo = std::env::var_os("CARGO").unwrap();
    // As in a shell: of what the outer cargo sets, nothing is meant for this one.
    let output = Command::new(&cargo).args(["test", "--quiet"]).current_dir(&path).env_remove("RUSTFLAGS").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (said, warned) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("2 passed") && !warned.contains("warning"), "{said}\n{warned}");

    let tools = Tools { cargo, rustc: Some(compiler()), ..Tools::default() };
    let built = build(&path, &tools, &mut |_| ()).unwrap();
    assert_eq!(built.shape.authority, [""; 0]);
    assert_eq!(built.shape.exports, ["wirken:tool/tools@0.1.0"]);
    assert!(built.bytes < 150_000, "{}", built.bytes);
    let component = std::fs::read(&built.path).unwrap();
    assert_eq!(component.len(), built.bytes);
    // The stack is a part of it: 128 KiB, where the linker alone makes it 1 MiB.
    let memory = memory_bytes(&component);
    assert!((128 * 1024..512 * 1024).contains(&memory), "{memory}");

    // As docs/authors.md tells it: one that sends requests names the crate that is there already.
    let append = |file: &str, text: &str| {
        let before = std::fs::read_to_string(path.join(file)).unwrap();
        std::fs::write(path.join(file), format!("{before}{text}")).unwrap();
    };
    append("Cargo.toml", "\n[dependencies.wirken-guest-http]\npath = \"vendor/wirken-guest-http\"\n");
    let source = std::fs::read_to_string(path.join("src/lib.rs")).unwrap();
    let asks = "use wirken_guest_http::{Client as _, Host, Request, Target};\n        \
                let target = Target::parse(\"https://a.example/\").map_err(|error| Failure::invalid(error.to_string()))?;\n        \
                let status = Host.send(&Request::get(target)).map_err(|error| Failure::failed(error.to_string()))?.status;\n        \
                if status != 200 { return Err(Failure::failed(format!(\"status {status}\"))); }\n        Ok(match";
    std::fs::write(path.join("src/lib.rs"), source.replacen("Ok(match", asks, 1)).unwrap();
    let built = build(&path, &tools, &mut |_| ()).unwrap();
    assert!(built.shape.authority.iter().any(|import| import.starts_with("wasi:http/outgoing-handler@0.2")), "{:?}", built.shape.authority);
}
