//! Whether a component fits its manifest and its kind, by what it asks for and offers.

use wirken_author::Shape;

use crate::discover::{Asks, Guest, Kind};
use crate::error::Error;

/// What a host of this repository offers, which a test compares with it. What is imported is the same up to the last point of
/// its version. `wasi:cli` is for components that know no other interface: the guests of this tree do.
const OFFERED: [&str; 22] = [
    "wirken:chat/types@0.1.0",
    "wirken:http/types@0.1.0",
    "wirken:tool/types@0.1.0",
    "wirken:host/types@0.1.0",
    "wirken:host/exec@0.1.0",
    "wirken:host/store@0.1.0",
    "wirken:host/credentials@0.1.0",
    "wirken:host/messages@0.1.0",
    "wirken:host/settings@0.1.0",
    "wirken:host/log@0.1.0",
    "wasi:http/types@0.2.12",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:filesystem/types@0.2.12",
    "wasi:filesystem/preopens@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:random/random@0.2.12",
    "wasi:random/insecure@0.2.12",
    "wasi:random/insecure-seed@0.2.12",
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
];

/// Refuses a component that no host would load.
pub(crate) fn component(guest: &Guest, component: &[u8]) -> Result<Shape, Error> {
    let wrong = |message: String| Error::Shape { guest: guest.path(), message };
    let shape = Shape::of(component).map_err(|error| wrong(format!("its component cannot be read: {error}")))?;
    fits(guest, &shape).map_err(wrong)?;
    Ok(shape)
}

fn fits(guest: &Guest, shape: &Shape) -> Result<(), String> {
    let (world, export) = match guest.kind {
        Kind::Provider => ("wirken:provider/provider@0.1.0", "wirken:provider/codec@0.1.0"),
        Kind::Channel => ("wirken:channel/channel@0.1.0", "wirken:channel/adapter@0.1.0"),
        Kind::Tool => ("wirken:tool/tool@0.1.0", "wirken:tool/tools@0.1.0"),
        Kind::Policy => ("wirken:policy/policy@0.1.0", "wirken:policy/rules@0.1.0"),
    };
    if guest.is_fixture() && guest.world != world {
        return other_version(guest, shape, world, export);
    }
    if guest.world != world {
        return Err(format!("component.toml says world = {:?}, but a {} is built for {world:?}", guest.world, word(guest.kind)));
    }
    if !shape.exports.iter().any(|name| name == export) {
        return Err(format!("it does not export {export}"));
    }
    // A fixture may show what is refused.
    if guest.is_fixture() {
        return Ok(());
    }
    shape.imports.iter().try_for_each(|import| version_fits(import))?;
    match guest.kind {
        Kind::Provider | Kind::Channel | Kind::Policy => match shape.authority.first() {
            Some(import) => Err(format!("a {} is pure, but this one imports {import}", word(guest.kind))),
            None => Ok(()),
        },
        Kind::Tool => tool_fits(guest, shape),
    }
}

/// Whether an interface that is offered is imported at a version that is.
fn version_fits(import: &str) -> Result<(), String> {
    let Some(offered) = OFFERED.iter().find(|offered| unversioned(offered) == unversioned(import)) else { return Ok(()) };
    if line(import).is_some() && line(import) == line(offered) {
        return Ok(());
    }
    Err(format!("it imports {import}, and the host offers {offered}: take that version's WIT, or have the host link the other one too"))
}

fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// Of a version what stands before its last point.
fn line(name: &str) -> Option<&str> {
    let (_, version) = name.split_once('@')?;
    version.rsplit_once('.').map(|(line, _)| line)
}

/// A fixture may be of a version that no host offers: then it exports what that has.
fn other_version(guest: &Guest, shape: &Shape, world: &str, export: &str) -> Result<(), String> {
    let other = match (guest.world.split_once('@'), world.split_once('@'), export.split_once('@')) {
        (Some((theirs, version)), Some((ours, _)), Some((export, _))) if theirs == ours => format!("{export}@{version}"),
        _ => return Err(format!("component.toml says world = {:?}, which is no version of {world:?}", guest.world)),
    };
    if shape.exports.contains(&other) { Ok(()) } else { Err(format!("it does not export {other}")) }
}

