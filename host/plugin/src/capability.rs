//! What a tool may import, one module each: the interfaces it covers, how they are linked, what the manifest must say.

mod cli;
mod clocks;
mod credentials;
mod exec;
mod filesystem;
mod http;
mod io;
mod log;
mod messages;
mod random;
mod settings;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;
use wirken_engine::State;
use wirken_manifest::Manifest;

use crate::authority::{Authority, Imported};
use crate::error::Problem;
use crate::imports::Interface;
use crate::ports::{Deny, Ports, Refusal};

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

const CAPABILITIES: [&Capability; 12] = [
    &io::CAPABILITY,
    &clocks::CAPABILITY,
    &random::CAPABILITY,
    &filesystem::CAPABILITY,
    &cli::CAPABILITY,
    &http::CAPABILITY,
    &exec::CAPABILITY,
    &store::CAPABILITY,
    &credentials::CAPABILITY,
    &messages::CAPABILITY,
    &settings::CAPABILITY,
    &log::CAPABILITY,
];

/// What a tool's capabilities work on during one call.
pub(crate) struct Host {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: http::Outgoing,
    /// Those that were not granted refuse.
    ports: Ports,
    credentials: BTreeSet<String>,
    settings: Arc<str>,
    logged: u32,
    /// It was given files.
    may_block: bool,
}

/// What is the same for every call of a component.
#[derive(Clone, Debug)]
pub(crate) struct Fixed {
    pub(crate) component: Arc<str>,
    pub(crate) settings: Arc<str>,
}

impl Host {
    /// The state of one call. A folder that cannot be opened any more is a failure of the call, not of the host.
    pub(crate) fn prepare(fixed: &Fixed, authority: &Authority, mut ports: Ports) -> Result<Self, String> {
        let mut builder = WasiCtxBuilder::new();
        // A call that is given files has a thread of its own, so waiting for a disk there holds up nobody else.
        builder.allow_blocking_current_thread(true);
        filesystem::prepare(&mut builder, authority)?;
        let deny = Arc::new(Deny);
        if !authority.exec {
            ports.programs = Arc::clone(&deny) as _;
        }
        if !authority.network.is_open() {
            ports.requests = Arc::clone(&deny) as _;
        }
        if !authority.store {
            ports.store = Arc::clone(&deny) as _;
        }
        if !authority.messages {
            ports.messages = deny;
        }
        Ok(Self::of(&mut builder, fixed, authority, ports))
    }

    /// The state of an instance that is only asked: it is given nothing, everything that can refuse does, and what cannot
    /// is the same at every time.
    pub(crate) fn idle(fixed: &Fixed) -> Self {
        let mut builder = WasiCtxBuilder::new();
        clocks::stop(&mut builder);
        random::fix(&mut builder);
        Self::of(&mut builder, fixed, &Authority::default(), Ports::default())
    }

    fn of(builder: &mut WasiCtxBuilder, fixed: &Fixed, authority: &Authority, ports: Ports) -> Self {
        Self {
            table: ResourceTable::new(),
            wasi: builder.build(),
            http: WasiHttpCtx::new(),
            outgoing: http::Outgoing::prepare(&fixed.component, authority, &ports),
            ports,
            credentials: authority.credentials.clone(),
            settings: Arc::clone(&fixed.settings),
            logged: 0,
            may_block: authority.workspace.is_some(),
        }
    }

    /// Whether a host function may wait for something outside without giving its thread free.
    pub(crate) fn may_block(&self) -> bool {
        self.may_block
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

/// Which of the capabilities that are granted one by one a component imports.
pub(crate) fn imported(imports: &[Interface]) -> Imported {
    let any = |capability: &Capability| imports.iter().any(|import| covers(capability, import));
    Imported {
        filesystem: any(&filesystem::CAPABILITY),
        http: any(&http::CAPABILITY),
        exec: any(&exec::CAPABILITY),
        store: any(&store::CAPABILITY),
        messages: any(&messages::CAPABILITY),
        credentials: any(&credentials::CAPABILITY),
    }
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

fn refused(refusal: Refusal) -> wirken_bindings::host::types::Error {
    wirken_bindings::host::types::Error { kind: refusal.kind.into(), message: refusal.message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Access;

    #[test]
    fn a_call_may_block_where_it_was_given_files_and_nowhere_else() {
        let fixed = Fixed { component: "t".into(), settings: "{}".into() };
        let all = Authority { exec: true, store: true, messages: true, ..Authority::default() };
        assert!(!Host::idle(&fixed).may_block() && !Host::prepare(&fixed, &all, Ports::default()).is_ok_and(|host| host.may_block()));
        let files = Authority { workspace: Some((std::env::temp_dir(), Access::ReadOnly)), ..all };
        assert!(Host::prepare(&fixed, &files, Ports::default()).is_ok_and(|host| host.may_block()));
    }
}
