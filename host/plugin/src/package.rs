//! A component as it is delivered: its bytes and its manifest.

use serde::Serialize;
use wirken_bindings::Version;
use wirken_engine::{CacheOutcome, Code, Engine, EngineError, Wasm};
use wirken_manifest::Manifest;
use wirken_types::Digest;

use crate::error::{LoadError, Problem};
use crate::imports::{self, Interface, fits, listed, short, shown, unversioned};
use crate::{channel, policy, provider, tool};

pub use wirken_manifest::Kind;

/// A component and its manifest, not yet looked at.
#[derive(Clone, Debug)]
pub struct Package {
    pub manifest: Manifest,
    pub wasm: Wasm,
}

/// A component whose imports and exports fit what is offered.
pub(crate) struct Fit<T> {
    pub(crate) info: Info,
    /// What it is called through.
    pub(crate) pre: T,
    pub(crate) code: Code,
}

/// What is known of a loaded component.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    pub name: String,
    pub kind: Kind,
    pub version: String,
    /// As its manifest names it.
    pub world: String,
    pub description: String,
    pub digest: Digest,
    pub imports: Vec<Interface>,
    #[serde(skip)]
    pub(crate) exports: Vec<String>,
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

    /// Refuses what does not export what its world has.
    fn check_export<T, E: ?Sized>(&self, version: &Version<T, E>, versions: &[Version<T, E>]) -> Result<(), Problem> {
        if self.exports.iter().any(|export| fits(export, version.exports)) {
            return Ok(());
        }
        let (wanted, world) = (version.exports.to_owned(), version.world.to_owned());
        Err(match self.exports.iter().find(|export| unversioned(export) == unversioned(version.exports)) {
            Some(found) => Problem::ExportVersion { found: short(found), world, wanted, offered: worlds(versions) },
            None => Problem::MissingExport { wanted, world, found: shown(&self.exports) },
        })
    }

    /// Why a component is of another shape than its world, though it has all the names. One that is made with types of
    /// another version is told that; what remains is for the engine to say.
    pub(crate) fn misfit<T, E: ?Sized>(&self, version: &Version<T, E>, error: &wasmtime::Error) -> Problem {
        let world = version.world.to_owned();
        for Interface { name, .. } in &self.imports {
            let wanted = version.types.iter().find(|wanted| unversioned(wanted) == unversioned(name) && !fits(name, wanted));
            if let Some(wanted) = wanted {
                return Problem::Types { import: short(name), world, wanted: (*wanted).to_owned() };
            }
        }
        Problem::Shape { world, reason: format!("{error:#}") }
    }
}

/// The worlds of a kind that are offered.
fn worlds<T, E: ?Sized>(versions: &[Version<T, E>]) -> String {
    listed(versions.iter().map(|version| version.world))
}

/// What a component is, without running it or judging whether it fits.
pub fn describe(engine: &Engine, package: &Package) -> Result<Info, LoadError> {
    let failed = |problem: Problem| LoadError { component: package.manifest.name.clone(), problem };
    read(engine, package).map(|(info, _)| info).map_err(failed)
}

/// Whether this host would load a component, as far as that can be told without running it.
pub fn validate(engine: &Engine, package: &Package) -> Result<Info, LoadError> {
    let fitted = match package.manifest.kind {
        Kind::Tool => tool::fit(engine, package, &crate::capability::OFFERS).map(|fit| fit.info),
        Kind::Provider => provider::fit(engine, package).map(|fit| fit.info),
        Kind::Channel => channel::fit(engine, package).map(|(info, _)| info),
        Kind::Policy => policy::fit(engine, package).map(|fit| fit.info),
    };
    fitted.map_err(|problem| LoadError { component: package.manifest.name.clone(), problem })
}

/// Compiles a component of this kind and reads what it is, running none of it. The version is the one of those offered that
/// its manifest names, and it exports what that has.
pub(crate) fn inspect<'v, T, E: ?Sized>(
    engine: &Engine,
    package: &Package,
    kind: Kind,
    versions: &'v [Version<T, E>],
) -> Result<(Info, Code, &'v Version<T, E>), Problem> {
    let manifest = &package.manifest;
    check_kind(manifest, kind)?;
    let Some(version) = wirken_bindings::offered(versions, &manifest.world) else {
        return Err(Problem::World { found: manifest.world.clone(), offered: worlds(versions) });
    };
    let (info, code) = read(engine, package)?;
    info.check_export(version, versions)?;
    Ok((info, code, version))
}

pub(crate) fn check_kind(manifest: &Manifest, kind: Kind) -> Result<(), Problem> {
    if manifest.kind == kind { Ok(()) } else { Err(Problem::Kind { wanted: kind.word(), found: manifest.kind.word() }) }
}

pub(crate) fn read(engine: &Engine, package: &Package) -> Result<(Info, Code), Problem> {
    let manifest = &package.manifest;
    let (code, cache) = engine.load(&package.wasm).map_err(|error| uncompiled(error, &package.wasm))?;
    let info = Info {
        name: manifest.name.clone(),
        kind: manifest.kind,
        version: manifest.version.to_string(),
        world: manifest.world.clone(),
        description: manifest.description.clone(),
        digest: code.digest(),
        imports: imports::of(engine, &code),
        exports: imports::exports(engine, &code),
        cache,
    };
    Ok((info, code))
}

/// What the engine refuses may be something that is known by another name than the engine's.
fn uncompiled(error: EngineError, wasm: &Wasm) -> Problem {
    match (&error, wasm.bytes()) {
        (EngineError::Compile(_), Ok(bytes)) => wirken_reflect::unfit(&bytes).map_or(error.into(), Problem::Unfit),
        _ => error.into(),
    }
}
