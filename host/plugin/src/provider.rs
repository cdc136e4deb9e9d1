//! A provider that has been loaded: pure, so all it needs of the host is an engine.

use wasmtime::component::Linker;
use wirken_bindings::ProviderPre;
use wirken_engine::{CallError, Code, Engine, Limits};
use wirken_manifest::Manifest;
use wirken_types::http::{Header, Request};
use wirken_types::provider::{ChatRequest, Model, ProviderError, Target};

use crate::error::{LoadError, Problem};
use crate::package::{Fit, Info, Kind, Package, inspect};

/// Decodes one response, in an instance of its own.
pub type Decoder = wirken_bindings::Decoder<()>;

/// A provider component, ready to be called.
#[derive(Debug)]
pub struct ProviderPlugin {
    info: Info,
    manifest: Manifest,
    engine: Engine,
    limits: Limits,
    pre: ProviderPre<()>,
    /// Whoever loads the component again shares it.
    _code: Code,
}

/// A provider of any version that is offered, linked to nothing.
pub(crate) fn fit(engine: &Engine, package: &Package) -> Result<Fit<ProviderPre<()>>, Problem> {
    let (info, code, version) = inspect(engine, package, Kind::Provider, ProviderPre::VERSIONS)?;
    info.check_pure()?;
    let pre = Linker::new(engine.wasmtime()).instantiate_pre(code.component()).and_then(|pre| ProviderPre::new(version, pre));
    let pre = pre.map_err(|error| info.misfit(version, &error))?;
    Ok(Fit { info, pre, code })
}

impl ProviderPlugin {
    pub fn load(engine: &Engine, package: Package) -> Result<Self, LoadError> {
        let component = package.manifest.name.clone();
        Self::try_load(engine, package).map_err(|problem| LoadError { component, problem })
    }

    fn try_load(engine: &Engine, package: Package) -> Result<Self, Problem> {
        let Fit { info, pre, code } = fit(engine, &package)?;
        let limits = Limits::asked(&package.manifest.limits);
        Ok(Self { info, manifest: package.manifest, engine: engine.clone(), limits, pre, _code: code })
    }

    pub fn info(&self) -> &Info {
        &self.info
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The request that asks the model to go on, as the component describes it.
    pub async fn encode(&self, target: &Target, request: &ChatRequest) -> Result<Result<Request, ProviderError>, CallError> {
        self.instance().await?.encode(target, request).await
    }

    /// A decoder for one response.
    pub async fn decoder(&self, target: &Target, status: u16, headers: &[Header]) -> Result<Decoder, CallError> {
        self.instance().await?.decoder(target, status, headers).await
    }

    pub async fn encode_model_list(&self, target: &Target, page: Option<&str>) -> Result<Result<Request, ProviderError>, CallError> {
        self.instance().await?.encode_model_list(target, page).await
    }

    pub async fn decode_models(
        &self,
        target: &Target,
        status: u16,
        headers: &[Header],
        body: &[u8],
    ) -> Result<Result<(Vec<Model>, Option<String>), ProviderError>, CallError> {
        self.instance().await?.decode_models(target, status, headers, body).await
    }

    async fn instance(&self) -> Result<wirken_bindings::Provider<()>, CallError> {
        self.pre.instantiate(self.engine.cell((), &self.limits)).await
    }
}
