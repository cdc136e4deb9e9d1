//! Builds every guest: compiles the crates of `components/` to core modules, encodes each to a component, checks what it
//! asks for, and leaves it with its manifest under `components/dist`.
//!
//! A guest is a folder with a `component.toml`; none is listed here. What a manifest may say is the host's to judge when
//! it loads one: here only what a build can get wrong is looked at.

mod check;
mod compile;
mod discover;
mod error;
mod write;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use discover::Guest;
use error::Error;
use wirken_author::Shape;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "wirken-guests: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let root = root(&std::env::current_dir().map_err(Error::at("."))?)?;
    let components = root.join("components");
    let guests = discover::guests(&components)?;
    compile::all(&root)?;
    let dist = components.join("dist");
    for guest in &guests {
        let component = encode(guest, &compile::module(&components, guest))?;
        let shape = check::component(guest, &component)?;
        write::package(&dist, guest, &component)?;
        report(guest, component.len(), &shape);
    }
    write::prune(&dist, &guests)
}

/// The folder that holds `components`, here or above.
fn root(start: &Path) -> Result<PathBuf, Error> {
    let found = start.ancestors().find(|folder| folder.join("components/Cargo.toml").is_file());
    found.map(Path::to_owned).ok_or_else(|| Error::NoWorkspace { start: start.to_owned() })
}

fn encode(guest: &Guest, module: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error: String| Error::Encode { guest: guest.path(), error };
    let bytes = std::fs::read(module).map_err(|_| Error::NoModule { guest: guest.path(), module: module.to_owned() })?;
    wirken_author::encode(&bytes).map_err(failed)
}

fn report(guest: &Guest, bytes: usize, shape: &Shape) {
    let imports = if shape.imports.is_empty() { "none".to_owned() } else { shape.imports.join(", ") };
    let size = format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024);
    let _ = writeln!(std::io::stdout(), "{:<28} {size:>10}  imports: {imports}", guest.path());
}
