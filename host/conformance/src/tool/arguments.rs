//! Arguments for a tool, made from the schema that a model is told: some that fit, and many that do not.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::damage::misfits;

/// Of arguments that do not fit.
const MOST: usize = 200;
/// How deep a schema is followed.
const DEPTH: usize = 8;

/// Arguments that fit, where the schema says enough to make some.
pub(super) fn fitting(schema: &Value, validator: &Validator) -> Option<Value> {
    Some(sample(schema, DEPTH)).filter(|sample| validator.is_valid(sample))
}

fn sample(schema: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    let first = |name: &str| schema.get(name).and_then(Value::as_array).and_then(|list| list.first());
    if let Some(value) = schema.get("const").or(first("enum")).or(first("examples")).or(schema.get("default")) {
        return value.clone();
    }
    if let Some(other) = first("anyOf").or(first("oneOf")) {
        return sample(other, depth - 1);
    }
    let kind = schema.get("type").and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match kind {
        Some("string") => {
            let length = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
            Value::from("text".repeat(usize::try_from(length / 4 + 1).unwrap_or(1).min(1000)))
        }
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(true),
        Some("array") => {
            let item = schema.get("items").map_or(Value::Null, |items| sample(items, depth - 1));
            Value::from(vec![item])
        }
        Some("null") => Value::Null,
        _ => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            let member = |name: &str| Some((name.to_owned(), sample(schema.get("properties")?.get(name)?, depth - 1)));
            Value::Object(required.filter_map(member).collect::<Map<_, _>>())
        }
    }
}

/// Arguments that do not fit, as a model may write them; `fitting` is what they are made from.
pub(super) fn unfit(fitting: Option<&Value>, validator: &Validator) -> Vec<String> {
    let mut documents = vec![json!([]), json!(null), json!(1), json!("text"), json!([{}]), json!({})];
    documents.push(json!({ "no-such-argument": 1 }));
    if let Some(fitting) = fitting {
        documents.extend(misfits(fitting, MOST));
        let mut more = fitting.clone();
        if let Some(members) = more.as_object_mut() {
            members.insert("no-such-argument".into(), json!(1));
        }
        documents.push(more);
    }
    let unfit = documents.into_iter().filter(|document| !validator.is_valid(document)).map(|document| document.to_string());
    ["no JSON", "{", "{\"a\":1}}", "\u{0}"].into_iter().map(str::to_owned).chain(unfit).collect()
}

/// Arguments of a size that no model writes.
pub(super) fn huge(fitting: Option<&Value>) -> Vec<String> {
    let long = "long ".repeat(1 << 18);
    let mut all = vec![json!({ "no-such-argument": long }).to_string(), "[".repeat(100_000), format!("{{\"a\":{}", "[".repeat(100_000))];
    for (name, value) in fitting.and_then(Value::as_object).into_iter().flatten() {
        let (Some(mut other), true) = (fitting.cloned(), value.is_string()) else { continue };
        if let Some(member) = other.get_mut(name) {
            *member = Value::from(long.as_str());
        }
        all.push(other.to_string());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["text", "how", "of"],
            "properties": {
                "text": { "type": "string", "minLength": 9 },
                "how": { "enum": ["much", "many"] },
                "of": { "type": "array", "minItems": 1, "items": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer", "minimum": 3 } } } },
                "more": { "type": "boolean" },
            },
            "additionalProperties": false,
        })
    }

    #[test]
    fn a_schema_makes_arguments_that_fit_it() {
        let schema = schema();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let fitting = fitting(&schema, &validator).unwrap();
        assert_eq!(fitting, json!({ "text": "texttexttext", "how": "much", "of": [{ "n": 3 }] }));
        let never = json!({ "type": "string", "pattern": "^[0-9]+$" });
        assert_eq!(super::fitting(&never, &jsonschema::validator_for(&never).unwrap()), None);
    }

    #[test]
    fn what_does_not_fit_does_not() {
        let schema = schema();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let fitting = fitting(&schema, &validator).unwrap();
        let unfit = unfit(Some(&fitting), &validator);
        assert!(unfit.len() > 40, "{}", unfit.len());
        for arguments in &unfit {
            assert!(serde_json::from_str(arguments).map_or(true, |document: Value| !validator.is_valid(&document)), "{arguments}");
        }
        assert!(unfit.iter().any(|arguments| arguments.contains("no-such-argument") && arguments.contains("texttext")));
        // Three that no schema fits, and one for each text.
        assert_eq!(huge(Some(&fitting)).len(), 5);
    }
}
