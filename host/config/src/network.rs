//! `[network]`: what stands between this machine and the Internet. It holds for every connection, those of channels too.
//!
//! The environment is not asked: a `HTTPS_PROXY` that some program set would send everything elsewhere.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wirken_types::credential::Proxy;

use crate::{ConfigError, field};

/// Whose credential the proxy's password is, and its name: `wirken credentials add network proxy`.
pub const NETWORK: &str = "network";
pub const PROXY_PASSWORD: &str = "proxy";
/// The longest name of a proxy's user, in bytes.
pub const MAX_USER_BYTES: usize = 256;

/// How the Internet is reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Network {
    /// A proxy that knows CONNECT, as `http://host:port` or `https://host:port`. Every public origin is reached through it;
    /// this machine, and private addresses that you wrote in settings, without it. Default: none; the environment names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The user's name that the proxy asks for. The password is kept with `wirken credentials add network proxy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_USER_BYTES))]
    pub proxy_user: Option<String>,
    /// A file of certificates (PEM, at most 1 MiB) of your own authorities, trusted beside those of the Web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Network {
    /// The proxy; none where there is none, or the text names none, which a configuration that was parsed does not have.
    pub fn proxy(&self) -> Option<Proxy> {
        self.proxy.as_ref().and_then(|text| text.parse().ok())
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if let Some(proxy) = &self.proxy {
            proxy.parse::<Proxy>().map_err(|error| field("network.proxy", error.to_string()))?;
        }
        if let Some(user) = &self.proxy_user {
            let at = "network.proxy-user";
            if self.proxy.is_none() {
                return Err(field(at, "there is no `proxy` that would ask for it"));
            }
            if !(1..=MAX_USER_BYTES).contains(&user.len()) {
                return Err(field(at, format!("it has 1 to {MAX_USER_BYTES} bytes")));
            }
            // RFC 7617, section 2: what follows the first colon is the password.
            if user.contains(|c: char| c == ':' || c.is_control()) {
                return Err(field(
                    at,
                    "a user's name holds no colon and no line end; the password is a credential: `wirken credentials add network proxy`",
                ));
            }
        }
        if self.ca_file.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err(field("network.ca-file", "it is not an absolute path"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn parse(lines: &str) -> Result<Network, String> {
        let text = format!("[provider]\ncomponent = \"demo\"\nmodel = \"demo\"\n[network]\n{lines}\n");
        let config = Config::parse(&text).map_err(|error| error.to_string())?;
        assert_eq!(Config::parse(&config.render().unwrap()), Ok(config.clone()));
        Ok(config.network)
    }

    #[test]
    fn says_nothing_and_everything() {
        assert_eq!(parse(""), Ok(Network::default()));
        let network =
            parse("proxy = \"http://Proxy.example.com:3128/\"\nproxy-user = \"me@corp\"\nca-file = \"/etc/corp/ca.pem\"").unwrap();
        assert_eq!(network.proxy().map(|proxy| proxy.to_string()).as_deref(), Some("http://proxy.example.com:3128"));
        assert_eq!((network.proxy_user.as_deref(), network.ca_file.as_deref()), (Some("me@corp"), Some("/etc/corp/ca.pem".as_ref())));
    }

    #[test]
    fn names_what_is_wrong_and_repeats_no_password() {
        for (lines, said) in [
            ("proxy = \"proxy:3128\"", "network.proxy is not allowed"),
            ("proxy = \"socks5://proxy:1080\"", "network.proxy is not allowed"),
            ("proxy = \"http://me:correct-horse@proxy:3128\"", "`wirken credentials add network proxy`"),
            ("proxy = \"\"", "network.proxy is not allowed"),
            ("proxy-user = \"me\"", "no `proxy`"),
            ("proxy = \"http://proxy\"\nproxy-user = \"me:correct-horse\"", "no colon"),
            ("proxy = \"http://proxy\"\nproxy-user = \"me\\n\"", "no line end"),
            ("ca-file = \"ca.pem\"", "network.ca-file is not allowed"),
            ("prox = 1", "did you mean `proxy`?"),
        ] {
            let error = parse(lines).unwrap_err();
            assert!(error.contains(said) && !error.contains("correct-horse"), "{lines}: {error}");
        }
    }

    #[test]
    fn a_users_name_is_bounded_on_both_sides() {
        for (bytes, fits) in [(0, false), (1, true), (MAX_USER_BYTES, true), (MAX_USER_BYTES + 1, false)] {
            let read = parse(&format!("proxy = \"http://proxy\"\nproxy-user = \"{}\"", "u".repeat(bytes)));
            assert_eq!(read.is_ok(), fits, "{bytes}");
        }
    }
}
