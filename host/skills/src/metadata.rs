//! What a skill says that it needs: the block under `metadata`, and how to install what is missing, which is shown and
//! never run.

mod install;

use serde_json::{Map, Value};

use crate::text;

pub use install::{Install, Kind};

/// The names under which the block may stand, the first that is there first.
const ALIASES: [&str; 4] = ["openclaw", "clawdbot", "clawdis", "moltbot"];
/// Brackets within each other that a JSON5 text may open.
const MAX_DEPTH: usize = 64;

/// The block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Skips what is required, but for the operating system.
    pub always: bool,
    pub emoji: Option<String>,
    pub homepage: Option<String>,
    /// Operating systems that it is for; empty: any.
    pub os: Vec<String>,
    /// Programs that must all be there.
    pub bins: Vec<String>,
    /// Programs of which one must be there.
    pub any_bins: Vec<String>,
    /// Variables that must be set.
    pub env: Vec<String>,
    /// Dotted paths into the configuration that must hold something.
    pub config: Vec<String>,
    /// The variable that an entry's credential stands for.
    pub primary_env: Option<String>,
    /// The name of its entry in the configuration, where that is not its own.
    pub skill_key: Option<String>,
    pub install: Vec<Install>,
}

/// Reads the first of the texts that holds a block. The second value is what is wrong, where something is.
pub(crate) fn read<'a>(texts: impl Iterator<Item = &'a str>) -> (Metadata, Vec<String>) {
    let mut wrong = None;
    let mut other = false;
    for text in texts {
        match json5(text) {
            Ok(Value::Object(map)) => match block(&map) {
                Some(block) => return Metadata::from(block),
                None => other = true,
            },
            Ok(_) => wrong = wrong.or_else(|| Some("`metadata` is no map: what the skill needs is not known".to_owned())),
            Err(why) => wrong = wrong.or_else(|| Some(format!("`metadata` cannot be read, so what the skill needs is not known: {why}"))),
        }
    }
    (Metadata::default(), wrong.filter(|_| !other).into_iter().collect())
}

fn block(map: &Map<String, Value>) -> Option<&Map<String, Value>> {
    ALIASES.iter().find_map(|alias| map.get(*alias)?.as_object())
}

/// A JSON5 text. Its depth is counted first, for its parser does not.
fn json5(text: &str) -> Result<Value, String> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("it nests more than {MAX_DEPTH} deep"));
        }
    }
    json5::from_str(text).map_err(|error| error.to_string())
}

impl Metadata {
    fn from(block: &Map<String, Value>) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let nothing = Map::new();
        let requires = block.get("requires").and_then(Value::as_object).unwrap_or(&nothing);
        let metadata = Self {
            always: block.get("always").and_then(Value::as_bool).unwrap_or(false),
            emoji: string(block, "emoji"),
            homepage: string(block, "homepage"),
            os: list(block.get("os")),
            bins: list(requires.get("bins")),
            any_bins: list(requires.get("anyBins")),
            env: list(requires.get("env")),
            config: paths(requires.get("config"), &mut warnings),
            primary_env: string(block, "primaryEnv"),
            skill_key: string(block, "skillKey"),
            install: install::read(block.get("install"), &mut warnings),
        };
        (metadata, warnings)
    }
}

fn string(block: &Map<String, Value>, name: &str) -> Option<String> {
    block.get(name)?.as_str().filter(|text| !text::trim(text).is_empty()).map(str::to_owned)
}

/// A list, one text with commas, or one text.
fn list(value: Option<&Value>) -> Vec<String> {
    let parts: Vec<String> = match value {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    parts.iter().map(|part| text::trim(part)).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.as_f64().map_or_else(|| value.to_string(), text::number)),
        _ => None,
    }
}

fn paths(value: Option<&Value>, warnings: &mut Vec<String>) -> Vec<String> {
    let objects = value.and_then(Value::as_array).map_or(0, |items| items.iter().filter(|item| item.is_object()).count());
    if objects > 0 {
        warnings.push(format!("{objects} of `requires.config` are no paths and are passed over"));
    }
    list(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_of_a_text_has_two_sides() {
        let nested = |depth: usize| json5(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(nested(MAX_DEPTH).is_ok());
        assert_eq!(nested(MAX_DEPTH + 1), Err("it nests more than 64 deep".to_owned()));
    }

    #[test]
    fn the_first_text_with_a_block_counts() {
        let first = |texts: &[&str]| {
            let (metadata, warnings) = read(texts.iter().copied());
            (metadata.bins, warnings.len())
        };
        let block = r#"{openclaw: {requires: {bins: "a, b ,,c"}}}"#;
        let bins = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        assert_eq!(first(&[block]), (bins.clone(), 0));
        assert_eq!(first(&["{other: 1}", block]), (bins.clone(), 0));
        assert_eq!(first(&["{", block]), (bins, 0));
        assert_eq!(first(&["{other: 1}", "{"]), (Vec::new(), 0));
        assert_eq!(first(&["{", "["]), (Vec::new(), 1));
        assert_eq!(first(&[]), (Vec::new(), 0));
    }

    #[test]
    fn numbers_and_booleans_in_a_list_are_words() {
        assert_eq!(list(Some(&serde_json::json!(["a", 7, true, 1.5, null, {}, " "]))), ["a", "7", "true", "1.5"]);
        assert_eq!(list(Some(&serde_json::json!({"a": 1}))), [""; 0]);
    }
}
