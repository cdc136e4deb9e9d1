//! An update of Telegram's as what the host is told. What is not as documented is refused by a reason, never by a panic.

use serde_json::{Value, json};

use crate::address::{Body, Me, answered, is_meant_for};
use crate::media;
use crate::people::{conversation, flag, int, sender, text, user};
use crate::prompt::Prompts;
use crate::types::{Inbound, InboundChoice, InboundMessage, InboundNotice};

/// As `allowed_updates` names them.
pub(crate) const KINDS: [&str; 4] = ["message", "edited_message", "callback_query", "my_chat_member"];

/// Of a message's text, in bytes. The contract's bound; Telegram's own is far lower.
const MAX_TEXT_BYTES: usize = 400_000;

/// Of Telegram's id of a press, in bytes; its own have 20. With the bot's, it is a key of at most 256.
const MAX_QUERY_BYTES: usize = 200;

/// What an update comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Inbound(Inbound),
    /// Somebody pressed a button: Telegram waits for the answer to the press.
    Press {
        query: String,
        inbound: Option<InboundChoice>,
    },
    /// Nothing that anybody said or chose.
    Nothing,
}

/// The error says what is wrong with the update, without a word of what is in it.
///
/// Every key names the bot: the account may get another bot's token one day, whose private messages are counted from 1
/// again.
pub(crate) fn read(update: &Value, me: &Me, prompts: &Prompts) -> Result<Read, &'static str> {
    let of = |kind: &str| update.get(kind);
    if let Some(said) = of("message") {
        return message(said, me, false);
    }
    if let Some(said) = of("edited_message") {
        return message(said, me, true);
    }
    if let Some(query) = of("callback_query") {
        return press(query, me, prompts);
    }
    if let Some(change) = of("my_chat_member") {
        let number = int(update, "update_id").ok_or("it has no number")?;
        return membership(change, number, me).map(|notice| Read::Inbound(Inbound::Notice(notice)));
    }
    Err("it is of no kind that was asked for")
}

fn message(message: &Value, me: &Me, edited: bool) -> Result<Read, &'static str> {
    let (place, conversation) = conversation(message)?;
    let number = int(message, "message_id").ok_or("its message has no number")?;
    let sender = sender(message)?;
    let body = Body::read(message);
    let attachments = media::attachments(message);
    let mut words = body.stripped(me);
    if words.is_empty() && attachments.is_empty() {
        match media::in_words(message) {
            Some(thing) => words = thing,
            // Somebody came or went, a message was pinned, and the like.
            None => return Ok(Read::Nothing),
        }
    }
    words.truncate(words.floor_char_boundary(MAX_TEXT_BYTES));
    let when = int(message, if edited { "edit_date" } else { "date" });
    let (bot, chat) = (me.id, place.chat);
    let key = match when.filter(|_| edited) {
        Some(when) => format!("e:{bot}:{chat}:{number}:{when}"),
        None if edited => return Err("its edit has no date"),
        None => format!("m:{bot}:{chat}:{number}"),
    };
    let mentions_agent = is_meant_for(me, message, &body, conversation.kind == "direct");
    Ok(Read::Inbound(Inbound::Message(InboundMessage {
        key,
        id: number.to_string(),
        edit_of: edited.then(|| number.to_string()),
        forwarded: message.get("forward_origin").is_some() || flag(message, "is_automatic_forward"),
        conversation,
        sender,
        text: words,
        attachments,
        reply_to: answered(message).and_then(|answered| int(answered, "message_id")).map(|number| number.to_string()),
        mentions_agent,
        sent_at_millis: when.and_then(|when| u64::try_from(when).ok()?.checked_mul(1_000)),
    })))
}

/// A client that is not Telegram's own may send any data with any message of ours: which choices a prompt has, and who
/// may choose, is for the host to check.
fn press(query: &Value, me: &Me, prompts: &Prompts) -> Result<Read, &'static str> {
    let id = text(query, "id").filter(|id| !id.is_empty() && id.len() <= MAX_QUERY_BYTES).ok_or("its press has no id")?;
    let sender = user(query.get("from").ok_or("it is from nobody")?)?;
    let chosen = text(query, "data").and_then(|data| prompts.chosen(data));
    let place = query.get("message").and_then(|message| conversation(message).ok());
    let inbound = chosen.zip(place).map(|((prompt_id, choice_id), (_, conversation))| InboundChoice {
        key: format!("c:{}:{id}", me.id),
        prompt_id,
        choice_id,
        conversation,
        sender,
    });
    Ok(Read::Press { query: id.to_owned(), inbound })
}

/// The bot came into a chat or had to leave it, by somebody's hand.
fn membership(change: &Value, update: i64, me: &Me) -> Result<InboundNotice, &'static str> {
    let (_, conversation) = conversation(change)?;
    let status = |key: &str| {
        let member = change.get(key);
        let status = member.and_then(|member| text(member, "status"));
        let known = ["creator", "administrator", "member", "restricted", "left", "kicked"];
        known
            .into_iter()
            .find(|known| status == Some(*known))
            .map(|status| (status, member.is_some_and(|member| flag(member, "is_member"))))
    };
    let (new, is_member) = status("new_chat_member").ok_or("its membership is none")?;
    let inside = matches!(new, "creator" | "administrator" | "member") || (new == "restricted" && is_member);
    let old = status("old_chat_member").map(|(status, _)| status);
    Ok(InboundNotice {
        key: format!("n:{}:{update}", me.id),
        kind: if inside { "joined" } else { "left" },
        conversation,
        sender: change.get("from").and_then(|from| user(from).ok()),
        detail: json!({ "new": new, "old": old }).to_string(),
    })
}

#[cfg(test)]
mod tests;
