//! Any message that may be sent.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wirken_types::channel::{
    Attachment, Choice, Conversation, Draft, Health, Inbound, InboundChoice, InboundMessage, InboundNotice, Outbound, OutboundContent,
    Outcome, Prompt, PromptEnd, RemoteBlob, Sender, State, Typing,
};
use wirken_types::http::{Blob, Failure};
use wirken_wire::limits::MAX_MEDIUM_BYTES;
use wirken_wire::{MediumNews, MediumOrder, ToAdapter, ToGateway};

fn id() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["(?s).{0,80}", Just("\0".to_owned()), "x{4000,9000}"]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..100)
}

fn ids() -> impl Strategy<Value = Vec<String>> {
    vec(id(), 0..5)
}

fn sender() -> impl Strategy<Value = Sender> {
    (id(), option::of(id()), any::<bool>()).prop_map(|(id, display_name, is_bot)| Sender { id, display_name, is_bot })
}

fn conversation() -> impl Strategy<Value = Conversation> {
    (id(), id(), option::of(id()), option::of(id())).prop_map(|(id, kind, parent, title)| Conversation { id, kind, parent, title })
}

fn blob() -> impl Strategy<Value = Blob> {
    (id(), id(), option::of(id()), any::<u64>()).prop_map(|(id, media_type, name, size)| Blob { id, media_type, name, size })
}

fn remote() -> impl Strategy<Value = RemoteBlob> {
    (id(), id(), option::of(id()), option::of(any::<u64>())).prop_map(|(token, media_type, name, size)| RemoteBlob {
        token,
        media_type,
        name,
        size,
    })
}

fn message() -> impl Strategy<Value = InboundMessage> {
    let attachments = vec(prop_oneof![blob().prop_map(Attachment::Stored), remote().prop_map(Attachment::Remote)], 0..4);
    let ids = (id(), id(), option::of(id()), option::of(id()));
    let flags = (any::<bool>(), any::<bool>(), option::of(any::<u64>()));
    (ids, conversation(), sender(), text(), attachments, flags).prop_map(
        |((key, id, edit_of, reply_to), conversation, sender, text, attachments, (forwarded, mentions_agent, sent_at_millis))| {
            InboundMessage {
                key,
                id,
                edit_of,
                forwarded,
                conversation,
                sender,
                text,
                attachments,
                reply_to,
                mentions_agent,
                sent_at_millis,
            }
        },
    )
}

fn inbound() -> impl Strategy<Value = Inbound> {
    let choice = (id(), id(), id(), conversation(), sender()).prop_map(|(key, prompt_id, choice_id, conversation, sender)| InboundChoice {
        key,
        prompt_id,
        choice_id,
        conversation,
        sender,
    });
    let notice = (id(), id(), conversation(), option::of(sender()), text())
        .prop_map(|(key, kind, conversation, sender, detail)| InboundNotice { key, kind, conversation, sender, detail });
    prop_oneof![message().prop_map(Inbound::Message), choice.prop_map(Inbound::Choice), notice.prop_map(Inbound::Notice)]
}

pub(crate) fn states() -> impl Strategy<Value = Vec<State>> {
    vec((id(), bytes()).prop_map(|(key, value)| State { key, value }), 0..5)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        ids().prop_map(Outcome::Delivered),
        (id(), any::<bool>(), text()).prop_map(|(kind, sent, message)| Outcome::Failed(Failure { kind, sent, message })),
        text().prop_map(Outcome::InDoubt),
        any::<u64>().prop_map(Outcome::Later),
    ]
}

fn content() -> impl Strategy<Value = OutboundContent> {
    let choices = vec((id(), id(), id()).prop_map(|(id, label, style)| Choice { id, label, style }), 0..4);
    let prompt = (id(), id(), vec((id(), text()), 0..4), choices, any::<u64>()).prop_map(|(id, title, literal, choices, expires)| Prompt {
        id,
        title,
        literal,
        choices,
        expires_at_millis: expires,
    });
    prop_oneof![
        (ids(), text(), any::<bool>()).prop_map(|(shown, text, last)| OutboundContent::Text(Draft { shown, text, last })),
        prompt.prop_map(OutboundContent::Prompt),
        (ids(), text()).prop_map(|(shown, text)| OutboundContent::PromptClosed(PromptEnd { shown, text })),
        blob().prop_map(OutboundContent::Attachment),
    ]
}

fn news() -> impl Strategy<Value = MediumNews> {
    prop_oneof![
        option::of(0..=MAX_MEDIUM_BYTES as u64).prop_map(|size| MediumNews::Begun { size }),
        bytes().prop_map(|bytes| MediumNews::Piece { bytes }),
        Just(MediumNews::Ended),
        text().prop_map(|reason| MediumNews::Failed { reason }),
    ]
}

fn order() -> impl Strategy<Value = MediumOrder> {
    prop_oneof![
        (id(), 0..=MAX_MEDIUM_BYTES as u64).prop_map(|(token, most)| MediumOrder::Wanted { token, most }),
        any::<u32>().prop_map(|bytes| MediumOrder::Credit { bytes }),
        blob().prop_map(MediumOrder::Kept),
        Just(MediumOrder::Dropped),
    ]
}

pub(crate) fn to_gateway() -> impl Strategy<Value = ToGateway> {
    prop_oneof![
        4 => (any::<u64>(), vec(inbound(), 0..4), states(), ids())
            .prop_map(|(id, inbounds, puts, deletes)| ToGateway::Commit { id, inbounds, puts, deletes }),
        2 => (any::<u64>(), outcome()).prop_map(|(id, outcome)| ToGateway::Outcome { id, outcome }),
        1 => (id(), text()).prop_map(|(state, detail)| ToGateway::Health(Health { state, detail })),
        1 => (id(), text()).prop_map(|(level, message)| ToGateway::Log { level, message }),
        1 => (text(), bytes()).prop_map(|(reason, body)| ToGateway::Skipped { reason, body }),
        1 => text().prop_map(|reason| ToGateway::Trapped { reason }),
        1 => text().prop_map(|reason| ToGateway::Fatal { reason }),
        1 => ids().prop_map(|lacking| ToGateway::Confined { lacking }),
        1 => Just(ToGateway::Beat),
        1 => (any::<u64>(), news()).prop_map(|(id, news)| ToGateway::Medium { id, news }),
    ]
}

pub(crate) fn to_adapter() -> impl Strategy<Value = ToAdapter> {
    let outbound = (any::<u64>(), any::<u32>(), id(), option::of(id()), content())
        .prop_map(|(id, attempt, conversation_id, reply_to, content)| Outbound { id, attempt, conversation_id, reply_to, content });
    prop_oneof![
        1 => any::<u64>().prop_map(|id| ToAdapter::Committed { id }),
        4 => outbound.prop_map(ToAdapter::Outbound),
        1 => (id(), any::<bool>()).prop_map(|(conversation_id, active)| ToAdapter::Typing(Typing { conversation_id, active })),
        1 => Just(ToAdapter::Beat),
        1 => Just(ToAdapter::Shutdown),
        1 => (any::<u64>(), order()).prop_map(|(id, order)| ToAdapter::Medium { id, order }),
    ]
}
