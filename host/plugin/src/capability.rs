//! What a tool may import, one module each: the interfaces it covers, how they are linked, what the manifest must say.

mod clocks;
mod credentials;
mod exec;
mod filesystem;
mod http;
mod io;
mod log;
mod messages;
mod random;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;
use wirken_engine::State;
use wirken_manifest::Manifest;

use crate::authority::Authority;
use crate::error::Problem;
use crate::imports::Interface;
use crate::programs::{DenyPrograms, Programs};

/// One kind of authority.
pub(crate) struct Capability {
    /// Its interfaces, without versions.
    pub(crate) interfaces: &'static [&'static str],
    /// The version offered; a component fits when its own is the same up to the last point.
    pub(crate) version: &'static str,
    /// What the manifest must say, where it must say something; else the remedy.
    pub(crate) validate: fn(&Manifest) -> Result<(), String>,
    pub(crate) link: fn(&mut Linker<State<Host>>) -> wasmtime::Result<()>,
}

const CAPABILITIES: [&Capability; 10] = [
    &io::CAPABILITY,
    &clocks::CAPABILITY,
    &random::CAPABILITY,
    &filesystem::CAPABILITY,
    &http::CAPABILITY,
    &exec::CAPABILITY,
    &store::CAPABILITY,
    &credentials::CAPABILITY,
    &messages::CAPABILITY,
    &log::CAPABILITY,
];

/// What a tool's capabilities work on during one call.
pub(crate) struct Host {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    denied_http: http::Deny,
    programs: Arc<dyn Programs>,
}

impl Host {
    /// The state of one call. A folder that cannot be opened any more is a failure of the call, not of the host.
    pub(crate) fn prepare(authority: &Authority, programs: Arc<dyn Programs>) -> Result<Self, String> {
        let mut builder = WasiCtxBuilder::new();
        // A call has a thread of its own, so waiting for a disk there holds up nobody else.
        builder.allow_blocking_current_thread(true);
        filesystem::prepare(&mut builder, authority)?;
        Ok(Self::of(&mut builder, programs))
    }

    /// The state of an instance that is only asked: it is given nothing, everything that can refuse does, and what cannot
    /// is the same at every time.
    pub(crate) fn idle() -> Self {
        let mut builder = WasiCtxBuilder::new();
        clocks::stop(&mut builder);
        random::fix(&mut builder);
        Self::of(&mut builder, Arc::new(DenyPrograms))
    }

    fn of(builder: &mut WasiCtxBuilder, programs: Arc<dyn Programs>) -> Self {
        Self { table: ResourceTable::new(), wasi: builder.build(), http: WasiHttpCtx::new(), denied_http: http::Deny, programs }
    }
}

/// Whether everything that a component imports is offered here and asked for by its manifest. Nothing is run.
pub(crate) fn validate(imports: &[Interface], manifest: &Manifest) -> Result<(), Problem> {
    for import in imports {
        match find(import) {
            Some(capability) => {
                (capability.validate)(manifest).map_err(|remedy| Problem::Undeclared { import: import.name.clone(), remedy })?
            }
            None if import.is_types_only() => {}
            None => return Err(Problem::UnknownImport { import: import.name.clone(), offered: offered_instead_of(import) }),
        }
    }
    Ok(())
}

/// Links what a component imports, and nothing else.
pub(crate) fn link(linker: &mut Linker<State<Host>>, imports: &[Interface]) -> wasmtime::Result<()> {
    let wanted: BTreeSet<usize> =
        imports.iter().filter_map(|import| CAPABILITIES.iter().position(|capability| covers(capability, import))).collect();
    for index in wanted {
        if let Some(capability) = CAPABILITIES.get(index) {
            (capability.link)(linker)?;
        }
    }
    Ok(())
}

/// Whether any of these imports does what a person may have to allow.
pub(crate) fn is_gated(imports: &[Interface]) -> bool {
    imports.iter().any(|import| covers(&exec::CAPABILITY, import))
}

/// Whether any of these imports reaches a file system.
pub(crate) fn reaches_files(imports: &[Interface]) -> bool {
    imports.iter().any(|import| covers(&filesystem::CAPABILITY, import))
}

fn find(import: &Interface) -> Option<&'static Capability> {
    CAPABILITIES.iter().copied().find(|capability| covers(capability, import))
}

fn covers(capability: &Capability, import: &Interface) -> bool {
    let same_line = |version: &str| match (version.rsplit_once('.'), capability.version.rsplit_once('.')) {
        (Some((theirs, _)), Some((ours, _))) => theirs == ours,
        _ => false,
    };
    capability.interfaces.contains(&import.unversioned()) && import.version().is_some_and(same_line)
}

fn offered_instead_of(import: &Interface) -> String {
    let other_version = CAPABILITIES.iter().find(|capability| capability.interfaces.contains(&import.unversioned()));
    if let Some(capability) = other_version {
        return format!("{}@{}", import.unversioned(), capability.version);
    }
    let all: Vec<&str> = CAPABILITIES.iter().flat_map(|capability| capability.interfaces).copied().collect();
    all.join(", ")
}

/// For a capability that a component may import without asking.
fn freely(_: &Manifest) -> Result<(), String> {
    Ok(())
}

/// The answer to a guest that has not been granted what it asks for.
fn denied(what: &str) -> wirken_bindings::host::types::Error {
    wirken_bindings::host::types::Error { kind: "denied".into(), message: format!("{what} is not granted to this component") }
}
