//! The validator's types as trees.
//!
//! A component shares its types: thirty records of two fields, each of the one before, are a few hundred bytes there and
//! a billion fields here. So a tree is made within a budget, which is what its schema may have at most.

use std::collections::HashMap;

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType, ComponentFuncType, ComponentValType,
};
use wasmparser::types::Types;

use crate::component::Component;
use crate::description::Comments;
use crate::error::short;
use crate::{Case, Field, MAX_DEFINITION_BYTES, MAX_DEPTH, MAX_NAME_BYTES, Reason, Type};

/// The least that a type takes in a schema, as in `{"type":"null"}`.
const LEAST_SCHEMA_BYTES: usize = 12;

/// Where a named type comes from: its interface, if it is not the world's own, and its name.
type Origin<'a> = (Option<&'a str>, &'a str);

pub(crate) struct Expand<'a> {
    types: &'a Types,
    comments: &'a Comments,
    named: HashMap<ComponentDefinedTypeId, Origin<'a>>,
}

impl<'a> Expand<'a> {
    pub(crate) fn of(component: &'a Component) -> Self {
        let types = &component.types;
        let mut named = HashMap::new();
        let mut name = |origin: Origin<'a>, ty: &ComponentEntityType| {
            if let ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(id), .. } = ty {
                named.entry(*id).or_insert(origin);
            }
        };
        let imported =
            component.imports.iter().filter_map(|import| Some((&import.name, types.component_item_for_import(&import.name)?.ty)));
        for (export, entity) in component.exports.iter().map(|(name, ty)| (name, *ty)).chain(imported) {
            match entity {
                ComponentEntityType::Instance(id) => {
                    for (item, entity) in &types[id].exports {
                        name((Some(export), item), &entity.ty);
                    }
                }
                other => name((None, export), &other),
            }
        }
        Self { types, comments: &component.comments, named }
    }

    /// The parameters and the result of a function.
    pub(crate) fn function(&self, function: &ComponentFuncType) -> Result<(Vec<Field>, Option<Type>), Reason> {
        let mut budget = Budget { left: MAX_DEFINITION_BYTES, of: "arguments" };
        let mut parameters = Vec::new();
        for (name, ty) in &function.params {
            let place = || format!("the parameter {}", short(name.as_str()));
            budget.name(name.as_str(), &place)?;
            parameters.push(Field { name: name.as_str().to_owned(), ty: self.ty(*ty, 1, &mut budget, &place)?, comment: None });
        }
        let mut budget = Budget { left: MAX_DEFINITION_BYTES, of: "result" };
        let result = function.result.map(|ty| self.ty(ty, 1, &mut budget, &|| "its result".to_owned())).transpose()?;
        Ok((parameters, result))
    }

    fn ty(&self, ty: ComponentValType, depth: usize, budget: &mut Budget, place: &dyn Fn() -> String) -> Result<Type, Reason> {
        if depth > MAX_DEPTH {
            return Err(Reason::TooDeep { place: place() });
        }
        budget.take(LEAST_SCHEMA_BYTES)?;
        let id = match ty {
            ComponentValType::Primitive(primitive) => return primitive_type(primitive, place),
            ComponentValType::Type(id) => id,
        };
        let unsupported = |kind| Err(Reason::Unsupported { place: place(), kind });
        let mut inner = |ty: ComponentValType| self.ty(ty, depth + 1, budget, place);
        let mut boxed = |ty: Option<ComponentValType>| ty.map(|ty| inner(ty).map(Box::new)).transpose();
        Ok(match &self.types[id] {
            ComponentDefinedType::Primitive(primitive) => primitive_type(*primitive, place)?,
            ComponentDefinedType::List { element, .. } => Type::List(Box::new(inner(*element)?)),
            ComponentDefinedType::Option { ty, .. } => Type::Option(Box::new(inner(*ty)?)),
            ComponentDefinedType::Result { ok, err, .. } => Type::Result { ok: boxed(*ok)?, err: boxed(*err)? },
            ComponentDefinedType::Tuple(tuple) => Type::Tuple(tuple.types.iter().map(|ty| inner(*ty)).collect::<Result<_, _>>()?),
            ComponentDefinedType::Record(record) => {
                let mut fields = Vec::new();
                for (name, ty) in &record.fields {
                    let name = self.name(name.as_str(), budget, place)?;
                    let comment = self.comment(id, &name, budget)?;
                    fields.push(Field { ty: self.ty(*ty, depth + 1, budget, place)?, name, comment });
                }
                Type::Record(fields)
            }
            ComponentDefinedType::Variant(variant) => {
                let mut cases = Vec::new();
                for (name, case) in &variant.cases {
                    let name = self.name(name.as_str(), budget, place)?;
                    let comment = self.comment(id, &name, budget)?;
                    let ty = case.ty.map(|ty| self.ty(ty, depth + 1, budget, place)).transpose()?;
                    cases.push(Case { name, ty, comment });
                }
                Type::Variant(cases)
            }
            ComponentDefinedType::Enum(names) => {
                Type::Enum(names.iter().map(|name| self.name(name.as_str(), budget, place)).collect::<Result<_, _>>()?)
            }
            ComponentDefinedType::Flags(names) => {
                Type::Flags(names.iter().map(|name| self.name(name.as_str(), budget, place)).collect::<Result<_, _>>()?)
            }
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => return Err(Reason::Handle { place: place() }),
            ComponentDefinedType::Stream { .. } => return unsupported("stream"),
            ComponentDefinedType::Future { .. } => return unsupported("future"),
            ComponentDefinedType::Map { .. } => return unsupported("map"),
            ComponentDefinedType::FixedLengthList { .. } => return unsupported("list of fixed length"),
        })
    }

    fn name(&self, name: &str, budget: &mut Budget, place: &dyn Fn() -> String) -> Result<String, Reason> {
        budget.name(name, &|| format!("{} of {}", short(name), place()))?;
        Ok(name.to_owned())
    }

    fn comment(&self, id: ComponentDefinedTypeId, item: &str, budget: &mut Budget) -> Result<Option<String>, Reason> {
        let comment = self.named.get(&id).and_then(|(export, ty)| self.comments.item(*export, ty, item));
        if let Some(comment) = &comment {
            budget.take(comment.len())?;
        }
        Ok(comment)
    }
}

