//! A component's own settings: a JSON Schema in its manifest, and the values that a human gave, checked against it.

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value, json};

use crate::ManifestError;

/// The schema of a component that takes no setting.
pub(crate) fn none() -> Value {
    json!({ "type": "object", "additionalProperties": false })
}

/// A schema as TOML to the same schema as JSON; TOML's dates and infinities have no JSON.
pub(crate) fn schema(table: toml::Table) -> Result<Value, ManifestError> {
    let schema = to_json(toml::Value::Table(table), "settings")?;
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(ManifestError::invalid("settings.type", "must be \"object\""));
    }
    let properties = match schema.get("properties") {
        None => Map::new(),
        Some(Value::Object(properties)) => properties.clone(),
        Some(_) => return Err(ManifestError::invalid("settings.properties", "must be a table")),
    };
    compile(&schema).map_err(|problem| ManifestError::invalid("settings", problem))?;
    for (name, property) in &properties {
        let at = format!("settings.properties.{name}");
        if !crate::raw::is_name(name) {
            return Err(ManifestError::invalid(at, "a setting's name is lower-case letters, digits and single hyphens, at most 64"));
        }
        if let Some(default) = property.get("default") {
            let validator = compile(property).map_err(|problem| ManifestError::invalid(&at, problem))?;
            if let Some(error) = validator.iter_errors(default).next() {
                return Err(ManifestError::invalid(at, format!("its default is against its own rule: {error}")));
            }
        }
    }
    Ok(schema)
}

pub(crate) fn defaults(schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone()))).collect()
}

pub(crate) fn validate(schema: &Value, given: &Value) -> Result<Value, Vec<String>> {
    let Some(given) = given.as_object() else {
        return Err(vec!["the settings must be a table of names and values".to_owned()]);
    };
    let known = schema.get("properties").and_then(Value::as_object);
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let mut problems = Vec::new();
    let mut whole = defaults(schema);
    for (name, value) in given {
        if closed && !known.is_some_and(|known| known.contains_key(name)) {
            let names = known.into_iter().flat_map(Map::keys).map(String::as_str);
            problems.push(format!("there is no setting `{name}`{}", crate::hint(crate::keys::nearest(name, names))));
        } else {
            whole.insert(name.clone(), value.clone());
        }
    }
    let whole = Value::Object(whole);
    match compile(schema) {
        Ok(validator) => problems.extend(validator.iter_errors(&whole).map(|error| {
            let path = error.instance_path().to_string();
            match path.strip_prefix('/') {
                Some(name) => format!("`{name}`: {error}"),
                None => error.to_string(),
            }
        })),
        Err(problem) => problems.push(problem),
    }
    if problems.is_empty() { Ok(whole) } else { Err(problems) }
}

/// Patterns run in linear time: a publisher writes them, and a stranger's text may one day meet them.
fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("is not a JSON Schema: {error}"))
}

fn to_json(value: toml::Value, at: &str) -> Result<Value, ManifestError> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| ManifestError::invalid(at, "JSON has no infinity and no NaN"))?,
        toml::Value::Datetime(_) => return Err(ManifestError::invalid(at, "JSON has no dates; write it as a string")),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(|item| to_json(item, at)).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => {
            let mut map = Map::new();
            for (key, value) in table {
                let value = to_json(value, &format!("{at}.{key}"))?;
                map.insert(key, value);
            }
            Value::Object(map)
        }
    })
}
