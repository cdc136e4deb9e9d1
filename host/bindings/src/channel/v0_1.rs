//! `wirken:channel@0.1.0`, in the host's own types.

use wasmtime::Store;
use wasmtime::component::{InstancePre, ResourceAny};
use wirken_engine::State;
use wirken_types::{channel as ours, http};

use super::{Beginning, ChannelExports, ChannelVersion};
use crate::convert;
use crate::raw::v0_1::channel as raw;
use crate::raw::v0_1::provider::wirken::http::types as wire_http;
use crate::version::{Called, Link, Linked};
use raw::exports::wirken::channel::adapter as wire;

pub(super) const fn version() -> ChannelVersion {
    ChannelVersion {
        world: "wirken:channel/channel@0.1.0",
        exports: "wirken:channel/adapter@0.1.0",
        types: &["wirken:chat/types@0.1.0", "wirken:http/types@0.1.0"],
        link,
    }
}

fn link(pre: InstancePre<State<()>>) -> wasmtime::Result<Linked<(), dyn ChannelExports>> {
    Ok(Box::new(raw::ChannelPre::new(pre)?))
}

impl Link<(), dyn ChannelExports> for raw::ChannelPre<State<()>> {
    fn instantiate<'a>(&'a self, store: &'a mut Store<State<()>>) -> Called<'a, Box<dyn ChannelExports>> {
        Box::pin(async move { Ok(Box::new(self.instantiate_async(store).await?) as _) })
    }
}

impl ChannelExports for raw::Channel {
    fn connection<'a>(&'a self, store: &'a mut Store<State<()>>, beginning: Beginning<'a>) -> Called<'a, ResourceAny> {
        Box::pin(async move {
            let Beginning { settings, state, random, recovering } = beginning;
            let state: Vec<wire::State> = state.iter().map(state_out).collect();
            let connection = self.wirken_channel_adapter().connection();
            connection.call_constructor(store, &settings.to_owned(), &state, random, recovering).await
        })
    }

    fn start<'a>(&'a self, store: &'a mut Store<State<()>>, connection: ResourceAny, now_millis: u64) -> Called<'a, Vec<ours::Effect>> {
        Box::pin(async move {
            let effects = self.wirken_channel_adapter().connection().call_start(store, connection, now_millis).await?;
            Ok(effects.into_iter().map(effect_in).collect())
        })
    }

    fn handle<'a>(
        &'a self,
        store: &'a mut Store<State<()>>,
        connection: ResourceAny,
        now_millis: u64,
        event: &'a ours::Event,
    ) -> Called<'a, Vec<ours::Effect>> {
        Box::pin(async move {
            let event = event_out(event);
            let effects = self.wirken_channel_adapter().connection().call_handle(store, connection, now_millis, &event).await?;
            Ok(effects.into_iter().map(effect_in).collect())
        })
    }
}

fn state_out(state: &ours::State) -> wire::State {
    wire::State { key: state.key.clone(), value: state.value.clone() }
}

fn response_out(response: &http::Response) -> wire_http::Response {
    wire_http::Response {
        status: response.status,
        headers: response.headers.iter().map(convert::header_out).collect(),
        body: response.body.clone(),
    }
}

fn failure_out(failure: &http::Failure) -> wire_http::Failure {
    wire_http::Failure { kind: failure.kind.clone(), sent: failure.sent, message: failure.message.clone() }
}

fn failure_in(failure: wire_http::Failure) -> http::Failure {
    http::Failure { kind: failure.kind, sent: failure.sent, message: failure.message }
}

fn event_out(event: &ours::Event) -> wire::Event {
    match event {
        ours::Event::HttpResponse(id, response) => wire::Event::HttpResponse(wire::Answered { id: *id, response: response_out(response) }),
        ours::Event::HttpFailed(id, failure) => wire::Event::HttpFailed(wire::Unanswered { id: *id, failure: failure_out(failure) }),
        ours::Event::SocketFailed(id, failure) => wire::Event::SocketFailed(wire::SocketFailure { id: *id, failure: failure_out(failure) }),
        ours::Event::Timer(id) => wire::Event::Timer(*id),
        ours::Event::Outbound(outbound) => wire::Event::Outbound(outbound_out(outbound)),
        ours::Event::Typing(typing) => {
            wire::Event::Typing(wire::Typing { conversation_id: typing.conversation_id.clone(), active: typing.active })
        }
        ours::Event::MediaWanted(token) => wire::Event::MediaWanted(token.clone()),
        ours::Event::Stored(id, blob) => wire::Event::Stored(wire::StoredMedium { id: *id, blob: convert::blob_out(blob) }),
        ours::Event::Poisoned(response) => wire::Event::Poisoned(response_out(response)),
        ours::Event::Shutdown => wire::Event::Shutdown,
    }
}

