//! Origins and the patterns that a person may write for them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};
use wirken_suffix::is_public_suffix;

/// How much of a refused text an error repeats, in characters.
const EXCERPT: usize = 128;

/// Scheme, host and port: to whom a request goes. Normalised: lower case, IDNA in its ASCII form, IP addresses in their
/// one spelling, and no port where it is the scheme's own.
///
/// Plain HTTP exists only for this machine itself (`localhost`, `127.0.0.0/8`, `[::1]`): elsewhere everyone on the way
/// could read the credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Reads `https://host[:port]` and nothing more: an origin has no user, path, query or fragment.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let parts = Parts::split(text)?;
        if parts.authority.contains('*') {
            return Err(InvalidOrigin::Wildcard { text: excerpt(text) });
        }
        Self::of(&parts.url(parts.authority)?)
    }

    /// The origin of a URL that the caller has parsed, whatever its path and query. A user or password in it is refused.
    pub fn of(url: &Url) -> Result<Self, InvalidOrigin> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            scheme => return Err(InvalidOrigin::Scheme { scheme: excerpt(scheme) }),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidOrigin::UserInfo);
        }
        let host = url.host().ok_or(InvalidOrigin::Host { host: String::new() })?;
        let local = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        if let Host::Domain(name) = &host {
            check_domain(name)?;
        }
        let host = host.to_string();
        if !https && !local {
            return Err(InvalidOrigin::PlainHttp { host });
        }
        let port = url.port_or_known_default().unwrap_or(default_port(https));
        Ok(Self { https, host, port })
    }

    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host as it stands in a URL; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own included.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        write_port(f, self.https, self.port)
    }
}

/// What a person may write in a record: an origin, or every host one label below a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum OriginPattern {
    Literal(Origin),
    Wildcard(Wildcard),
}

impl OriginPattern {
    /// Reads an origin, `*.example.com` or `https://*.example.com[:port]`.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        if text.starts_with("*.") {
            return Wildcard::parse(text, &Parts::split(&format!("https://{text}"))?).map(Self::Wildcard);
        }
        let parts = Parts::split(text)?;
        if parts.authority.contains('*') {
            Wildcard::parse(text, &parts).map(Self::Wildcard)
        } else {
            Origin::parse(text).map(Self::Literal)
        }
    }

    pub fn matches(&self, origin: &Origin) -> bool {
        match self {
            Self::Literal(literal) => literal == origin,
            Self::Wildcard(wildcard) => wildcard.matches(origin),
        }
    }

    /// Whether every origin that the other matches is matched by this one.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Literal(origin)) => self.matches(origin),
            // What stands below a wildcard is of one depth, so that only the same covers it.
            (Self::Wildcard(wide), Self::Wildcard(narrow)) => wide == narrow,
            (Self::Literal(_), Self::Wildcard(_)) => false,
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(origin) => origin.fmt(f),
            Self::Wildcard(wildcard) => {
                write!(f, "https://*.{}", wildcard.suffix)?;
                write_port(f, true, wildcard.port)
            }
        }
    }
}

/// `https://*.suffix[:port]`, where strangers cannot register names under the suffix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wildcard {
    suffix: String,
    port: u16,
}

impl Wildcard {
    fn parse(text: &str, parts: &Parts<'_>) -> Result<Self, InvalidOrigin> {
        let misplaced = || InvalidOrigin::Wildcard { text: excerpt(text) };
        let suffix = parts.authority.strip_prefix("*.").ok_or_else(misplaced)?;
        if suffix.contains('*') {
            return Err(misplaced());
        }
        if !parts.https {
            return Err(InvalidOrigin::PlainHttp { host: excerpt(parts.authority) });
        }
        let origin = Origin::of(&parts.url(suffix)?)?;
        // An address has no labels below it; the trailing dot of a rooted name is refused with the other empty labels.
        if !origin.host.contains('.') || is_address(&origin.host) || held_by_strangers(&origin.host) {
            return Err(InvalidOrigin::PublicSuffix { suffix: origin.host });
        }
        Ok(Self { suffix: origin.host, port: origin.port })
    }

