//! From source to component: one cargo build of the guests' workspace, then an encoding per guest.
//!
//! The same source gives the same bytes on every machine: flags from outside are dropped, and paths in panic messages are
//! mapped away.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use wit_component::ComponentEncoder;

use crate::dist::Guest;

const TARGET: &str = "wasm32-unknown-unknown";
const TOOLCHAIN_SCRIPT: &str = ".ci/wasm-toolchain";
/// What would change the guests from outside: the flags of the build that runs this one, above all its static linking.
const DROPPED_VARIABLES: [&str; 6] =
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];

#[expect(clippy::disallowed_methods, reason = "a build tool: it runs cargo, in the repository, for its developer")]
pub(crate) fn compile(root: &Path, components: &Path) -> Result<()> {
    let script = root.join(TOOLCHAIN_SCRIPT);
    ensure!(script.is_file(), "{TOOLCHAIN_SCRIPT} is missing");
    let found = Command::new(&script).current_dir(root).output().with_context(|| format!("running {TOOLCHAIN_SCRIPT}"))?;
    let rustc = String::from_utf8(found.stdout).context("the path of the compiler")?;
    if !found.status.success() || rustc.trim().is_empty() {
        let said = String::from_utf8_lossy(&found.stderr);
        bail!("no compiler for {TARGET}: {}", said.lines().last().unwrap_or("the script said nothing"));
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--quiet", "--target", TARGET]).current_dir(components);
    for variable in DROPPED_VARIABLES {
        cargo.env_remove(variable);
    }
    cargo.env("RUSTC", rustc.trim()).env("CARGO_TARGET_DIR", components.join("target"));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", path_mappings(components));
    let status = cargo.status().context("running cargo")?;
    ensure!(status.success(), "the guests do not compile");
    Ok(())
}

/// Panic messages hold source paths: a dependency's would name this machine's folders.
#[expect(clippy::disallowed_methods, reason = "cargo's own variables, read where cargo is run")]
fn path_mappings(components: &Path) -> String {
    let home = std::env::var_os("HOME").unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME").unwrap_or_else(|| Path::new(&home).join(".cargo").into_os_string());
    let map = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    [map(components, "components"), map(Path::new(&cargo), "cargo")].join("\u{1f}")
}

pub(crate) fn encode(components: &Path, guest: &Guest) -> Result<Vec<u8>> {
    let path = components.join("target").join(TARGET).join("release").join(guest.artifact());
    let module = fs::read(&path)
        .with_context(|| format!("{} was not built: does its package have the name wirken-{}?", guest.artifact(), guest.name))?;
    ComponentEncoder::default().module(&module).and_then(|encoder| encoder.validate(true).encode()).context("encoding the component")
}
