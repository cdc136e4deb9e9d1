//! The configured channels, put together from the configuration, the components and the vault.

use std::sync::Arc;

use serde_json::Value;
use wirken_config::{Config, Groups};
use wirken_engine::Engine;
use wirken_gateway::channel::{Account, AccountCredential, Channels, Hosted};
use wirken_manifest::{Kind, Manifest};
use wirken_plugin::ChannelPlugin;
use wirken_vault::Vault;

use crate::parts;
use crate::shelf::{Found, Shelf};

/// What the accounts' processes run, and where it is found again after a change.
#[derive(Debug)]
pub(crate) struct Hosts {
    pub(crate) engine: Engine,
    pub(crate) shelf: Shelf,
    pub(crate) config: Config,
}

/// What an account is started with: its credentials, and which of them is missing.
type Given = (Vec<AccountCredential>, Option<String>);

impl Hosts {
    /// Every account. One that cannot run says why, and keeps none of the others from running.
    pub(crate) fn accounts(&self, vault: Option<&Vault>) -> Vec<Account> {
        self.config
            .channels
            .iter()
            .map(|(id, channel)| {
                let (hosted, (credentials, missing)) = self.load(id, channel, vault);
                Account {
                    id: id.clone(),
                    agent: channel.agent().to_owned(),
                    component: channel.component.clone(),
                    hosted,
                    given: Value::Object(channel.settings.clone()).to_string(),
                    credentials,
                    missing,
                    allow: channel.allow.clone(),
                    groups: channel.groups == Groups::Mention,
                    sender_per_minute: channel.limits.sender_per_minute(),
                    account_per_minute: channel.limits.account_per_minute(),
                }
            })
            .collect()
    }

    /// Gives each account the version of its component that there is now. One whose component is the same is left alone.
    pub(crate) fn reload(&self, channels: &Channels, vault: Option<&Vault>) -> anyhow::Result<()> {
        for (id, channel) in &self.config.channels {
            let (hosted, (credentials, missing)) = self.load(id, channel, vault);
            channels.rehost(id, hosted, credentials, missing)?;
        }
        Ok(())
    }

    /// The vault holds something else for an account now.
    pub(crate) fn renew(&self, channels: &Channels, account: &str, vault: &Vault) -> anyhow::Result<()> {
        let Some(channel) = self.config.channels.get(account) else { return Ok(()) };
        // Where its component rests, what the vault holds is read when that is put to use again.
        let Ok(found) = find(&self.shelf, &self.config, account, channel) else { return Ok(()) };
        let (credentials, missing) = held(account, channel, &found.manifest, Some(vault))?;
        Ok(channels.recredential(account, credentials, missing)?)
    }

    fn load(&self, id: &str, channel: &wirken_config::Channel, vault: Option<&Vault>) -> (Result<Hosted, String>, Given) {
        let loaded = || {
            let found = find(&self.shelf, &self.config, id, channel)?;
            let (manifest, given) = (found.manifest_text.to_string(), held(id, channel, &found.manifest, vault)?);
            anyhow::Ok((Hosted { plugin: ChannelPlugin::load(&self.engine, found.into_package())?, manifest }, given))
        };
        match loaded() {
            Ok((hosted, given)) => (Ok(hosted), given),
            Err(error) => (Err(format!("{error:#}")), Given::default()),
        }
    }
}

/// The component of an account, with all that it asks for.
pub(crate) fn find(shelf: &Shelf, config: &Config, account: &str, channel: &wirken_config::Channel) -> anyhow::Result<Found> {
    let found = shelf.whole(Kind::Channel, &channel.component, config, &channel.settings);
    found.map_err(|error| error.context(format!("nothing speaks for it (`wirken channel remove {account}` does without it)")))
}

/// An account's credentials, and which of them is missing.
fn held(id: &str, channel: &wirken_config::Channel, manifest: &Manifest, vault: Option<&Vault>) -> anyhow::Result<Given> {
    // What it may do is worked out once more where it is used; here, so that a mistake is known at the start.
    parts::hold(id, manifest, &channel.settings, &manifest.settings(&channel.settings)?, vault)?;
    let (mut credentials, mut missing) = (Vec::new(), None);
    for wanted in manifest.own_credentials() {
        match vault.map(|vault| vault.get(id, &wanted.name)).transpose()?.flatten() {
            Some(record) => credentials.push(AccountCredential {
                name: wanted.name.clone(),
                origins: record.origins.iter().map(ToString::to_string).collect(),
                places: record.places.iter().map(ToString::to_string).collect(),
                secret: Arc::clone(&record.secret),
            }),
            None if wanted.optional => {}
            None => {
                missing =
                    Some(format!("its credential {} is missing: keep it with `wirken credentials add {id} {}`", wanted.name, wanted.name));
            }
        }
    }
    Ok((credentials, missing))
}
