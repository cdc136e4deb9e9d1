//! The provider that answers: its component, loaded, and loaded again while the gateway runs; and what its requests may do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use wirken_config::Config;
use wirken_egress::{Authority, Egress};
use wirken_engine::Engine;
use wirken_gateway::{ChosenModel, NoModel, ProviderModel, ProviderParts};
use wirken_ledger::{Blobs, Ledger};
use wirken_manifest::{Kind, Manifest};
use wirken_plugin::{Info, ProviderPlugin};
use wirken_types::Digest;
use wirken_vault::Vault;

use crate::parts;
use crate::shelf::{Found, Shelf};

#[derive(Debug)]
pub(crate) struct Provider {
    made_of: MadeOf,
    model: Arc<ChosenModel>,
    /// The version that answers, or why none does.
    now: Mutex<Result<Loaded, String>>,
}

/// Whatever it takes to load it, and to load it again.
#[derive(Debug)]
pub(crate) struct MadeOf {
    pub(crate) engine: Engine,
    pub(crate) shelf: Shelf,
    pub(crate) config: Config,
    pub(crate) egress: Egress,
    pub(crate) ledger: Ledger,
    pub(crate) files: Blobs,
}

#[derive(Debug)]
struct Loaded {
    info: Info,
    manifest: Manifest,
    /// Of its manifest and of its code.
    digests: (Digest, Digest),
    /// Read when a request is made.
    authority: Arc<RwLock<Authority>>,
}

impl Provider {
    /// The one that is configured, which has to load.
    pub(crate) fn load(made_of: MadeOf, vault: Option<&Vault>) -> anyhow::Result<(Self, Info)> {
        let (loaded, model) = made_of.version(vault)?;
        let info = loaded.info.clone();
        Ok((Self { made_of, model: Arc::new(ChosenModel::new(Arc::new(model))), now: Mutex::new(Ok(loaded)) }, info))
    }

    /// What answers, whichever version it is.
    pub(crate) fn model(&self) -> Arc<ChosenModel> {
        Arc::clone(&self.model)
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.made_of.egress
    }

    pub(crate) fn name(&self) -> &str {
        &self.made_of.config.provider.component
    }

    /// Why nothing answers, if nothing does.
    pub(crate) fn resting(&self) -> Option<String> {
        self.lock().as_ref().err().cloned()
    }

    /// Takes another version, where there is one. Where it cannot be used, each request is answered by the reason. What is
    /// under way ends with the version that it began with.
    pub(crate) fn reload(&self, vault: Option<&Vault>) {
        let before = self.lock().as_ref().ok().map(|loaded| loaded.digests);
        let found = self.made_of.find();
        if before.is_some() && found.is_ok_and(|found| Some(found.digests()) == before) {
            return;
        }
        let now = match self.made_of.version(vault) {
            Ok((loaded, model)) => {
                self.model.replace(Arc::new(model));
                Ok(loaded)
            }
            Err(error) => {
                let why = format!("{error:#}");
                tracing::error!(provider = self.name(), why, "nothing answers");
                let (component, model) = (self.name().to_owned(), self.made_of.config.provider.model.clone());
                self.model.replace(Arc::new(NoModel { component, model, why: why.clone() }));
                Err(why)
            }
        };
        *self.lock() = now;
    }

    /// The vault holds something else for it now.
    pub(crate) fn renew(&self, vault: &Vault) -> anyhow::Result<()> {
        if let Ok(loaded) = &*self.lock() {
            let authority = self.made_of.authority(&loaded.manifest, Some(vault))?;
            *loaded.authority.write().unwrap_or_else(PoisonError::into_inner) = authority;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Result<Loaded, String>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MadeOf {
    fn find(&self) -> anyhow::Result<Found> {
        find(&self.shelf, &self.config)
    }

    /// The version that there is now.
    fn version(&self, vault: Option<&Vault>) -> anyhow::Result<(Loaded, ProviderModel)> {
        let found = self.find()?;
        let (manifest, digests) = (found.manifest.clone(), found.digests());
        let settings = manifest.settings(&self.config.provider.settings)?;
        let authority = Arc::new(RwLock::new(self.authority(&manifest, vault)?));
        let plugin = ProviderPlugin::load(&self.engine, found.into_package())?;
        let loaded = Loaded { info: plugin.info().clone(), manifest, digests, authority: Arc::clone(&authority) };
        let model = ProviderModel::new(ProviderParts {
            plugin,
            egress: self.egress.clone(),
            ledger: self.ledger.clone(),
            model: self.config.provider.model.clone(),
            target: parts::target(&settings),
            options: self.config.options(),
            authority: Box::new(move || authority.read().unwrap_or_else(PoisonError::into_inner).clone()),
            files: Some(self.files.clone()),
        });
        Ok((loaded, model))
    }

    fn authority(&self, manifest: &Manifest, vault: Option<&Vault>) -> anyhow::Result<Authority> {
        let given = &self.config.provider.settings;
        parts::hold(&manifest.name, manifest, given, &manifest.settings(given)?, vault)
    }
}

/// The component that is configured, with all that it asks for.
pub(crate) fn find(shelf: &Shelf, config: &Config) -> anyhow::Result<Found> {
    let found = shelf.whole(Kind::Provider, &config.provider.component, config, &config.provider.settings);
    found.map_err(|error| error.context("the provider of config.toml cannot answer (`wirken setup --force` chooses another)"))
}
