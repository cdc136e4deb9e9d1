//! A component as it is found on a disk, or by its name.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use wirken_engine::{Files, Wasm};
use wirken_installed::MAX_WASM_BYTES;
use wirken_manifest::{Manifest, is_name};
use wirken_plugin::Package;

use crate::shelf::{self, Shelf};

const MANIFEST: &str = "component.toml";
const WASM: &str = "component.wasm";

/// What a file without a manifest is to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bare {
    pub(crate) name: Option<String>,
    pub(crate) network: Vec<String>,
    pub(crate) workspace: Option<String>,
}

/// A component's two files.
pub(crate) struct Source {
    pub(crate) manifest_text: String,
    pub(crate) manifest: Manifest,
    pub(crate) wasm: Wasm,
    /// Where its code is, absolute.
    pub(crate) path: PathBuf,
}

impl Source {
    pub(crate) fn package(&self) -> Package {
        Package { manifest: self.manifest.clone(), wasm: self.wasm.clone() }
    }

    /// From a folder, or a file with or without a manifest beside it.
    pub(crate) fn read(path: &Path, bare: &Bare) -> anyhow::Result<Self> {
        let path = fs::canonicalize(path).with_context(|| format!("there is no {}", path.display()))?;
        let (wasm, manifest) =
            if path.is_dir() { (path.join(WASM), path.join(MANIFEST)) } else { (path.clone(), path.with_file_name(MANIFEST)) };
        let asks_here = bare.name.is_some() || !bare.network.is_empty() || bare.workspace.is_some();
        let manifest_text = match fs::read_to_string(&manifest) {
            Ok(_) if asks_here => bail!("{} says already what it is: leave --name, --network and --workspace out", manifest.display()),
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !path.is_dir() => written(&path, bare)?,
            Err(error) => return Err(error).with_context(|| format!("could not read {}", manifest.display())),
        };
        let parsed = Manifest::parse(&manifest_text).with_context(|| format!("{} is not right", manifest.display()))?;
        Ok(Self { manifest_text, manifest: parsed, wasm: code(&wasm)?, path: wasm })
    }

    /// By its name or by where it is: a bundled one, an added one, a path.
    pub(crate) fn find(shelf: &Shelf, component: &str, bare: &Bare) -> anyhow::Result<Self> {
        if is_name(component) {
            let bundled = shelf::bundled()?;
            if let Some(found) = bundled.iter().find(|found| found.manifest.name == component) {
                let (manifest_text, wasm) = (found.manifest_text.to_string(), found.wasm.clone());
                return Ok(Self { manifest_text, manifest: found.manifest.clone(), wasm, path: PathBuf::new() });
            }
            if shelf.added().contains(component) {
                let wirken_installed::Installed { manifest, manifest_text, wasm, .. } = shelf.added().read(component)?;
                return Ok(Self { manifest_text, manifest, wasm, path: shelf.added().root().join(component).join(WASM) });
            }
            if !Path::new(component).exists() {
                let mut names: Vec<String> = bundled.into_iter().map(|found| found.manifest.name).collect();
                names.extend(shelf.added().names()?);
                let hint = match wirken_manifest::nearest(component, names.iter().map(String::as_str)) {
                    Some(nearest) => format!("did you mean {nearest}?"),
                    None => "`wirken component list` names them".into(),
                };
                bail!("there is no component named {component:?}, nor a file; {hint}");
            }
        }
        Self::read(Path::new(component), bare)
    }
}

/// The manifest of a file that brings none: its plain functions become tools, and it asks for what its owner says.
fn written(path: &Path, bare: &Bare) -> anyhow::Result<String> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase().replace(['_', '.', ' '], "-")).unwrap_or_default();
    let name = bare.name.clone().unwrap_or(stem);
    if !is_name(&name) {
        bail!("{name:?} cannot be a component's name ({}): give it one with --name", wirken_manifest::NAME_IN_WORDS);
    }
    let mut text = format!("name = \"{name}\"\nkind = \"tool\"\nversion = \"0.0.0\"\nworld = \"reflected\"\n");
    if !bare.network.is_empty() {
        let quoted: Vec<String> = bare.network.iter().map(|origin| format!("{origin:?}")).collect();
        writeln!(text, "\n[network]\norigins = [{}]", quoted.join(", "))?;
    }
    if let Some(access) = &bare.workspace {
        writeln!(text, "\n[filesystem]\nworkspace = \"{access}\"")?;
    }
    Ok(text)
}

/// A component's code.
pub(super) fn code(path: &Path) -> anyhow::Result<Wasm> {
    let wasm = Files::default().read(path, MAX_WASM_BYTES).with_context(|| format!("could not read {}", path.display()))?;
    if wasm.size() > MAX_WASM_BYTES {
        bail!("{} has more than {MAX_WASM_BYTES} bytes: no component is so large", path.display());
    }
    Ok(wasm)
}
