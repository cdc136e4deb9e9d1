//! JSON into values. Every document that the schema accepts has its values, but for two kinds: what is no base64, and an
//! integer beyond 2^53 that is written with a fraction or an exponent, of which nobody knows the last digits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value as Json};

use crate::types::{Case, F32_MOST, Field, Type};
use crate::{ArgumentError, Value};

/// Characters of a text, and how many names, that a message repeats.
const SHOWN_CHARS: usize = 40;
const SHOWN_NAMES: usize = 20;
/// Up to here a 64-bit float has every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

type Lifted<T> = Result<T, Wrong>;

/// What is wrong, and where: the steps to it, innermost first.
struct Wrong {
    steps: Vec<String>,
    message: String,
}

impl Wrong {
    fn below(mut self, step: impl ToString) -> Self {
        self.steps.push(step.to_string());
        self
    }
}

impl From<Wrong> for ArgumentError {
    fn from(wrong: Wrong) -> Self {
        let escaped = |step: &String| format!("/{}", cut(step).replace('~', "~0").replace('/', "~1"));
        Self { path: wrong.steps.iter().rev().map(escaped).collect(), message: wrong.message }
    }
}

pub(crate) fn arguments(parameters: &[Field], arguments: &Json) -> Result<Vec<Value>, ArgumentError> {
    Ok(fields(parameters, arguments)?.into_iter().map(|(_, value)| value).collect())
}

fn lift(ty: &Type, json: &Json) -> Lifted<Value> {
    Ok(match ty {
        Type::Bool => Value::Bool(json.as_bool().ok_or_else(|| unlike("true or false", json))?),
        Type::U8 => Value::U8(integer(ty, json)?),
        Type::U16 => Value::U16(integer(ty, json)?),
        Type::U32 => Value::U32(integer(ty, json)?),
        Type::U64 => Value::U64(integer(ty, json)?),
        Type::S8 => Value::S8(integer(ty, json)?),
        Type::S16 => Value::S16(integer(ty, json)?),
        Type::S32 => Value::S32(integer(ty, json)?),
        Type::S64 => Value::S64(integer(ty, json)?),
        Type::F32 => Value::F32(float32(json)?),
        Type::F64 => Value::F64(json.as_f64().ok_or_else(|| unlike("a number", json))?),
        Type::Char => Value::Char(character(json)?),
        Type::String => Value::String(string("a string", json)?.to_owned()),
        Type::List(_) if ty.is_bytes() => Value::Bytes(bytes(json)?),
        Type::List(element) => {
            let items = array("an array", json)?.iter().enumerate();
            Value::List(items.map(|(index, item)| lift(element, item).map_err(|wrong| wrong.below(index))).collect::<Lifted<_>>()?)
        }
        Type::Tuple(types) => Value::Tuple(tuple(types, json)?),
        Type::Record(types) => Value::Record(fields(types, json)?),
        Type::Variant(cases) => {
            let (name, payload) = case(cases.iter().map(|Case { name, ty, .. }| (name.as_str(), ty.as_ref())), json)?;
            Value::Variant(name.to_owned(), payload)
        }
        Type::Enum(names) => Value::Enum(one_of(names, json)?),
        Type::Flags(names) => Value::Flags(flags(names, json)?),
        Type::Option(_) if json.is_null() => Value::Option(None),
        Type::Option(inner) if inner.is_option() => {
            let (_, some) = case([("some", Some(&**inner))].into_iter(), json)?;
            Value::Option(some)
        }
        Type::Option(inner) => Value::Option(Some(Box::new(lift(inner, json)?))),
        Type::Result { ok, err } => {
            let (name, payload) = case([("ok", ok.as_deref()), ("err", err.as_deref())].into_iter(), json)?;
            Value::Result(if name == "ok" { Ok(payload) } else { Err(payload) })
        }
    })
}

fn integer<T: TryFrom<i128>>(ty: &Type, json: &Json) -> Lifted<T> {
    let (least, most) = ty.range().unwrap_or_default();
    let expected = format!("an integer from {least} to {most}");
    let Json::Number(number) = json else { return Err(unlike(&expected, json)) };
    let value = whole(number).ok_or_else(|| match number.as_f64() {
        Some(float) if float.fract() == 0.0 => wrong(format!("expected {expected}, written in digits alone, not {number}")),
        _ => unlike(&expected, json),
    })?;
    T::try_from(value).map_err(|_| unlike(&expected, json))
}

fn whole(number: &Number) -> Option<i128> {
    let digits = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    digits.or_else(|| {
        let float = number.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within 2^53")]
        (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i128)
    })
}

fn float32(json: &Json) -> Lifted<f32> {
    let float = json.as_f64().ok_or_else(|| unlike("a number", json))?;
    if float.abs() > F32_MOST {
        return Err(unlike(&format!("a number from -{F32_MOST:e} to {F32_MOST:e}"), json));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the nearest of the smaller type is what is meant")]
    Ok(float as f32)
}

fn character(json: &Json) -> Lifted<char> {
    let expected = "a string of one character";
    let mut characters = string(expected, json)?.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(character),
        _ => Err(unlike(expected, json)),
    }
}

fn string<'a>(expected: &str, json: &'a Json) -> Lifted<&'a str> {
    json.as_str().ok_or_else(|| unlike(expected, json))
}

