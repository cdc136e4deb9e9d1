//! A component's settings: its schema, the human's values, and the origins that they name.

use serde_json::{Map, Value};
use wirken_types::credential::{Origin, OriginPattern};

use crate::{ANYWHERE, Manifest, nearest};

/// Settings that do not fit, each problem in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings of {component} are not right: {}", problems.join("; "))]
pub struct SettingsError {
    pub component: String,
    pub problems: Vec<String>,
}

impl Manifest {
    /// The human's values over the schema's defaults, checked.
    pub fn settings(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, SettingsError> {
        let properties = self.settings.get("properties").and_then(Value::as_object);
        let mut values = Map::new();
        for (key, property) in properties.into_iter().flatten() {
            if let Some(default) = property.get("default") {
                values.insert(key.clone(), default.clone());
            }
        }
        values.extend(given.clone());
        let mut problems = Vec::new();
        for key in given.keys() {
            let known: Vec<&str> = properties.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            if !known.contains(&key.as_str()) {
                let hint = match nearest(key, known.iter().copied()) {
                    Some(name) => format!("did you mean {name:?}?"),
                    None if known.is_empty() => "it takes none".into(),
                    None => format!("it takes {}", known.join(", ")),
                };
                problems.push(format!("there is no setting {key:?}; {hint}"));
            }
        }
        if problems.is_empty() && !self.settings.is_empty() {
            let schema = Value::Object(self.settings.clone());
            let values = Value::Object(values.clone());
            match jsonschema::validator_for(&schema) {
                Ok(validator) => problems.extend(validator.iter_errors(&values).take(8).map(|error| {
                    let at = error.instance_path().to_string();
                    format!("{}: {error}", at.trim_start_matches('/'))
                })),
                Err(error) => problems.push(error.to_string()),
            }
        }
        if problems.is_empty() { Ok(values) } else { Err(SettingsError { component: self.name.clone(), problems }) }
    }

    /// Where requests may go at all.
    pub fn network_origins(&self, settings: &Map<String, Value>) -> Result<Vec<OriginPattern>, SettingsError> {
        let named = self.network.origins.iter().map(|spec| &spec.origin).filter(|origin| *origin != ANYWHERE);
        named.map(|origin| self.pattern(origin, settings)).collect()
    }

    /// The manifest's patterns with `{settings.key}` filled in: from the human's value, the origin of the URL.
    pub fn resolve(&self, patterns: &[String], settings: &Map<String, Value>) -> Result<Vec<OriginPattern>, SettingsError> {
        patterns.iter().map(|pattern| self.pattern(pattern, settings)).collect()
    }

    pub(crate) fn pattern(&self, pattern: &str, settings: &Map<String, Value>) -> Result<OriginPattern, SettingsError> {
        match setting_of(pattern) {
            Some(key) => self.origin_of(key, settings).map(OriginPattern::Literal),
            None => OriginPattern::parse(pattern).map_err(|error| self.problem(error.to_string())),
        }
    }

    /// The origins that the human wrote down: those of every setting that the manifest sends requests to and that was
    /// given. A default is the manifest's own word, and opens no way to this machine or its neighbours.
    pub fn own_origins(&self, given: &Map<String, Value>) -> Result<Vec<Origin>, SettingsError> {
        let patterns =
            self.network.origins.iter().map(|spec| &spec.origin).chain(self.credentials.iter().flat_map(|credential| &credential.origins));
        let mut origins = Vec::new();
        for key in patterns.filter_map(|pattern| setting_of(pattern)).filter(|key| given.contains_key(*key)) {
            let origin = self.origin_of(key, given)?;
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        Ok(origins)
    }

    fn origin_of(&self, key: &str, settings: &Map<String, Value>) -> Result<Origin, SettingsError> {
        let Some(Value::String(text)) = settings.get(key) else {
            return Err(self.problem(format!("the setting {key:?} is missing: it says where requests go")));
        };
        let url = url::Url::parse(text).map_err(|error| self.problem(format!("{key}: {text:?} is no URL ({error})")))?;
        Origin::of(&url).map_err(|error| self.problem(format!("{key}: {error}")))
    }

    fn problem(&self, problem: String) -> SettingsError {
        SettingsError { component: self.name.clone(), problems: vec![problem] }
    }
}

fn setting_of(pattern: &str) -> Option<&str> {
    pattern.strip_prefix("{settings.")?.strip_suffix('}')
}

/// A schema of an object that jsonschema accepts; none at all is one too.
pub(crate) fn check_schema(schema: &Map<String, Value>) -> Result<(), String> {
    if schema.is_empty() {
        return Ok(());
    }
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err("the schema's type must be \"object\"".into());
    }
    jsonschema::validator_for(&Value::Object(schema.clone())).map(|_| ()).map_err(|error| error.to_string())
}
