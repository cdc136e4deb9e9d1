//! Roman numerals as two tools, by cargo-component: it writes `bindings.rs` from `wit/` and encodes the component.

mod bindings;
#[path = "../../roman-rust/src/numeral.rs"]
mod numeral;

use bindings::exports::wirken::tool::tools::{CallPlan, Failure, Guest, Part, ToolDefinition};
use serde_json::{Value, json};

struct Roman;

bindings::export!(Roman with_types_in bindings);

impl Guest for Roman {
    fn definitions() -> Vec<ToolDefinition> {
        let tool = |name: &str, description: &str, argument: &str, property: Value| ToolDefinition {
            name: name.into(),
            description: description.into(),
            input_schema: json!({
                "type": "object",
                "properties": { argument: property },
                "required": [argument],
                "additionalProperties": false,
            })
            .to_string(),
        };
        vec![
            tool("to_roman", "Writes a number from 1 to 3999 in Roman numerals.", "number", json!({ "type": "integer" })),
            tool("from_roman", "Reads a Roman numeral, up to MMMCMXCIX.", "numeral", json!({ "type": "string" })),
        ]
    }

    fn plan(name: String, _arguments: String) -> Result<CallPlan, Failure> {
        Ok(CallPlan { purpose: format!("Call {name}."), intents: Vec::new() })
    }

    fn call(name: String, arguments: String) -> Result<Vec<Part>, Failure> {
        let wrong = |message: String| Failure::InvalidArguments(message);
        let given: Value = serde_json::from_str(&arguments).map_err(|error| wrong(format!("the arguments do not fit: {error}")))?;
        let answer = match (name.as_str(), given.get("number").and_then(Value::as_u64), given.get("numeral").and_then(Value::as_str)) {
            ("to_roman", Some(number), _) => u32::try_from(number).ok().and_then(numeral::write),
            ("from_roman", _, Some(text)) => numeral::read(text).map(|number| number.to_string()),
            ("to_roman" | "from_roman", ..) => return Err(wrong("the arguments do not fit the schema".into())),
            _ => return Err(wrong(format!("there is no tool {name:?} here"))),
        };
        answer.map(|text| vec![Part::Text(text)]).ok_or_else(|| wrong(format!("there is no Roman numeral for {arguments}")))
    }
}