fn array<'a>(expected: &str, json: &'a Json) -> Lifted<&'a [Json]> {
    json.as_array().map(Vec::as_slice).ok_or_else(|| unlike(expected, json))
}

fn bytes(json: &Json) -> Lifted<Vec<u8>> {
    let expected = "bytes in base64, with `+`, `/` and `=`";
    STANDARD.decode(string(expected, json)?).map_err(|error| wrong(format!("expected {expected}: {error}")))
}

fn tuple(types: &[Type], json: &Json) -> Lifted<Vec<Value>> {
    let expected = format!("an array of {} values", types.len());
    let items = array(&expected, json)?;
    if items.len() != types.len() {
        return Err(wrong(format!("expected {expected}, not of {}", items.len())));
    }
    types.iter().zip(items).enumerate().map(|(index, (ty, item))| lift(ty, item).map_err(|wrong| wrong.below(index))).collect()
}

fn fields(types: &[Field], json: &Json) -> Lifted<Vec<(String, Value)>> {
    let names = || listed(types.iter().map(|field| field.name.as_str()));
    let Json::Object(object) = json else { return Err(unlike(&format!("an object with {}", names()), json)) };
    if let Some(unknown) = object.keys().find(|key| !types.iter().any(|field| field.name == **key)) {
        return Err(wrong(format!("there is no property {:?} here; there is {}", cut(unknown), names())));
    }
    let field = |field: &Field| {
        let value = match object.get(&field.name) {
            Some(value) => lift(&field.ty, value).map_err(|wrong| wrong.below(&field.name))?,
            None if field.ty.is_option() => Value::Option(None),
            None => return Err(wrong(format!("the property {:?} is missing", field.name))),
        };
        Ok((field.name.clone(), value))
    };
    types.iter().map(field).collect()
}

/// The case that a document names, and what it holds.
fn case<'a>(cases: impl Iterator<Item = (&'a str, Option<&'a Type>)> + Clone, json: &Json) -> Lifted<(&'a str, Option<Box<Value>>)> {
    let expected = || {
        let forms = cases.clone().map(|(name, ty)| if ty.is_some() { format!("{{\"{name}\": …}}") } else { format!("\"{name}\"") });
        format!("one of {}", listed_as_they_are(forms))
    };
    let (name, payload) = match json {
        Json::String(name) => (name, None),
        Json::Object(object) => match object.iter().next() {
            Some((name, payload)) if object.len() == 1 => (name, Some(payload)),
            _ => return Err(wrong(format!("expected {}, not an object of {} properties", expected(), object.len()))),
        },
        other => return Err(unlike(&expected(), other)),
    };
    let known = cases.clone().find(|(case, ty)| case == name && ty.is_some() == payload.is_some());
    match (known, payload) {
        (Some((case, Some(ty))), Some(payload)) => Ok((case, Some(Box::new(lift(ty, payload).map_err(|wrong| wrong.below(case))?)))),
        (Some((case, _)), _) => Ok((case, None)),
        (None, Some(_)) => Err(wrong(format!("expected {}, not an object with {:?}", expected(), cut(name)))),
        (None, None) => Err(unlike(&expected(), json)),
    }
}

fn one_of(names: &[String], json: &Json) -> Lifted<String> {
    let expected = || format!("one of {}", listed(names.iter().map(String::as_str)));
    let name = json.as_str().ok_or_else(|| unlike(&expected(), json))?;
    names.iter().find(|known| *known == name).cloned().ok_or_else(|| unlike(&expected(), json))
}

fn flags(names: &[String], json: &Json) -> Lifted<Vec<String>> {
    let set = array("an array of names", json)?;
    if set.len() > names.len() {
        return Err(wrong(format!("expected at most {} names, each once, not {}", names.len(), set.len())));
    }
    for (index, flag) in set.iter().enumerate() {
        let name = one_of(names, flag).map_err(|wrong| wrong.below(index))?;
        if set.iter().take(index).any(|earlier| earlier == flag) {
            return Err(wrong(format!("expected each name once, and {name:?} is there twice")));
        }
    }
    Ok(names.iter().filter(|name| set.iter().any(|flag| flag.as_str() == Some(name))).cloned().collect())
}

fn wrong(message: String) -> Wrong {
    Wrong { steps: Vec::new(), message }
}

/// A document that is something else than was expected: shown where it is short, since a model knows what it wrote.
fn unlike(expected: &str, json: &Json) -> Wrong {
    let found = match json {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => format!("the string {:?}", cut(text)),
        Json::Array(_) => "an array".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    };
    wrong(format!("expected {expected}, not {found}"))
}

fn cut(text: &str) -> String {
    if text.chars().nth(SHOWN_CHARS).is_none() { text.to_owned() } else { text.chars().take(SHOWN_CHARS - 1).chain(['…']).collect() }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    listed_as_they_are(names.map(|name| format!("{name:?}")))
}

fn listed_as_they_are(mut names: impl Iterator<Item = String>) -> String {
    let mut shown: Vec<String> = names.by_ref().take(SHOWN_NAMES).collect();
    let left = names.count();
    if left > 0 {
        shown.push(format!("{left} more"));
    }
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}
