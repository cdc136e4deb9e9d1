//! The credentials while the gateway runs: its open vault, and everybody who has something of it.
//!
//! A change is recorded, made in the vault, and then handed out: the search for secrets knows a new value before anybody may
//! send it, and an old one until the next change.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::task::block_in_place;
use wirken_config::{Config, NETWORK};
use wirken_egress::{Authority, Egress};
use wirken_gateway::Gateway;
use wirken_gateway::channel::Channels;
use wirken_manifest::{Kind, Manifest};
use wirken_secret::{Scanner, Secret};
use wirken_vault::Vault;

use crate::commands::credentials::{self, NO_VAULT, texts};
use crate::network::{self, Network};
use crate::tooling::Tooling;
use crate::{channels, parts};

/// What a change of the vault was made for, where somebody could not be given it.
const KEPT: &str = "the change is kept, and takes effect when the gateway is started again";

/// What the provider's requests may do, for the model and for whoever changes it.
#[derive(Debug)]
pub(crate) struct ProviderKeys {
    manifest: Manifest,
    given: Map<String, Value>,
    authority: Arc<RwLock<Authority>>,
    egress: Egress,
}

impl ProviderKeys {
    pub(crate) fn new(manifest: Manifest, config: &Config, egress: Egress, vault: Option<&Vault>) -> anyhow::Result<Self> {
        let given = config.provider.settings.clone();
        let authority = Arc::new(RwLock::new(Self::hold(&manifest, &given, vault)?));
        Ok(Self { manifest, given, authority, egress })
    }

    pub(crate) fn egress(&self) -> Egress {
        self.egress.clone()
    }

    /// What each request may do, as it is when the request is made.
    pub(crate) fn authority(&self) -> Box<dyn Fn() -> Authority + Send + Sync> {
        let authority = Arc::clone(&self.authority);
        Box::new(move || authority.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn renew(&self, vault: &Vault) -> anyhow::Result<()> {
        let authority = Self::hold(&self.manifest, &self.given, Some(vault))?;
        *self.authority.write().unwrap_or_else(PoisonError::into_inner) = authority;
        Ok(())
    }

    fn hold(manifest: &Manifest, given: &Map<String, Value>, vault: Option<&Vault>) -> anyhow::Result<Authority> {
        parts::hold(&manifest.name, manifest, given, &manifest.settings(given)?, vault)
    }
}

/// The vault of a gateway that runs.
pub(crate) struct Keys {
    vault: Mutex<Option<Vault>>,
    provider: ProviderKeys,
    network: Network,
    config: Config,
    gateway: Gateway,
    channels: Arc<Channels>,
    tooling: Tooling,
}

impl Keys {
    pub(crate) fn new(
        gateway: &Gateway,
        channels: &Arc<Channels>,
        config: Config,
        vault: Option<Vault>,
        provider: ProviderKeys,
        network: Network,
        tooling: Tooling,
    ) -> Self {
        Self { vault: Mutex::new(vault), provider, network, config, gateway: gateway.clone(), channels: Arc::clone(channels), tooling }
    }

    /// Reads the components anew, with what the vault holds for them.
    pub(crate) async fn reload_components(&self) -> anyhow::Result<()> {
        let vault = self.vault.lock().await;
        self.tooling.reload(vault.as_ref()).await.map(drop)
    }

    /// Keeps a credential. Who asks for that has judged it already; it is judged here because it is used here.
    pub(crate) async fn add(
        &self,
        component: &str,
        name: &str,
        origins: &[String],
        places: &[String],
        value: &Secret,
    ) -> anyhow::Result<Value> {
        let record = credentials::record_under(Some(&self.config), component, name, origins, places)?.record;
        let secret = parts::credential(value)?;
        let mut vault = self.vault.lock().await;
        let Some(vault) = vault.as_mut() else { bail!(NO_VAULT) };
        let (replaced, old) = (vault.holds(component, name), vault.secrets());
        let (origins, places) = (texts(&record.origins), texts(&record.places));
        let detail = json!({ "name": name, "origins": origins, "places": places });
        self.recorded(credentials::added(replaced), component, detail, || Ok(vault.add(record, &secret)?)).await?;
        self.search(vault, old).and_then(|()| self.hand_out(vault, component)).context(KEPT)?;
        Ok(json!({ "replaced": replaced, "origins": origins, "places": places }))
    }

    /// Another value for a credential. A request that is out keeps the old one, and so does a process until it has ended.
    pub(crate) async fn rotate(&self, component: &str, name: &str, value: &Secret) -> anyhow::Result<Value> {
        let secret = parts::credential(value)?;
        let mut vault = self.vault.lock().await;
        let Some(vault) = vault.as_mut().filter(|vault| vault.holds(component, name)) else {
            return Err(credentials::unknown(component, name));
        };
        let old = vault.secrets();
        self.recorded(credentials::ROTATED, component, json!({ "name": name }), || Ok(vault.rotate(component, name, &secret)?)).await?;
        self.search(vault, old).and_then(|()| self.hand_out(vault, component)).context(KEPT)?;
        Ok(Value::Null)
    }

    pub(crate) async fn remove(&self, component: &str, name: &str) -> anyhow::Result<Value> {
        let mut vault = self.vault.lock().await;
        let Some(vault) = vault.as_mut().filter(|vault| vault.holds(component, name)) else {
            return Err(credentials::unknown(component, name));
        };
        let old = vault.secrets();
        self.recorded("credential-removed", component, json!({ "name": name }), || Ok(vault.remove(component, name)?)).await?;
        self.search(vault, old).and_then(|()| self.hand_out(vault, component)).context(KEPT)?;
        Ok(Value::Null)
    }

    /// Records a change, makes it, and records where that failed.
    async fn recorded<T>(
        &self,
        action: &str,
        component: &str,
        detail: Value,
        change: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.gateway.record_system(action, component, detail.clone()).await?;
        let changed = block_in_place(change);
        if changed.is_err() {
            self.gateway.record_system(&format!("{action}-failed"), component, detail).await?;
        }
        changed
    }

    /// Looks for what the vault holds now, in everything that passes, and until the next change for what it held before:
    /// a process that ends, or a request that is out, may have that still.
    fn search(&self, vault: &Vault, old: Vec<(String, Arc<Secret>)>) -> anyhow::Result<()> {
        let scanner = Arc::new(Scanner::new(old.into_iter().chain(vault.secrets()))?);
        self.provider.egress.set_scanner(Arc::clone(&scanner));
        self.gateway.set_scanner(scanner);
        Ok(())
    }

    /// Whoever sends the component's requests has what the vault holds now.
    fn hand_out(&self, vault: &Vault, component: &str) -> anyhow::Result<()> {
        if component == self.provider.manifest.name {
            self.provider.renew(vault)?;
        }
        self.tooling.renew(component, vault)?;
        if component == NETWORK {
            self.provider.egress.set_proxy_password(network::password(Some(vault))?);
            self.channels.set_network(self.network.for_channels(Some(vault))?);
        }
        if let Some(channel) = self.config.channels.get(component) {
            let manifest = parts::package(Kind::Channel, &channel.component)?.manifest;
            let (credentials, problem) = channels::held(component, channel, &manifest, Some(vault))?;
            self.channels.recredential(component, credentials, problem)?;
        }
        Ok(())
    }
}