/// What is left of [`MAX_DEFINITION_BYTES`].
struct Budget {
    left: usize,
    of: &'static str,
}

impl Budget {
    fn take(&mut self, bytes: usize) -> Result<(), Reason> {
        self.left = self.left.checked_sub(bytes).ok_or(Reason::TooLarge { of: self.of })?;
        Ok(())
    }

    fn name(&mut self, name: &str, place: &dyn Fn() -> String) -> Result<(), Reason> {
        if name.len() > MAX_NAME_BYTES {
            return Err(Reason::LongName { place: place() });
        }
        self.take(name.len())
    }
}

fn primitive_type(primitive: PrimitiveValType, place: &dyn Fn() -> String) -> Result<Type, Reason> {
    Ok(match primitive {
        PrimitiveValType::Bool => Type::Bool,
        PrimitiveValType::U8 => Type::U8,
        PrimitiveValType::U16 => Type::U16,
        PrimitiveValType::U32 => Type::U32,
        PrimitiveValType::U64 => Type::U64,
        PrimitiveValType::S8 => Type::S8,
        PrimitiveValType::S16 => Type::S16,
        PrimitiveValType::S32 => Type::S32,
        PrimitiveValType::S64 => Type::S64,
        PrimitiveValType::F32 => Type::F32,
        PrimitiveValType::F64 => Type::F64,
        PrimitiveValType::Char => Type::Char,
        PrimitiveValType::String => Type::String,
        PrimitiveValType::ErrorContext => return Err(Reason::Unsupported { place: place(), kind: "error context" }),
    })
}
