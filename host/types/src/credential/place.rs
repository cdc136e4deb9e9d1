//! The places of a request at which a credential may be set.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{InvalidProxy, Proxy};

/// The longest header name that is taken, in bytes; the names of real services have fewer than 40.
const MAX_HEADER_NAME_BYTES: usize = 128;

/// The longest prefix of a path that is taken, in bytes; those of real services have fewer than 20.
const MAX_PATH_PREFIX_BYTES: usize = 64;

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

/// A place at which the host sets a credential. In JSON and TOML: `"bearer"`, `{ "header": { "name": "x-api-key" } }`,
/// `{ "path-prefix": { "prefix": "bot" } }`, `{ "proxy": { "proxy": "http://proxy.example.com:3128" } }`.
///
/// The list grows with the field. Whoever stores places keeps those that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// `authorization: Bearer <secret>`.
    Bearer,
    /// `<name>: <secret>`.
    Header { name: HeaderName },
    /// `/<prefix><secret>` before the URL's path.
    PathPrefix { prefix: PathPrefix },
    /// In no request: what this proxy is told before it passes any on. A manifest cannot ask for it.
    Proxy { proxy: Proxy },
}

impl Place {
    /// The named header, when a credential may stand in it.
    pub fn header(name: &str) -> Result<Self, InvalidPlace> {
        Ok(Self::Header { name: name.parse()? })
    }

    /// Before the URL's path, after this prefix.
    pub fn path_prefix(prefix: &str) -> Result<Self, InvalidPlace> {
        Ok(Self::PathPrefix { prefix: prefix.parse()? })
    }
}

/// As typed on a command line: `bearer`, `header:x-api-key`, `path-prefix:bot`.
impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            Some(("header", name)) => Self::header(name),
            Some(("path-prefix", prefix)) => Self::path_prefix(prefix),
            Some(("proxy", proxy)) => Ok(Self::Proxy { proxy: proxy.parse()? }),
            _ => Err(InvalidPlace::Unknown { text: excerpt(text) }),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer => f.write_str("bearer"),
            Self::Header { name } => write!(f, "header:{name}"),
            Self::PathPrefix { prefix } => write!(f, "path-prefix:{prefix}"),
            Self::Proxy { proxy } => write!(f, "proxy:{proxy}"),
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

/// What stands between the origin and the secret in a URL's path: `bot`, or `file/bot`.
///
/// Letters, digits, `.`, `_`, `~` and `-`, which stand in a path as they are, and `/` inside. No segment is `.` or `..`,
/// so that what follows the prefix cannot be taken for a step to another folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPrefix(String);

impl PathPrefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PathPrefix {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        // RFC 3986, section 2.3: the characters that nothing escapes.
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(unreserved);
        if text.len() <= MAX_PATH_PREFIX_BYTES && text.split('/').all(segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPlace::PathPrefix { text: excerpt(text) })
        }
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidPlace;

            fn try_from(text: String) -> Result<Self, InvalidPlace> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

as_text!(HeaderName, PathPrefix);

/// Why a text names no place for a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlace {
    #[error(
        "{text:?} is not a place for a credential: write `bearer`, `header:NAME` with the header that the service asks for, or `path-prefix:PREFIX` with what stands before the key in the service's URLs"
    )]
    Unknown { text: String },
    #[error("{text:?} is not the name of an HTTP header: write letters, digits and hyphens, such as `x-api-key`")]
    HeaderName { text: String },
    #[error(
        "the header `{name}` cannot carry a credential, because it says how or where the request is sent: name the header that the service's documentation gives for its key"
    )]
    ReservedHeader { name: String },
    #[error(
        "{text:?} cannot stand before a credential in a URL's path: write 1 to {MAX_PATH_PREFIX_BYTES} letters, digits, `.`, `_`, `~` or `-`, such as `bot`, with single slashes only inside and no segment that is `.` or `..`"
    )]
    PathPrefix { text: String },
    #[error(transparent)]
    Proxy(#[from] InvalidProxy),
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
        assert_eq!("path-prefix:file/Bot".parse(), Place::path_prefix("file/Bot"));
        for text in ["bearer", "header:x-api-key", "path-prefix:bot", "path-prefix:file/bot", "proxy:http://proxy.example.com:3128"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_places_that_it_does_not_know() {
        for text in ["", "Bearer", "bearer:", "query:key", "header", "x-api-key", "path-prefix", "path:bot", "PATH-PREFIX:bot", "proxy"] {
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
    fn refuses_prefixes_that_could_lead_elsewhere_in_a_path() {
        for prefix in ["b", "bot", "file/bot", "v1.0/a_b~c-D", "...", "a/..b", ".a", &"a".repeat(MAX_PATH_PREFIX_BYTES)] {
            assert_eq!(Place::path_prefix(prefix).map(|place| place.to_string()), Ok(format!("path-prefix:{prefix}")), "{prefix:?}");
        }
        let bad = [
            "", "/", "/bot", "bot/", "a//b", ".", "..", "a/.", "a/..", "./a", "a/../b", "a b", "a%2e", "a?b", "a#b", "a:b", "a@b", "a\\b",
            "é", "a\n",
        ];
        for prefix in bad.into_iter().chain([&*"a".repeat(MAX_PATH_PREFIX_BYTES + 1)]) {
            assert!(matches!(Place::path_prefix(prefix), Err(InvalidPlace::PathPrefix { .. })), "{prefix:?}");
        }
    }

    #[test]
    fn keeps_its_form_in_json() {
        let proxy = Place::Proxy { proxy: "http://10.0.0.1:3128".parse().unwrap() };
        let places = vec![Place::Bearer, Place::header("X-Api-Key").unwrap(), Place::path_prefix("bot").unwrap(), proxy];
        let json = serde_json::to_string(&places).unwrap();
        assert_eq!(
            json,
            r#"["bearer",{"header":{"name":"x-api-key"}},{"path-prefix":{"prefix":"bot"}},{"proxy":{"proxy":"http://10.0.0.1:3128"}}]"#
        );
        assert_eq!(serde_json::from_str::<Vec<Place>>(&json).unwrap(), places);
        for json in [
            r#""basic""#,
            r#"{"header":{}}"#,
            r#"{"header":{"name":"host"}}"#,
            r#"{"header":{"name":"a","extra":1}}"#,
            r#""path-prefix""#,
            r#"{"path-prefix":{"prefix":"../bot"}}"#,
            r#"{"path-prefix":{"prefix":"bot","extra":1}}"#,
            r#""proxy""#,
            r#"{"proxy":{"proxy":"http://user:word@10.0.0.1:3128"}}"#,
        ] {
            assert!(serde_json::from_str::<Place>(json).is_err(), "{json}");
        }
    }
}
