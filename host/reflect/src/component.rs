//! A component's bytes, read without running them: what it imports, what it exports, their types and its comments.

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::types::Types;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentType, ComponentTypeDeclaration, InstanceTypeDeclaration, Parser, Payload, Validator,
    WasmFeatures,
};

use crate::description::Comments;
use crate::reflected::Import;
use crate::{Error, MAX_COMMENTS_BYTES, MAX_COMPONENT_BYTES, MAX_EXPORTS, MAX_IMPORTS, MAX_ITEMS, MAX_NESTING};

/// Characters of the validator's message that are told.
const MAX_REASON_CHARS: usize = 300;

pub(crate) struct Component {
    pub(crate) types: Types,
    pub(crate) imports: Vec<Import>,
    /// Each with what it is, in the component's order.
    pub(crate) exports: Vec<(String, ComponentEntityType)>,
    pub(crate) comments: Comments,
}

/// What the sections hold that the types do not tell.
#[derive(Default)]
struct Sections<'a> {
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    comments: &'a [u8],
    asynchronous: Option<String>,
    /// Whether a type of a function is: the function may be called by nobody.
    asynchronous_type: bool,
}

impl Component {
    pub(crate) fn read(wasm: &[u8]) -> Result<Self, Error> {
        if wasm.len() > MAX_COMPONENT_BYTES {
            return Err(Error::TooLarge { bytes: wasm.len() });
        }
        if Parser::is_core_wasm(wasm) {
            return Err(Error::CoreModule);
        }
        if !Parser::is_component(wasm) {
            return Err(Error::NotWasm);
        }
        let (types, sections) = sections(wasm)?;
        if let Some((name, imported)) = wasi_03(&sections) {
            return Err(Error::Wasi03 { name: name.to_owned(), imported });
        }
        if let Some(what) = sections.asynchronous {
            return Err(Error::Asynchronous { what });
        }
        count_items(&types, &sections)?;
        let imports = imports(&types, &sections.imports)?;
        let entity = |name: &&str| Some(((*name).to_owned(), types.component_item_for_export(name)?.ty));
        let exports: Vec<_> = sections.exports.iter().filter_map(entity).collect();
        if !exports.is_empty() && imports.is_empty() && exports.iter().all(|(_, ty)| is_component_type(ty)) {
            return Err(Error::WitPackage);
        }
        Ok(Self { types, imports, exports, comments: Comments::read(sections.comments) })
    }
}

/// Why an engine that has refused some bytes did so, where that has a name here: they are no component, they are made for
/// WASI 0.3, or they are asynchronous. The bytes are validated again, so that this is for when something went wrong.
pub fn unfit(wasm: &[u8]) -> Option<Error> {
    match Component::read(wasm) {
        Err(error @ (Error::NotWasm | Error::CoreModule | Error::WitPackage | Error::Wasi03 { .. } | Error::Asynchronous { .. })) => {
            Some(error)
        }
        Err(_) => None,
        Ok(_) => match sections(wasm) {
            Ok((_, Sections { asynchronous_type: true, .. })) => {
                Some(Error::Asynchronous { what: "a function that it imports or exports is `async`".to_owned() })
            }
            _ => None,
        },
    }
}

fn invalid(error: impl std::fmt::Display) -> Error {
    Error::Invalid { reason: error.to_string().chars().take(MAX_REASON_CHARS).collect() }
}

/// Every proposal is let through here: which of them may run is the engine's choice, and its message.
fn sections(wasm: &[u8]) -> Result<(Types, Sections<'_>), Error> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut found = Sections::default();
    let mut depth = 0_usize;
    let mut types = None;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(invalid)?;
        if matches!(payload, Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) {
            depth += 1;
            if depth > MAX_NESTING {
                return Err(Error::Nested);
            }
        }
        if let Payload::End(offset) = payload {
            let ended = validator.end(offset).map_err(invalid)?;
            if depth == 0 {
                types = Some(ended);
            }
            depth = depth.saturating_sub(1);
            continue;
        }
        validator.payload(&payload).map_err(invalid)?;
        found.add(&payload, depth)?;
    }
    match types {
        Some(types) => Ok((types, found)),
        None => Err(invalid("it has no end")),
    }
}

