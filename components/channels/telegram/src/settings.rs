//! The human's settings: where the Bot API is.

use serde_json::Value;

const DEFAULT_API_URL: &str = "https://api.telegram.org";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    api_url: String,
}

impl Settings {
    /// What is wrong, in a sentence, where something is: no repetition helps then.
    pub(crate) fn load(json: &str) -> Result<Self, String> {
        let settings = match serde_json::from_str(json.trim()) {
            Ok(Value::Object(settings)) => settings,
            Err(_) if json.trim().is_empty() => serde_json::Map::new(),
            _ => return Err("the settings are not a JSON object".into()),
        };
        let mut url = DEFAULT_API_URL;
        for (key, value) in &settings {
            match (key.as_str(), value.as_str()) {
                ("api-url", Some(value)) => url = value,
                ("api-url", None) => return Err("setting api-url: not a string".into()),
                _ => return Err(format!("there is no setting {key:?}; there is api-url")),
            }
        }
        Ok(Self { api_url: check(url)?.to_owned() })
    }

    /// Without the token: the host puts it before the path.
    pub(crate) fn url(&self, method: &str) -> String {
        format!("{}/{method}", self.api_url)
    }
}

/// The host checks origins; this finds what would give a misshapen URL, and names it.
fn check(url: &str) -> Result<&str, String> {
    let url = url.trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let authority = rest.ok_or("setting api-url: it begins with neither https:// nor http://")?;
    if authority.is_empty() {
        return Err("setting api-url: no host".into());
    }
    if authority.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '\\' | '@')) {
        return Err("setting api-url: more than an origin; leave out the path, the token and the like".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_url_of_a_method() {
        for (json, url) in [
            ("", "https://api.telegram.org/getMe"),
            ("{}", "https://api.telegram.org/getMe"),
            (r#"{"api-url":"http://127.0.0.1:8081/"}"#, "http://127.0.0.1:8081/getMe"),
        ] {
            assert_eq!(Settings::load(json).map(|settings| settings.url("getMe")).as_deref(), Ok(url), "{json}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (json, part) in [
            ("[]", "not a JSON object"),
            ("{", "not a JSON object"),
            (r#"{"api-url":7}"#, "not a string"),
            (r#"{"token":"x"}"#, "no setting \"token\""),
            (r#"{"api-url":"ftp://x"}"#, "neither"),
            (r#"{"api-url":"https:///"}"#, "neither"),
            (r#"{"api-url":"https://x/bot123:abc"}"#, "more than an origin"),
            (r#"{"api-url":"https://me@x"}"#, "more than an origin"),
        ] {
            let error = Settings::load(json).unwrap_err();
            assert!(error.contains(part), "{json}: {error}");
        }
    }
}
