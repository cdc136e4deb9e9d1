//! What a component asks for and offers, read from the component itself.

use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{InterfaceId, Resolve, TypeDefKind, WorldItem};

/// The imports and exports of a component, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// All of them.
    pub imports: Vec<String>,
    /// Those among the imports that are more than types.
    pub authority: Vec<String>,
    /// All of them.
    pub exports: Vec<String>,
}

impl Shape {
    /// Reads them. What is no component has none.
    pub fn of(component: &[u8]) -> Result<Self, String> {
        let (resolve, world) = match decode(component).map_err(|error| format!("{error:#}"))? {
            DecodedWasm::Component(resolve, world) => (resolve, world),
            DecodedWasm::WitPackage(..) => return Err("it is a WIT package".into()),
        };
        let world = resolve.worlds.get(world).ok_or("it has no world")?;
        let mut shape = Self::default();
        for (key, item) in &world.imports {
            let name = resolve.name_world_key(key);
            let authority = match item {
                WorldItem::Interface { id, .. } => acts(&resolve, *id),
                WorldItem::Function(_) => true,
                WorldItem::Type { .. } => false,
            };
            if authority {
                shape.authority.push(name.clone());
            }
            shape.imports.push(name);
        }
        shape.exports = world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
        Ok(shape)
    }
}

/// Whether an interface holds anything but plain types.
fn acts(resolve: &Resolve, id: InterfaceId) -> bool {
    let Some(interface) = resolve.interfaces.get(id) else { return true };
    let is_resource = |id| resolve.types.get(id).is_none_or(|ty| matches!(ty.kind, TypeDefKind::Resource));
    !interface.functions.is_empty() || interface.types.values().copied().any(is_resource)
}
