//! Changes of the components that were added: through the gateway where it runs, else under the data folder's lock.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use wirken_gateway::control::Request;
use wirken_installed::{Components, Consent};
use wirken_manifest::Manifest;
use wirken_types::Digest;

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

    /// Makes it, in the folder that is this process's to change.
    pub(crate) fn make(&self, installed: &Components) -> anyhow::Result<()> {
        match self {
            Self::Add { manifest, wasm, digest } => {
                let bytes = std::fs::read(wasm).with_context(|| format!("could not read {}", wasm.display()))?;
                if Digest::of(&bytes) != *digest {
                    bail!("{} is not the file that was shown any more: add it again", wasm.display());
                }
                let consent = Consent::whole(&Manifest::parse(manifest)?, manifest, &bytes);
                installed.put(manifest, &bytes, &consent)?;
            }
            Self::Enable(name) => drop(installed.allow(name, |consent| (consent.disabled, consent.quarantined) = (false, None))?),
            Self::Disable(name) => drop(installed.allow(name, |consent| consent.disabled = true)?),
            Self::Remove(name) => installed.remove(name)?,
        }
        Ok(())
    }
}
