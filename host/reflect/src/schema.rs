//! JSON Schema (2020-12) of the types. `docs/components.md` has it as a table.

use serde_json::{Map, Value as Json, json};

use crate::types::{Case, F32_MOST, Field, Type};

/// Whose values are described. A result may hold what no arguments hold: floats that JSON has no numbers for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Arguments,
    Result,
}

/// The object with one property for each parameter.
pub(crate) fn arguments(parameters: &[Field]) -> Json {
    record(parameters, Side::Arguments)
}

/// `null` where nothing is returned.
pub(crate) fn result(ty: Option<&Type>) -> Json {
    ty.map_or_else(|| json!({"type": "null"}), |ty| of(ty, Side::Result))
}

fn of(ty: &Type, side: Side) -> Json {
    if let Some((least, most)) = ty.range() {
        return json!({"type": "integer", "minimum": integer(least), "maximum": integer(most)});
    }
    match ty {
        Type::Bool => json!({"type": "boolean"}),
        Type::F32 => float(json!({"type": "number", "minimum": -F32_MOST, "maximum": F32_MOST}), side),
        Type::F64 => float(json!({"type": "number"}), side),
        Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Type::String => json!({"type": "string"}),
        Type::List(_) if ty.is_bytes() => json!({"type": "string", "contentEncoding": "base64"}),
        Type::List(element) => json!({"type": "array", "items": of(element, side)}),
        Type::Tuple(types) => {
            let items: Vec<Json> = types.iter().map(|ty| of(ty, side)).collect();
            json!({"type": "array", "minItems": types.len(), "maxItems": types.len(), "prefixItems": items, "items": false})
        }
        Type::Record(fields) => record(fields, side),
        Type::Variant(cases) => {
            variant(cases.iter().map(|Case { name, ty, comment }| (name.as_str(), ty.as_ref(), comment.as_deref())), side)
        }
        Type::Enum(names) => json!({"type": "string", "enum": names}),
        Type::Flags(names) => {
            json!({"type": "array", "items": {"type": "string", "enum": names}, "maxItems": names.len(), "uniqueItems": true})
        }
        Type::Option(inner) if inner.is_option() => json!({"anyOf": [one_case("some", of(inner, side)), {"type": "null"}]}),
        Type::Option(inner) => json!({"anyOf": [of(inner, side), {"type": "null"}]}),
        Type::Result { ok, err } => variant([("ok", ok.as_deref(), None), ("err", err.as_deref(), None)].into_iter(), side),
        // All others have a range.
        _ => json!({"type": "integer"}),
    }
}

/// Both ends of every range are numbers of JSON.
fn integer(value: i128) -> Json {
    i64::try_from(value).map(Json::from).or_else(|_| u64::try_from(value).map(Json::from)).unwrap_or_default()
}

fn float(number: Json, side: Side) -> Json {
    match side {
        Side::Arguments => number,
        Side::Result => json!({"anyOf": [number, {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}]}),
    }
}

fn record(fields: &[Field], side: Side) -> Json {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = of(&field.ty, side);
        comment(&mut schema, field.comment.as_deref());
        properties.insert(field.name.clone(), schema);
    }
    let required: Vec<&str> = fields.iter().filter(|field| !field.ty.is_option()).map(|field| field.name.as_str()).collect();
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Some(object), false) = (object.as_object_mut(), required.is_empty()) {
        object.insert("required".to_owned(), Json::from(required));
    }
    object
}

/// The name of a case that holds nothing, or an object whose one property is the case.
fn variant<'a>(cases: impl Iterator<Item = (&'a str, Option<&'a Type>, Option<&'a str>)>, side: Side) -> Json {
    let mut names = Vec::new();
    let mut choices = Vec::new();
    for (name, ty, text) in cases {
        match ty {
            None if text.is_none() => names.push(name),
            None => {
                let mut choice = json!({"type": "string", "enum": [name]});
                comment(&mut choice, text);
                choices.push(choice);
            }
            Some(ty) => {
                let mut choice = one_case(name, of(ty, side));
                comment(&mut choice, text);
                choices.push(choice);
            }
        }
    }
    if !names.is_empty() {
        choices.push(json!({"type": "string", "enum": names}));
    }
    json!({"oneOf": choices})
}

fn one_case(name: &str, payload: Json) -> Json {
    let mut properties = Map::new();
    properties.insert(name.to_owned(), payload);
    json!({"type": "object", "properties": properties, "required": [name], "additionalProperties": false})
}

fn comment(schema: &mut Json, text: Option<&str>) {
    if let (Some(schema), Some(text)) = (schema.as_object_mut(), text) {
        schema.insert("description".to_owned(), Json::from(text));
    }
}
