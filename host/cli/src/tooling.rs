//! The tools on offer and the policies in force: those of the bundled components and of those that the owner added, loaded,
//! and loaded again while the gateway runs.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context;
use serde_json::{Map, Value};
use wirken_config::Config;
use wirken_egress::Authority;
use wirken_engine::Engine;
use wirken_gateway::{Catalogue, Policies, ToolSet};
use wirken_installed::{Consent, Installed};
use wirken_manifest::{Kind, Manifest};
use wirken_plugin::{Access, Asked, Ceiling, Grant, Info, Owner, Package, ToolPlugin};
use wirken_vault::Vault;

use crate::shelf::{self, Shelf};
use crate::{parts, policies, programs};

/// What there is of tools, and what each of their components may send.
#[derive(Clone)]
pub(crate) struct Tooling {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    shelf: Shelf,
    config: Config,
    workspace: PathBuf,
    catalogue: Arc<Catalogue>,
    policies: Arc<Policies>,
    /// By component.
    outward: RwLock<HashMap<String, Outgoing>>,
    /// Why a component is not in use, by its name.
    resting: Mutex<BTreeMap<String, String>>,
    /// Bundled components that crashed again and again in this run, and why.
    quarantined: Mutex<BTreeMap<String, String>>,
}

struct Outgoing {
    manifest: Manifest,
    given: Map<String, Value>,
    authority: Authority,
}

impl std::fmt::Debug for Tooling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tooling").finish_non_exhaustive()
    }
}

impl Tooling {
    /// Loads everything. What is bundled has to load, and so does every policy that is to be in force; a tool that was added
    /// may rest, and why is kept.
    pub(crate) async fn load(
        engine: &Engine,
        shelf: Shelf,
        config: &Config,
        workspace: PathBuf,
        vault: Option<&Vault>,
    ) -> anyhow::Result<(Self, Vec<Info>)> {
        let inner = Inner {
            engine: engine.clone(),
            shelf,
            config: config.clone(),
            workspace,
            catalogue: Arc::new(Catalogue::new(ToolSet::default())),
            policies: Arc::default(),
            outward: RwLock::default(),
            resting: Mutex::default(),
            quarantined: Mutex::default(),
        };
        let tooling = Self { inner: Arc::new(inner) };
        let mut infos = tooling.reload_tools(vault).await?;
        infos.extend(tooling.reload_policies()?);
        Ok((tooling, infos))
    }

    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.inner.catalogue)
    }

    pub(crate) fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.inner.policies)
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.inner.shelf
    }

    /// Reads the components anew. A tool that cannot be loaded is left out, and what is under way ends with what it began
    /// with. Of the policies all are exchanged or none: where one cannot be loaded, those from before stay in force.
    pub(crate) async fn reload(&self, vault: Option<&Vault>) -> anyhow::Result<()> {
        let tools = self.reload_tools(vault).await;
        self.reload_policies().context("the policies stay in force as they were before")?;
        tools.map(drop)
    }

    fn reload_policies(&self) -> anyhow::Result<Vec<Info>> {
        let Inner { engine, shelf, config, .. } = &*self.inner;
        let mut resting = BTreeMap::new();
        let loaded = policies::load(engine, shelf, config, &mut resting);
        self.inner.resting.lock().unwrap_or_else(PoisonError::into_inner).extend(resting);
        let loaded = loaded?;
        let infos = loaded.iter().map(|policy| policy.info().clone()).collect();
        self.inner.policies.replace(loaded);
        Ok(infos)
    }

    async fn reload_tools(&self, vault: Option<&Vault>) -> anyhow::Result<Vec<Info>> {
        let inner = &*self.inner;
        let (mut tools, mut infos) = (ToolSet::default(), Vec::new());
        let (mut outward, mut resting) = (HashMap::new(), BTreeMap::new());
        let quarantined = inner.quarantined.lock().unwrap_or_else(PoisonError::into_inner).clone();
        resting.extend(quarantined.iter().map(|(name, why)| (name.clone(), format!("quarantined: {why}"))));
        let bundled = shelf::bundled()?.into_iter().filter(|found| found.manifest.kind == Kind::Tool);
        for found in bundled.filter(|found| !quarantined.contains_key(&found.manifest.name)) {
            let owner = inner.owner(&found.manifest, None)?;
            let authority = inner.authority(&found.manifest, vault)?;
            let plugin = ToolPlugin::load(&inner.engine, found.into_package(), &owner).await?;
            tools.add(&plugin)?;
            infos.push(plugin.info().clone());
            outward.insert(plugin.info().name.clone(), authority);
        }
        // What cannot be read may be a tool as well as anything else. One of a bundled one's name is told of where all are listed.
        let is_tool = |name: &String| {
            !shelf::is_bundled(name).unwrap_or(true)
                && inner.shelf.added().manifest(name).map_or(true, |manifest| manifest.kind == Kind::Tool)
        };
        for name in inner.shelf.added().names()?.into_iter().filter(is_tool) {
            match inner.load_one(&name, &mut tools, vault).await {
                Ok((plugin, authority)) => {
                    infos.push(plugin.info().clone());
                    outward.insert(name, authority);
                }
                Err(why) => {
                    tracing::warn!(component = name, why, "an added component is not in use");
                    resting.insert(name, why);
                }
            }
        }
        tools.keep(|tool| programs::offers(&inner.config, tool));
        *inner.outward.write().unwrap_or_else(PoisonError::into_inner) = outward;
        *inner.resting.lock().unwrap_or_else(PoisonError::into_inner) = resting;
        inner.catalogue.replace(tools);
        Ok(infos)
    }

    /// Why components with tools, and policies, are not in use.
    pub(crate) fn resting(&self) -> BTreeMap<String, String> {
        self.inner.resting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a component out of use that crashes again and again, until its owner enables it; a bundled one until the gateway
    /// is started again too.
    pub(crate) fn quarantine(&self, component: &str, why: &str) -> anyhow::Result<()> {
        if self.inner.shelf.added().contains(component) && !shelf::is_bundled(component)? {
            self.inner.shelf.added().allow(component, |consent| consent.quarantined = Some(why.to_owned()))?;
        } else {
            self.inner.quarantined.lock().unwrap_or_else(PoisonError::into_inner).insert(component.to_owned(), why.to_owned());
        }
        Ok(())
    }

    /// Whether a bundled component is out of use.
    pub(crate) fn is_quarantined(&self, component: &str) -> bool {
        self.inner.quarantined.lock().unwrap_or_else(PoisonError::into_inner).contains_key(component)
    }

    /// Lets a bundled component be used again.
    pub(crate) fn release(&self, component: &str) {
        self.inner.quarantined.lock().unwrap_or_else(PoisonError::into_inner).remove(component);
    }

    /// What a component's requests may do.
    pub(crate) fn authority(&self, component: &str) -> Option<Authority> {
        self.inner.outward.read().unwrap_or_else(PoisonError::into_inner).get(component).map(|outgoing| outgoing.authority.clone())
    }

    /// The vault holds something else for a component now.
    pub(crate) fn renew(&self, component: &str, vault: &Vault) -> anyhow::Result<()> {
        let mut outward = self.inner.outward.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(outgoing) = outward.get_mut(component) {
            let settings = outgoing.manifest.settings(&outgoing.given)?;
            outgoing.authority = parts::hold(component, &outgoing.manifest, &outgoing.given, &settings, Some(vault))?;
        }
        Ok(())
    }
}

