//! The credentials while the gateway runs: its open vault, and everybody who has something of it.
//!
//! A change is recorded, made in the vault, and then handed out: the search for secrets knows a new value before anybody may
//! send it, and an old one until the next change.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::block_in_place;
use wirken_config::{Config, NETWORK};
use wirken_gateway::Gateway;
use wirken_gateway::channel::Channels;
use wirken_secret::{Scanner, Secret};
use wirken_vault::Vault;

use crate::channels::Hosts;
use crate::commands::credentials::{self, NO_VAULT, texts};
use crate::network::{self, Network};
use crate::parts;
use crate::provider::Provider;
use crate::tooling::Tooling;
use crate::uses::Uses;

/// What a change of the vault was made for, where somebody could not be given it.
const KEPT: &str = "the change is kept, and takes effect when the gateway is started again";

/// The vault of a gateway that runs.
pub(crate) struct Keys {
    pub(crate) vault: Mutex<Option<Vault>>,
    pub(crate) provider: Provider,
    pub(crate) network: Network,
    /// As this gateway was started with it.
    pub(crate) config: Config,
    pub(crate) gateway: Gateway,
    pub(crate) channels: Arc<Channels>,
    pub(crate) tooling: Tooling,
    pub(crate) hosts: Hosts,
}

impl Keys {
    /// Reads the components anew, with what the vault holds for them. One kind's trouble keeps no other from being read.
    pub(crate) async fn reload_components(&self) -> anyhow::Result<()> {
        let vault = self.vault.lock().await;
        let tooling = self.tooling.reload(vault.as_ref()).await;
        let channels = block_in_place(|| {
            self.provider.reload(vault.as_ref());
            self.hosts.reload(&self.channels, vault.as_ref())
        });
        tooling.and(channels)
    }

    /// Why components are not in use, by their names.
    pub(crate) fn resting(&self) -> BTreeMap<String, String> {
        let mut resting = self.tooling.resting();
        resting.extend(self.provider.resting().map(|why| (self.provider.name().to_owned(), why)));
        resting
    }

    /// What each component is used for, as this gateway was started.
    pub(crate) fn uses(&self) -> Uses {
        Uses::of(&self.config)
    }

    /// The credentials that the vault holds for a component that was added.
    pub(crate) async fn held(&self, component: &str) -> anyhow::Result<Vec<String>> {
        let keeps = self.uses().keeps_credentials(component)?;
        Ok(if keeps { credentials::held(self.vault.lock().await.as_ref(), component) } else { Vec::new() })
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
        let record = credentials::record_under(self.tooling.shelf(), Some(&self.config), component, name, origins, places)?.record;
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
        self.provider.egress().set_scanner(Arc::clone(&scanner));
        self.gateway.set_scanner(scanner);
        Ok(())
    }

    /// Whoever sends the component's requests has what the vault holds now.
    fn hand_out(&self, vault: &Vault, component: &str) -> anyhow::Result<()> {
        if component == self.provider.name() {
            self.provider.renew(vault)?;
        }
        self.tooling.renew(component, vault)?;
        if component == NETWORK {
            self.provider.egress().set_proxy_password(network::password(Some(vault))?);
            self.channels.set_network(self.network.for_channels(Some(vault))?);
        }
        self.hosts.renew(&self.channels, component, vault)
    }
}
