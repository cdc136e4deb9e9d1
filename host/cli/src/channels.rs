//! The configured channels, put together from the configuration, the components and the vault.

use std::sync::Arc;

use serde_json::Value;
use wirken_config::{Config, Groups};
use wirken_engine::Engine;
use wirken_gateway::channel::{Account, AccountCredential};
use wirken_manifest::{Kind, Manifest};
use wirken_plugin::ChannelPlugin;
use wirken_vault::Vault;

use crate::parts;

/// Every account. One that cannot run says why, and keeps none of the others from running.
pub(crate) fn accounts(engine: &Engine, config: &Config, vault: Option<&Vault>) -> Vec<Account> {
    config
        .channels
        .iter()
        .map(|(id, channel)| {
            let mut account = Account {
                id: id.clone(),
                agent: channel.agent().to_owned(),
                component: channel.component.clone(),
                plugin: None,
                manifest: String::new(),
                given: Value::Object(channel.settings.clone()).to_string(),
                credentials: Vec::new(),
                missing: None,
                allow: channel.allow.clone(),
                groups: channel.groups == Groups::Mention,
                sender_per_minute: channel.limits.sender_per_minute(),
                account_per_minute: channel.limits.account_per_minute(),
                problem: None,
            };
            account.problem = load(engine, &mut account, channel, vault).err().map(|error| format!("{error:#}"));
            account
        })
        .collect()
}

fn load(engine: &Engine, account: &mut Account, channel: &wirken_config::Channel, vault: Option<&Vault>) -> anyhow::Result<()> {
    let plugin = ChannelPlugin::load(engine, parts::package(Kind::Channel, &channel.component)?)?;
    parts::manifest_text(Kind::Channel, &channel.component)?.clone_into(&mut account.manifest);
    (account.credentials, account.missing) = held(&account.id, channel, plugin.manifest(), vault)?;
    account.plugin = Some(plugin);
    Ok(())
}

/// An account's credentials, and which of them is missing.
pub(crate) fn held(
    id: &str,
    channel: &wirken_config::Channel,
    manifest: &Manifest,
    vault: Option<&Vault>,
) -> anyhow::Result<(Vec<AccountCredential>, Option<String>)> {
    // What it may do is worked out once more where it is used; here, so that a mistake is known at the start.
    parts::hold(id, manifest, &channel.settings, &manifest.settings(&channel.settings)?, vault)?;
    let (mut credentials, mut missing) = (Vec::new(), None);
    for wanted in &manifest.credentials {
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
