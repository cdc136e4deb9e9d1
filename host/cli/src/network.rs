//! How the Internet is reached: `[network]` of the configuration, with what the vault holds for it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use wirken_config::{Config, NETWORK, PROXY_PASSWORD};
use wirken_egress::{CA_FILE_MAX_BYTES, Held, ProxyOptions};
use wirken_gateway::channel::{self, AccountCredential};
use wirken_types::credential::{Place, Proxy};
use wirken_vault::{Credential, NewRecord, Vault};

/// What the configuration says, its file read.
pub(crate) struct Network {
    /// Certificates, as DER.
    pub(crate) roots: Vec<Vec<u8>>,
    proxy: Option<Proxy>,
    user: Option<String>,
}

impl Network {
    pub(crate) fn read(config: &Config) -> anyhow::Result<Self> {
        let roots = match &config.network.ca_file {
            Some(path) => roots(path).with_context(|| format!("network.ca-file, {}, cannot be used", path.display()))?,
            None => Vec::new(),
        };
        Ok(Self { roots, proxy: config.network.proxy(), user: config.network.proxy_user.clone() })
    }

    /// The proxy, with the password that the vault holds now.
    pub(crate) fn proxy(&self, vault: Option<&Vault>) -> anyhow::Result<Option<ProxyOptions>> {
        let Some(proxy) = self.proxy.clone() else { return Ok(None) };
        Ok(Some(ProxyOptions { proxy, user: self.user.clone(), password: password(vault)? }))
    }

    /// The same for the processes of channels.
    pub(crate) fn for_channels(&self, vault: Option<&Vault>) -> anyhow::Result<channel::Network> {
        let proxy_password = kept(vault)?.filter(|_| self.proxy.is_some()).map(|record| AccountCredential {
            name: PROXY_PASSWORD.to_owned(),
            origins: record.origins.iter().map(ToString::to_string).collect(),
            places: record.places.iter().map(ToString::to_string).collect(),
            secret: record.secret,
        });
        let proxy = self.proxy.as_ref().map(ToString::to_string);
        Ok(channel::Network { roots: self.roots.clone(), proxy, proxy_user: self.user.clone(), proxy_password })
    }
}

/// The proxy's password, and the proxy that it was kept for.
pub(crate) fn password(vault: Option<&Vault>) -> anyhow::Result<Option<Held>> {
    let held = |record: Credential| Held { origins: record.origins, places: record.places, secret: record.secret };
    Ok(kept(vault)?.map(held))
}

fn kept(vault: Option<&Vault>) -> anyhow::Result<Option<Credential>> {
    Ok(vault.map(|vault| vault.get(NETWORK, PROXY_PASSWORD)).transpose()?.flatten())
}

/// The record of the proxy's password: for the proxy that is configured, and for no request.
pub(crate) fn record(config: Option<&Config>, name: &str, origins: &[String], places: &[String]) -> anyhow::Result<NewRecord> {
    if name != PROXY_PASSWORD {
        bail!("{NETWORK} asks for no credential named {name:?}; it asks for {PROXY_PASSWORD}");
    }
    if !(origins.is_empty() && places.is_empty()) {
        bail!("the proxy's password goes to the proxy and nowhere else: leave --origin and --place out");
    }
    let network = config.map(|config| &config.network);
    let Some(proxy) = network.and_then(wirken_config::Network::proxy) else {
        bail!("no proxy is configured: write it as `proxy` in the section [network] of config.toml first");
    };
    if network.is_some_and(|network| network.proxy_user.is_none()) {
        bail!("the password needs a user's name: write it as `proxy-user` beside `proxy` in config.toml first");
    }
    Ok(NewRecord { component: NETWORK.to_owned(), name: name.to_owned(), origins: Vec::new(), places: vec![Place::Proxy { proxy }] })
}

fn roots(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    // One byte more than is taken, so that too much is known.
    File::open(path)?.take(CA_FILE_MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(wirken_egress::roots(&bytes)?)
}