fn tool_fits(guest: &Guest, shape: &Shape) -> Result<(), String> {
    let known = |import: &String| OFFERED.iter().any(|offered| unversioned(offered) == unversioned(import));
    let unknown = shape.authority.iter().find(|import| !known(import));
    if let Some(import) = unknown {
        return Err(format!("it imports {import}, which no host offers"));
    }
    for (prefix, asked, remedy) in gates(guest.asks) {
        let imported = shape.authority.iter().any(|import| import.starts_with(prefix));
        // Packages are named with a slash or an @ behind them.
        let name = prefix.trim_end_matches(['/', '@']);
        if imported && !asked {
            return Err(format!("it imports {name}, so component.toml needs {remedy}"));
        }
        if asked && !imported {
            return Err(format!("component.toml has {remedy}, but {name} is not imported: leave it out"));
        }
    }
    if shape.authority.iter().any(|import| import.starts_with("wirken:host/credentials@")) && !guest.asks.credentials {
        return Err("it imports wirken:host/credentials, so component.toml needs [[credentials]]".into());
    }
    Ok(())
}

/// What a component has to import and its manifest to ask for, or neither.
fn gates(asks: Asks) -> [(&'static str, bool, &'static str); 5] {
    [
        ("wasi:filesystem/", asks.workspace, "[filesystem] workspace = \"read-only\" or \"read-write\""),
        ("wirken:host/exec@", asks.programs, "[exec] run = true"),
        ("wasi:http/", asks.network, "[network] origins"),
        ("wirken:host/store@", asks.store, "[store] keep = true"),
        ("wirken:host/messages@", asks.messages, "[messages] send = true"),
    ]
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Provider => "provider",
        Kind::Channel => "channel",
        Kind::Tool => "tool",
        Kind::Policy => "policy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(group: &'static str, kind: Kind, world: &str) -> Guest {
        let manifest = String::new();
        Guest { group, name: "a".into(), kind, world: world.into(), asks: Asks::default(), manifest }
    }

    fn shape(authority: &[&str], export: &str) -> Shape {
        let authority: Vec<String> = authority.iter().map(|import| (*import).to_owned()).collect();
        Shape { imports: authority.clone(), authority, exports: vec![export.into()] }
    }

    fn told(imports: &[&str], asks: Asks) -> Result<(), String> {
        let guest = Guest { asks, ..guest("tools", Kind::Tool, "wirken:tool/tool@0.1.0") };
        fits(&guest, &shape(imports, "wirken:tool/tools@0.1.0"))
    }

    #[test]
    fn what_only_describes_imports_nothing_but_types() {
        for (group, kind, world, export) in [
            ("providers", Kind::Provider, "wirken:provider/provider@0.1.0", "wirken:provider/codec@0.1.0"),
            ("channels", Kind::Channel, "wirken:channel/channel@0.1.0", "wirken:channel/adapter@0.1.0"),
            ("policies", Kind::Policy, "wirken:policy/policy@0.1.0", "wirken:policy/rules@0.1.0"),
        ] {
            assert_eq!(fits(&guest(group, kind, world), &shape(&[], export)), Ok(()));
            let impure = fits(&guest(group, kind, world), &shape(&["wirken:host/log@0.1.0"], export)).unwrap_err();
            assert_eq!(impure, format!("a {} is pure, but this one imports wirken:host/log@0.1.0", word(kind)));
            assert_eq!(fits(&guest("fixtures", kind, world), &shape(&["wirken:host/log@0.1.0"], export)), Ok(()));
            let other = fits(&guest(group, kind, world), &shape(&[], "wirken:tool/tools@0.1.0")).unwrap_err();
            assert_eq!(other, format!("it does not export {export}"));
            let (newer, exported) = (world.replace("0.1.0", "0.2.0"), export.replace("0.1.0", "0.2.0"));
            assert_eq!(fits(&guest("fixtures", kind, &newer), &shape(&[], &exported)), Ok(()));
            assert_eq!(fits(&guest("fixtures", kind, &newer), &shape(&[], export)), Err(format!("it does not export {exported}")));
            assert!(fits(&guest("fixtures", kind, "wirken:other/world@0.1.0"), &shape(&[], export)).is_err());
            assert!(fits(&guest(group, kind, &newer), &shape(&[], &exported)).is_err());
            let older = fits(&guest(group, kind, &world.replace("0.1.0", "0.0.9")), &shape(&[], export)).unwrap_err();
            assert!(older.contains(world), "{older}");
        }
    }

    #[test]
    fn a_tool_asks_for_what_it_imports_and_for_nothing_else() {
        let none = Asks::default();
        let gates = [
            ("wasi:filesystem/types@0.2.12", Asks { workspace: true, ..none }, "wasi:filesystem", "[filesystem] workspace"),
            ("wirken:host/exec@0.1.0", Asks { programs: true, ..none }, "wirken:host/exec", "[exec] run = true"),
            ("wasi:http/outgoing-handler@0.2.12", Asks { network: true, ..none }, "wasi:http", "[network] origins"),
            ("wirken:host/store@0.1.0", Asks { store: true, ..none }, "wirken:host/store", "[store] keep = true"),
            ("wirken:host/messages@0.1.0", Asks { messages: true, ..none }, "wirken:host/messages", "[messages] send = true"),
        ];
        assert_eq!(told(&[], none), Ok(()));
        for (import, asks, name, key) in gates {
            assert_eq!(told(&[import], asks), Ok(()), "{import}");
            let undeclared = told(&[import], none).unwrap_err();
            assert!(undeclared.contains(name) && undeclared.contains(key), "{undeclared}");
            let unused = told(&[], asks).unwrap_err();
            assert!(unused.contains(name) && unused.contains(key) && unused.contains("not imported"), "{unused}");
        }
        assert!(told(&["wasi:clocks/timezone@0.2.12"], none).unwrap_err().contains("which no host offers"));
        assert!(told(&["wasi:sockets/tcp@0.2.12"], none).unwrap_err().contains("which no host offers"));
        // A request may name its credentials in a header, so that nothing of them need be imported; to ask which there are, one has
        // to have some.
        let http = Asks { network: true, credentials: true, ..none };
        assert_eq!(told(&["wasi:http/types@0.2.12"], http), Ok(()));
        let nameless = told(&["wirken:host/credentials@0.1.0"], none).unwrap_err();
        assert!(nameless.contains("[[credentials]]"), "{nameless}");
    }

    #[test]
    fn an_import_is_of_a_version_that_the_host_offers() {
        let none = Asks::default();
        for fits in ["wirken:host/log@0.1.0", "wirken:host/log@0.1.7", "wasi:random/random@0.2.0", "wasi:random/random@0.2.99"] {
            assert_eq!(told(&[fits], none), Ok(()), "{fits}");
        }
        for (import, offered) in [
            ("wirken:host/log@0.2.0", "wirken:host/log@0.1.0"),
            ("wirken:host/log@1.1.0", "wirken:host/log@0.1.0"),
            ("wirken:host/log", "wirken:host/log@0.1.0"),
            ("wasi:random/random@0.3.0", "wasi:random/random@0.2.12"),
            ("wirken:chat/types@0.2.0", "wirken:chat/types@0.1.0"),
        ] {
            let wrong = told(&[import], none).unwrap_err();
            assert!(wrong.starts_with(&format!("it imports {import}, and the host offers {offered}: ")), "{wrong}");
        }
        // Types are of a version too, where nothing else is imported.
        let provider = guest("providers", Kind::Provider, "wirken:provider/provider@0.1.0");
        let with = |types: &str| Shape { imports: vec![types.into()], ..shape(&[], "wirken:provider/codec@0.1.0") };
        assert_eq!(fits(&provider, &with("wirken:chat/types@0.1.0")), Ok(()));
        assert!(fits(&provider, &with("wirken:chat/types@0.2.0")).unwrap_err().contains("the host offers wirken:chat/types@0.1.0"));
        let fixture = Guest { group: "fixtures", ..provider };
        assert_eq!(fits(&fixture, &with("wirken:chat/types@0.2.0")), Ok(()), "it may show what is refused");
    }

    #[test]
    fn what_is_said_to_be_offered_is_what_the_host_offers() {
        let mut offered = wirken_plugin::offered();
        offered.retain(|name| !name.starts_with("wasi:cli/"));
        // It holds types alone, for the interfaces beside it.
        offered.push("wirken:host/types@0.1.0".into());
        offered.sort();
        let mut said = OFFERED.map(str::to_owned);
        said.sort();
        assert_eq!(said.as_slice(), offered);
    }
}