impl<'a> Sections<'a> {
    fn add(&mut self, payload: &Payload<'a>, depth: usize) -> Result<(), Error> {
        match payload {
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section.clone() {
                    self.imports.push(import.map_err(invalid)?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.clone() {
                    self.exports.push(export.map_err(invalid)?.name.name);
                }
                if self.exports.len() > MAX_EXPORTS {
                    return Err(Error::TooManyExports);
                }
            }
            Payload::CustomSection(section)
                if depth == 0 && section.name() == "package-docs" && section.data().len() <= MAX_COMMENTS_BYTES =>
            {
                self.comments = section.data();
            }
            // At any depth: a part of a composition that is asynchronous makes the whole so.
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone() {
                    let function = function.map_err(invalid)?;
                    self.asynchronous = self.asynchronous.take().or_else(|| asynchronous(&function));
                }
            }
            Payload::ComponentTypeSection(section) => {
                for ty in section.clone() {
                    self.asynchronous_type |= is_asynchronous(&ty.map_err(invalid)?);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The types within types are few: the validator has seen them before.
fn is_asynchronous(ty: &ComponentType<'_>) -> bool {
    match ty {
        ComponentType::Func(function) => function.async_,
        ComponentType::Instance(declarations) => {
            declarations.iter().any(|declaration| matches!(declaration, InstanceTypeDeclaration::Type(ty) if is_asynchronous(ty)))
        }
        ComponentType::Component(declarations) => {
            declarations.iter().any(|declaration| matches!(declaration, ComponentTypeDeclaration::Type(ty) if is_asynchronous(ty)))
        }
        _ => false,
    }
}

fn asynchronous(function: &CanonicalFunction) -> Option<String> {
    let is_async = |options: &[CanonicalOption]| options.iter().any(|option| matches!(option, CanonicalOption::Async));
    let what = match function {
        CanonicalFunction::Lift { options, .. } if is_async(options) => "it exports a function with the asynchronous ABI",
        CanonicalFunction::Lower { options, .. } if is_async(options) => "it calls an import with the asynchronous ABI",
        CanonicalFunction::Lift { .. }
        | CanonicalFunction::Lower { .. }
        | CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => return None,
        _ => "it uses tasks, streams, futures or threads of the component model",
    };
    Some(what.to_owned())
}

/// Whether an interface is one of WASI at 0.3 or later.
pub fn is_wasi_03(name: &str) -> bool {
    let version = name.strip_prefix("wasi:").and_then(|name| name.split_once('@')).map(|(_, version)| version);
    let mut parts = version.unwrap_or_default().split('.').map(|part| part.parse::<u32>().unwrap_or_default());
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) >= (0, 3)
}

/// The first name of WASI at 0.3 or later, and whether it is imported.
fn wasi_03<'a>(sections: &Sections<'a>) -> Option<(&'a str, bool)> {
    let later = |name: &&str| is_wasi_03(name);
    let imported = sections.imports.iter().copied().find(later).map(|name| (name, true));
    imported.or_else(|| sections.exports.iter().copied().find(later).map(|name| (name, false)))
}

/// An interface may be shared by thousands of names, so that few bytes are many items.
fn count_items(types: &Types, sections: &Sections<'_>) -> Result<(), Error> {
    let imported = sections.imports.iter().filter_map(|name| types.component_item_for_import(name));
    let exported = sections.exports.iter().filter_map(|name| types.component_item_for_export(name));
    let mut items = 0_usize;
    for item in imported.chain(exported) {
        let held = match item.ty {
            ComponentEntityType::Instance(id) => types[id].exports.len(),
            _ => 1,
        };
        items = items.saturating_add(held);
    }
    if items > MAX_ITEMS { Err(Error::TooManyItems { items }) } else { Ok(()) }
}

fn imports(types: &Types, names: &[&str]) -> Result<Vec<Import>, Error> {
    if names.len() > MAX_IMPORTS {
        return Err(Error::TooManyImports { imports: names.len() });
    }
    let import = |name: &&str| {
        let item = types.component_item_for_import(name)?;
        Some(Import { name: (*name).to_owned(), types_only: is_types_only(types, &item.ty) })
    };
    Ok(names.iter().filter_map(import).collect())
}

/// Whether having it gives no authority at all.
fn is_types_only(types: &Types, ty: &ComponentEntityType) -> bool {
    let is_type = |ty: &ComponentEntityType| matches!(ty, ComponentEntityType::Type { created, .. } if !matches!(created, ComponentAnyTypeId::Resource(_)));
    match ty {
        ComponentEntityType::Instance(id) => types[*id].exports.values().all(|item| is_type(&item.ty)),
        other => is_type(other),
    }
}

fn is_component_type(ty: &ComponentEntityType) -> bool {
    matches!(ty, ComponentEntityType::Type { created: ComponentAnyTypeId::Component(_), .. })
}
