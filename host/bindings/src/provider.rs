//! A provider: a codec between the neutral conversation and one LLM API.

mod v0_1;

use wasmtime::Store;
use wasmtime::component::{InstancePre, ResourceAny};
use wirken_engine::{CallError, Cell, State};
use wirken_types::http::{Header, Request};
use wirken_types::provider::{ChatRequest, Event, Model, ProviderError, Target};

use crate::version::{Called, Linked, Version};

/// One page of models, and the next page if there is one.
pub type Page = (Vec<Model>, Option<String>);

/// What is called of a provider, whatever its version.
pub trait ProviderExports<T: 'static>: Send + Sync {
    fn encode<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        request: &'a ChatRequest,
    ) -> Called<'a, Result<Request, ProviderError>>;

    fn encode_model_list<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        page: Option<&'a str>,
    ) -> Called<'a, Result<Request, ProviderError>>;

    fn decode_models<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        status: u16,
        headers: &'a [Header],
        body: &'a [u8],
    ) -> Called<'a, Result<Page, ProviderError>>;

    /// The resource that decodes one response.
    fn decoder<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        status: u16,
        headers: &'a [Header],
    ) -> Called<'a, ResourceAny>;

    fn push<'a>(&'a self, store: &'a mut Store<State<T>>, decoder: ResourceAny, bytes: &'a [u8]) -> Called<'a, Vec<Event>>;

    fn finish<'a>(&'a self, store: &'a mut Store<State<T>>, decoder: ResourceAny) -> Called<'a, Vec<Event>>;
}

/// A version of the world of providers.
pub type ProviderVersion<T> = Version<T, dyn ProviderExports<T>>;

/// A provider component, linked and ready to be instantiated.
pub struct ProviderPre<T: 'static> {
    linked: Linked<T, dyn ProviderExports<T>>,
}

impl<T: Send + 'static> ProviderPre<T> {
    /// Newest first.
    pub const VERSIONS: &'static [ProviderVersion<T>] = &[v0_1::version()];

    pub fn new(version: &ProviderVersion<T>, pre: InstancePre<State<T>>) -> wasmtime::Result<Self> {
        Ok(Self { linked: (version.link)(pre)? })
    }

    pub async fn instantiate(&self, mut cell: Cell<T>) -> Result<Provider<T>, CallError> {
        let running = cell.begin().await?;
        let result = running.watch(self.linked.instantiate(cell.store())).await;
        let exports = cell.end(result)?;
        Ok(Provider { cell, exports })
    }
}

impl<T> std::fmt::Debug for ProviderPre<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderPre").finish_non_exhaustive()
    }
}

/// An instance of a provider.
pub struct Provider<T: 'static> {
    cell: Cell<T>,
    exports: Box<dyn ProviderExports<T>>,
}

impl<T: Send + 'static> Provider<T> {
    pub async fn encode(&mut self, target: &Target, request: &ChatRequest) -> Result<Result<Request, ProviderError>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.encode(self.cell.store(), target, request)).await;
        self.cell.end(result)
    }

    /// The request that lists the models of an endpoint, one page of them.
    pub async fn encode_model_list(&mut self, target: &Target, page: Option<&str>) -> Result<Result<Request, ProviderError>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.encode_model_list(self.cell.store(), target, page)).await;
        self.cell.end(result)
    }

    pub async fn decode_models(
        &mut self,
        target: &Target,
        status: u16,
        headers: &[Header],
        body: &[u8],
    ) -> Result<Result<Page, ProviderError>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.decode_models(self.cell.store(), target, status, headers, body)).await;
        self.cell.end(result)
    }

    /// A decoder for one response; the instance serves it and nothing else from here on.
    pub async fn decoder(mut self, target: &Target, status: u16, headers: &[Header]) -> Result<Decoder<T>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.decoder(self.cell.store(), target, status, headers)).await;
        let resource = self.cell.end(result)?;
        Ok(Decoder { provider: self, resource })
    }
}

impl<T> std::fmt::Debug for Provider<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").finish_non_exhaustive()
    }
}

/// Decodes one response, in an instance of its own.
pub struct Decoder<T: 'static> {
    provider: Provider<T>,
    resource: ResourceAny,
}

impl<T: Send + 'static> Decoder<T> {
    pub async fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, CallError> {
        let Provider { cell, exports } = &mut self.provider;
        let running = cell.begin().await?;
        let result = running.watch(exports.push(cell.store(), self.resource, bytes)).await;
        cell.end(result)
    }

    /// What the end of the response means.
    pub async fn finish(&mut self) -> Result<Vec<Event>, CallError> {
        let Provider { cell, exports } = &mut self.provider;
        let running = cell.begin().await?;
        let result = running.watch(exports.finish(cell.store(), self.resource)).await;
        cell.end(result)
    }
}

impl<T> std::fmt::Debug for Decoder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}
