//! The guests' crates, compiled to core modules by cargo.

#![expect(clippy::disallowed_methods, reason = "a build tool: it runs the compiler, and reads what cargo tells its children")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::discover::Guest;
use crate::error::Error;

const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles all of them. What cargo has to say goes where cargo says it.
pub(crate) fn all(root: &Path) -> Result<(), Error> {
    let compiler = compiler(root)?;
    let components = root.join("components");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&components)
        .args(["build", "--release", "--locked", "--workspace", "--exclude", "wirken-guest", "--target", TARGET])
        .env("RUSTC", compiler)
        .env("CARGO_TARGET_DIR", components.join("target"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags())
        .stdin(Stdio::null());
    // Made for the host, all of them: a linker, a static C library, another target.
    for variable in ["RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS"] {
        cargo.env_remove(variable);
    }
    let status = cargo.status().map_err(Error::at("cargo"))?;
    if status.success() { Ok(()) } else { Err(Error::Compile) }
}

/// Where a guest's core module is, once compiled.
pub(crate) fn module(components: &Path, guest: &Guest) -> PathBuf {
    components.join("target").join(TARGET).join("release").join(format!("{}.wasm", guest.name.replace('-', "_")))
}

/// The compiler that this repository's script finds, or installs.
fn compiler(root: &Path) -> Result<PathBuf, Error> {
    let script = root.join(".ci/wasm-toolchain");
    let output = Command::new(&script).stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(Error::at(&script))?;
    let missing = |message: &str| Error::NoCompiler { message: message.to_owned() };
    if !output.status.success() {
        return Err(missing("see the message above"));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| missing(".ci/wasm-toolchain printed no path"))?;
    match text.lines().last().map(str::trim) {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(missing(".ci/wasm-toolchain printed no path")),
    }
}

/// A guest's stack lies before its data, and the host cleans both between two instances: what is never used of it is
/// cleaned too. Past it a guest traps.
const STACK: &str = "-Clink-arg=-zstack-size=131072";

/// What an instance allocates before its memory has to grow. To add a page and to take it back costs the host a change of
/// its table of pages each, for which the threads of all other instances wait.
const HEAP: &str = "-Clink-arg=--initial-heap=65536";

fn flags() -> OsString {
    let mut flags = OsString::from(STACK);
    flags.push("\u{1f}");
    flags.push(HEAP);
    for source in sources().unwrap_or_default() {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(source);
        flags.push("=crates");
    }
    flags
}

/// The folders of downloaded crates, which are taken out of panic messages, so that a component is the same wherever it is
/// built.
fn sources() -> Option<Vec<PathBuf>> {
    let home =
        std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    crate::discover::folders(&home.join("registry/src")).ok()
}
