//! The suite on components that hold it, and on components with one fault each, which it has to find.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "a test fails where it is surprised")]

mod bundled;
mod faulty;
mod scaffolds;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use wirken_conformance::{Report, Traffic, conform};
use wirken_engine::{Engine, Options, Wasm};
use wirken_manifest::Manifest;
use wirken_plugin::Package;

/// Each component is compiled once.
pub(crate) static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Options::default()).unwrap());

pub(crate) fn components() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components").canonicalize().unwrap()
}

/// A component of this tree, `edited` in its manifest.
pub(crate) fn package(path: &str, edited: impl Fn(String) -> String) -> Package {
    let folder = components().join("dist").join(path);
    let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_else(|_| panic!("run `just guests`: no {path}/{file}"));
    let manifest = edited(String::from_utf8(read("component.toml")).unwrap());
    Package { manifest: Manifest::parse(&manifest).unwrap(), wasm: Wasm::of(read("component.wasm")) }
}

/// What the suite says of a component, with the recordings of this folder.
pub(crate) fn tried(package: &Package, recordings: &Path) -> Report {
    let traffic = Traffic::read(recordings).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(conform(&ENGINE, package, &traffic))
}

/// What does not hold.
pub(crate) fn broken(report: &Report) -> Vec<String> {
    report.checks.iter().filter(|check| check.problem.is_some()).map(ToString::to_string).collect()
}
