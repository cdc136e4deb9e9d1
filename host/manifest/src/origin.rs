//! Where requests and credentials may go, as a manifest writes it: an origin, every host right below a suffix, or the
//! origin of a URL among the settings. Whether an address may be connected to is decided where connections are made.

use serde_json::Value;
use url::Url;

use crate::ManifestError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginSpec {
    /// `https://api.example.com`, normalized, without a path.
    Literal(String),
    /// `*.example.com` without its `*.`: one more label, by HTTPS.
    Suffix(String),
    /// The key in `{settings.key}`.
    Setting(String),
}

impl OriginSpec {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(key) = text.strip_prefix("{settings.").and_then(|rest| rest.strip_suffix('}')) {
            return if crate::raw::is_name(key) {
                Ok(Self::Setting(key.to_owned()))
            } else {
                Err(format!("`{text}` does not name a setting"))
            };
        }
        if let Some(suffix) = text.strip_prefix("*.") {
            return if is_domain(suffix) && suffix.contains('.') {
                Ok(Self::Suffix(suffix.to_owned()))
            } else {
                Err(format!("`{text}` is not a suffix of at least two lower-case labels, like `*.example.com`"))
            };
        }
        let shape = || format!("`{text}` is neither an origin like `https://api.example.com`, nor `*.example.com`, nor `{{settings.key}}`");
        let url = Url::parse(text).map_err(|_| shape())?;
        let origin = http_origin(&url).ok_or_else(shape)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(format!("`{text}` is more than an origin; write `{origin}`"));
        }
        Ok(Self::Literal(origin))
    }

    pub(crate) fn resolve(&self, settings: &Value) -> Result<String, ManifestError> {
        match self {
            Self::Literal(origin) => Ok(origin.clone()),
            Self::Suffix(suffix) => Ok(format!("*.{suffix}")),
            Self::Setting(key) => {
                let at = format!("settings.{key}");
                let text = settings.get(key).and_then(Value::as_str).ok_or_else(|| ManifestError::invalid(&at, "is not set"))?;
                Url::parse(text)
                    .ok()
                    .as_ref()
                    .and_then(http_origin)
                    .ok_or_else(|| ManifestError::invalid(&at, "is not a URL that begins with https:// or http:// and holds no password"))
            }
        }
    }
}

fn http_origin(url: &Url) -> Option<String> {
    let plain = matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none();
    plain.then(|| url.origin().ascii_serialization())
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}
