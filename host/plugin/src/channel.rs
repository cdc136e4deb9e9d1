//! A channel that has been loaded and checked here, to run in a process of its own.

use std::os::fd::OwnedFd;

use wirken_bindings::ChannelPre;
use wirken_engine::{Code, Engine, EngineError};
use wirken_manifest::Manifest;

use crate::error::{LoadError, Problem};
use crate::package::{Info, Kind, Package, inspect};

/// A channel component that may be handed to the process that hosts it.
#[derive(Clone, Debug)]
pub struct ChannelPlugin {
    info: Info,
    manifest: Manifest,
    code: Code,
}

/// A channel of any version that is offered. It is linked here to see that it can be where it runs.
pub(crate) fn fit(engine: &Engine, package: &Package) -> Result<(Info, Code), Problem> {
    let (info, code, version) = inspect(engine, package, Kind::Channel, ChannelPre::VERSIONS)?;
    info.check_pure()?;
    ChannelPre::new(version, engine, &code).map_err(|error| info.misfit(version, &error))?;
    Ok((info, code))
}

impl ChannelPlugin {
    pub fn load(engine: &Engine, package: Package) -> Result<Self, LoadError> {
        let component = package.manifest.name.clone();
        Self::try_load(engine, package).map_err(|problem| LoadError { component, problem })
    }

    fn try_load(engine: &Engine, package: Package) -> Result<Self, Problem> {
        let (info, code) = fit(engine, &package)?;
        Ok(Self { info, manifest: package.manifest, code })
    }

    pub fn info(&self) -> &Info {
        &self.info
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its compiled code, for the process that runs it.
    pub fn seal(&self) -> Result<OwnedFd, EngineError> {
        self.code.seal()
    }
}
