//! Builds every guest under `components/` into `components/dist`: compile, encode as a component, check, write.
//!
//! A tool of this repository, run before the host is built and by its tests; nothing depends on it. The compiler comes
//! from `.ci/wasm-toolchain`, because not every machine's Rust has the target.

mod build;
mod check;
mod dist;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to report a closed stderr to.
            let _ = writeln!(io::stderr(), "guests: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = find_root()?;
    let components = root.join("components");
    let guests = dist::discover(&components)?;
    build::compile(&root, &components)?;
    let worlds = check::Worlds::load(&root.join("wit"))?;
    let mut out = io::stdout().lock();
    for guest in &guests {
        let component = build::encode(&components, guest).with_context(|| guest.label())?;
        let imports = worlds.check(&component, guest).with_context(|| guest.label())?;
        let changed = dist::write(&components, guest, &component).with_context(|| guest.label())?;
        let mark = if changed { "" } else { " (unchanged)" };
        writeln!(out, "{} {} bytes{mark}, imports {}", guest.label(), component.len(), imports)?;
    }
    dist::remove_unknown(&components, &guests)
}

/// The folder that holds both `wit/` and `components/`, upwards from where the command runs.
fn find_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder")?;
    match here.ancestors().find(|folder| folder.join("components/Cargo.toml").is_file() && folder.join("wit").is_dir()) {
        Some(root) => Ok(Path::to_path_buf(root)),
        None => bail!("run this inside the repository: no folder above {} holds components/ and wit/", here.display()),
    }
}
