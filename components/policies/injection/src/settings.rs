//! What the owner set. The host checked it against the manifest's schema; what cannot be read is taken for its default.

use serde_json::Value;

use crate::types::Severity;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// What is as severe as this is withheld; nothing is, without one.
    pub(crate) block: Option<Severity>,
    pub(crate) ask: bool,
}

impl Settings {
    pub(crate) fn read(settings: &str) -> Self {
        let settings: Value = serde_json::from_str(settings).unwrap_or_default();
        let is_on = |key: &str, default: bool| settings.get(key).and_then(Value::as_bool).unwrap_or(default);
        let severity = match settings.get("block-severity").and_then(Value::as_u64) {
            Some(1) => Severity::Low,
            Some(2) => Severity::Medium,
            _ => Severity::High,
        };
        Self { block: is_on("block", false).then_some(severity), ask: is_on("ask", true) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_asks_unless_told_otherwise() {
        let read = Settings::read;
        assert_eq!(read("{}"), Settings { block: None, ask: true });
        assert_eq!(read("no JSON"), Settings { block: None, ask: true });
        assert_eq!(read(r#"{"block-severity":1}"#).block, None);
        assert_eq!(read(r#"{"block":true}"#).block, Some(Severity::High));
        assert_eq!(read(r#"{"block":true,"block-severity":2,"ask":false}"#), Settings { block: Some(Severity::Medium), ask: false });
        assert_eq!(read(r#"{"block":true,"block-severity":1}"#).block, Some(Severity::Low));
    }
}
