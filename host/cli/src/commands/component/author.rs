//! `wirken component new|build`: from an empty folder to a component.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;
use wirken_author::{Built, Tools};
use wirken_manifest::Kind;
use wirken_scaffold::Language;
use wirken_types::Digest;

use super::source::code;
use crate::environment::Environment;
use crate::output;

pub(super) fn new(name: &str, kind: Kind, language: Language, format: output::Format) -> anyhow::Result<()> {
    let files = wirken_scaffold::scaffold(name, kind, language)?;
    let folder = PathBuf::from(name);
    wirken_author::create(&folder, &files)?;
    let report = json!({ "folder": folder, "files": files.iter().map(|file| &file.path).collect::<Vec<_>>() });
    output::report(format, &report, |_| {
        format!(
            "{name}/ holds a {} that works. Next:\n  cd {name}\n  wirken component test\n  wirken component build\n  wirken component add .",
            kind.word()
        )
    })
}

#[derive(Serialize)]
struct BuiltReport {
    path: PathBuf,
    bytes: u64,
    digest: Digest,
    imports: Vec<String>,
}

pub(super) fn build(environment: &Environment, folder: &Path, format: output::Format) -> anyhow::Result<()> {
    let built = make(environment, folder)?;
    let wasm = code(&built.path)?;
    let report = BuiltReport { path: built.path, bytes: wasm.size(), digest: wasm.digest(), imports: built.shape.authority };
    output::report(format, &report, |report| {
        let imports = if report.imports.is_empty() { "nothing but types".to_owned() } else { report.imports.join(", ") };
        format!("{}: {} bytes; it imports {imports}.", report.path.display(), report.bytes)
    })
}

/// Builds a folder's component with its language's own tools, which say on stderr what they do.
pub(super) fn make(environment: &Environment, folder: &Path) -> anyhow::Result<Built> {
    let tools = Tools { rustc: environment.rustc.clone(), ..Tools::default() };
    Ok(wirken_author::build(folder, &tools, &mut |line| output::note(line))?)
}
