//! The human's settings: where the endpoint is, and in which of its dialects to speak.

use serde_json::{Map, Value};

use crate::error::invalid;
use crate::types::{Error, Header, Target};

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// As in component.toml.
const CREDENTIAL: &str = "api-key";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    base_url: String,
    authenticate: bool,
    /// `max_tokens` on servers older than its successor.
    pub(crate) max_tokens_field: &'static str,
    /// Pictures go as such, and not in words.
    pub(crate) images: bool,
}

impl Settings {
    pub(crate) fn load(target: &Target) -> Result<Self, Error> {
        let settings = object(&target.settings)?;
        let mut configured = None;
        let mut authenticate = true;
        let mut max_tokens_field = "max_completion_tokens";
        let mut images = true;
        for (key, value) in &settings {
            if key == "images" {
                images = value.as_bool().ok_or_else(|| invalid("setting images: neither true nor false"))?;
                continue;
            }
            let value = value.as_str().ok_or_else(|| invalid(format!("setting {key}: not a string")))?;
            match (key.as_str(), value) {
                ("base-url", url) => configured = Some(url.to_owned()),
                ("auth", "bearer") => authenticate = true,
                ("auth", "none") => authenticate = false,
                ("auth", _) => return Err(invalid("setting auth: neither \"bearer\" nor \"none\"")),
                ("max-tokens-field", "max_completion_tokens") => max_tokens_field = "max_completion_tokens",
                ("max-tokens-field", "max_tokens") => max_tokens_field = "max_tokens",
                ("max-tokens-field", _) => {
                    return Err(invalid("setting max-tokens-field: neither \"max_completion_tokens\" nor \"max_tokens\""));
                }
                _ => return Err(invalid(format!("there is no setting {key}; there are auth, base-url, images and max-tokens-field"))),
            }
        }
        let base_url =
            if target.base_url.is_empty() { configured.unwrap_or_else(|| DEFAULT_BASE_URL.into()) } else { target.base_url.clone() };
        Ok(Self { base_url: check_base_url(&base_url)?.to_owned(), authenticate, max_tokens_field, images })
    }

    /// `path` begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    pub(crate) fn credentials(&self) -> Vec<String> {
        if self.authenticate { vec![CREDENTIAL.into()] } else { Vec::new() }
    }
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

fn object(settings: &str) -> Result<Map<String, Value>, Error> {
    if settings.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(settings) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(invalid("the settings are not a JSON object")),
        Err(error) => Err(invalid(format!("the settings are not JSON: {error}"))),
    }
}

/// The host checks origins; this finds what would give a misshapen URL, and names it.
fn check_base_url(url: &str) -> Result<&str, Error> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or_else(|| invalid("setting base-url: it begins with neither https:// nor http://"))?;
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.is_empty() {
        return Err(invalid("setting base-url: no host"));
    }
    if authority.contains('@') {
        return Err(invalid("setting base-url: a user name or password in it; keys belong in the vault"));
    }
    if rest.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '\\')) {
        return Err(invalid("setting base-url: a space, ?, # or \\ in it"));
    }
    Ok(url.trim_end_matches('/'))
}
