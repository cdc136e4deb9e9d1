//! What a built component may import: the interfaces of the world that its manifest names, and for a tool those that the
//! world leaves to it. The host checks again when it loads; here the mistake meets the one who made it.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use wirken_manifest::{Kind, Workspace};
use wit_component::DecodedWasm;
use wit_parser::{Interface, Resolve, TypeDefKind, WorldId, WorldItem};

use crate::dist::{FIXTURES, Guest};

/// Our packages, each after those that it uses.
const PACKAGES: [&str; 5] = ["http", "chat", "provider", "tool", "host"];
/// What a tool may ask for beyond its world: see `world tool`.
const TOOL_IMPORTS: [&str; 6] = ["wirken:host/", "wasi:http/", "wasi:filesystem/", "wasi:io/", "wasi:clocks/", "wasi:random/"];
/// The marker of a panic record: in a module, it would be found before the record is.
const PANIC_MARKER: &[u8] = b"\xF7\x1EWIRKEN-PANIC\x01\xF8";

pub(crate) struct Worlds(Resolve);

impl Worlds {
    pub(crate) fn load(wit: &Path) -> Result<Self> {
        let mut resolve = Resolve::default();
        for package in PACKAGES {
            let folder = wit.join(package);
            ensure!(folder.is_dir(), "wit/{package} is missing");
            resolve.push_path(&folder).with_context(|| format!("wit/{package}"))?;
        }
        Ok(Self(resolve))
    }

    /// The imports in words, or what is wrong with them. A fixture may break its world: that is what it is for.
    pub(crate) fn check(&self, component: &[u8], guest: &Guest) -> Result<String> {
        ensure!(!contains(component, PANIC_MARKER), "holds the marker of a panic record in its own data");
        let (resolve, world) = match wit_component::decode(component).context("decoding the component")? {
            DecodedWasm::Component(resolve, world) => (resolve, world),
            DecodedWasm::WitPackage(..) => bail!("is a WIT package and no component"),
        };
        let imports = imports(&resolve, world)?;
        let functions: Vec<&str> = imports.iter().filter(|import| import.acts).map(|import| import.name.as_str()).collect();
        if guest.folder != FIXTURES {
            self.check_world(guest, &imports)?;
            check_manifest(guest, &functions)?;
        }
        Ok(if functions.is_empty() { "nothing but types".to_owned() } else { functions.join(" ") })
    }

    fn check_world(&self, guest: &Guest, found: &[Import]) -> Result<()> {
        let wanted = &guest.manifest.world;
        let world = self.0.worlds.iter().find(|(_, world)| {
            world
                .package
                .and_then(|package| self.0.packages.get(package))
                .is_some_and(|package| package.name.interface_id(&world.name) == *wanted)
        });
        let (world, _) = world.with_context(|| format!("there is no world `{wanted}` under wit/"))?;
        let declared = imports(&self.0, world)?;
        for import in found {
            let in_world = declared.iter().any(|other| other.name == import.name);
            let left_to_tools = guest.manifest.kind == Kind::Tool && TOOL_IMPORTS.iter().any(|prefix| import.name.starts_with(prefix));
            ensure!(in_world || left_to_tools, "imports `{}`, which the world `{wanted}` does not have", import.name);
        }
        Ok(())
    }
}

/// An import without its line in the manifest would be refused on every machine.
fn check_manifest(guest: &Guest, functions: &[&str]) -> Result<()> {
    let files = functions.iter().any(|name| name.starts_with("wasi:filesystem/"));
    let asked = guest.manifest.filesystem != Workspace::None;
    ensure!(files || !asked, "asks for the workspace in [filesystem] but does not import wasi:filesystem");
    ensure!(asked || !files, "imports wasi:filesystem but does not ask for the workspace in [filesystem]");
    Ok(())
}

struct Import {
    name: String,
    /// Holds a function or a resource, hence authority; an interface of types alone holds none.
    acts: bool,
}

fn imports(resolve: &Resolve, world: WorldId) -> Result<Vec<Import>> {
    let world = resolve.worlds.get(world).context("the world is missing")?;
    let mut imports = Vec::new();
    for (key, item) in &world.imports {
        let name = resolve.name_world_key(key);
        let acts = match item {
            WorldItem::Interface { id, .. } => acts(resolve, resolve.interfaces.get(*id).context("an interface is missing")?),
            WorldItem::Function(_) => true,
            WorldItem::Type { .. } => continue,
        };
        imports.push(Import { name, acts });
    }
    Ok(imports)
}

fn acts(resolve: &Resolve, interface: &Interface) -> bool {
    let is_resource = |id| resolve.types.get(id).is_some_and(|kind| matches!(kind.kind, TypeDefKind::Resource));
    !interface.functions.is_empty() || interface.types.values().any(|id| is_resource(*id))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
