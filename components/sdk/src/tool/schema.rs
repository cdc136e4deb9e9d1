//! JSON Schemas of arguments, as short as they are written most.

use std::fmt;

use serde_json::{Map, Value, json};

/// The schema of an object. What is not named in it is refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Schema {
    /// An object without properties.
    pub fn object() -> Self {
        Self::default()
    }

    /// With a property that has to be there: [`string`] and the like, or any schema made with `serde_json::json!`.
    pub fn required(mut self, name: &str, property: Value) -> Self {
        self.required.push(name.to_owned());
        self.optional(name, property)
    }

    /// With a property that may be left out.
    pub fn optional(mut self, name: &str, property: Value) -> Self {
        self.properties.insert(name.to_owned(), property);
        self
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { properties, required } = self;
        let schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
        write!(f, "{schema}")
    }
}

/// A text.
pub fn string(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// Any number of texts.
pub fn strings(description: &str) -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

/// A whole number.
pub fn integer(description: &str) -> Value {
    json!({ "type": "integer", "description": description })
}

/// A number.
pub fn number(description: &str) -> Value {
    json!({ "type": "number", "description": description })
}

/// True or false.
pub fn boolean(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}
