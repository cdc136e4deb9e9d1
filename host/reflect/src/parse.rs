//! What a model wrote, as JSON in which every property is given once.
//!
//! Of two properties of one name most readers take the last and people the first: a person who allows a call has to have
//! read what is called.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

use crate::error::short;
use crate::{ArgumentError, MAX_ARGUMENT_BYTES};

/// Blank text is an object without properties: it is what some models write where a function has no parameters.
pub(crate) fn parse(text: &str) -> Result<Json, ArgumentError> {
    let wrong = |message: String| ArgumentError { path: String::new(), message };
    if text.len() > MAX_ARGUMENT_BYTES {
        return Err(wrong(format!("the arguments have {} bytes, and {MAX_ARGUMENT_BYTES} are the most", text.len())));
    }
    if text.trim().is_empty() {
        return Ok(Json::Object(Map::new()));
    }
    serde_json::from_str(text).map(|Once(json)| json).map_err(|error| {
        let what = if error.is_data() { "cannot be used" } else { "are no JSON" };
        wrong(format!("the arguments {what}: {error}"))
    })
}

struct Once(Json);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once(Json::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Once, E> {
        Ok(Once(Json::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Once, E> {
        Ok(Once(Json::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Once, E> {
        Ok(Once(Json::from(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Once, E> {
        Number::from_f64(value).map(|number| Once(Json::Number(number))).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Once, E> {
        Ok(Once(Json::from(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<Once, E> {
        Ok(Once(Json::String(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Once, A::Error> {
        let mut array = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Once(Json::Array(array)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Once, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("the property {:?} is given twice", short(&name))));
            }
            let Once(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Once(Json::Object(object)))
    }
}
