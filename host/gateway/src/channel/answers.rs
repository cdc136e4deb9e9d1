//! Answers to questions that come through a channel: typed, or chosen. They are for the gateway, and no model sees them.

use wirken_ledger::KnownApproval;
use wirken_permissions::{Typed, code_of, parse, question};
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::channel::{InboundChoice, InboundMessage};
use wirken_types::event::{Event, Place};

use super::Runtime;
use super::brand::{Channel, ChannelError};
use super::conversation::ends;
use crate::{Answering, Answers, GatewayError};

const NO_CODE: &str = "Something waits to be allowed here. Say which question you mean: its code stands in it, as in `yes a1b2c3`.";
const NOT_WHOLE: &str =
    "This question is too long to be shown here whole: allow it in WebChat or with `wirken permissions`, or deny it here.";

/// Takes a message that is nothing but an answer to a question that is open where it was said. False: it is a message like
/// any other.
pub(super) async fn typed(channel: &Channel<'_>, runtime: &Runtime, place: &Place, message: &InboundMessage) -> Result<bool, ChannelError> {
    // Somebody else's words answer nothing, nor does what was said before and changed since.
    if message.forwarded || message.edit_of.is_some() {
        return Ok(false);
    }
    let Some(Typed { choice, note, code }) = parse(&message.text, runtime.gateway.remember_days()) else { return Ok(false) };
    let mut open = runtime.gateway.approvals_at(place.clone()).await?;
    if open.is_empty() && code.is_none() {
        return Ok(false);
    }
    if let Some(code) = &code {
        open.retain(|known| code_of(known.approval) == *code);
    }
    let conversation = &message.conversation.id;
    let known = match open.as_slice() {
        [] => {
            channel.notice(conversation, "There is no open question with this code here.");
            return Ok(true);
        }
        [known] => known,
        // Which codes there are is for those to know who have read the questions.
        _ => {
            channel.notice(conversation, "Several questions are open: put the code of the one that you mean before the answer.");
            return Ok(true);
        }
    };
    // Only who has seen the question knows its code: a `yes` may be meant for something else that was said here. And who
    // has not seen all of it allows none of it.
    let whole = known.question.as_ref().is_some_and(question::fits_message);
    if choice != Choice::Deny && (code.is_none() || !whole) {
        channel.notice(conversation, if whole { NO_CODE } else { NOT_WHOLE });
        return Ok(true);
    }
    if !first_time(channel, runtime, known, &message.key).await? {
        channel.notice(conversation, "That answer was taken before. Where the question is still open, answer it again.");
        return Ok(true);
    }
    let by = answers(runtime, place, &message.sender.id);
    let answering = Answering { approval: known.approval, choice, note, digest: None, by };
    let told = match runtime.gateway.answer(answering).await {
        Ok(()) if choice == Choice::Deny => "Denied.".to_owned(),
        Ok(()) => "Allowed.".to_owned(),
        Err(GatewayError::Ledger(error)) if ends(&GatewayError::Ledger(error.clone())) => {
            return Err(GatewayError::Ledger(error).into());
        }
        Err(error) => format!("This was not taken as an answer: {error}."),
    };
    channel.notice(conversation, &told);
    Ok(true)
}

/// Takes a choice that somebody made by a button. No question is sent with buttons, so that whoever answers by one has its
/// id from elsewhere; it is judged as any answer is. Of refusals so many are recorded: a process may send what it likes.
pub(super) async fn chosen(runtime: &Runtime, place: &Place, choice: &InboundChoice) -> Result<(), ChannelError> {
    let named = match choice.choice_id.as_str() {
        "once" => Choice::Once,
        "session" => Choice::Session,
        "remember" => Choice::Remember,
        "deny" => Choice::Deny,
        // Of a later version, perhaps: it is none of the answers.
        _ => return Ok(()),
    };
    let id = choice.prompt_id.parse::<ApprovalId>();
    let by = answers(runtime, place, &choice.sender.id);
    let approval = id.clone().unwrap_or(ApprovalId::from_random([0; 16]));
    let answering = Answering { approval, choice: named, note: None, digest: None, by };
    let result = match id {
        Ok(_) => runtime.gateway.try_answer(&answering).await,
        Err(error) => Err(GatewayError::UnknownApproval(error.to_string())),
    };
    match result {
        Err(error) if ends(&error) => Err(error.into()),
        Err(error) if runtime.failures.passes() => Ok(runtime.gateway.record_refused(&answering, &error).await?),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn answers(runtime: &Runtime, place: &Place, sender: &str) -> Answers {
    Answers::Channel {
        account: runtime.account.id.clone(),
        conversation: place.conversation.clone(),
        thread: place.thread.clone(),
        sender: sender.to_owned(),
    }
}

/// Whether the message was not taken before: a platform repeats what it was not told to be done with.
async fn first_time(channel: &Channel<'_>, runtime: &Runtime, known: &KnownApproval, key: &str) -> Result<bool, ChannelError> {
    let Some(session) = channel.session(known.session).await? else { return Ok(false) };
    let command = format!("answer {}", code_of(known.approval));
    let event = Event::Commanded { account: runtime.account.id.clone(), key: key.to_owned(), command };
    match runtime.gateway.registry.record(session.id(), vec![event]).await {
        Ok(()) => Ok(true),
        Err(GatewayError::Ledger(wirken_ledger::Error::Duplicate { .. })) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
