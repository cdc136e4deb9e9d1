//! What is to be said, and what became of it.

use wirken_types::channel::{Choice, Draft, Outbound, OutboundContent, Outcome, Prompt, PromptEnd};
use wirken_types::http::Failure;

use super::fields::{list, list_length, optional_text, text, texts, within, write_texts};
use super::inbound::{read_blob, write_blob};
use crate::error::WireError;
use crate::limits::{MAX_DRAFT_BYTES, MAX_ID_BYTES, MAX_NAME_BYTES, MAX_REASON_BYTES, MAX_WORD_BYTES};
use crate::wire_capnp::{failure, outbound as wire, outcome as wire_outcome, prompt};

const SHOWN: &str = "the ids of the messages that show it";

/// About what its texts take in a message.
pub(crate) fn outbound_bytes(from: &Outbound) -> usize {
    512 + match &from.content {
        OutboundContent::Text(draft) => draft.text.len() + draft.shown.len() * 64,
        OutboundContent::Prompt(prompt) => prompt.literal.iter().map(|(label, text)| label.len() + text.len() + 64).sum(),
        OutboundContent::PromptClosed(end) => end.text.len() + end.shown.len() * 64,
        OutboundContent::Attachment(_) => 0,
    }
}

pub(crate) fn write_outbound(mut to: wire::Builder<'_>, from: &Outbound) -> Result<(), WireError> {
    to.set_id(from.id);
    to.set_attempt(from.attempt);
    within("a conversation's id", from.conversation_id.len(), MAX_ID_BYTES)?;
    to.set_conversation_id(from.conversation_id.as_str());
    if let Some(id) = &from.reply_to {
        within("an answered message's id", id.len(), MAX_ID_BYTES)?;
        to.set_reply_to(id.as_str());
    }
    let content = to.init_content();
    match &from.content {
        OutboundContent::Text(draft) => {
            within("an outbound's text", draft.text.len(), MAX_DRAFT_BYTES)?;
            let mut to = content.init_text();
            to.set_text(draft.text.as_str());
            to.set_last(draft.last);
            write_texts(SHOWN, MAX_ID_BYTES, to.init_shown(list_length(SHOWN, draft.shown.len())?), &draft.shown)
        }
        OutboundContent::Prompt(prompt) => write_prompt(content.init_prompt(), prompt),
        OutboundContent::PromptClosed(end) => {
            within("an outbound's text", end.text.len(), MAX_DRAFT_BYTES)?;
            let mut to = content.init_prompt_closed();
            to.set_text(end.text.as_str());
            write_texts(SHOWN, MAX_ID_BYTES, to.init_shown(list_length(SHOWN, end.shown.len())?), &end.shown)
        }
        OutboundContent::Attachment(blob) => write_blob(content.init_attachment(), blob),
    }
}

pub(crate) fn outbound(from: wire::Reader<'_>) -> Result<Outbound, WireError> {
    Ok(Outbound {
        id: from.get_id(),
        attempt: from.get_attempt(),
        conversation_id: text("a conversation's id", MAX_ID_BYTES, from.get_conversation_id())?,
        reply_to: optional_text("an answered message's id", MAX_ID_BYTES, from.has_reply_to(), from.get_reply_to())?,
        content: match from.get_content().which()? {
            wire::content::Which::Text(draft) => OutboundContent::Text(Draft {
                shown: texts(SHOWN, MAX_ID_BYTES, draft.get_shown())?,
                text: text("an outbound's text", MAX_DRAFT_BYTES, draft.get_text())?,
                last: draft.get_last(),
            }),
            wire::content::Which::Prompt(prompt) => OutboundContent::Prompt(read_prompt(prompt?)?),
            wire::content::Which::PromptClosed(end) => OutboundContent::PromptClosed(PromptEnd {
                shown: texts(SHOWN, MAX_ID_BYTES, end.get_shown())?,
                text: text("an outbound's text", MAX_DRAFT_BYTES, end.get_text())?,
            }),
            wire::content::Which::Attachment(blob) => OutboundContent::Attachment(read_blob(blob?)?),
        },
    })
}

