//! What a tool may import, one module each: the interfaces it covers, how they are linked, what the manifest must say.

mod cli;
mod clocks;
mod credentials;
mod exec;
mod filesystem;
mod http;
mod io;
pub(crate) mod log;
mod messages;
mod random;
mod settings;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::WasiHttpCtx;
use wirken_bindings::{ChannelPre, PolicyPre, ProviderPre, ToolPre, ToolVersion, fit_side_by_side};
use wirken_engine::State;
use wirken_manifest::Manifest;
use wirken_reflect::Error::Wasi03;

use crate::authority::{Authority, Imported};
use crate::error::Problem;
use crate::imports::{Interface, fits, listed, short};
use crate::ports::{Deny, Ports, Refusal};

/// One kind of authority.
pub(crate) struct Capability {
    /// Its interfaces, without versions.
    pub(crate) interfaces: &'static [&'static str],
    /// What the manifest must say, where it must say something; else the remedy.
    pub(crate) validate: fn(&Manifest) -> Result<(), String>,
    /// The versions offered side by side, newest first.
    pub(crate) offers: &'static [Offer],
}

/// One version of a capability's interfaces.
#[derive(Clone, Copy)]
pub(crate) struct Offer {
    /// A component fits when its own is the same up to the last point.
    pub(crate) version: &'static str,
    pub(crate) link: fn(&mut Linker<State<Host>>) -> wasmtime::Result<()>,
}

/// What is offered to tools: the worlds that they may be of and the interfaces that they may import, at each version.
pub(crate) struct Offers {
    /// Newest first.
    pub(crate) worlds: &'static [ToolVersion<Host>],
    pub(crate) capabilities: &'static [&'static Capability],
}

/// By this host.
pub(crate) const OFFERS: Offers = Offers { worlds: ToolPre::VERSIONS, capabilities: &CAPABILITIES };

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

// Of an interface that is imported, too, the newest version and the one before it are linked, and one more does not compile.
const _: () = {
    let mut rest: &[&Capability] = &CAPABILITIES;
    while let [capability, others @ ..] = rest {
        assert!(fit_side_by_side(capability.offers.len()), "an interface has more versions than are linked side by side");
        rest = others;
    }
};

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
        filesystem::prepare(&mut builder, authority, ports.skill.as_ref())?;
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

impl Offers {
    /// Whether everything that a component imports is offered and asked for by its manifest. Nothing is run.
    pub(crate) fn validate(&self, imports: &[Interface], manifest: &Manifest) -> Result<(), Problem> {
        for import in imports {
            match self.find(import) {
                Some(capability) => {
                    (capability.validate)(manifest).map_err(|remedy| Problem::Undeclared { import: import.name.clone(), remedy })?
                }
                None if import.is_types_only() => {}
                None if wirken_reflect::is_wasi_03(&import.name) => {
                    return Err(Problem::Unfit(Wasi03 { name: import.name.clone(), imported: true }));
                }
                None => return Err(Problem::UnknownImport { import: short(&import.name), offered: self.instead_of(import) }),
            }
        }
        Ok(())
    }

    /// Links what a component imports, each interface at its version, and nothing else.
    pub(crate) fn link(&self, linker: &mut Linker<State<Host>>, imports: &[Interface]) -> wasmtime::Result<()> {
        for capability in self.capabilities {
            for offer in capability.offers.iter().filter(|offer| imports.iter().any(|import| capability.covers(offer, import))) {
                (offer.link)(linker)?;
            }
        }
        Ok(())
    }

    fn find(&self, import: &Interface) -> Option<&'static Capability> {
        let covers = |capability: &&Capability| capability.offers.iter().any(|offer| capability.covers(offer, import));
        self.capabilities.iter().copied().find(covers)
    }

    /// The same interface at other versions, or else all that there is.
    fn instead_of(&self, import: &Interface) -> String {
        let same = self.capabilities.iter().find(|capability| capability.interfaces.contains(&import.unversioned()));
        let names: Vec<String> = match same {
            Some(capability) => capability.offers.iter().map(|offer| format!("{}@{}", import.unversioned(), offer.version)).collect(),
            None => self
                .capabilities
                .iter()
                .flat_map(|capability| capability.offers.first().map(|offer| capability.names(offer)))
                .flatten()
                .collect(),
        };
        listed(names.iter().map(String::as_str))
    }
}

/// Every interface that a component may import, at each version that is offered: the capabilities of tools, and the types of
/// all worlds.
pub fn offered() -> Vec<String> {
    let capabilities = OFFERS.capabilities.iter().flat_map(|capability| capability.offers.iter().flat_map(|offer| capability.names(offer)));
    let types = [
        ToolPre::<()>::VERSIONS.iter().flat_map(|version| version.types).collect::<Vec<_>>(),
        ProviderPre::<()>::VERSIONS.iter().flat_map(|version| version.types).collect(),
        ChannelPre::VERSIONS.iter().flat_map(|version| version.types).collect(),
        PolicyPre::<()>::VERSIONS.iter().flat_map(|version| version.types).collect(),
    ];
    let names: BTreeSet<String> = capabilities.chain(types.into_iter().flatten().map(|name| (*name).to_owned())).collect();
    names.into_iter().collect()
}

impl Capability {
    /// Its interfaces at a version.
    fn names(&self, offer: &Offer) -> impl Iterator<Item = String> {
        self.interfaces.iter().map(|interface| format!("{interface}@{}", offer.version))
    }

    fn covers(&self, offer: &Offer, import: &Interface) -> bool {
        self.names(offer).any(|name| fits(&import.name, &name))
    }

    fn is_imported(&self, imports: &[Interface]) -> bool {
        imports.iter().any(|import| self.interfaces.contains(&import.unversioned()))
    }
}

/// Which of the capabilities that are granted one by one a component imports, at whatever version.
pub(crate) fn imported(imports: &[Interface]) -> Imported {
    Imported {
        filesystem: filesystem::CAPABILITY.is_imported(imports),
        http: http::CAPABILITY.is_imported(imports),
        exec: exec::CAPABILITY.is_imported(imports),
        store: store::CAPABILITY.is_imported(imports),
        messages: messages::CAPABILITY.is_imported(imports),
        credentials: credentials::CAPABILITY.is_imported(imports),
    }
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
