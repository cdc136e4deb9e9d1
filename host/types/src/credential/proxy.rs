//! The proxy that requests go through, as the owner names it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidOrigin;
use super::origin::{Parts, write_port};

/// Scheme, host and port of a proxy that opens tunnels (`CONNECT`). Normalised as an [`Origin`](super::Origin) is.
///
/// The scheme is that of the connection to the proxy itself. Plain HTTP may lead to any host, because nothing but the
/// name of the far end and the proxy's own password is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Proxy {
    https: bool,
    host: String,
    port: u16,
}

impl Proxy {
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

impl FromStr for Proxy {
    type Err = InvalidProxy;

    /// Reads `http://host[:port]` or `https://host[:port]`.
    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let parts = Parts::split(text)?;
        let (host, port) = parts.host_and_port()?;
        Ok(Self { https: parts.https, host, port })
    }
}

impl TryFrom<String> for Proxy {
    type Error = InvalidProxy;

    fn try_from(text: String) -> Result<Self, InvalidProxy> {
        text.parse()
    }
}

impl From<Proxy> for String {
    fn from(proxy: Proxy) -> Self {
        proxy.to_string()
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.host)?;
        write_port(f, self.https, self.port)
    }
}

/// Why a text names no proxy, and what to write instead. None repeats a path, a query or a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    #[error("{text:?} names no proxy: write the scheme too, such as `http://proxy.example.com:3128`")]
    NoScheme { text: String },
    #[error("the scheme {scheme:?} is none of a proxy that wirken can use: `http://` and `https://` are, for one that knows CONNECT")]
    Scheme { scheme: String },
    #[error(
        "it holds a user or a password, which this file is no place for: write only `http://host:port`, the user's name as `proxy-user`, and keep the password with `wirken credentials add network proxy`"
    )]
    UserInfo,
    #[error("it goes on after the host and port: write only `http://host:port`")]
    MoreThanProxy,
    #[error("{host:?} is not a host name or port: write it as in `http://proxy.example.com:3128`")]
    Host { host: String },
}

impl From<InvalidOrigin> for InvalidProxy {
    fn from(error: InvalidOrigin) -> Self {
        match error {
            InvalidOrigin::NoScheme { text } => Self::NoScheme { text },
            InvalidOrigin::Scheme { scheme } => Self::Scheme { scheme },
            InvalidOrigin::UserInfo => Self::UserInfo,
            InvalidOrigin::MoreThanOrigin { .. } => Self::MoreThanProxy,
            InvalidOrigin::Host { host } | InvalidOrigin::PlainHttp { host } => Self::Host { host },
            InvalidOrigin::Wildcard { text } | InvalidOrigin::PublicSuffix { suffix: text } => Self::Host { host: text },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_proxy_and_writes_it_in_its_one_spelling() {
        for (text, written, host, port) in [
            ("http://proxy.example.com:3128", "http://proxy.example.com:3128", "proxy.example.com", 3128),
            ("HTTP://Proxy.Example.com:80/", "http://proxy.example.com", "proxy.example.com", 80),
            ("https://proxy.example.com", "https://proxy.example.com", "proxy.example.com", 443),
            ("https://proxy.example.com:3129", "https://proxy.example.com:3129", "proxy.example.com", 3129),
            ("http://localhost:8888", "http://localhost:8888", "localhost", 8888),
            ("http://proxy", "http://proxy", "proxy", 80),
            ("http://10.0.0.1:3128", "http://10.0.0.1:3128", "10.0.0.1", 3128),
            ("http://0x7f.1:3128", "http://127.0.0.1:3128", "127.0.0.1", 3128),
            ("http://[FD00::1]:3128", "http://[fd00::1]:3128", "[fd00::1]", 3128),
        ] {
            let proxy: Proxy = text.parse().expect(text);
            assert_eq!((proxy.to_string().as_str(), proxy.host(), proxy.port()), (written, host, port), "{text}");
            assert_eq!(proxy.is_https(), written.starts_with("https"), "{text}");
            assert_eq!(written.parse(), Ok(proxy), "{text}");
        }
    }

    #[test]
    fn says_what_to_write_instead() {
        for (text, said) in [
            ("proxy.example.com:3128", "write the scheme too"),
            ("", "write the scheme too"),
            ("socks5://proxy:1080", "`http://` and `https://` are"),
            ("http://user:word@proxy:3128", "`wirken credentials add network proxy`"),
            ("http://user@proxy:3128", "`proxy-user`"),
            ("http://proxy:3128/path", "write only"),
            ("http://proxy:3128?x", "write only"),
            ("http://", "is not a host name or port"),
            ("http://proxy:70000", "is not a host name or port"),
            ("http://pro xy:1", "is not a host name or port"),
            ("http://*.example.com:1", "is not a host name or port"),
        ] {
            let error = text.parse::<Proxy>().expect_err(text).to_string();
            assert!(error.contains(said) && !error.contains("word@") && !error.contains(":word"), "{text}: {error}");
        }
    }
}
