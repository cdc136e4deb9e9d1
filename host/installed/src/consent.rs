//! What the owner allowed to a component, and to which files exactly.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wirken_engine::Wasm;
use wirken_manifest::{Access, Manifest};
use wirken_types::Digest;

/// `consent.toml`. The default allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Consent {
    /// The digests of the files that were shown to the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<Digest>,
    #[serde(default)]
    pub workspace: Access,
    /// Entries of `network.origins`, as the manifest writes them.
    #[serde(default)]
    pub network: BTreeSet<String>,
    #[serde(default)]
    pub exec: bool,
    #[serde(default)]
    pub store: bool,
    #[serde(default)]
    pub messages: bool,
    #[serde(default)]
    pub credentials: BTreeSet<String>,
    /// The owner does not want it in use.
    #[serde(default)]
    pub disabled: bool,
    /// Why it was taken out of use by the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
}

impl Consent {
    /// Everything that a manifest asks for.
    pub fn whole(manifest: &Manifest, manifest_text: &str, wasm: &Wasm) -> Self {
        let shown = (Some(Digest::of(manifest_text.as_bytes())), Some(wasm.digest()));
        Self { manifest: shown.0, component: shown.1, ..Self::asked(manifest) }
    }

    /// The same, of no file yet.
    fn asked(manifest: &Manifest) -> Self {
        Self {
            manifest: None,
            component: None,
            workspace: manifest.filesystem.workspace,
            network: manifest.network.origins.iter().map(ToString::to_string).collect(),
            exec: manifest.exec.run,
            store: manifest.store.keep,
            messages: manifest.messages.send,
            credentials: manifest.credentials.iter().map(|credential| credential.name.clone()).collect(),
            disabled: false,
            quarantined: None,
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    pub(crate) fn render(&self) -> String {
        // Sets of text and switches: there is nothing in it that TOML cannot say.
        toml::to_string(self).unwrap_or_default()
    }
}

/// What a new version asks for that was not allowed to the old one, in words.
pub fn wants_more(allowed: &Consent, manifest: &Manifest) -> Vec<String> {
    let asked = Consent::asked(manifest);
    let mut more = Vec::new();
    if asked.workspace > allowed.workspace {
        more.push(if asked.workspace == Access::ReadWrite { "to write in the workspace" } else { "to read the workspace" }.to_owned());
    }
    more.extend(asked.network.difference(&allowed.network).map(|origin| format!("to send requests to {origin}")));
    let switches = [
        (asked.exec && !allowed.exec, "to run programs in the sandbox"),
        (asked.store && !allowed.store, "to keep state of its own"),
        (asked.messages && !allowed.messages, "to send messages to people"),
    ];
    more.extend(switches.into_iter().filter(|(wanted, _)| *wanted).map(|(_, words)| words.to_owned()));
    more.extend(
        asked.credentials.difference(&allowed.credentials).map(|name| format!("to have the credential {name:?} placed in its requests")),
    );
    more
}
