//! Embeds what `just guests` made. Without it, and unless `WIRKEN_BUNDLED=none`, the build stops with the one command
//! that makes it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a build script reports by failing and is told by its environment"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../components/dist");
    println!("cargo:rerun-if-env-changed=WIRKEN_BUNDLED");
    println!("cargo:rerun-if-changed={}", root.display());
    let none = env::var("WIRKEN_BUNDLED").is_ok_and(|value| value == "none");
    let folders = if none { Vec::new() } else { components(&root) };
    if folders.is_empty() && !none {
        panic!("components/dist is missing: run `just guests` (or `./bootstrap build`), or set WIRKEN_BUNDLED=none");
    }
    let mut code = String::from("&[\n");
    for folder in folders {
        let [manifest, wasm] = ["component.toml", "component.wasm"].map(|name| folder.join(name));
        for file in [&manifest, &wasm] {
            println!("cargo:rerun-if-changed={}", file.display());
        }
        writeln!(code, "    Bundled {{ manifest: include_str!({manifest:?}), wasm: include_bytes!({wasm:?}) }},")
            .expect("a string takes it");
    }
    code.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("bundled.rs");
    fs::write(&out, code).expect("OUT_DIR is writable");
}

fn components(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for kind in ["providers", "tools", "channels", "policies"] {
        let Ok(entries) = fs::read_dir(root.join(kind)) else { continue };
        folders.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.join("component.wasm").is_file()));
    }
    folders.sort();
    folders.iter().map(|folder| fs::canonicalize(folder).unwrap_or_else(|_| folder.clone())).collect()
}
