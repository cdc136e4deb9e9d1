//! The places of a request at which a credential may be set.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest header name that is taken, in bytes; the names of real services have fewer than 40.
const MAX_HEADER_NAME_BYTES: usize = 128;

/// Headers that say how the message is framed or to whom it goes. A value here would change the request instead of
/// authenticating it.
const RESERVED_HEADERS: [&str; 12] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A place at which the host sets a credential. In JSON and TOML: `"bearer"`, `{ "header": { "name": "x-api-key" } }`.
///
/// The list grows with the field. Whoever stores places keeps those that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// `authorization: Bearer <secret>`.
    Bearer,
    /// `<name>: <secret>`.
    Header { name: HeaderName },
}

impl Place {
    /// The named header, when a credential may stand in it.
    pub fn header(name: &str) -> Result<Self, InvalidPlace> {
        Ok(Self::Header { name: name.parse()? })
    }
}

/// As typed on a command line: `bearer`, `header:x-api-key`.
impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            Some(("header", name)) => Self::header(name),
            _ => Err(InvalidPlace::Unknown { text: excerpt(text) }),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer => f.write_str("bearer"),
            Self::Header { name } => write!(f, "header:{name}"),
        }
    }
}

/// The name of a header that may carry a credential, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderName(String);

impl HeaderName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderName {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        // RFC 9110, section 5.6.2: the characters of a token.
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if text.is_empty() || text.len() > MAX_HEADER_NAME_BYTES || !text.bytes().all(token) {
            return Err(InvalidPlace::HeaderName { text: excerpt(text) });
        }
        let name = text.to_ascii_lowercase();
        if RESERVED_HEADERS.contains(&name.as_str()) {
            return Err(InvalidPlace::ReservedHeader { name });
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for HeaderName {
    type Error = InvalidPlace;

    fn try_from(text: String) -> Result<Self, InvalidPlace> {
        text.parse()
    }
}

impl From<HeaderName> for String {
    fn from(name: HeaderName) -> Self {
        name.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text names no place for a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlace {
    #[error("{text:?} is not a place for a credential: write `bearer`, or `header:NAME` with the header that the service asks for")]
    Unknown { text: String },
    #[error("{text:?} is not the name of an HTTP header: write letters, digits and hyphens, such as `x-api-key`")]
    HeaderName { text: String },
    #[error(
        "the header `{name}` cannot carry a credential, because it says how or where the request is sent: name the header that the service's documentation gives for its key"
    )]
    ReservedHeader { name: String },
}

fn excerpt(text: &str) -> String {
    text.chars().take(MAX_HEADER_NAME_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_person_types_and_writes_it_back() {
        assert_eq!("bearer".parse(), Ok(Place::Bearer));
        assert_eq!("header:X-Api-Key".parse(), Place::header("x-api-key"));
        for text in ["bearer", "header:x-api-key"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_places_that_it_does_not_know() {
        for text in ["", "Bearer", "bearer:", "query:key", "header", "x-api-key"] {
            assert!(matches!(text.parse::<Place>(), Err(InvalidPlace::Unknown { .. })), "{text:?}");
        }
    }

    #[test]
    fn refuses_header_names_that_could_reshape_the_request() {
        for name in ["", "a b", "a:b", "a\r\nb", "clé", ":authority", &"a".repeat(MAX_HEADER_NAME_BYTES + 1)] {
            assert!(matches!(Place::header(name), Err(InvalidPlace::HeaderName { .. })), "{name:?}");
        }
        for name in ["Host", "content-length", "Transfer-Encoding", "connection"] {
            assert!(matches!(Place::header(name), Err(InvalidPlace::ReservedHeader { .. })), "{name:?}");
        }
        assert!(Place::header(&"a".repeat(MAX_HEADER_NAME_BYTES)).is_ok());
    }

    #[test]
    fn keeps_its_form_in_json() {
        let places = vec![Place::Bearer, Place::header("X-Api-Key").unwrap()];
        let json = serde_json::to_string(&places).unwrap();
        assert_eq!(json, r#"["bearer",{"header":{"name":"x-api-key"}}]"#);
        assert_eq!(serde_json::from_str::<Vec<Place>>(&json).unwrap(), places);
        for json in [r#""basic""#, r#"{"header":{}}"#, r#"{"header":{"name":"host"}}"#, r#"{"header":{"name":"a","extra":1}}"#] {
            assert!(serde_json::from_str::<Place>(json).is_err(), "{json}");
        }
    }
}
