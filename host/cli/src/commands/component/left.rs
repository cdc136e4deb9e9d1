//! What a component that is removed leaves behind: its credentials, which only their owner takes out of the vault.

use serde_json::Value;
use wirken_gateway::folder::Folder;
use wirken_vault::{KeyKind, Vault};

use super::now::Now;
use crate::args::Unlock;
use crate::commands::credentials;
use crate::parts;
use crate::shelf::Shelf;

/// The names of its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// The vault holds these.
    Held(Vec<String>),
    /// The vault is not open, and it asked for these.
    Asked(Vec<String>),
}

impl Left {
    /// Of a component that is still there, without a gateway. Nobody is asked for a passphrase.
    pub(super) fn behind(folder: &Folder, shelf: &Shelf, now: &Now, name: &str) -> anyhow::Result<Self> {
        if !now.uses.keeps_credentials(name)? {
            return Ok(Self::Held(Vec::new()));
        }
        let asked = || {
            let asked = shelf.added().manifest(name).map(|manifest| manifest.credentials).unwrap_or_default();
            Self::Asked(asked.into_iter().map(|credential| credential.name).collect())
        };
        Ok(match Vault::key_kind(&folder.vault()) {
            Ok(None) => Self::Held(Vec::new()),
            Ok(Some(KeyKind::KeyFile)) => match parts::open_vault(folder, &Unlock::default()) {
                Ok(vault) => Self::Held(credentials::held(vault.as_ref(), name)),
                Err(_) => asked(),
            },
            Ok(Some(KeyKind::Passphrase)) | Err(_) => asked(),
        })
    }

    /// As a gateway says that has removed it.
    pub(super) fn told(answer: &Value) -> Self {
        Self::Held(answer.get("credentials").cloned().and_then(|names| serde_json::from_value(names).ok()).unwrap_or_default())
    }

    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Held(names) | Self::Asked(names) => names,
        }
    }

    /// For the end of a sentence about the component.
    pub(super) fn words(&self, component: &str) -> String {
        let commands: Vec<String> = self.names().iter().map(|name| format!("`wirken credentials remove {component} {name}`")).collect();
        match (self, commands.is_empty()) {
            (_, true) => String::new(),
            (Self::Held(_), _) => format!(" The vault still holds what you gave for it: {} takes it out.", commands.join(", ")),
            (Self::Asked(_), _) => format!(" What you gave for it is still in the vault: {} takes it out.", commands.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_credential_is_told_with_the_command_that_takes_it_out() {
        assert_eq!(Left::Held(Vec::new()).words("weather"), "");
        let two = Left::told(&serde_json::json!({ "credentials": ["key", "token"] }));
        assert_eq!(two, Left::Held(vec!["key".into(), "token".into()]));
        let words = two.words("weather");
        assert!(words.contains("`wirken credentials remove weather key`, `wirken credentials remove weather token`"), "{words}");
        assert!(Left::Asked(vec!["key".into()]).words("weather").contains("`wirken credentials remove weather key`"));
        assert_eq!(Left::told(&serde_json::json!({})), Left::Held(Vec::new()));
    }
}
