//! Where a component asks to send requests: origins, and what of them.

use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use wirken_types::credential::{Origin, OriginPattern};

use crate::{Manifest, ManifestError, SettingsError, bounded, field_error};

/// Written for every public host. For tools alone: what a person is asked stands between it and the network, and a
/// component that nobody asks about has to name whom it speaks with.
pub const ANYWHERE: &str = "https://*";

const MAX_METHODS: usize = 16;
const MAX_METHOD_BYTES: usize = 16;
const MAX_PATHS: usize = 32;
const MAX_PATH_BYTES: usize = 512;

/// One entry of `network.origins`, as written: `"https://api.example.com"`, or
/// `{ origin = "https://api.example.com", methods = ["GET"], paths = ["/v1/"] }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachSpec {
    /// An origin, `*.suffix`, `{settings.key}`, or [`ANYWHERE`].
    pub origin: String,
    /// In upper case; empty for all.
    pub methods: Vec<String>,
    /// How a path begins; empty for all.
    pub paths: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Narrow {
    origin: String,
    #[serde(default)]
    methods: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
}

impl<'de> Deserialize<'de> for ReachSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = ReachSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an origin such as \"https://api.example.com\", or a table with `origin`, `methods` and `paths`")
            }

            fn visit_str<E: serde::de::Error>(self, origin: &str) -> Result<ReachSpec, E> {
                Ok(ReachSpec { origin: origin.to_owned(), methods: Vec::new(), paths: Vec::new() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ReachSpec, A::Error> {
                let Narrow { origin, methods, paths } = Narrow::deserialize(MapAccessDeserializer::new(map)).map_err(A::Error::custom)?;
                Ok(ReachSpec { origin, methods, paths })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl std::fmt::Display for ReachSpec {
    /// No two that differ read the same.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)?;
        narrowed(&self.methods, &self.paths, f)
    }
}

fn narrowed(methods: &[String], paths: &[String], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    if !paths.is_empty() {
        write!(f, ", paths that begin with {}", paths.join(" or "))?;
    }
    if !methods.is_empty() {
        write!(f, ", by {}", methods.join(", "))?;
    }
    Ok(())
}

impl ReachSpec {
    pub(crate) fn check(&self) -> Result<(), ManifestError> {
        bounded("network.origins.methods", self.methods.len(), MAX_METHODS, "entries")?;
        bounded("network.origins.paths", self.paths.len(), MAX_PATHS, "entries")?;
        let method = |text: &&String| !(1..=MAX_METHOD_BYTES).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_uppercase());
        if let Some(text) = self.methods.iter().find(method) {
            let shown: String = text.chars().take(40).collect();
            return Err(field_error("network.origins.methods", format!("{shown:?} is no method: they are in upper case, as in \"GET\"")));
        }
        for path in &self.paths {
            bounded("network.origins.paths", path.len(), MAX_PATH_BYTES, "bytes")?;
            if !path.starts_with('/') || !is_plain(path) || path.contains(['?', '#', ' ', ',']) {
                let why = format!(
                    "{path:?} is no beginning of a path: it starts with \"/\", and has no `..`, space, `,`, `?`, `#`, `%2e`, `%2f` or `%5c`"
                );
                return Err(field_error("network.origins.paths", why));
            }
        }
        Ok(())
    }
}

/// To whom requests may go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    Pattern(OriginPattern),
    /// Any host over TLS. Addresses that are not public stay closed: that is judged where a request leaves.
    Anywhere,
}

impl To {
    pub fn covers(&self, origin: &Origin) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.matches(origin),
            Self::Anywhere => origin.is_https() && origin.port() == 443,
        }
    }
}

impl std::fmt::Display for To {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pattern(pattern) => pattern.fmt(f),
            Self::Anywhere => f.write_str("any public host"),
        }
    }
}

/// What a component may ask of some origins, its settings filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    pub to: To,
    /// Empty for all.
    pub methods: Vec<String>,
    /// Empty for all.
    pub paths: Vec<String>,
}

