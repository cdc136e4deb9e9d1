//! A session with a platform, as a recording tells it.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Map, Value};
use wirken_types::channel::{Draft, OutboundContent};
use wirken_types::http::Header;

use crate::traffic::Body;

/// What was kept, what happened step by step, and what the component did about it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Session {
    /// For whoever reads the file.
    #[serde(default)]
    #[expect(dead_code, reason = "it is read by people")]
    about: String,
    /// The owner's, without the manifest's defaults.
    #[serde(default)]
    pub(super) settings: Map<String, Value>,
    /// What an instance before this one left.
    #[serde(default)]
    pub(super) state: Map<String, Value>,
    /// The effects of the start.
    #[serde(default)]
    pub(super) start: Vec<Value>,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
}

/// One thing that happens, and its effects.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) what: What,
    pub(super) effects: Vec<Value>,
}

/// What happens. A request is named by the `as` of the effect that sent it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum What {
    Response(Answer),
    Failure(Failed),
    /// Milliseconds pass, and timers ring.
    Wait(u64),
    Outbound(Said),
    Typing(Typing),
    /// The medium of this token is wanted.
    MediaWanted(String),
    /// The gateway stops.
    Shutdown(Nothing),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) of: String,
    pub(super) status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    pub(super) body: Body,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failed {
    pub(super) of: String,
    pub(super) kind: String,
    pub(super) sent: bool,
}

/// A text for people.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Said {
    pub(super) conversation_id: String,
    pub(super) text: String,
    #[serde(default)]
    shown: Vec<String>,
    /// Nothing follows it.
    #[serde(default = "yes", rename = "final")]
    last: bool,
    #[serde(default)]
    pub(super) reply_to: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Typing {
    pub(super) conversation_id: String,
    pub(super) active: bool,
}

impl Answer {
    pub(super) fn headers(&self) -> Vec<Header> {
        let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.headers.iter().map(|(name, given)| Header { name: name.to_ascii_lowercase(), value: value(given) }).collect()
    }
}

impl Said {
    pub(super) fn content(&self) -> OutboundContent {
        OutboundContent::Text(Draft { shown: self.shown.clone(), text: self.text.clone(), last: self.last })
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Map::deserialize(deserializer)?;
        let effects = match members.remove("effects") {
            Some(effects) => serde_json::from_value(effects).map_err(|error| D::Error::custom(format!("effects: {error}")))?,
            None => Vec::new(),
        };
        // What is left is one member: what happens.
        let what = serde_json::from_value(Value::Object(members)).map_err(|error| D::Error::custom(format!("a step: {error}")))?;
        Ok(Self { what, effects })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_is_one_thing_that_happens() {
        let read = |value: Value| serde_json::from_value::<Step>(value);
        let step = read(json!({"wait": 5, "effects": [{"fatal": "x"}]})).unwrap();
        assert!(matches!(step.what, What::Wait(5)) && step.effects.len() == 1);
        assert!(matches!(read(json!({"shutdown": {}})).unwrap().what, What::Shutdown(_)));
        for wrong in [json!({}), json!({"wait": 1, "shutdown": {}}), json!({"wiat": 1}), json!({"typing": {"conversation-id": "a"}})] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
