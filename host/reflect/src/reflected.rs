//! A component as a set of tools.

use std::fmt;

use wasmparser::component_types::ComponentEntityType;

use crate::component::Component;
use crate::error::short;
use crate::expand::Expand;
use crate::function::Function;
use crate::{Error, MAX_EXPORTS, MAX_FUNCTIONS, Reason, names};

/// What a component offers to a model and asks of a host.
#[derive(Debug)]
pub struct Reflected {
    /// In the component's order.
    pub functions: Vec<Function>,
    /// Its other functions, each with the reason.
    pub refused: Vec<Refused>,
    /// Exports that are there for hosts and toolchains, such as `wasi:cli/run`.
    pub left_out: Vec<String>,
    pub imports: Vec<Import>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The interface that it stands in, with its version; none where the world itself exports it.
    pub export: Option<String>,
    pub function: String,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// As the component has it, version included.
    pub name: String,
    /// Whether it holds no function and no resource, so that having it gives no authority.
    pub types_only: bool,
}

impl Reflected {
    /// Reads a component. One that holds nothing callable is an error, which says why.
    pub fn of(wasm: &[u8]) -> Result<Self, Error> {
        let component = Component::read(wasm)?;
        let (found, left_out) = exported(&component)?;
        let expand = Expand::of(&component);
        let mut callable = Vec::new();
        let mut refused = Vec::new();
        for (export, function, ty) in found {
            match plain(&component, &expand, export, function, ty) {
                Ok(function) => callable.push(function),
                Err(reason) => {
                    refused.push(Refused { export: export.map(str::to_owned), function: function.to_owned(), reason });
                }
            }
        }
        if callable.len() > MAX_FUNCTIONS {
            return Err(Error::TooManyFunctions { functions: callable.len() });
        }
        if callable.is_empty() {
            return Err(match left_out.iter().find(|export| export.starts_with(OWN)) {
                Some(export) => Error::OfWirken { export: export.clone() },
                None => Error::NothingCallable { refused, left_out },
            });
        }
        let keys: Vec<_> = callable.iter().map(|function| (function.export.as_deref(), function.name.as_str())).collect();
        let tools = names::of_tools(&keys);
        for (function, tool) in callable.iter_mut().zip(tools) {
            function.tool = tool;
        }
        Ok(Self { functions: callable, refused, left_out, imports: component.imports })
    }

    /// The function behind a tool's name.
    pub fn function(&self, tool: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.tool == tool)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(&self.function))?;
        if let Some(export) = &self.export {
            write!(f, " of {}", short(export))?;
        }
        write!(f, ": {}", self.reason)
    }
}

type Found<'a> = (Option<&'a str>, &'a str, ComponentEntityType);

/// Everything but types that is exported, and the exports that are none of a model's business.
fn exported(component: &Component) -> Result<(Vec<Found<'_>>, Vec<String>), Error> {
    let mut found = Vec::new();
    let mut left_out = Vec::new();
    for (name, entity) in &component.exports {
        match entity {
            ComponentEntityType::Type { .. } => {}
            _ if is_for_hosts(name) => left_out.push(name.clone()),
            ComponentEntityType::Instance(id) => {
                let items = &component.types[*id].exports;
                found.extend(items.iter().map(|(item, entity)| (Some(name.as_str()), item.as_str(), entity.ty)));
            }
            other => found.push((None, name.as_str(), *other)),
        }
        found.retain(|(.., entity)| !matches!(entity, ComponentEntityType::Type { .. }));
        if found.len() > MAX_EXPORTS {
            return Err(Error::TooManyExports);
        }
    }
    Ok((found, left_out))
}

/// The package of this host's own worlds, which are called in their own way.
const OWN: &str = "wirken:";

/// WASI's own worlds are called by hosts. `init` and `exports` are left by the tools that make components of Python and
/// JavaScript: they call them once, before the component is written.
fn is_for_hosts(export: &str) -> bool {
    export.starts_with("wasi:") || export.starts_with(OWN) || matches!(export, "init" | "exports")
}

fn plain(
    component: &Component,
    expand: &Expand<'_>,
    export: Option<&str>,
    function: &str,
    ty: ComponentEntityType,
) -> Result<Function, Reason> {
    let ComponentEntityType::Func(id) = ty else { return Err(Reason::NotAFunction) };
    let ty = &component.types[id];
    // `[method]`, `[static]` and `[constructor]`.
    if function.starts_with('[') {
        return Err(Reason::OfResource);
    }
    if ty.async_ {
        return Err(Reason::Asynchronous);
    }
    let (parameters, result) = expand.function(ty)?;
    Function::new(&component.comments, export, function, parameters, result)
}
