//! A component as it is delivered: its bytes and its manifest.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use wirken_engine::{CacheOutcome, Code, Engine, Limits};
use wirken_manifest::Manifest;
use wirken_types::Digest;

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

/// What a component is, without running it or judging whether it fits.
pub fn describe(engine: &Engine, package: &Package) -> Result<Info, LoadError> {
    let failed = |problem: Problem| LoadError { component: package.manifest.name.clone(), problem };
    read(engine, package).map(|(info, _)| info).map_err(failed)
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

/// The manifest's limits over the host's defaults; the engine caps them.
pub(crate) fn limits(manifest: &Manifest) -> Limits {
    let (asked, default) = (&manifest.limits, Limits::DEFAULT);
    Limits {
        fuel: asked.fuel.unwrap_or(default.fuel),
        deadline: asked.deadline_millis.map_or(default.deadline, Duration::from_millis),
        memory_bytes: asked.memory_bytes.map_or(default.memory_bytes, saturating),
        table_elements: asked.table_elements.map_or(default.table_elements, saturating),
        output_bytes: asked.output_bytes.map_or(default.output_bytes, saturating),
    }
}

fn saturating(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
