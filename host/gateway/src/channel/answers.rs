//! Answers to questions that come through a channel: typed, or chosen. They are for the gateway, and no model sees them.

use wirken_ledger::{ApprovalState, KnownApproval};
use wirken_permissions::{Answer, Asked, Refusal, Typed, code_of, may_answer, parse, prompt, question};
use wirken_types::Timestamp;
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::channel::{InboundChoice, InboundMessage};
use wirken_types::event::{Event, Place};

use super::Runtime;
use super::brand::{Channel, ChannelError};
use super::conversation::ends;
use crate::{Answering, Answers, GatewayError};

const STRANGER: &str = "I do not know you, so what you press counts for nothing.";
/// Characters of a name.
const NAME: usize = 40;
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

/// Takes a press of a button, of somebody who is known. Whoever pressed is told why it does not count, and that is recorded;
/// where it does, the question's own message says so.
pub(super) async fn chosen(channel: &Channel<'_>, runtime: &Runtime, place: &Place, choice: &InboundChoice) -> Result<(), ChannelError> {
    match judged(channel, runtime, place, choice).await {
        Ok(()) => Ok(()),
        Err(ChannelError::Gateway(error)) if !ends(&error) => refuse(channel, runtime, choice, &error).await,
        Err(error) => Err(error),
    }
}

/// A press by somebody who is not known: it is recorded, and he is told nothing of what is asked.
pub(super) async fn pressed_by_stranger(
    channel: &Channel<'_>,
    runtime: &Runtime,
    choice: &InboundChoice,
    tell: bool,
) -> Result<(), ChannelError> {
    if tell {
        channel.notice(&choice.conversation.id, &to(choice, STRANGER));
    }
    record(runtime, choice, "whoever pressed is not known here").await
}

async fn judged(channel: &Channel<'_>, runtime: &Runtime, place: &Place, choice: &InboundChoice) -> Result<(), ChannelError> {
    let unknown = || GatewayError::UnknownApproval("with these buttons".to_owned());
    let id = choice.prompt_id.parse::<ApprovalId>().map_err(|_| unknown())?;
    let known = runtime.gateway.approval(id).await?.ok_or_else(unknown)?;
    let by = answers(runtime, place, &choice.sender.id);
    // Of a question that is asked elsewhere, or that he may not answer, he is not told either what became of it.
    let asked = Asked { place: &known.place, tier: known.tier, digest: known.action, expires_at: Timestamp(u64::MAX) };
    let rules = runtime.gateway.registry.shared().permits.policy.rules(&runtime.account.id);
    let denial = Answer { by: by.answerer(), choice: Choice::Deny, digest: known.action, at: Timestamp(0) };
    may_answer(&denial, &asked, &rules).map_err(GatewayError::from)?;
    let (named, below) = prompt::pressed(&choice.choice_id, known.action).ok_or_else(unknown)?;
    if !below {
        return Err(GatewayError::from(Refusal::Changed).into());
    }
    // Who has not seen all of it allows none of it.
    if named != Choice::Deny && !known.question.as_ref().is_some_and(question::fits_message) {
        return Err(GatewayError::from(Refusal::NotWhole).into());
    }
    // Where it is open still, the gateway was stopped between the press and what was to come of it.
    if !first_time(channel, runtime, &known, &choice.key).await? && known.state != ApprovalState::Open {
        return Err(GatewayError::from(Refusal::Repeated).into());
    }
    let answering = Answering { approval: id, choice: named, note: None, digest: Some(known.action), by };
    Ok(runtime.gateway.try_answer(&answering).await?)
}

async fn refuse(channel: &Channel<'_>, runtime: &Runtime, choice: &InboundChoice, error: &GatewayError) -> Result<(), ChannelError> {
    channel.notice(&choice.conversation.id, &to(choice, &format!("This was not taken as an answer: {error}.")));
    record(runtime, choice, &error.to_string()).await
}

/// Of refusals so many are recorded: a process may send what it likes.
async fn record(runtime: &Runtime, choice: &InboundChoice, reason: &str) -> Result<(), ChannelError> {
    if !runtime.failures.passes() {
        return Ok(());
    }
    // Whoever sent it chose the id.
    let question = choice.prompt_id.parse::<ApprovalId>().map_or_else(|_| "unknown".to_owned(), |id| id.to_string());
    let detail = serde_json::json!({ "by": choice.sender.id, "via": runtime.account.id, "reason": reason });
    Ok(runtime.gateway.record_system("answer-refused", &question, detail).await?)
}

/// Where several people are, with the name of who is meant.
fn to(choice: &InboundChoice, text: &str) -> String {
    if choice.conversation.is_direct() {
        return text.to_owned();
    }
    let name = choice.sender.display_name.as_deref().unwrap_or(&choice.sender.id);
    let name: String = name.chars().filter(|c| c.is_alphanumeric() || *c == ' ').take(NAME).collect();
    format!("{name}: {text}")
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
