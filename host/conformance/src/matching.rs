//! Whether a document is what a recording says, and where it first is not.

use serde_json::Value;

/// Of a value that is shown, in characters.
const SHOWN: usize = 200;

/// The same in every member and element.
pub(crate) fn same(wanted: &Value, found: &Value) -> Result<(), String> {
    differ(wanted, found, "", true)
}

/// The same as far as `wanted` goes: an object may have more members than are named.
pub(crate) fn covers(wanted: &Value, found: &Value) -> Result<(), String> {
    differ(wanted, found, "", false)
}

fn differ(wanted: &Value, found: &Value, at: &str, whole: bool) -> Result<(), String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, value) in wanted {
                let at = format!("{at}/{name}");
                match found.get(name) {
                    Some(found) => differ(value, found, &at, whole)?,
                    None => return Err(format!("{at} is missing; the recording has {}", shown(value))),
                }
            }
            match found.iter().find(|(name, _)| whole && !wanted.contains_key(*name)) {
                Some((name, value)) => Err(format!("{at}/{name} is {}, and the recording has no such member", shown(value))),
                None => Ok(()),
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                differ(wanted, found, &format!("{at}/{index}"), whole)?;
            }
            let place = if at.is_empty() { "it" } else { at };
            match (wanted.get(found.len()), found.get(wanted.len())) {
                (Some(missing), _) => Err(format!("{place} ends before {}, which the recording has next", shown(missing))),
                (_, Some(more)) => Err(format!("{place} has {} after what the recording has", shown(more))),
                (None, None) => Ok(()),
            }
        }
        _ if wanted == found => Ok(()),
        _ => {
            let place = if at.is_empty() { "it" } else { at };
            Err(format!("{place} is {}, and the recording has {}", shown(found), shown(wanted)))
        }
    }
}

/// A value for people, shortened.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_where_two_documents_first_differ() {
        let found = json!({"a": [1, {"b": "x", "more": true}]});
        assert_eq!(covers(&json!({"a": [1, {"b": "x"}]}), &found), Ok(()));
        assert!(same(&json!({"a": [1, {"b": "x"}]}), &found).unwrap_err().starts_with("/a/1/more is true"));
        assert_eq!(same(&found, &found), Ok(()));
        assert_eq!(covers(&json!({"a": [1, {"b": "y"}]}), &found).unwrap_err(), "/a/1/b is \"x\", and the recording has \"y\"");
        assert!(covers(&json!({"c": 1}), &found).unwrap_err().starts_with("/c is missing"));
        assert!(covers(&json!({"a": [1]}), &found).unwrap_err().starts_with("/a has {"));
        assert!(covers(&json!({"a": [1, {}, 3]}), &found).unwrap_err().contains("ends before 3"));
        assert!(same(&json!(1), &json!("1")).is_err());
    }

    #[test]
    fn a_long_value_is_shortened() {
        assert_eq!(shown(&json!("x".repeat(SHOWN - 2))).chars().count(), SHOWN);
        assert!(shown(&json!("ü".repeat(SHOWN))).ends_with('…'));
    }
}
