//! What each component is used for, as the configuration has it; what follows from that for changes of the components.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wirken_config::{Config, MAX_POLICIES};
use wirken_manifest::{Kind, Manifest};

use crate::policies;
use crate::shelf::{self, SHADOWED, Shelf};

/// Who uses what. The default is an installation that is not set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Uses {
    /// The component of the provider.
    provider: Option<String>,
    /// The component of each account.
    accounts: BTreeMap<String, String>,
    /// The policies that were listed.
    policies: Vec<String>,
}

/// Whether a component is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    InUse,
    NotChosen,
    /// It could be, and is not for this reason.
    Rests(String),
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse => f.write_str("in use"),
            Self::NotChosen => f.write_str("not chosen"),
            Self::Rests(why) => f.write_str(why),
        }
    }
}

impl Uses {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            provider: Some(config.provider.component.clone()),
            accounts: config.channels.iter().map(|(account, channel)| (account.clone(), channel.component.clone())).collect(),
            policies: config.policies.order.clone(),
        }
    }

    /// The accounts that are connected through a channel.
    pub(crate) fn accounts(&self, component: &str) -> Vec<String> {
        self.accounts.iter().filter(|(_, other)| *other == component).map(|(account, _)| account.clone()).collect()
    }

    /// Whether what the vault holds under this name is a component's that was added, and of nobody else: neither an account's nor
    /// a bundled component's.
    pub(crate) fn keeps_credentials(&self, name: &str) -> anyhow::Result<bool> {
        Ok(!self.accounts.contains_key(name) && !shelf::is_bundled(name)?)
    }

    /// Whether a component is chosen to be used; an added policy is by having been added.
    pub(crate) fn choose(&self, manifest: &Manifest, bundled: bool) -> bool {
        match manifest.kind {
            Kind::Tool => true,
            Kind::Provider => self.provider.as_deref() == Some(&manifest.name),
            Kind::Channel => self.accounts.values().any(|component| *component == manifest.name),
            Kind::Policy => !bundled || self.policies.contains(&manifest.name),
        }
    }

    /// Whether a bundled component is in use. `resting` is what a gateway that runs says of it.
    pub(crate) fn bundled(&self, manifest: &Manifest, resting: Option<&str>) -> State {
        match resting {
            Some(why) => State::Rests(why.to_owned()),
            None if self.choose(manifest, true) => State::InUse,
            None => State::NotChosen,
        }
    }

    /// Whether one that was added is, and as which files it was allowed.
    pub(crate) fn added(&self, installed: &wirken_installed::Installed, resting: Option<&str>) -> anyhow::Result<State> {
        if shelf::is_bundled(&installed.name)? {
            return Ok(State::Rests(SHADOWED.to_owned()));
        }
        Ok(match (installed.rests(), resting) {
            (Some(rest), _) => State::Rests(rest.to_string()),
            (None, Some(why)) => State::Rests(why.to_owned()),
            (None, None) if self.choose(&installed.manifest, false) => State::InUse,
            (None, None) => State::NotChosen,
        })
    }

    /// Why a component cannot be added, whatever it asks for.
    pub(crate) fn may_be_added(&self, shelf: &Shelf, config: Option<&Config>, manifest: &Manifest) -> Result<(), String> {
        let name = &manifest.name;
        let failed = |error: anyhow::Error| format!("{error:#}");
        if shelf::is_bundled(name).map_err(failed)? {
            return Err(format!("a bundled component is named {name} already: give yours another name"));
        }
        // The vault keeps a component's credentials under its name, and an account's too.
        if self.accounts.get(name).is_some_and(|component| component != name) {
            return Err(format!("an account is named {name}, whose credentials are kept under that: give yours another name"));
        }
        if let Ok(before) = shelf.added().manifest(name)
            && before.kind != manifest.kind
        {
            return Err(format!("{name} was added as a {}: remove that first, or give yours another name", before.kind.word()));
        }
        if let (Kind::Policy, Some(config)) = (manifest.kind, config) {
            let others = policies::names(shelf, config).map_err(failed)?.into_iter().filter(|(other, _)| other != name).count();
            if others >= MAX_POLICIES {
                return Err(format!("{others} policies are there, and {MAX_POLICIES} are the most: remove one first"));
            }
        }
        Ok(())
    }

    /// What is lacking while a component is disabled, behind the word that it is.
    pub(crate) fn missed(&self, name: &str) -> String {
        let accounts = self.accounts(name);
        if !accounts.is_empty() {
            return format!(" Nothing is heard or said through {} until it is enabled.", accounts.join(", "));
        }
        if self.provider.as_deref() == Some(name) {
            return " Nothing answers until it is enabled, or `wirken setup --force` chooses another.".to_owned();
        }
        if self.policies.iter().any(|policy| policy == name) {
            return " It is not asked, though policies.order in config.toml names it.".to_owned();
        }
        String::new()
    }

    /// Why a component cannot be removed, and what to do first. Nobody needs one whose name is another's.
    pub(crate) fn may_be_removed(&self, name: &str) -> Result<(), String> {
        if shelf::is_bundled(name).map_err(|error| format!("{error:#}"))? {
            return Ok(());
        }
        let accounts = self.accounts(name);
        if !accounts.is_empty() {
            let commands: Vec<String> = accounts.iter().map(|account| format!("`wirken channel remove {account}`")).collect();
            return Err(format!("it connects {}: remove that first with {}", accounts.join(", "), commands.join(", ")));
        }
        if self.provider.as_deref() == Some(name) {
            return Err("it is the provider that answers: choose another first with `wirken setup --force`".to_owned());
        }
        if self.policies.iter().any(|policy| policy == name) {
            return Err("policies.order in config.toml names it, and nothing starts without it: take it off the list first".to_owned());
        }
        Ok(())
    }
}

