//! What people did, and the component's state, as a channel tells it.

use capnp::struct_list;
use wirken_types::channel::{Attachment, Conversation, Inbound, InboundChoice, InboundMessage, InboundNotice, RemoteBlob, Sender, State};
use wirken_types::http::Blob;

use super::fields::{data, list, list_length, optional_text, text, within};
use crate::error::WireError;
use crate::limits::{MAX_ID_BYTES, MAX_NAME_BYTES, MAX_STATE_BYTES, MAX_TEXT_BYTES, MAX_WORD_BYTES};
use crate::wire_capnp::{attachment, blob, conversation, inbound as wire, message, remote_blob, sender, state as wire_state};

/// About what its texts take in a message.
pub(crate) fn inbound_bytes(from: &Inbound) -> usize {
    512 + match from {
        Inbound::Message(message) => message.text.len() + message.attachments.len() * 256,
        Inbound::Choice(_) => 0,
        Inbound::Notice(notice) => notice.detail.len(),
    }
}

pub(crate) fn write_inbound(mut to: wire::Builder<'_>, from: &Inbound) -> Result<(), WireError> {
    let (key, conversation, sender) = match from {
        Inbound::Message(message) => (&message.key, &message.conversation, Some(&message.sender)),
        Inbound::Choice(choice) => (&choice.key, &choice.conversation, Some(&choice.sender)),
        Inbound::Notice(notice) => (&notice.key, &notice.conversation, notice.sender.as_ref()),
    };
    within("an inbound's key", key.len(), MAX_ID_BYTES)?;
    to.set_key(key.as_str());
    write_conversation(to.reborrow().init_conversation(), conversation)?;
    if let Some(sender) = sender {
        write_sender(to.reborrow().init_sender(), sender)?;
    }
    match from {
        Inbound::Message(message) => write_message(to.init_message(), message),
        Inbound::Choice(choice) => {
            within("a prompt's id", choice.prompt_id.len(), MAX_ID_BYTES)?;
            within("a choice's id", choice.choice_id.len(), MAX_ID_BYTES)?;
            let mut to = to.init_choice();
            to.set_prompt_id(choice.prompt_id.as_str());
            to.set_choice_id(choice.choice_id.as_str());
            Ok(())
        }
        Inbound::Notice(notice) => {
            within("a notice's kind", notice.kind.len(), MAX_WORD_BYTES)?;
            within("a notice's detail", notice.detail.len(), MAX_TEXT_BYTES)?;
            let mut to = to.init_notice();
            to.set_kind(notice.kind.as_str());
            to.set_detail(notice.detail.as_str());
            Ok(())
        }
    }
}

pub(crate) fn inbound(from: wire::Reader<'_>) -> Result<Inbound, WireError> {
    let key = text("an inbound's key", MAX_ID_BYTES, from.get_key())?;
    let conversation = read_conversation(from)?;
    let sender = if from.has_sender() { Some(read_sender(from.get_sender()?)?) } else { None };
    let missing = WireError::Missing { what: "an inbound's sender" };
    Ok(match from.which()? {
        wire::Which::Message(message) => {
            if !from.has_message() {
                return Err(WireError::Missing { what: "an inbound's message" });
            }
            Inbound::Message(read_message(message?, key, conversation, sender.ok_or(missing)?)?)
        }
        wire::Which::Choice(choice) => Inbound::Choice(InboundChoice {
            key,
            prompt_id: text("a prompt's id", MAX_ID_BYTES, choice.get_prompt_id())?,
            choice_id: text("a choice's id", MAX_ID_BYTES, choice.get_choice_id())?,
            conversation,
            sender: sender.ok_or(missing)?,
        }),
        wire::Which::Notice(notice) => Inbound::Notice(InboundNotice {
            key,
            kind: text("a notice's kind", MAX_WORD_BYTES, notice.get_kind())?,
            conversation,
            sender,
            detail: text("a notice's detail", MAX_TEXT_BYTES, notice.get_detail())?,
        }),
    })
}

