//! A component as it is delivered: its bytes and its manifest.

use std::borrow::Cow;

use serde::Serialize;
use wirken_engine::{CacheOutcome, Code, Engine};
use wirken_manifest::Manifest;
use wirken_types::Digest;

use crate::capability;
use crate::error::{LoadError, Problem};
use crate::imports::{self, Interface};

pub use wirken_manifest::Kind;

/// A component and its manifest, not yet looked at.
#[derive(Clone, Debug)]
pub struct Package {
    pub manifest: Manifest,
    pub wasm: Cow<'static, [u8]>,
}

/// What is known of a loaded component.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    pub name: String,
    pub kind: Kind,
    pub version: String,
    pub description: String,
    pub digest: Digest,
    pub imports: Vec<Interface>,
    #[serde(skip)]
    pub cache: CacheOutcome,
}

impl Info {
    /// Refuses what imports a function or a resource.
    pub(crate) fn check_pure(&self) -> Result<(), Problem> {
        match self.imports.iter().find_map(|import| import.first_item.clone()) {
            Some(import) => Err(Problem::Impure { kind: self.kind.word(), import }),
            None => Ok(()),
        }
    }
}

/// What a component is, without running it or judging whether it fits.
pub fn describe(engine: &Engine, package: &Package) -> Result<Info, LoadError> {
    let failed = |problem: Problem| LoadError { component: package.manifest.name.clone(), problem };
    read(engine, package).map(|(info, _)| info).map_err(failed)
}

/// Whether this host would load a component, as far as that can be told without running it.
pub fn validate(engine: &Engine, package: &Package) -> Result<Info, LoadError> {
    let failed = |problem: Problem| LoadError { component: package.manifest.name.clone(), problem };
    let (info, _) = read(engine, package).map_err(failed)?;
    if package.manifest.kind == Kind::Tool && package.manifest.world == crate::tool::REFLECTED {
        wirken_reflect::Reflected::of(&package.wasm).map_err(|error| failed(error.into()))?;
    }
    match info.kind {
        Kind::Tool => capability::validate(&info.imports, &package.manifest),
        Kind::Provider | Kind::Channel | Kind::Policy => info.check_pure(),
    }
    .map_err(failed)?;
    Ok(info)
}

/// Compiles a component of this kind and world and reads what it is, running none of it.
pub(crate) fn inspect(engine: &Engine, package: &Package, kind: Kind, world: &'static str) -> Result<(Info, Code), Problem> {
    let manifest = &package.manifest;
    if manifest.kind != kind {
        return Err(Problem::Kind { wanted: kind.word(), found: manifest.kind.word() });
    }
    if manifest.world != world {
        return Err(Problem::World { found: manifest.world.clone(), offered: world });
    }
    read(engine, package)
}

fn read(engine: &Engine, package: &Package) -> Result<(Info, Code), Problem> {
    let manifest = &package.manifest;
    let (code, cache) = engine.load(&package.wasm)?;
    let info = Info {
        name: manifest.name.clone(),
        kind: manifest.kind,
        version: manifest.version.to_string(),
        description: manifest.description.clone(),
        digest: code.digest(),
        imports: imports::of(engine, &code),
        cache,
    };
    Ok((info, code))
}