fn outbound_out(outbound: &ours::Outbound) -> wire::Outbound {
    let content = match &outbound.content {
        ours::OutboundContent::Text(draft) => {
            wire::OutboundContent::Text(wire::Draft { shown: draft.shown.clone(), text: draft.text.clone(), final_: draft.last })
        }
        ours::OutboundContent::Prompt(prompt) => wire::OutboundContent::Prompt(wire::Prompt {
            id: prompt.id.clone(),
            title: prompt.title.clone(),
            literal: prompt.literal.iter().map(|(label, text)| wire::Literal { label: label.clone(), text: text.clone() }).collect(),
            choices: prompt
                .choices
                .iter()
                .map(|choice| wire::Choice { id: choice.id.clone(), label: choice.label.clone(), style: choice.style.clone() })
                .collect(),
            expires_at_millis: prompt.expires_at_millis,
        }),
        ours::OutboundContent::PromptClosed(end) => {
            wire::OutboundContent::PromptClosed(wire::PromptEnd { shown: end.shown.clone(), text: end.text.clone() })
        }
        ours::OutboundContent::Attachment(blob) => wire::OutboundContent::Attachment(convert::blob_out(blob)),
    };
    wire::Outbound {
        id: outbound.id,
        attempt: outbound.attempt,
        conversation_id: outbound.conversation_id.clone(),
        reply_to: outbound.reply_to.clone(),
        content,
    }
}

fn effect_in(effect: wire::Effect) -> ours::Effect {
    match effect {
        wire::Effect::Http(wire::HttpRequest { id, request }) => ours::Effect::Http(id, convert::request_in(request)),
        wire::Effect::HttpCancel(id) => ours::Effect::HttpCancel(id),
        wire::Effect::SocketConnect(socket) => ours::Effect::SocketConnect(socket.id),
        wire::Effect::SetTimer(timer) => ours::Effect::SetTimer(timer.id, timer.after_millis),
        wire::Effect::CancelTimer(id) => ours::Effect::CancelTimer(id),
        wire::Effect::Inbound(inbound) => ours::Effect::Inbound(inbound_in(inbound)),
        wire::Effect::Outcome(wire::OutboundOutcome { id, outcome }) => ours::Effect::Outcome(id, outcome_in(outcome)),
        wire::Effect::Media(wire::Medium { token, source }) => {
            ours::Effect::Media(token, source.map(|wire::HttpRequest { id, request }| (id, convert::request_in(request))))
        }
        wire::Effect::StatePut(state) => ours::Effect::StatePut(ours::State { key: state.key, value: state.value }),
        wire::Effect::StateDelete(key) => ours::Effect::StateDelete(key),
        wire::Effect::Health(health) => ours::Effect::Health(ours::Health { state: health.state, detail: health.detail }),
        wire::Effect::Log(line) => ours::Effect::Log(line.level, line.message),
        wire::Effect::Fatal(reason) => ours::Effect::Fatal(reason),
        wire::Effect::WebhookReply(_) => ours::Effect::Unavailable("webhook-reply"),
        wire::Effect::SocketSendText(_) => ours::Effect::Unavailable("socket-send-text"),
        wire::Effect::SocketSendBinary(_) => ours::Effect::Unavailable("socket-send-binary"),
        wire::Effect::SocketClose(_) => ours::Effect::Unavailable("socket-close"),
    }
}

fn outcome_in(outcome: wire::Outcome) -> ours::Outcome {
    match outcome {
        wire::Outcome::Delivered(ids) => ours::Outcome::Delivered(ids),
        wire::Outcome::Failed(failure) => ours::Outcome::Failed(failure_in(failure)),
        wire::Outcome::InDoubt(reason) => ours::Outcome::InDoubt(reason),
        wire::Outcome::Later(millis) => ours::Outcome::Later(millis),
    }
}

fn sender_in(sender: wire::Sender) -> ours::Sender {
    ours::Sender { id: sender.id, display_name: sender.display_name, is_bot: sender.is_bot }
}

fn conversation_in(conversation: wire::Conversation) -> ours::Conversation {
    ours::Conversation { id: conversation.id, kind: conversation.kind, parent: conversation.parent, title: conversation.title }
}

fn inbound_in(inbound: wire::Inbound) -> ours::Inbound {
    match inbound {
        wire::Inbound::Message(message) => ours::Inbound::Message(ours::InboundMessage {
            key: message.key,
            id: message.id,
            edit_of: message.edit_of,
            forwarded: message.forwarded,
            conversation: conversation_in(message.conversation),
            sender: sender_in(message.sender),
            text: message.text,
            attachments: message.attachments.into_iter().map(attachment_in).collect(),
            reply_to: message.reply_to,
            mentions_agent: message.mentions_agent,
            sent_at_millis: message.sent_at_millis,
        }),
        wire::Inbound::Choice(choice) => ours::Inbound::Choice(ours::InboundChoice {
            key: choice.key,
            prompt_id: choice.prompt_id,
            choice_id: choice.choice_id,
            conversation: conversation_in(choice.conversation),
            sender: sender_in(choice.sender),
        }),
        wire::Inbound::Notice(notice) => ours::Inbound::Notice(ours::InboundNotice {
            key: notice.key,
            kind: notice.kind,
            conversation: conversation_in(notice.conversation),
            sender: notice.sender.map(sender_in),
            detail: notice.detail,
        }),
    }
}

fn attachment_in(attachment: wire::Attachment) -> ours::Attachment {
    match attachment {
        wire::Attachment::Stored(blob) => ours::Attachment::Stored(convert::blob_in(blob)),
        wire::Attachment::Remote(remote) => ours::Attachment::Remote(ours::RemoteBlob {
            token: remote.token,
            media_type: remote.media_type,
            name: remote.name,
            size: remote.size,
        }),
    }
}
