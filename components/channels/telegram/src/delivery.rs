//! One outbound on its way: its parts go one after the other, each after Telegram has answered for the one before, so
//! that they stand in order and never twice.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Map, Value, json};

use crate::api::{Answer, Refusal};
use crate::core::backoff_millis;
use crate::entity::Formatted;
use crate::place::Place;
use crate::types::{Failure, Outcome};

/// Times that an edit is sent once more, where nobody knows whether it was done. To edit twice does no harm.
const MAX_EDIT_RETRIES: u32 = 5;

/// Times that a part waits for a connection or for Telegram's limits, once a part before it is shown.
const MAX_WAITS: u32 = 20;

/// Messages that an outcome names. The host's bound.
pub(crate) const MAX_IDS: usize = 100;

#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) place: Place,
    attempt: u32,
    reply_to: Option<i64>,
    parts: Vec<Part>,
    /// The messages that show parts already, by the part's place in the list.
    shown: Vec<i64>,
    /// Messages that show what is no part any more.
    surplus: Vec<i64>,
    /// The part that is next, or under way.
    at: usize,
    ids: Vec<i64>,
    /// Something of this outbound was shown.
    progressed: bool,
    /// Of the part under way.
    tries: u32,
    /// Telegram did not take the part's entities.
    plain: bool,
    /// What is gone is not sent again.
    edits_only: bool,
}

#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) content: Formatted,
    pub(crate) keyboard: Option<Value>,
    pub(crate) hash: u64,
}

impl Part {
    pub(crate) fn new(content: Formatted, keyboard: Option<Value>) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        keyboard.as_ref().map(Value::to_string).hash(&mut hasher);
        Self { content, keyboard, hash: hasher.finish() }
    }
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Call(&'static str, Value),
    /// So many milliseconds, then again.
    Wait(u64),
    End(Outcome),
}

impl Delivery {
    pub(crate) fn new(place: Place, attempt: u32, reply_to: Option<i64>, parts: Vec<Part>, shown: Vec<i64>) -> Self {
        let reply_to = reply_to.filter(|_| shown.is_empty());
        let (ids, surplus) = (Vec::new(), Vec::new());
        Self { place, attempt, reply_to, parts, shown, surplus, at: 0, ids, progressed: false, tries: 0, plain: false, edits_only: false }
    }

    /// One that changes the last of some messages, or nothing where that is gone.
    pub(crate) fn edit_of(place: Place, attempt: u32, part: Part, mut shown: Vec<i64>) -> Self {
        let last: Vec<_> = shown.pop().into_iter().collect();
        Self { ids: shown, edits_only: true, ..Self::new(place, attempt, None, vec![part], last) }
    }

    /// Whether it would change nothing of what is shown.
    pub(crate) fn is_shown(&self, known: impl Fn(i64) -> Option<u64>) -> bool {
        self.parts.len() == self.shown.len() && self.parts.iter().zip(&self.shown).all(|(part, message)| known(*message) == Some(part.hash))
    }

    /// The part under way and the message that shows an earlier one in its place.
    pub(crate) fn current(&self) -> Option<(&Part, Option<i64>)> {
        self.parts.get(self.at).map(|part| (part, self.shown.get(self.at).copied()))
    }

    /// Messages to be deleted once all is shown.
    pub(crate) fn surplus(&self) -> impl Iterator<Item = i64> {
        self.surplus.iter().chain(self.shown.get(self.parts.len()..).unwrap_or_default()).copied()
    }

    /// The last part, and the message that shows it.
    pub(crate) fn last(&self) -> Option<(&Part, i64)> {
        self.parts.last().zip(self.ids.last().copied())
    }

    /// What is next, given what each message is known to show.
    pub(crate) fn advance(&mut self, known: impl Fn(i64) -> Option<u64>) -> Step {
        loop {
            let Some(part) = self.parts.get(self.at) else {
                return self.delivered();
            };
            match self.shown.get(self.at) {
                Some(message) if known(*message) == Some(part.hash) => {
                    let message = *message;
                    self.part_done(message);
                }
                Some(message) => return Step::Call("editMessageText", self.edit(part, *message)),
                None if self.edits_only => return self.delivered(),
                None => return Step::Call("sendMessage", self.send(part)),
            }
        }
    }

    /// With the last message, which has a prompt's buttons, and without those before it where there are too many.
    fn delivered(&self) -> Step {
        let (last, others) = self.ids.split_last().unzip();
        let others = others.into_iter().flatten().take(MAX_IDS - 1);
        Step::End(Outcome::Delivered(others.chain(last).map(i64::to_string).collect()))
    }

    fn send(&self, part: &Part) -> Value {
        let mut parameters = self.place.parameters();
        if let Some(message) = self.reply_to.filter(|_| self.at == 0) {
            parameters.insert("reply_parameters".into(), json!({ "message_id": message, "allow_sending_without_reply": true }));
        }
        self.with_text(parameters, part)
    }

    fn edit(&self, part: &Part, message: i64) -> Value {
        let mut parameters = Map::new();
        parameters.insert("chat_id".into(), self.place.chat.into());
        parameters.insert("message_id".into(), message.into());
        self.with_text(parameters, part)
    }

    fn with_text(&self, mut parameters: Map<String, Value>, part: &Part) -> Value {
        parameters.insert("text".into(), part.content.text.as_str().into());
        if !self.plain && !part.content.entities.is_empty() {
            parameters.insert("entities".into(), part.content.render_entities());
        }
        // Fetched by Telegram, a link tells its server that somebody reads it.
        parameters.insert("link_preview_options".into(), json!({ "is_disabled": true }));
        if let Some(keyboard) = &part.keyboard {
            parameters.insert("reply_markup".into(), keyboard.clone());
        }
        parameters.into()
    }