    fn matches(&self, origin: &Origin) -> bool {
        let label = origin.host.strip_suffix(&self.suffix).and_then(|rest| rest.strip_suffix('.'));
        origin.https && origin.port == self.port && label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
    }
}

/// Whether anyone may register the names that a wildcard over `suffix` would match: it is a public suffix itself, or
/// each name below it is one (the list has rules such as `*.ck`).
fn held_by_strangers(suffix: &str) -> bool {
    is_public_suffix(suffix) || is_public_suffix(&format!("wirken-probe.{suffix}"))
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// The URL standard lets a host hold `*`, `!`, empty labels and more; no name that a service has needs them.
fn check_domain(name: &str) -> Result<(), InvalidOrigin> {
    let label = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if name.split('.').all(label) { Ok(()) } else { Err(InvalidOrigin::Host { host: excerpt(name) }) }
}

/// An origin's text, cut before the URL parser sees it: that parser forgives backslashes, tabs and missing slashes.
pub(super) struct Parts<'a> {
    pub(super) https: bool,
    authority: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn split(text: &'a str) -> Result<Self, InvalidOrigin> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(InvalidOrigin::NoScheme { text: excerpt(text) });
        };
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(InvalidOrigin::Scheme { scheme: excerpt(scheme) }),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        // Before anything that repeats the text: what stands before the `@` is a password.
        if rest.contains('@') {
            return Err(InvalidOrigin::UserInfo);
        }
        if authority.is_empty() || authority.contains(|c: char| c.is_whitespace() || c.is_control() || c == '%') {
            return Err(InvalidOrigin::Host { host: excerpt(authority) });
        }
        if !matches!(after, "" | "/") {
            return Err(InvalidOrigin::MoreThanOrigin {
                origin: format!("{}://{}", if https { "https" } else { "http" }, excerpt(authority)),
            });
        }
        Ok(Self { https, authority })
    }

    /// The host as it stands in a URL, and the port.
    pub(super) fn host_and_port(&self) -> Result<(String, u16), InvalidOrigin> {
        let url = self.url(self.authority)?;
        let host = url.host().ok_or(InvalidOrigin::Host { host: String::new() })?;
        if let Host::Domain(name) = &host {
            check_domain(name)?;
        }
        Ok((host.to_string(), url.port_or_known_default().unwrap_or(default_port(self.https))))
    }

    fn url(&self, authority: &str) -> Result<Url, InvalidOrigin> {
        let scheme = if self.https { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{authority}/")).map_err(|_| InvalidOrigin::Host { host: excerpt(authority) })
    }
}

/// Why a text is no origin, and what to write instead. None repeats a path, a query or a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    #[error("{text:?} is not an origin: write the scheme too, such as `https://api.example.com`")]
    NoScheme { text: String },
    #[error("the scheme {scheme:?} cannot carry a credential: use `https://`")]
    Scheme { scheme: String },
    #[error("`http://{host}` would send the credential unencrypted: use `https://{host}` (plain HTTP is only for localhost)")]
    PlainHttp { host: String },
    #[error("an origin holds no user and no password: write only `https://host`, and store the password as its own credential")]
    UserInfo,
    #[error("an origin ends after the host and port: write `{origin}`, without path, query or fragment")]
    MoreThanOrigin { origin: String },
    #[error("{host:?} is not a host name or port that a request can go to: write it as in `https://api.example.com:8443`")]
    Host { host: String },
    #[error("in {text:?} the `*` is not a whole first label: write `*.example.com`, or the full host name")]
    Wildcard { text: String },
    #[error(
        "strangers can have names under `{suffix}`, so `*.{suffix}` would give them the credential: write the full host name, or a domain of the service below `{suffix}`"
    )]
    PublicSuffix { suffix: String },
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl FromStr for $name {
            type Err = InvalidOrigin;

            fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidOrigin;

            fn try_from(text: String) -> Result<Self, InvalidOrigin> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}

as_text!(Origin, OriginPattern);

const fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

pub(super) fn write_port(f: &mut fmt::Formatter<'_>, https: bool, port: u16) -> fmt::Result {
    if port == default_port(https) { Ok(()) } else { write!(f, ":{port}") }
}

fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}

#[cfg(test)]
mod tests;
