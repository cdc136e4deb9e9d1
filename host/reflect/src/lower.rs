//! Values into JSON.
//!
//! A list of records repeats the names of its fields for each element, so that a result that a component may hand over is
//! many times its size as JSON: what is written is counted while it is made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value as Json};

use crate::types::{Case, Field, Type};
use crate::{MAX_RESULT_BYTES, ResultError, Value};

/// What any value takes at least, in brackets, commas and quotes.
const LEAST_BYTES: usize = 4;

type Lowered<T> = Result<T, ResultError>;

/// What a function returned, or one side of its `result`; `null` for nothing.
pub(crate) fn payload(ty: Option<&Type>, value: Option<&Value>) -> Lowered<Json> {
    let mut lower = Lower { left: MAX_RESULT_BYTES };
    Ok(lower.optional(ty, value)?.unwrap_or(Json::Null))
}

pub(crate) fn arguments(parameters: &[Field], arguments: &[Value]) -> Lowered<Json> {
    let mut lower = Lower { left: MAX_RESULT_BYTES };
    lower.fields(parameters, arguments.iter())
}

pub(crate) fn unfit(expected: impl ToString) -> ResultError {
    ResultError::Unfit { expected: expected.to_string() }
}

struct Lower {
    left: usize,
}

impl Lower {
    fn take(&mut self, bytes: usize) -> Lowered<()> {
        self.left = self.left.checked_sub(bytes).ok_or(ResultError::TooLarge)?;
        Ok(())
    }

    fn value(&mut self, ty: &Type, value: &Value) -> Lowered<Json> {
        self.take(LEAST_BYTES)?;
        Ok(match (ty, value) {
            (Type::Bool, Value::Bool(value)) => Json::from(*value),
            (Type::U8, Value::U8(value)) => Json::from(*value),
            (Type::U16, Value::U16(value)) => Json::from(*value),
            (Type::U32, Value::U32(value)) => Json::from(*value),
            (Type::U64, Value::U64(value)) => Json::from(*value),
            (Type::S8, Value::S8(value)) => Json::from(*value),
            (Type::S16, Value::S16(value)) => Json::from(*value),
            (Type::S32, Value::S32(value)) => Json::from(*value),
            (Type::S64, Value::S64(value)) => Json::from(*value),
            (Type::F32, Value::F32(value)) => float(shortest(*value)),
            (Type::F64, Value::F64(value)) => float(*value),
            (Type::Char, Value::Char(value)) => Json::from(value.to_string()),
            (Type::String, Value::String(text)) => self.text(text.clone())?,
            (Type::List(_), Value::Bytes(bytes)) if ty.is_bytes() => self.bytes(bytes)?,
            (Type::List(_), Value::List(items)) if ty.is_bytes() => {
                let byte = |item: &Value| if let Value::U8(byte) = item { Ok(*byte) } else { Err(unfit(ty)) };
                let bytes: Vec<u8> = items.iter().map(byte).collect::<Lowered<_>>()?;
                self.bytes(&bytes)?
            }
            (Type::List(element), Value::List(items)) => {
                Json::Array(items.iter().map(|item| self.value(element, item)).collect::<Lowered<_>>()?)
            }
            (Type::Tuple(types), Value::Tuple(items)) if types.len() == items.len() => {
                Json::Array(types.iter().zip(items).map(|(ty, item)| self.value(ty, item)).collect::<Lowered<_>>()?)
            }
            (Type::Record(types), Value::Record(fields)) => {
                if types.len() != fields.len() || types.iter().zip(fields).any(|(ty, (name, _))| ty.name != *name) {
                    return Err(unfit(ty));
                }
                self.fields(types, fields.iter().map(|(_, value)| value))?
            }
            (Type::Variant(cases), Value::Variant(name, payload)) => {
                let Case { ty, .. } = cases.iter().find(|case| case.name == *name).ok_or_else(|| unfit(ty))?;
                self.case(name, ty.as_ref(), payload.as_deref())?
            }
            (Type::Enum(names), Value::Enum(name)) if names.contains(name) => self.text(name.clone())?,
            (Type::Flags(names), Value::Flags(set)) if set.iter().all(|name| names.contains(name)) => {
                let set = names.iter().filter(|name| set.contains(name));
                Json::Array(set.map(|name| self.text(name.clone())).collect::<Lowered<_>>()?)
            }
            (Type::Option(_), Value::Option(None)) => Json::Null,
            (Type::Option(inner), Value::Option(Some(value))) if inner.is_option() => self.case("some", Some(inner), Some(value))?,
            (Type::Option(inner), Value::Option(Some(value))) => self.value(inner, value)?,
            (Type::Result { ok, .. }, Value::Result(Ok(value))) => self.case("ok", ok.as_deref(), value.as_deref())?,
            (Type::Result { err, .. }, Value::Result(Err(value))) => self.case("err", err.as_deref(), value.as_deref())?,
            _ => return Err(unfit(ty)),
        })
    }

    fn optional(&mut self, ty: Option<&Type>, value: Option<&Value>) -> Lowered<Option<Json>> {
        match (ty, value) {
            (Some(ty), Some(value)) => self.value(ty, value).map(Some),
            (None, None) => Ok(None),
            (Some(ty), None) => Err(unfit(ty)),
            (None, Some(_)) => Err(unfit("case without a value")),
        }
    }

    fn case(&mut self, name: &str, ty: Option<&Type>, payload: Option<&Value>) -> Lowered<Json> {
        self.take(name.len())?;
        Ok(match self.optional(ty, payload)? {
            Some(payload) => Json::Object(Map::from_iter([(name.to_owned(), payload)])),
            None => Json::from(name),
        })
    }

    fn fields<'a>(&mut self, types: &[Field], values: impl ExactSizeIterator<Item = &'a Value>) -> Lowered<Json> {
        if types.len() != values.len() {
            return Err(unfit(format!("record of {} fields", types.len())));
        }
        let mut object = Map::new();
        for (field, value) in types.iter().zip(values) {
            self.take(field.name.len())?;
            object.insert(field.name.clone(), self.value(&field.ty, value)?);
        }
        Ok(Json::Object(object))
    }

    fn text(&mut self, text: String) -> Lowered<Json> {
        self.take(text.len())?;
        Ok(Json::String(text))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Lowered<Json> {
        // Before it is encoded: four characters for each three bytes.
        self.take(bytes.len().div_ceil(3).saturating_mul(4))?;
        Ok(Json::String(STANDARD.encode(bytes)))
    }
}

/// JSON has no numbers for these three.
fn float(value: f64) -> Json {
    Number::from_f64(value).map_or_else(
        || {
            Json::from(if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            })
        },
        Json::Number,
    )
}

/// The number of the fewest digits that is this one among those of its size: 0.1, and not 0.10000000149011612.
fn shortest(value: f32) -> f64 {
    if value.is_finite() { value.to_string().parse().unwrap_or_else(|_| f64::from(value)) } else { f64::from(value) }
}
