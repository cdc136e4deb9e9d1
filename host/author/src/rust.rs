//! Rust: plain cargo with wit-bindgen, or cargo-component where the manifest asks for it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::run::Run;
use crate::{Error, Tools};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const NO_CARGO: &str = "install Rust 1.95 or newer (https://rustup.rs)";

/// The part of `cargo metadata` that is read.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    targets: Vec<Target>,
    metadata: Option<Extra>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// `[package.metadata]`.
#[derive(Deserialize)]
struct Extra {
    /// cargo-component's own section.
    component: Option<serde_json::Value>,
}

/// Compiles the folder's crate, and says where the module is.
pub(crate) fn build(folder: &Path, tools: &Tools, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    target_is_there(folder, tools)?;
    let metadata = metadata(folder, tools)?;
    let manifest = folder.join("Cargo.toml").canonicalize().map_err(Error::at(folder))?;
    let none = || Error::NoLibrary { folder: folder.to_owned() };
    let package = metadata.packages.iter().find(|package| package.manifest_path == manifest).ok_or_else(none)?;
    let is_library = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
    let library = package.targets.iter().find(is_library).ok_or_else(none)?;
    let by_component = package.metadata.as_ref().is_some_and(|extra| extra.component.is_some());
    let mut arguments = vec!["build", "--release", "--target", TARGET];
    if by_component {
        arguments.insert(0, "component");
        component_is_there(folder, tools)?;
    }
    progress(&format!("compiling with cargo {}", arguments.join(" ")));
    let cargo = cargo(&arguments, folder, tools);
    cargo.wait("cargo")?;
    let file = format!("{}.wasm", library.name.replace('-', "_"));
    Ok(metadata.target_directory.join(TARGET).join("release").join(file))
}

fn cargo<'a>(arguments: &'a [&'a str], folder: &'a Path, tools: &'a Tools) -> Run<'a> {
    let variable = tools.rustc.as_deref().map(|rustc| ("RUSTC", rustc));
    Run { program: tools.cargo.clone(), arguments, folder, variable, hint: NO_CARGO }
}

fn metadata(folder: &Path, tools: &Tools) -> Result<Metadata, Error> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let cargo = cargo(&arguments, folder, tools);
    let text = cargo.output("cargo metadata")?;
    serde_json::from_slice(&text).map_err(|error| Error::Unreadable { what: "cargo metadata".into(), message: error.to_string() })
}

/// Asked before cargo, whose own words for it are about a missing crate.
fn target_is_there(folder: &Path, tools: &Tools) -> Result<(), Error> {
    let arguments = ["--print", "target-libdir", "--target", TARGET];
    let program = tools.rustc.clone().unwrap_or_else(|| "rustc".into());
    let rustc = Run { program, arguments: &arguments, folder, variable: None, hint: NO_CARGO };
    let printed = rustc.output("rustc")?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&printed).trim());
    let there = std::fs::read_dir(libraries).is_ok_and(|mut entries| entries.next().is_some());
    if there { Ok(()) } else { Err(Error::NoTarget { target: TARGET }) }
}

fn component_is_there(folder: &Path, tools: &Tools) -> Result<(), Error> {
    let hint = "its Cargo.toml has [package.metadata.component]; run `cargo install --locked cargo-component`, or take that section out \
                and use wit-bindgen";
    let cargo = cargo(&["component", "--version"], folder, tools);
    cargo.output("cargo component").map(|_| ()).map_err(|error| match error {
        Error::Failed { .. } => Error::Missing { program: "cargo-component".into(), hint },
        other => other,
    })
}
