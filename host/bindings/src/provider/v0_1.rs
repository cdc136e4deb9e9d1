//! `wirken:provider@0.1.0`, in the host's own types.

use wasmtime::Store;
use wasmtime::component::{InstancePre, ResourceAny};
use wirken_engine::State;
use wirken_types::http::{Header, Request};
use wirken_types::provider::{ChatRequest, Event, ProviderError, Target};
use wirken_types::{chat, provider};

use super::{Page, ProviderExports, ProviderVersion};
use crate::convert;
use crate::raw::v0_1::provider as raw;
use crate::version::{Called, Link, Linked};
use raw::exports::wirken::provider::codec as wire;
use raw::wirken::chat::types as wire_chat;

pub(super) const fn version<T: Send + 'static>() -> ProviderVersion<T> {
    ProviderVersion {
        world: "wirken:provider/provider@0.1.0",
        exports: "wirken:provider/codec@0.1.0",
        types: &["wirken:chat/types@0.1.0", "wirken:http/types@0.1.0"],
        link,
    }
}

fn link<T: Send + 'static>(pre: InstancePre<State<T>>) -> wasmtime::Result<Linked<T, dyn ProviderExports<T>>> {
    Ok(Box::new(raw::ProviderPre::new(pre)?))
}

impl<T: Send + 'static> Link<T, dyn ProviderExports<T>> for raw::ProviderPre<State<T>> {
    fn instantiate<'a>(&'a self, store: &'a mut Store<State<T>>) -> Called<'a, Box<dyn ProviderExports<T>>> {
        Box::pin(async move { Ok(Box::new(self.instantiate_async(store).await?) as _) })
    }
}

impl<T: Send + 'static> ProviderExports<T> for raw::Provider {
    fn encode<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        request: &'a ChatRequest,
    ) -> Called<'a, Result<Request, ProviderError>> {
        Box::pin(async move {
            let (target, request) = (target_out(target), chat_request_out(request));
            let encoded = self.wirken_provider_codec().call_encode(store, &target, &request).await?;
            Ok(encoded.map(convert::request_in).map_err(error_in))
        })
    }

    fn encode_model_list<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        page: Option<&'a str>,
    ) -> Called<'a, Result<Request, ProviderError>> {
        Box::pin(async move {
            let task = wire::Task { action: "list".into(), model: None, page: page.map(Into::into) };
            let encoded = self.wirken_provider_codec().call_encode_task(store, &target_out(target), &task).await?;
            Ok(encoded.map(convert::request_in).map_err(error_in))
        })
    }

    fn decode_models<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        status: u16,
        headers: &'a [Header],
        body: &'a [u8],
    ) -> Called<'a, Result<Page, ProviderError>> {
        Box::pin(async move {
            let headers: Vec<_> = headers.iter().map(convert::header_out).collect();
            let page = self.wirken_provider_codec().call_decode_models(store, &target_out(target), status, &headers, body).await?;
            Ok(page.map(|page| (page.models.into_iter().map(model_in).collect(), page.next)).map_err(error_in))
        })
    }

    fn decoder<'a>(
        &'a self,
        store: &'a mut Store<State<T>>,
        target: &'a Target,
        status: u16,
        headers: &'a [Header],
    ) -> Called<'a, ResourceAny> {
        Box::pin(async move {
            let headers: Vec<_> = headers.iter().map(convert::header_out).collect();
            self.wirken_provider_codec().decoder().call_constructor(store, &target_out(target), status, &headers).await
        })
    }

    fn push<'a>(&'a self, store: &'a mut Store<State<T>>, decoder: ResourceAny, bytes: &'a [u8]) -> Called<'a, Vec<Event>> {
        Box::pin(async move {
            let events = self.wirken_provider_codec().decoder().call_push(store, decoder, bytes).await?;
            Ok(events.into_iter().map(event_in).collect())
        })
    }

    fn finish<'a>(&'a self, store: &'a mut Store<State<T>>, decoder: ResourceAny) -> Called<'a, Vec<Event>> {
        Box::pin(async move {
            let events = self.wirken_provider_codec().decoder().call_finish(store, decoder).await?;
            Ok(events.into_iter().map(event_in).collect())
        })
    }
}

fn item_out(item: &chat::AssistantItem) -> wire_chat::AssistantItem {
    use chat::AssistantItem as Ours;
    use wire_chat::AssistantItem as Theirs;
    match item {
        Ours::Text(text) => Theirs::Text(text.clone()),
        Ours::Reasoning(text) => Theirs::Reasoning(text.clone()),
        Ours::Blob(blob) => Theirs::Blob(convert::blob_out(blob)),
        Ours::ToolCall(call) => Theirs::ToolCall(convert::call_out(call)),
        Ours::Opaque(opaque) => Theirs::Opaque(wire_chat::Opaque { model: opaque.model.clone(), value: opaque.value.clone() }),
        Ours::Other(kind, value) => Theirs::Other((kind.clone(), value.clone())),
    }
}

fn message_out(message: &chat::Message) -> wire_chat::Message {
    match message {
        chat::Message::System(text) => wire_chat::Message::System(text.clone()),
        chat::Message::User(parts) => wire_chat::Message::User(parts.iter().map(convert::part_out).collect()),
        chat::Message::Assistant(items) => wire_chat::Message::Assistant(items.iter().map(item_out).collect()),
        chat::Message::Tool(results) => wire_chat::Message::Tool(results.iter().map(convert::result_out).collect()),
    }
}

fn chat_request_out(request: &provider::ChatRequest) -> wire::ChatRequest {
    wire::ChatRequest {
        model: request.model.clone(),
        messages: request.messages.iter().map(message_out).collect(),
        tools: request
            .tools
            .iter()
            .map(|tool| wire_chat::ToolDefinition {
                name: tool.name.clone(),
                description: tool.description.clone(),
                input_schema: tool.input_schema.clone(),
            })
            .collect(),
        options: request.options.clone(),
    }
}

fn target_out(target: &provider::Target) -> wire::Target {
    wire::Target { base_url: target.base_url.clone(), settings: target.settings.clone() }
}

fn error_in(error: wire::Error) -> provider::ProviderError {
    provider::ProviderError { kind: error.kind, message: error.message, retry_after_millis: error.retry_after_millis }
}

fn event_in(event: wire::Event) -> provider::Event {
    use provider::Event as Ours;
    match event {
        wire::Event::Text(text) => Ours::Text(text),
        wire::Event::Reasoning(text) => Ours::Reasoning(text),
        wire::Event::ToolCallBegin(wire::CallBegin { id, name }) => Ours::ToolCallBegin(id, name),
        wire::Event::ToolCallDelta(wire::CallDelta { id, piece }) => Ours::ToolCallDelta(id, piece),
        wire::Event::ToolCall(call) => Ours::ToolCall(convert::call_in(call)),
        wire::Event::Opaque(opaque) => Ours::Opaque(chat::Opaque { model: opaque.model, value: opaque.value }),
        wire::Event::Usage(usage) => Ours::Usage(usage),
        wire::Event::Stop(reason) => Ours::Stop(reason),
        wire::Event::Progress(wire::Progress { label, done, total }) => Ours::Progress(label, done, total),
        wire::Event::Failed(error) => Ours::Failed(error_in(error)),
        wire::Event::Other((kind, value)) => Ours::Other(kind, value),
    }
}

fn model_in(model: wire::Model) -> provider::Model {
    provider::Model {
        id: model.id,
        display_name: model.display_name,
        context_window: model.context_window,
        max_output_tokens: model.max_output_tokens,
        features: model.features,
    }
}
