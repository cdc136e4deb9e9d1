//! Whether a component fits its manifest and its kind, by what it asks for and offers.

use wirken_author::Shape;

use crate::discover::{Guest, Kind};
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
    if guest.is_fixture() && guest.world != world {
        return other_version(guest, shape, world, export);
    }
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

/// A fixture may be of a version that no host offers: then it exports what that has.
fn other_version(guest: &Guest, shape: &Shape, world: &str, export: &str) -> Result<(), String> {
    let other = match (guest.world.split_once('@'), world.split_once('@'), export.split_once('@')) {
        (Some((theirs, version)), Some((ours, _)), Some((export, _))) if theirs == ours => format!("{export}@{version}"),
        _ => return Err(format!("component.toml says world = {:?}, which is no version of {world:?}", guest.world)),
    };
    if shape.exports.contains(&other) { Ok(()) } else { Err(format!("it does not export {other}")) }
}

fn tool_fits(guest: &Guest, shape: &Shape) -> Result<(), String> {
    let unknown = shape.authority.iter().find(|import| !OFFERED.iter().any(|offered| import.starts_with(offered)));
    if let Some(import) = unknown {
        return Err(format!("it imports {import}, which no host offers"));
    }
    let files = shape.authority.iter().any(|import| import.starts_with("wasi:filesystem/"));
    let programs = shape.authority.iter().any(|import| import.starts_with("wirken:host/exec@"));
    let wrong = match (files, guest.workspace, programs, guest.programs) {
        (true, false, ..) => "it imports wasi:filesystem, so component.toml needs [filesystem] workspace = \"read-only\" or \"read-write\"",
        (false, true, ..) => "component.toml asks for the workspace, but nothing of wasi:filesystem is imported",
        (.., true, false) => "it imports wirken:host/exec, so component.toml needs [exec] run = true",
        (.., false, true) => "component.toml asks to run programs, but wirken:host/exec is not imported",
        _ => return Ok(()),
    };
    Err(wrong.into())
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
        Guest { group, name: "a".into(), kind, world: world.into(), workspace: false, programs: false, manifest }
    }

    fn shape(authority: &[&str], export: &str) -> Shape {
        let authority: Vec<String> = authority.iter().map(|import| (*import).to_owned()).collect();
        Shape { imports: authority.clone(), authority, exports: vec![export.into()] }
    }

    fn told(imports: &[&str], workspace: bool, programs: bool) -> Result<(), String> {
        let guest = Guest { workspace, programs, ..guest("tools", Kind::Tool, "wirken:tool/tool@0.1.0") };
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
        let (files, exec) = ("wasi:filesystem/types@0.2.12", "wirken:host/exec@0.1.0");
        for (imports, workspace, programs) in
            [(&[][..], false, false), (&[files], true, false), (&[exec], false, true), (&[files, exec], true, true)]
        {
            assert_eq!(told(imports, workspace, programs), Ok(()), "{imports:?}");
            assert!(told(imports, !workspace, programs).unwrap_err().contains("workspace"), "{imports:?}");
            assert!(told(imports, workspace, !programs).unwrap_err().contains("wirken:host/exec"), "{imports:?}");
        }
        assert!(told(&["wasi:sockets/tcp@0.2.12"], false, false).unwrap_err().contains("which no host offers"));
    }
}
