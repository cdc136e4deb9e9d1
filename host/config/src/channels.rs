//! `[channels.<account>]`: the accounts on platforms that the owner connected, and who may write to them.
//!
//! An account's name stands in records, in commands and beside the host's own accounts, so it is a name like a component's
//! and none of the host's.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wirken_manifest::{NAME_IN_WORDS, is_name, is_reserved};

use crate::{AGENT, ChannelApprovals, ConfigError, field, is_default};

/// How many channels there may be: each has a process of its own.
pub const MAX_CHANNELS: usize = 32;
/// How many senders one channel may name.
pub const MAX_ALLOW: usize = 1000;
/// The longest id of a sender, in bytes.
pub const MAX_ALLOW_BYTES: usize = 256;
/// The highest rate that can be configured.
pub const MAX_PER_MINUTE: u32 = 1_000_000;

const SENDER_PER_MINUTE: u32 = 20;
const ACCOUNT_PER_MINUTE: u32 = 600;

/// One account on a platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Channel {
    /// The name of a channel component.
    pub component: String,
    /// The agent that answers. Default: `default`, the one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Senders who need no pairing, by the platform's ids. Default: none, so that only those are heard who were paired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_ALLOW), inner(length(min = 1, max = MAX_ALLOW_BYTES)))]
    pub allow: Vec<String>,
    /// What is heard in groups. Default: `mention`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub groups: Groups,
    /// Let groups work with the agent's files: everybody in a group reads its answers. Default: no, so that a group has no
    /// workspace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared_workspace: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub approvals: ChannelApprovals,
    /// The component's own settings; `wirken component list` names the components.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: ChannelLimits,
}

/// What a channel hears in groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Groups {
    /// Only what mentions the agent.
    #[default]
    Mention,
    /// Nothing.
    Off,
}

/// How many messages a channel takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChannelLimits {
    /// Messages of one sender in a minute. Default: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_PER_MINUTE))]
    pub sender_per_minute: Option<u32>,
    /// Messages of all senders together in a minute. Default: 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_PER_MINUTE))]
    pub account_per_minute: Option<u32>,
}

impl Channel {
    pub fn agent(&self) -> &str {
        self.agent.as_deref().unwrap_or(AGENT)
    }
}

impl ChannelLimits {
    pub fn sender_per_minute(&self) -> u32 {
        self.sender_per_minute.unwrap_or(SENDER_PER_MINUTE)
    }

    pub fn account_per_minute(&self) -> u32 {
        self.account_per_minute.unwrap_or(ACCOUNT_PER_MINUTE)
    }
}

/// What the types do not say.
pub(crate) fn check(channels: &BTreeMap<String, Channel>) -> Result<(), ConfigError> {
    if channels.len() > MAX_CHANNELS {
        return Err(field("channels", format!("there are {}, and {MAX_CHANNELS} are the most", channels.len())));
    }
    channels.iter().try_for_each(|(account, channel)| check_one(account, channel))
}

fn check_one(account: &str, channel: &Channel) -> Result<(), ConfigError> {
    if !is_name(account) {
        let shown: String = account.chars().take(80).collect();
        return Err(field("channels", format!("the account name {shown:?} is not {NAME_IN_WORDS}")));
    }
    let at = |key: &str| format!("channels.{account}{key}");
    if is_reserved(account) {
        return Err(field(at(""), "wirken uses this name itself; give the account another one"));
    }
    if channel.component.is_empty() {
        return Err(field(at(".component"), "it is empty; `wirken component list` names the components"));
    }
    if channel.agent() != AGENT {
        return Err(field(at(".agent"), format!("the one agent there is is {AGENT:?}; leave the key out")));
    }
    if channel.allow.len() > MAX_ALLOW {
        return Err(field(at(".allow"), format!("it has {} entries, and {MAX_ALLOW} are the most", channel.allow.len())));
    }
    if channel.allow.iter().any(|sender| !(1..=MAX_ALLOW_BYTES).contains(&sender.len())) {
        return Err(field(at(".allow"), format!("each entry has 1 to {MAX_ALLOW_BYTES} bytes: the platform's id of a sender")));
    }
    channel.approvals.check(&at(".approvals"))?;
    for (key, rate) in [
        (".limits.sender-per-minute", channel.limits.sender_per_minute()),
        (".limits.account-per-minute", channel.limits.account_per_minute()),
    ] {
        if !(1..=MAX_PER_MINUTE).contains(&rate) {
            return Err(field(at(key), format!("{rate} is not between 1 and {MAX_PER_MINUTE}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