fn write_prompt(mut to: prompt::Builder<'_>, from: &Prompt) -> Result<(), WireError> {
    within("a prompt's id", from.id.len(), MAX_ID_BYTES)?;
    within("a prompt's title", from.title.len(), MAX_NAME_BYTES)?;
    to.set_id(from.id.as_str());
    to.set_title(from.title.as_str());
    to.set_expires_at_millis(from.expires_at_millis);
    let mut literal = to.reborrow().init_literal(list_length("a prompt's texts", from.literal.len())?);
    for (index, (label, text)) in (0..).zip(&from.literal) {
        within("a prompt's label", label.len(), MAX_NAME_BYTES)?;
        within("a prompt's text", text.len(), MAX_DRAFT_BYTES)?;
        let mut to = literal.reborrow().get(index);
        to.set_label(label.as_str());
        to.set_text(text.as_str());
    }
    let mut choices = to.init_choices(list_length("a prompt's choices", from.choices.len())?);
    for (index, choice) in (0..).zip(&from.choices) {
        within("a choice's id", choice.id.len(), MAX_ID_BYTES)?;
        within("a choice's label", choice.label.len(), MAX_NAME_BYTES)?;
        within("a choice's style", choice.style.len(), MAX_WORD_BYTES)?;
        let mut to = choices.reborrow().get(index);
        to.set_id(choice.id.as_str());
        to.set_label(choice.label.as_str());
        to.set_style(choice.style.as_str());
    }
    Ok(())
}

fn read_prompt(from: prompt::Reader<'_>) -> Result<Prompt, WireError> {
    Ok(Prompt {
        id: text("a prompt's id", MAX_ID_BYTES, from.get_id())?,
        title: text("a prompt's title", MAX_NAME_BYTES, from.get_title())?,
        literal: list("a prompt's texts", from.get_literal()?.iter(), |literal| {
            Ok((
                text("a prompt's label", MAX_NAME_BYTES, literal.get_label())?,
                text("a prompt's text", MAX_DRAFT_BYTES, literal.get_text())?,
            ))
        })?,
        choices: list("a prompt's choices", from.get_choices()?.iter(), |choice| {
            Ok(Choice {
                id: text("a choice's id", MAX_ID_BYTES, choice.get_id())?,
                label: text("a choice's label", MAX_NAME_BYTES, choice.get_label())?,
                style: text("a choice's style", MAX_WORD_BYTES, choice.get_style())?,
            })
        })?,
        expires_at_millis: from.get_expires_at_millis(),
    })
}

pub(crate) fn write_outcome(mut to: wire_outcome::Builder<'_>, from: &Outcome) -> Result<(), WireError> {
    match from {
        Outcome::Delivered(shown) => write_texts(SHOWN, MAX_ID_BYTES, to.init_delivered(list_length(SHOWN, shown.len())?), shown),
        Outcome::Failed(failure) => write_failure(to.init_failed(), failure),
        Outcome::InDoubt(why) => {
            within("an outcome's reason", why.len(), MAX_REASON_BYTES)?;
            to.set_in_doubt(why.as_str());
            Ok(())
        }
        Outcome::Later(millis) => {
            to.set_later(*millis);
            Ok(())
        }
    }
}

pub(crate) fn outcome(from: wire_outcome::Reader<'_>) -> Result<Outcome, WireError> {
    Ok(match from.which()? {
        wire_outcome::Which::Delivered(shown) => Outcome::Delivered(texts(SHOWN, MAX_ID_BYTES, shown)?),
        wire_outcome::Which::Failed(failure) => Outcome::Failed(read_failure(failure?)?),
        wire_outcome::Which::InDoubt(why) => Outcome::InDoubt(text("an outcome's reason", MAX_REASON_BYTES, why)?),
        wire_outcome::Which::Later(millis) => Outcome::Later(millis),
    })
}

fn write_failure(mut to: failure::Builder<'_>, from: &Failure) -> Result<(), WireError> {
    within("a failure's kind", from.kind.len(), MAX_WORD_BYTES)?;
    within("a failure's message", from.message.len(), MAX_REASON_BYTES)?;
    to.set_kind(from.kind.as_str());
    to.set_sent(from.sent);
    to.set_message(from.message.as_str());
    Ok(())
}

fn read_failure(from: failure::Reader<'_>) -> Result<Failure, WireError> {
    Ok(Failure {
        kind: text("a failure's kind", MAX_WORD_BYTES, from.get_kind())?,
        sent: from.get_sent(),
        message: text("a failure's message", MAX_REASON_BYTES, from.get_message())?,
    })
}
