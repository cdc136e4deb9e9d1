//! A provider: a codec between the neutral conversation and one LLM API.

use wasmtime::component::{InstancePre, ResourceAny};
use wirken_engine::{CallError, Cell, State};
use wirken_types::http::{Header, Request};
use wirken_types::provider::{ChatRequest, Event, Model, ProviderError, Target};

use crate::convert;
use crate::raw::provider as raw;
use raw::exports::wirken::provider::codec as wire;

/// A provider component, linked and ready to be instantiated.
pub struct ProviderPre<T: 'static> {
    pre: raw::ProviderPre<State<T>>,
}

impl<T: Send + 'static> ProviderPre<T> {
    pub fn new(pre: InstancePre<State<T>>) -> wasmtime::Result<Self> {
        Ok(Self { pre: raw::ProviderPre::new(pre)? })
    }

    pub async fn instantiate(&self, mut cell: Cell<T>) -> Result<Provider<T>, CallError> {
        let running = cell.begin().await?;
        let result = running.watch(self.pre.instantiate_async(cell.store())).await;
        let bindings = cell.end(result)?;
        Ok(Provider { cell, bindings })
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
    bindings: raw::Provider,
}

impl<T: Send + 'static> Provider<T> {
    pub async fn encode(&mut self, target: &Target, request: &ChatRequest) -> Result<Result<Request, ProviderError>, CallError> {
        let running = self.cell.begin().await?;
        let (target, request) = (convert::target_out(target), convert::chat_request_out(request));
        let call = self.bindings.wirken_provider_codec().call_encode(self.cell.store(), &target, &request);
        let result = running.watch(call).await;
        Ok(self.cell.end(result)?.map(convert::request_in).map_err(convert::provider_error_in))
    }

    /// The request that lists the models of an endpoint, one page of them.
    pub async fn encode_model_list(&mut self, target: &Target, page: Option<&str>) -> Result<Result<Request, ProviderError>, CallError> {
        let running = self.cell.begin().await?;
        let task = wire::Task { action: "list".into(), model: None, page: page.map(Into::into) };
        let target = convert::target_out(target);
        let result = running.watch(self.bindings.wirken_provider_codec().call_encode_task(self.cell.store(), &target, &task)).await;
        Ok(self.cell.end(result)?.map(convert::request_in).map_err(convert::provider_error_in))
    }

    /// The models of one page, and the next page if there is one.
    pub async fn decode_models(
        &mut self,
        target: &Target,
        status: u16,
        headers: &[Header],
        body: &[u8],
    ) -> Result<Result<(Vec<Model>, Option<String>), ProviderError>, CallError> {
        let running = self.cell.begin().await?;
        let (target, headers) = (convert::target_out(target), headers.iter().map(convert::header_out).collect::<Vec<_>>());
        let codec = self.bindings.wirken_provider_codec();
        let result = running.watch(codec.call_decode_models(self.cell.store(), &target, status, &headers, body)).await;
        let page = self.cell.end(result)?;
        Ok(page.map(|page| (page.models.into_iter().map(convert::model_in).collect(), page.next)).map_err(convert::provider_error_in))
    }

    /// A decoder for one response; the instance serves it and nothing else from here on.
    pub async fn decoder(mut self, target: &Target, status: u16, headers: &[Header]) -> Result<Decoder<T>, CallError> {
        let running = self.cell.begin().await?;
        let (target, headers) = (convert::target_out(target), headers.iter().map(convert::header_out).collect::<Vec<_>>());
        let codec = self.bindings.wirken_provider_codec();
        let result = running.watch(codec.decoder().call_constructor(self.cell.store(), &target, status, &headers)).await;
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
        let Provider { cell, bindings } = &mut self.provider;
        let running = cell.begin().await?;
        let result = running.watch(bindings.wirken_provider_codec().decoder().call_push(cell.store(), self.resource, bytes)).await;
        Ok(cell.end(result)?.into_iter().map(convert::event_in).collect())
    }

    /// What the end of the response means.
    pub async fn finish(&mut self) -> Result<Vec<Event>, CallError> {
        let Provider { cell, bindings } = &mut self.provider;
        let running = cell.begin().await?;
        let result = running.watch(bindings.wirken_provider_codec().decoder().call_finish(cell.store(), self.resource)).await;
        Ok(cell.end(result)?.into_iter().map(convert::event_in).collect())
    }
}

impl<T> std::fmt::Debug for Decoder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}
