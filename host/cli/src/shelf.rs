//! The components that there are, by kind and name: those of the binary, and those that the owner added.
//!
//! A bundled one has its name for itself. One that was added is given out only as it was allowed; whoever wants it is told
//! why it rests, and what to do.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::bail;
use serde_json::{Map, Value};
use wirken_config::Config;
use wirken_engine::Wasm;
use wirken_gateway::folder::Folder;
use wirken_installed::{Components, Consent, Rest};
use wirken_manifest::{Kind, Manifest};
use wirken_plugin::{Asked, Package, withheld};
use wirken_types::Digest;

use crate::tooling;

/// Why an added component of a bundled one's name is not in use.
pub(crate) const SHADOWED: &str = "a bundled component has this name: remove yours, and add it under another";

/// A component that may be used.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) manifest: Manifest,
    pub(crate) manifest_text: Cow<'static, str>,
    pub(crate) wasm: Wasm,
    /// What was allowed to it; none of a bundled one, which has what it asks for.
    pub(crate) consent: Option<Consent>,
}

impl Found {
    pub(crate) fn digests(&self) -> (Digest, Digest) {
        (Digest::of(self.manifest_text.as_bytes()), self.wasm.digest())
    }

    pub(crate) fn into_package(self) -> Package {
        Package { manifest: self.manifest, wasm: self.wasm }
    }
}

/// Where they are looked for.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    added: Components,
}

impl Shelf {
    pub(crate) fn of(folder: &Folder) -> Self {
        Self { added: Components::of(folder.root()) }
    }

    /// Those that were added.
    pub(crate) fn added(&self) -> &Components {
        &self.added
    }

    /// The names of those that were added and are of a kind. What cannot be read is of none.
    pub(crate) fn added_of(&self, kind: Kind) -> anyhow::Result<Vec<String>> {
        let is = |name: &String| self.added.manifest(name).is_ok_and(|manifest| manifest.kind == kind);
        Ok(self.added.names()?.into_iter().filter(is).collect())
    }

    /// What can be chosen of a kind.
    pub(crate) fn manifests(&self, kind: Kind) -> anyhow::Result<Vec<Manifest>> {
        let mut manifests: Vec<Manifest> = bundled()?.into_iter().map(|found| found.manifest).filter(|found| found.kind == kind).collect();
        for name in self.added_of(kind)? {
            manifests.extend(self.find(kind, &name).ok().filter(|found| found.consent.is_some()).map(|found| found.manifest));
        }
        Ok(manifests)
    }

    /// The component of this kind and name.
    pub(crate) fn find(&self, kind: Kind, name: &str) -> anyhow::Result<Found> {
        let found = match self.named(name)? {
            Some(found) => found,
            None => {
                let mut names: Vec<String> = self.manifests(kind)?.into_iter().map(|manifest| manifest.name).collect();
                names.extend(self.added_of(kind)?.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
                bail!("there is no {} component named {name:?}; {}", kind.word(), hint(name, &names));
            }
        };
        if found.manifest.kind != kind {
            bail!("the component {name} is a {}, and no {}", found.manifest.kind.word(), kind.word());
        }
        Ok(found)
    }

    /// The component of this name, of whatever kind.
    pub(crate) fn named(&self, name: &str) -> anyhow::Result<Option<Found>> {
        if let Some(found) = bundled()?.into_iter().find(|found| found.manifest.name == name) {
            return Ok(Some(found));
        }
        if !self.added.contains(name) {
            return Ok(None);
        }
        let installed = self.added.read(name)?;
        if let Some(rest) = installed.rests() {
            bail!("the {} {name} is {rest}: {}", installed.manifest.kind.word(), remedy(&rest, name));
        }
        Ok(Some(Found {
            manifest: installed.manifest,
            manifest_text: Cow::Owned(installed.manifest_text),
            wasm: installed.wasm,
            consent: Some(installed.consent),
        }))
    }

    /// A provider or a channel, with all that it asks for: what of it was not allowed to an added one, or is beyond the
    /// ceiling, keeps it from being used at all.
    pub(crate) fn whole(&self, kind: Kind, name: &str, config: &Config, given: &Map<String, Value>) -> anyhow::Result<Found> {
        let found = self.find(kind, name)?;
        allowed(&found, config, given)?;
        Ok(found)
    }
}

/// Whether an added component may have all that it asks for under these settings.
pub(crate) fn allowed(found: &Found, config: &Config, given: &Map<String, Value>) -> anyhow::Result<()> {
    let Some(consent) = &found.consent else { return Ok(()) };
    let asked = Asked::of(&found.manifest, &found.manifest.settings(given)?)?;
    let withheld = withheld(&asked, &tooling::granted(consent, PathBuf::new()), &tooling::ceiling(config));
    if !withheld.is_empty() {
        bail!("the {} {} may not have what it asks for: {}", found.manifest.kind.word(), found.manifest.name, withheld.join("; "));
    }
    Ok(())
}

/// The code of those of the binary, in their order: hashed once.
static BUNDLED: LazyLock<Vec<Wasm>> = LazyLock::new(|| wirken_bundled::ALL.iter().map(|bundled| Wasm::embedded(bundled.wasm)).collect());

/// Those of the binary.
pub(crate) fn bundled() -> anyhow::Result<Vec<Found>> {
    let found = |(bundled, wasm): (&wirken_bundled::Bundled, &Wasm)| {
        Ok(Found {
            manifest: Manifest::parse(bundled.manifest)?,
            manifest_text: Cow::Borrowed(bundled.manifest),
            wasm: wasm.clone(),
            consent: None,
        })
    };
    wirken_bundled::ALL.iter().zip(BUNDLED.iter()).map(found).collect()
}

pub(crate) fn is_bundled(name: &str) -> anyhow::Result<bool> {
    Ok(bundled()?.iter().any(|found| found.manifest.name == name))
}

/// What puts a component to use that rests.
pub(crate) fn remedy(rest: &Rest, name: &str) -> String {
    match rest {
        Rest::Disabled | Rest::Quarantined(_) => format!("`wirken component enable {name}` puts it to use again"),
        Rest::Changed | Rest::Unasked => {
            format!("see what it asks for with `wirken component inspect {name}`, and add it again with `wirken component add FOLDER`")
        }
    }
}

/// What was meant by a name that is none.
pub(crate) fn hint(name: &str, names: &[String]) -> String {
    match wirken_manifest::nearest(name, names.iter().map(String::as_str)) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("there are {}", names.join(", ")),
    }
}
