//! Builds the examples of `components/examples`, each with its language's own tools, into `components/dist/examples`: for
//! whoever learns from them, and for the tests that call them.
//!
//!     wirken-examples RUSTC NAME…
//!
//! RUSTC is a compiler with the WebAssembly target.

#![expect(clippy::print_stdout, reason = "a build tool: what it made is what it prints")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use wirken_author::{Error, Tools, build};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(rustc) = arguments.next() else {
        println!("usage: wirken-examples RUSTC NAME…");
        return ExitCode::FAILURE;
    };
    let tools = Tools { rustc: Some(rustc), ..Tools::default() };
    let mut good = true;
    for name in arguments.filter_map(|name| name.into_string().ok()) {
        if let Err(error) = example(&name, &tools) {
            println!("{name}: {error}");
            good = false;
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn example(name: &str, tools: &Tools) -> Result<(), Error> {
    let begun = Instant::now();
    let folder = Path::new("components/examples").join(name);
    let built = build(&folder, tools, &mut |line| println!("{name}: {line}"))?;
    let dist = Path::new("components/dist/examples").join(name);
    copy(&built.path, &dist.join("component.wasm"))?;
    let manifest = folder.join("component.toml");
    // A component of plain types has none.
    if manifest.is_file() {
        copy(&manifest, &dist.join("component.toml"))?;
    }
    let seconds = begun.elapsed().as_secs_f32();
    println!("{name}: {} bytes in {seconds:.1} s, exports {}", built.bytes, built.shape.exports.join(", "));
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { path: to.to_owned(), source };
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::copy(from, to).map(|_| ()).map_err(failed)
}