impl Reach {
    /// Whether a request is within it. `path` without its query, as it leaves: a server may read an encoded slash or dot
    /// as the plain one, so that a path with one is within no beginning of a path.
    pub fn covers(&self, method: &str, origin: &Origin, path: &str) -> bool {
        let begins = |prefix: &String| path.starts_with(prefix.as_str());
        self.to.covers(origin)
            && (self.methods.is_empty() || self.methods.iter().any(|known| known == method))
            && (self.paths.is_empty() || (is_plain(path) && self.paths.iter().any(begins)))
    }
}

impl std::fmt::Display for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to.fmt(f)?;
        narrowed(&self.methods, &self.paths, f)
    }
}

/// Whether no server can take it for a path elsewhere.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    !["%2e", "%2f", "%5c", "\\"].iter().any(|trick| lower.contains(trick)) && !path.split('/').any(|part| part.starts_with(".."))
}

impl Manifest {
    /// Where its requests may go, and how.
    pub fn reaches(&self, settings: &Map<String, Value>) -> Result<Vec<Reach>, SettingsError> {
        let reach = |spec: &ReachSpec| {
            let to = if spec.origin == ANYWHERE { To::Anywhere } else { To::Pattern(self.pattern(&spec.origin, settings)?) };
            Ok(Reach { to, methods: spec.methods.clone(), paths: spec.paths.clone() })
        };
        self.network.origins.iter().map(reach).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(to: &str, methods: &[&str], paths: &[&str]) -> Reach {
        let to = if to == ANYWHERE { To::Anywhere } else { To::Pattern(OriginPattern::parse(to).unwrap()) };
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        Reach { to, methods: owned(methods), paths: owned(paths) }
    }

    #[test]
    fn covers_what_is_named_and_nothing_else() {
        let narrow = reach("https://api.example.com", &["GET"], &["/v1/", "/status"]);
        for (method, url, covered) in [
            ("GET", "https://api.example.com/v1/x", true),
            ("GET", "https://api.example.com/v1/x?y=../z", true),
            ("GET", "https://api.example.com/status", true),
            ("POST", "https://api.example.com/v1/x", false),
            ("get", "https://api.example.com/v1/x", false),
            ("GET", "https://api.example.com/v2/x", false),
            ("GET", "https://api.example.com/v1", false),
            ("GET", "https://api.example.com/v1/../admin", false),
            ("GET", "https://api.example.com/v1/%2e%2e/admin", false),
            ("GET", "https://api.example.com/v1/..%2fadmin", false),
            ("GET", "https://api.example.com/v1/x%2F..%2Fadmin", false),
            ("GET", "https://api.example.com/v1/..;/admin", false),
            ("GET", "https://api.example.com/v1/x%5cy", false),
            ("GET", "https://api.example.com:8443/v1/x", false),
            ("GET", "https://example.com/v1/x", false),
        ] {
            let url = url::Url::parse(url).unwrap();
            assert_eq!(narrow.covers(method, &Origin::of(&url).unwrap(), url.path()), covered, "{method} {url}");
        }
    }

    #[test]
    fn anywhere_is_any_host_over_tls_at_its_usual_port() {
        let wide = reach(ANYWHERE, &[], &[]);
        for (url, covered) in
            [("https://a.example/", true), ("https://8.8.8.8/", true), ("https://a.example:8443/", false), ("http://127.0.0.1/", false)]
        {
            let url = url::Url::parse(url).unwrap();
            assert_eq!(wide.covers("DELETE", &Origin::of(&url).unwrap(), url.path()), covered, "{url}");
        }
    }

    #[test]
    fn is_told_in_words() {
        assert_eq!(reach("https://*.example.com", &[], &[]).to_string(), "https://*.example.com");
        assert_eq!(
            reach("https://a.example", &["GET", "POST"], &["/v1/", "/v2/"]).to_string(),
            "https://a.example, paths that begin with /v1/ or /v2/, by GET, POST"
        );
        assert_eq!(reach(ANYWHERE, &["GET"], &[]).to_string(), "any public host, by GET");
    }
}
