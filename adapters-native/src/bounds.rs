//! What a component says, cut to what may be said to the gateway. A component decides how long its texts are, and what a
//! stranger wrote may be in them: none of it may end the connection.

use wirken_types::channel::{Attachment, Health, Inbound, InboundMessage, Outcome, RemoteBlob, Sender};
use wirken_types::http::Failure;
use wirken_wire::limits::{MAX_ID_BYTES, MAX_NAME_BYTES, MAX_REASON_BYTES, MAX_SHOWN, MAX_TEXT_BYTES, MAX_WORD_BYTES};

/// Attachments of one message; a platform's album has ten.
const ATTACHMENTS: usize = 64;

/// The beginning of a text that fits, cut between two characters.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

pub(crate) fn reason(text: String) -> String {
    cut(text, MAX_REASON_BYTES)
}

pub(crate) fn word(text: String) -> String {
    cut(text, MAX_WORD_BYTES)
}

pub(crate) fn health(health: Health) -> Health {
    Health { state: word(health.state), detail: reason(health.detail) }
}

/// An outcome whose ids do not fit was delivered all the same: without them nothing can be edited later.
pub(crate) fn outcome(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Delivered(ids) if ids.len() > MAX_SHOWN || ids.iter().any(|id| id.len() > MAX_ID_BYTES) => Outcome::Delivered(Vec::new()),
        Outcome::Failed(failure) => {
            let Failure { kind, sent, message } = failure;
            Outcome::Failed(Failure { kind: word(kind), sent, message: reason(message) })
        }
        Outcome::InDoubt(why) => Outcome::InDoubt(reason(why)),
        outcome => outcome,
    }
}

/// What people did, cut where a cut changes nothing; or which of its ids is too long, and no id can be cut.
pub(crate) fn inbound(inbound: Inbound) -> Result<Inbound, &'static str> {
    let id = |text: &str, what: &'static str| if text.len() > MAX_ID_BYTES || text.is_empty() { Err(what) } else { Ok(()) };
    match &inbound {
        Inbound::Message(message) => {
            id(&message.key, "the key")?;
            id(&message.id, "the id")?;
            id(&message.sender.id, "the sender's id")?;
            id(&message.conversation.id, "the conversation's id")?;
            for optional in [&message.edit_of, &message.reply_to, &message.conversation.parent].into_iter().flatten() {
                id(optional, "a message's id")?;
            }
        }
        Inbound::Choice(choice) => {
            for (text, what) in [
                (&choice.key, "the key"),
                (&choice.prompt_id, "the prompt's id"),
                (&choice.choice_id, "the choice's id"),
                (&choice.sender.id, "the sender's id"),
                (&choice.conversation.id, "the conversation's id"),
            ] {
                id(text, what)?;
            }
            choice.conversation.parent.iter().try_for_each(|parent| id(parent, "the conversation's parent"))?;
        }
        Inbound::Notice(notice) => {
            id(&notice.key, "the key")?;
            id(&notice.conversation.id, "the conversation's id")?;
            notice.conversation.parent.iter().try_for_each(|parent| id(parent, "the conversation's parent"))?;
            notice.sender.iter().try_for_each(|sender| id(&sender.id, "the sender's id"))?;
            if notice.detail.len() > MAX_TEXT_BYTES {
                return Err("the detail");
            }
        }
    }
    Ok(match inbound {
        Inbound::Message(found) => Inbound::Message(message(found)),
        Inbound::Choice(mut choice) => {
            choice.sender = sender(choice.sender);
            choice.conversation.kind = word(choice.conversation.kind);
            choice.conversation.title = choice.conversation.title.map(name);
            Inbound::Choice(choice)
        }
        Inbound::Notice(mut notice) => {
            notice.kind = word(notice.kind);
            notice.sender = notice.sender.map(sender);
            notice.conversation.kind = word(notice.conversation.kind);
            notice.conversation.title = notice.conversation.title.map(name);
            Inbound::Notice(notice)
        }
    })
}

fn message(mut message: InboundMessage) -> InboundMessage {
    message.sender = sender(message.sender);
    message.conversation.kind = word(message.conversation.kind);
    message.conversation.title = message.conversation.title.map(name);
    message.text = cut(message.text, MAX_TEXT_BYTES);
    message.attachments.truncate(ATTACHMENTS);
    message.attachments = message.attachments.into_iter().map(attachment).collect();
    message
}

fn sender(sender: Sender) -> Sender {
    Sender { display_name: sender.display_name.map(name), ..sender }
}

fn name(text: String) -> String {
    cut(text, MAX_NAME_BYTES)
}

fn attachment(attachment: Attachment) -> Attachment {
    match attachment {
        Attachment::Stored(mut blob) => {
            blob.id = cut(blob.id, MAX_ID_BYTES);
            blob.media_type = word(blob.media_type);
            blob.name = blob.name.map(name);
            Attachment::Stored(blob)
        }
        Attachment::Remote(RemoteBlob { token, media_type, name: file, size }) => {
            Attachment::Remote(RemoteBlob { token: name(token), media_type: word(media_type), name: file.map(name), size })
        }
    }
}
