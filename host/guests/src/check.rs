//! Whether a component fits its manifest and its kind, by what it asks for and offers.

use wirken_author::Shape;

use crate::discover::{Asks, Guest, Kind};
use crate::error::Error;

/// What a host of this repository offers to tools.
const OFFERED: [&str; 6] = ["wirken:host/", "wasi:http/", "wasi:filesystem/", "wasi:clocks/", "wasi:random/", "wasi:io/"];

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
    if guest.world != world {
        return Err(format!("component.toml says world = {:?}, but a {} is built for {world:?}", guest.world, word(guest.kind)));
    }
    if !shape.exports.iter().any(|name| name == export) {
        return Err(format!("it does not export {export}"));
    }
    if guest.is_fixture() {
        return Ok(());
    }
    match guest.kind {
        Kind::Provider | Kind::Channel | Kind::Policy => match shape.authority.first() {
            Some(import) => Err(format!("a {} is pure, but this one imports {import}", word(guest.kind))),
            None => Ok(()),
        },
        Kind::Tool => tool_fits(guest, shape),
    }
}

fn tool_fits(guest: &Guest, shape: &Shape) -> Result<(), String> {
    let unknown = shape.authority.iter().find(|import| !OFFERED.iter().any(|offered| import.starts_with(offered)));
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
        assert!(told(&["wasi:sockets/tcp@0.2.12"], none).unwrap_err().contains("which no host offers"));
        // A request may name its credentials in a header, so that nothing of them need be imported; to ask which there are, one has
        // to have some.
        let http = Asks { network: true, credentials: true, ..none };
        assert_eq!(told(&["wasi:http/types@0.2.12"], http), Ok(()));
        let nameless = told(&["wirken:host/credentials@0.1.0"], none).unwrap_err();
        assert!(nameless.contains("[[credentials]]"), "{nameless}");
    }
}