fn write_message(mut to: message::Builder<'_>, from: &InboundMessage) -> Result<(), WireError> {
    within("a message's id", from.id.len(), MAX_ID_BYTES)?;
    within("a message's text", from.text.len(), MAX_TEXT_BYTES)?;
    to.set_id(from.id.as_str());
    to.set_text(from.text.as_str());
    to.set_forwarded(from.forwarded);
    to.set_mentions_agent(from.mentions_agent);
    if let Some(id) = &from.edit_of {
        within("an edited message's id", id.len(), MAX_ID_BYTES)?;
        to.set_edit_of(id.as_str());
    }
    if let Some(id) = &from.reply_to {
        within("an answered message's id", id.len(), MAX_ID_BYTES)?;
        to.set_reply_to(id.as_str());
    }
    if let Some(millis) = from.sent_at_millis {
        to.reborrow().init_sent_at().set_millis(millis);
    }
    if from.attachments.is_empty() {
        return Ok(());
    }
    let mut list = to.init_attachments(list_length("the attachments", from.attachments.len())?);
    for (index, attachment) in (0..).zip(&from.attachments) {
        let to = list.reborrow().get(index);
        match attachment {
            Attachment::Stored(blob) => write_blob(to.init_stored(), blob)?,
            Attachment::Remote(remote) => write_remote(to.init_remote(), remote)?,
        }
    }
    Ok(())
}

fn read_message(from: message::Reader<'_>, key: String, conversation: Conversation, sender: Sender) -> Result<InboundMessage, WireError> {
    Ok(InboundMessage {
        key,
        id: text("a message's id", MAX_ID_BYTES, from.get_id())?,
        edit_of: optional_text("an edited message's id", MAX_ID_BYTES, from.has_edit_of(), from.get_edit_of())?,
        forwarded: from.get_forwarded(),
        conversation,
        sender,
        text: text("a message's text", MAX_TEXT_BYTES, from.get_text())?,
        attachments: list("the attachments", from.get_attachments()?.iter(), read_attachment)?,
        reply_to: optional_text("an answered message's id", MAX_ID_BYTES, from.has_reply_to(), from.get_reply_to())?,
        mentions_agent: from.get_mentions_agent(),
        sent_at_millis: match from.get_sent_at().which()? {
            message::sent_at::Which::Unknown(()) => None,
            message::sent_at::Which::Millis(millis) => Some(millis),
        },
    })
}

fn write_conversation(mut to: conversation::Builder<'_>, from: &Conversation) -> Result<(), WireError> {
    within("a conversation's id", from.id.len(), MAX_ID_BYTES)?;
    within("a conversation's kind", from.kind.len(), MAX_WORD_BYTES)?;
    to.set_id(from.id.as_str());
    to.set_kind(from.kind.as_str());
    if let Some(parent) = &from.parent {
        within("a conversation's parent", parent.len(), MAX_ID_BYTES)?;
        to.set_parent(parent.as_str());
    }
    if let Some(title) = &from.title {
        within("a conversation's title", title.len(), MAX_NAME_BYTES)?;
        to.set_title(title.as_str());
    }
    Ok(())
}

fn read_conversation(from: wire::Reader<'_>) -> Result<Conversation, WireError> {
    if !from.has_conversation() {
        return Err(WireError::Missing { what: "an inbound's conversation" });
    }
    let from = from.get_conversation()?;
    Ok(Conversation {
        id: text("a conversation's id", MAX_ID_BYTES, from.get_id())?,
        kind: text("a conversation's kind", MAX_WORD_BYTES, from.get_kind())?,
        parent: optional_text("a conversation's parent", MAX_ID_BYTES, from.has_parent(), from.get_parent())?,
        title: optional_text("a conversation's title", MAX_NAME_BYTES, from.has_title(), from.get_title())?,
    })
}