/// What becomes of a component that was just added, enabled or disabled, for whoever did it.
pub(crate) fn told(manifest: &Manifest, state: &State, uses: &Uses) -> String {
    let name = &manifest.name;
    match (state, manifest.kind) {
        (State::Rests(why), _) => format!("{name} is kept, and not in use: {why}."),
        (State::InUse, Kind::Provider) => format!("{name} is in use: it answers from now on."),
        (State::InUse, Kind::Channel) => format!("{name} is in use: it connects {}.", uses.accounts(name).join(", ")),
        (State::InUse, Kind::Policy) if uses.policies.contains(name) => format!("{name} is in use: it is asked where the list has it."),
        (State::InUse, Kind::Policy) => format!("{name} is in use: it is asked behind those that policies.order lists."),
        (State::InUse, Kind::Tool) => format!("{name} is in use."),
        (State::NotChosen, Kind::Provider) => format!("{name} is kept. To have it answer: `wirken setup --force --provider {name}`."),
        (State::NotChosen, Kind::Channel) => format!("{name} is kept. To connect an account through it: `wirken channel add {name}`."),
        (State::NotChosen, Kind::Policy | Kind::Tool) => format!("{name} is kept, and not chosen."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses() -> Uses {
        let channel = "[channels.work]\ncomponent = \"board\"\n[channels.board]\ncomponent = \"board\"\n";
        let text = format!("[provider]\ncomponent = \"mine\"\nmodel = \"m\"\n[policies]\norder = [\"strict\"]\n{channel}");
        Uses::of(&Config::parse(&text).unwrap())
    }

    fn manifest(kind: &str, name: &str) -> Manifest {
        let origins = if kind == "channel" { "[network]\norigins = [\"https://a.example\"]\n" } else { "" };
        Manifest::parse(&format!("name = \"{name}\"\nkind = \"{kind}\"\nversion = \"0.1.0\"\nworld = \"w\"\n{origins}")).unwrap()
    }

    #[test]
    fn each_kind_is_chosen_in_its_own_way() {
        for (kind, name, added, bundled) in [
            ("provider", "mine", true, true),
            ("provider", "other", false, false),
            ("channel", "board", true, true),
            ("channel", "work", false, false),
            ("policy", "strict", true, true),
            ("policy", "other", true, false),
            ("tool", "any", true, true),
        ] {
            let manifest = manifest(kind, name);
            assert_eq!((uses().choose(&manifest, false), uses().choose(&manifest, true)), (added, bundled), "{kind} {name}");
        }
    }

    #[test]
    fn what_is_used_cannot_be_removed() {
        let refused = |name: &str| uses().may_be_removed(name).unwrap_err();
        assert!(refused("board").contains("board, work") && refused("board").contains("`wirken channel remove work`"));
        assert!(refused("mine").contains("wirken setup --force"));
        assert!(refused("strict").contains("policies.order"));
        assert_eq!(uses().may_be_removed("work"), Ok(()), "the name of an account is none of a component's");
        assert_eq!(Uses::default().may_be_removed("board"), Ok(()));
    }
}