    /// The part under way is shown by this message.
    pub(crate) fn part_done(&mut self, message: i64) {
        self.ids.push(message);
        self.at += 1;
        self.tries = 0;
        self.plain = false;
    }

    /// The message that shows the part under way, where Telegram took it; else what to do.
    pub(crate) fn answered(&mut self, answer: &Answer) -> Result<i64, Option<Step>> {
        let editing = self.shown.get(self.at).copied();
        match (answer, editing) {
            (Answer::Done(_), Some(message)) => Ok(self.took(message)),
            (Answer::Done(result), None) => match result.get("message_id").and_then(Value::as_i64) {
                Some(message) => Ok(self.took(message)),
                None => Err(Some(self.in_doubt("Telegram's answer cannot be read"))),
            },
            (Answer::Refused(refusal), Some(message)) if is_unchanged(refusal) => Ok(self.took(message)),
            (Answer::Refused(refusal), _) => Err(self.refused(refusal, editing.is_some())),
            (Answer::Unreadable, Some(_)) => Err(Some(self.edit_again("Telegram's answer cannot be read"))),
            (Answer::Unreadable, None) => Err(Some(self.in_doubt("Telegram's answer cannot be read"))),
        }
    }

    fn took(&mut self, message: i64) -> i64 {
        self.progressed = true;
        self.part_done(message);
        message
    }

    /// None means: once more, as it is now.
    fn refused(&mut self, refusal: &Refusal, editing: bool) -> Option<Step> {
        let description = refusal.description.as_str();
        match refusal.status {
            429 => return Some(self.wait(refusal.retry_after_millis, description)),
            500.. if editing => return Some(self.edit_again(description)),
            500.. => return Some(self.in_doubt(description)),
            400 if editing && is_gone(refusal) => {
                // What follows would stand before it: all of it is sent anew.
                self.surplus.extend(self.shown.drain(self.at..).skip(1));
                return None;
            }
            400 if !self.plain && refusal.says("entit") && self.current().is_some_and(|(part, _)| !part.content.entities.is_empty()) => {
                self.plain = true;
                return None;
            }
            _ => {}
        }
        let kind = if refusal.status == 403 { "forbidden" } else { "refused" };
        Some(self.failed(kind, true, description))
    }

    pub(crate) fn failed_to_ask(&mut self, failure: &Failure) -> Step {
        let message = failure.message.as_str();
        match failure.kind.as_str() {
            // Its text is what is wrong, and will be.
            "leak" | "invalid" if !failure.sent => self.failed(&failure.kind, false, message),
            _ if !failure.sent => {
                self.wait(backoff_millis(if self.progressed { self.tries } else { self.attempt.saturating_sub(1) }), message)
            }
            _ if self.current().is_some_and(|(_, editing)| editing.is_some()) => self.edit_again(message),
            _ => self.in_doubt(message),
        }
    }

    /// Later: by the host's clock while nothing is shown, and by ours from then on.
    fn wait(&mut self, millis: u64, why: &str) -> Step {
        if !self.progressed {
            return Step::End(Outcome::Later(millis));
        }
        self.tries += 1;
        if self.tries > MAX_WAITS { self.failed("unavailable", false, why) } else { Step::Wait(millis) }
    }

    fn edit_again(&mut self, why: &str) -> Step {
        self.tries += 1;
        if self.tries > MAX_EDIT_RETRIES { self.in_doubt(why) } else { Step::Wait(backoff_millis(self.tries - 1)) }
    }

    /// What a step comes to where no request is sent any more. All of it can be done again where nothing was.
    pub(crate) fn stopped(&self, step: Step) -> Step {
        match step {
            Step::End(_) => step,
            Step::Call(..) | Step::Wait(_) if self.progressed || self.tries > 0 => {
                self.in_doubt("the channel was stopped before Telegram confirmed it")
            }
            Step::Call(..) | Step::Wait(_) => Step::End(Outcome::Later(0)),
        }
    }

    fn failed(&self, kind: &str, sent: bool, why: &str) -> Step {
        Step::End(Outcome::Failed(Failure { kind: kind.to_owned(), sent: sent || self.progressed, message: self.sentence(why) }))
    }

    fn in_doubt(&self, why: &str) -> Step {
        Step::End(Outcome::InDoubt(self.sentence(why)))
    }

    /// With which part it is about, where there are several.
    fn sentence(&self, why: &str) -> String {
        match (self.parts.len(), self.at) {
            (..=1, _) => why.to_owned(),
            (all, 0) => format!("part 1 of {all}: {why}"),
            (all, 1) => format!("part 1 of {all} is shown; part 2: {why}"),
            (all, shown) => format!("parts 1 to {shown} of {all} are shown; part {}: {why}", shown + 1),
        }
    }
}

fn is_unchanged(refusal: &Refusal) -> bool {
    refusal.status == 400 && (refusal.says("message is not modified") || refusal.says("message_not_modified"))
}

/// Deleted, too old to be edited, or one that Telegram took without giving it a number yet.
fn is_gone(refusal: &Refusal) -> bool {
    let words = ["message to edit not found", "message_id_invalid", "message can't be edited", "message identifier is not specified"];
    words.into_iter().any(|words| refusal.says(words))
}
