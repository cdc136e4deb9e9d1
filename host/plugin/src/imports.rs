//! What a component imports, read from its type without running it.

use serde::Serialize;
use wasmtime::component::types::ComponentItem;
use wirken_engine::{Code, Engine};

/// One imported interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// As the component names it, version included.
    pub name: String,
    /// The first function or resource in it, if it holds more than types.
    #[serde(skip)]
    pub first_item: Option<String>,
}

impl Interface {
    /// The name without its version.
    pub fn unversioned(&self) -> &str {
        self.name.split_once('@').map_or(self.name.as_str(), |(name, _)| name)
    }

    pub fn version(&self) -> Option<&str> {
        self.name.split_once('@').map(|(_, version)| version)
    }

    /// Whether importing it gives no authority at all.
    pub fn is_types_only(&self) -> bool {
        self.first_item.is_none()
    }
}

pub(crate) fn of(engine: &Engine, code: &Code) -> Vec<Interface> {
    let engine = engine.wasmtime();
    code.component()
        .component_type()
        .imports(engine)
        .map(|(name, import)| {
            let first_item = match import.ty {
                ComponentItem::ComponentInstance(instance) => instance
                    .exports(engine)
                    .find(|(_, export)| !matches!(export.ty, ComponentItem::Type(_)))
                    .map(|(item, _)| format!("{item} of {name}")),
                ComponentItem::Type(_) => None,
                _ => Some(name.to_owned()),
            };
            Interface { name: name.to_owned(), first_item }
        })
        .collect()
}