fn write_sender(mut to: sender::Builder<'_>, from: &Sender) -> Result<(), WireError> {
    within("a sender's id", from.id.len(), MAX_ID_BYTES)?;
    to.set_id(from.id.as_str());
    if let Some(name) = &from.display_name {
        within("a sender's name", name.len(), MAX_NAME_BYTES)?;
        to.set_display_name(name.as_str());
    }
    to.set_is_bot(from.is_bot);
    Ok(())
}

fn read_sender(from: sender::Reader<'_>) -> Result<Sender, WireError> {
    Ok(Sender {
        id: text("a sender's id", MAX_ID_BYTES, from.get_id())?,
        display_name: optional_text("a sender's name", MAX_NAME_BYTES, from.has_display_name(), from.get_display_name())?,
        is_bot: from.get_is_bot(),
    })
}

fn read_attachment(from: attachment::Reader<'_>) -> Result<Attachment, WireError> {
    Ok(match from.which()? {
        attachment::Which::Stored(blob) => Attachment::Stored(read_blob(blob?)?),
        attachment::Which::Remote(remote) => Attachment::Remote(read_remote(remote?)?),
    })
}

pub(crate) fn write_blob(mut to: blob::Builder<'_>, from: &Blob) -> Result<(), WireError> {
    within("a blob's id", from.id.len(), MAX_ID_BYTES)?;
    within("a media type", from.media_type.len(), MAX_WORD_BYTES)?;
    to.set_id(from.id.as_str());
    to.set_media_type(from.media_type.as_str());
    if let Some(name) = &from.name {
        within("a file's name", name.len(), MAX_NAME_BYTES)?;
        to.set_name(name.as_str());
    }
    to.set_size(from.size);
    Ok(())
}

pub(crate) fn read_blob(from: blob::Reader<'_>) -> Result<Blob, WireError> {
    Ok(Blob {
        id: text("a blob's id", MAX_ID_BYTES, from.get_id())?,
        media_type: text("a media type", MAX_WORD_BYTES, from.get_media_type())?,
        name: optional_text("a file's name", MAX_NAME_BYTES, from.has_name(), from.get_name())?,
        size: from.get_size(),
    })
}

fn write_remote(mut to: remote_blob::Builder<'_>, from: &RemoteBlob) -> Result<(), WireError> {
    within("a medium's token", from.token.len(), MAX_NAME_BYTES)?;
    within("a media type", from.media_type.len(), MAX_WORD_BYTES)?;
    to.set_token(from.token.as_str());
    to.set_media_type(from.media_type.as_str());
    if let Some(name) = &from.name {
        within("a file's name", name.len(), MAX_NAME_BYTES)?;
        to.set_name(name.as_str());
    }
    if let Some(size) = from.size {
        to.init_size().set_bytes(size);
    }
    Ok(())
}

fn read_remote(from: remote_blob::Reader<'_>) -> Result<RemoteBlob, WireError> {
    Ok(RemoteBlob {
        token: text("a medium's token", MAX_NAME_BYTES, from.get_token())?,
        media_type: text("a media type", MAX_WORD_BYTES, from.get_media_type())?,
        name: optional_text("a file's name", MAX_NAME_BYTES, from.has_name(), from.get_name())?,
        size: match from.get_size().which()? {
            remote_blob::size::Which::Unknown(()) => None,
            remote_blob::size::Which::Bytes(bytes) => Some(bytes),
        },
    })
}

pub(crate) fn write_state(mut to: struct_list::Builder<'_, wire_state::Owned>, from: &[State]) -> Result<(), WireError> {
    for (index, state) in (0..).zip(from) {
        within("a state's key", state.key.len(), MAX_ID_BYTES)?;
        within("a state's value", state.value.len(), MAX_STATE_BYTES)?;
        let mut to = to.reborrow().get(index);
        to.set_key(state.key.as_str());
        to.set_value(&state.value);
    }
    Ok(())
}

pub(crate) fn state(from: wire_state::Reader<'_>) -> Result<State, WireError> {
    Ok(State {
        key: text("a state's key", MAX_ID_BYTES, from.get_key())?,
        value: data("a state's value", MAX_STATE_BYTES, from.get_value())?.to_vec(),
    })
}