impl Inner {
    async fn load_one(&self, name: &str, tools: &mut ToolSet, vault: Option<&Vault>) -> Result<(ToolPlugin, Outgoing), String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let installed = self.shelf.added().read(name).map_err(|error| said(&error))?;
        if let Some(rest) = installed.rests() {
            return Err(rest.to_string());
        }
        if self.config.channels.contains_key(name) {
            // What the vault holds under this name is the account's.
            return Err(format!("an account of a channel is named {name}: rename one of them"));
        }
        let Installed { manifest, wasm, consent, .. } = installed;
        let owner = self.owner(&manifest, Some(&consent)).map_err(|error| said(&error))?;
        let authority = self.authority(&manifest, vault).map_err(|error| said(&error))?;
        let package = Package { manifest, wasm };
        let plugin = ToolPlugin::load(&self.engine, package, &owner).await.map_err(|error| said(&error))?;
        tools.add(&plugin).map_err(|error| said(&error))?;
        Ok((plugin, authority))
    }

    fn given(&self, name: &str) -> Map<String, Value> {
        self.config.components.get(name).map(|component| component.settings.clone()).unwrap_or_default()
    }

    /// What the owner decided: of a bundled component, that it has what its manifest asks for.
    fn owner(&self, manifest: &Manifest, consent: Option<&Consent>) -> anyhow::Result<Owner> {
        let settings = self.given(&manifest.name);
        let mut grant = match consent {
            Some(consent) => granted(consent, self.workspace.clone()),
            None => Grant::whole(&Asked::of(manifest, &manifest.settings(&settings)?)?, Some(self.workspace.clone())),
        };
        grant.opened = self.config.components.get(&manifest.name).map(wirken_config::Component::opened).unwrap_or_default();
        Ok(Owner { grant, ceiling: ceiling(&self.config), settings })
    }

    fn authority(&self, manifest: &Manifest, vault: Option<&Vault>) -> anyhow::Result<Outgoing> {
        let given = self.given(&manifest.name);
        let authority = parts::hold(&manifest.name, manifest, &given, &manifest.settings(&given)?, vault)?;
        Ok(Outgoing { manifest: manifest.clone(), given, authority })
    }
}

/// What was allowed, as it is in force.
pub(crate) fn granted(consent: &Consent, workspace: PathBuf) -> Grant {
    Grant {
        workspace: Some((workspace, consent.workspace)),
        skills: false,
        network: consent.network.clone(),
        exec: consent.exec,
        store: consent.store,
        messages: consent.messages,
        credentials: consent.credentials.clone(),
        opened: Vec::new(),
    }
}

/// What no grant goes beyond.
pub(crate) fn ceiling(config: &Config) -> Ceiling {
    let ceiling = &config.ceiling;
    Ceiling {
        workspace: ceiling.workspace.unwrap_or(Access::ReadWrite),
        network: ceiling.origins(),
        exec: ceiling.exec.unwrap_or(true),
        store: ceiling.store.unwrap_or(true),
        messages: ceiling.messages.unwrap_or(true),
        credentials: ceiling.credentials.unwrap_or(true),
    }
}

#[cfg(test)]
mod tests;
