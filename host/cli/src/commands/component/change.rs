//! Changes of the components that were added: through the gateway where it runs, else under the data folder's lock.

use std::path::Path;

use anyhow::{anyhow, bail};
use serde_json::{Value, json};
use wirken_config::Config;
use wirken_gateway::control::Request;
use wirken_installed::{Components, Consent};
use wirken_manifest::{Kind, Manifest};
use wirken_types::Digest;

use super::source::code;
use crate::shelf::{self, Shelf};
use crate::uses::Uses;

/// A change that the owner has decided on.
pub(crate) enum Change<'a> {
    /// What the manifest asks for is allowed, to the file of this digest.
    Add {
        manifest: &'a str,
        wasm: &'a Path,
        digest: Digest,
    },
    Enable(&'a str),
    Disable(&'a str),
    Remove(&'a str),
}

impl Change<'_> {
    pub(crate) fn name(&self) -> anyhow::Result<String> {
        Ok(match self {
            Self::Add { manifest, .. } => Manifest::parse(manifest)?.name,
            Self::Enable(name) | Self::Disable(name) | Self::Remove(name) => (*name).to_owned(),
        })
    }

    /// As the record names it.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::Add { .. } => "component-added",
            Self::Enable(_) => "component-enabled",
            Self::Disable(_) => "component-disabled",
            Self::Remove(_) => "component-removed",
        }
    }

    pub(crate) fn detail(&self) -> Value {
        match self {
            Self::Add { manifest, digest, .. } => json!({ "digest": digest, "manifest": Digest::of(manifest.as_bytes()) }),
            Self::Enable(_) | Self::Disable(_) | Self::Remove(_) => json!({}),
        }
    }

    pub(crate) fn request(&self) -> Request {
        match self {
            Self::Add { manifest, wasm, digest } => {
                Request::ComponentAdd { manifest: (*manifest).to_owned(), wasm: (*wasm).to_owned(), digest: *digest }
            }
            Self::Enable(name) => Request::ComponentEnable { name: (*name).to_owned() },
            Self::Disable(name) => Request::ComponentDisable { name: (*name).to_owned() },
            Self::Remove(name) => Request::ComponentRemove { name: (*name).to_owned() },
        }
    }

    /// Whether it may be made, as things are used now.
    pub(crate) fn check(&self, shelf: &Shelf, uses: &Uses, config: Option<&Config>) -> anyhow::Result<()> {
        let name = self.name()?;
        let judged = match self {
            Self::Add { manifest, .. } => uses.may_be_added(shelf, config, &Manifest::parse(manifest)?),
            Self::Remove(_) if shelf.added().contains(&name) => uses.may_be_removed(&name),
            Self::Enable(_) | Self::Disable(_) if shelf.added().contains(&name) => Ok(()),
            Self::Enable(_) | Self::Disable(_) | Self::Remove(_) => {
                match shelf::bundled()?.into_iter().find(|one| one.manifest.name == name) {
                    Some(found) => Err(format!("it comes with wirken. {}", without(found.manifest.kind))),
                    // Whoever makes the change says that there is none.
                    None => Ok(()),
                }
            }
        };
        judged.map_err(|why| anyhow!("{name} cannot be {}: {why}", self.word()))
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Add { .. } => "added",
            Self::Enable(_) => "enabled",
            Self::Disable(_) => "disabled",
            Self::Remove(_) => "removed",
        }
    }

    /// Makes it, in the folder that is this process's to change.
    pub(crate) fn make(&self, installed: &Components) -> anyhow::Result<()> {
        match self {
            Self::Add { manifest, wasm, digest } => {
                let code = code(wasm)?;
                if code.digest() != *digest {
                    bail!("{} is not the file that was shown any more: add it again", wasm.display());
                }
                let consent = Consent::whole(&Manifest::parse(manifest)?, manifest, &code);
                installed.put(manifest, &code, &consent)?;
            }
            Self::Enable(name) => drop(installed.allow(name, |consent| (consent.disabled, consent.quarantined) = (false, None))?),
            Self::Disable(name) => drop(installed.allow(name, |consent| consent.disabled = true)?),
            Self::Remove(name) => installed.remove(name)?,
        }
        Ok(())
    }
}

/// How the owner does without a bundled component.
fn without(kind: Kind) -> &'static str {
    match kind {
        Kind::Tool => "Keep its tools from the agent with `approvals.blocked-tools` in config.toml",
        Kind::Provider => "Choose another provider with `wirken setup --force`",
        Kind::Channel => "Disconnect its accounts with `wirken channel remove`",
        Kind::Policy => "Take it off `policies.order` in config.toml, which is `[]` for none, and start the gateway again",
    }
}
