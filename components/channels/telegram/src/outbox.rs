//! Everything that is to be said, and what is known of what was: which messages show which texts, and when each chat
//! last got one.

use std::collections::BTreeMap;

use serde_json::json;

use crate::api::Answer;
use crate::bounded::Bounded;
use crate::core::{Core, Purpose};
use crate::delivery::{Delivery, MAX_IDS, Part, Step};
use crate::entity::{Formatted, is_visible, units};
use crate::markdown::render;
use crate::place::Place;
use crate::prompt::{Prompts, question};
use crate::split::{MAX_UNITS, split};
use crate::types::{Content, Draft, Effect, Failure, Outbound, Outcome, Prompt, PromptEnd};

/// Under way at once. Each has a request or a timer of the few that the host allows.
pub(crate) const MAX_DELIVERIES: usize = 48;

/// Messages whose text is remembered, and chats whose pace is.
const MAX_REMEMBERED: usize = 4_096;

/// Prompts whose text is remembered until they end.
const MAX_PROMPTS: usize = 256;

/// Between two drafts in a chat: Telegram wants no more than one message a second in a private chat, and 20 a minute in
/// a group. <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>
const PRIVATE_PACE_MILLIS: u64 = 1_000;
const GROUP_PACE_MILLIS: u64 = 3_000;

/// Where too much is under way.
const BUSY_MILLIS: u64 = 1_000;

#[derive(Debug)]
pub(crate) struct Outbox {
    under_way: BTreeMap<u64, Delivery>,
    /// By chat and message: a hash of what it shows.
    known: Bounded<(i64, i64), u64>,
    prompts: Bounded<(i64, i64), Formatted>,
    last_in_chat: Bounded<i64, u64>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            under_way: BTreeMap::new(),
            known: Bounded::new(MAX_REMEMBERED),
            prompts: Bounded::new(MAX_PROMPTS),
            last_in_chat: Bounded::new(MAX_REMEMBERED),
        }
    }

    pub(crate) fn take(&mut self, core: &mut Core, prompts: &mut Prompts, outbound: Outbound) {
        let Outbound { id, attempt, conversation_id, reply_to, content } = outbound;
        if self.under_way.contains_key(&id) {
            core.log("error", format!("outbound {id} came twice"));
            return;
        }
        let end = |core: &mut Core, outcome| core.push(Effect::Outcome(id, outcome));
        if core.closed {
            return end(core, Outcome::Later(0));
        }
        if self.under_way.len() >= MAX_DELIVERIES {
            return end(core, Outcome::Later(BUSY_MILLIS));
        }
        let Some(place) = Place::parse(&conversation_id) else {
            return end(core, failed("invalid", "there is no such conversation"));
        };
        let reply_to = reply_to.and_then(|id| id.parse().ok());
        let delivery = match content {
            Content::Text(draft) => self.draft(core.now, place, attempt, reply_to, &draft),
            Content::Prompt(prompt) => ask(prompts, place, attempt, reply_to, &prompt),
            Content::PromptClosed(prompt) => self.close(place, attempt, &prompt),
            Content::Attachment => Err(failed("unavailable", "this channel sends no files")),
        };
        match delivery {
            Ok(delivery) => self.go_on(core, id, delivery),
            Err(outcome) => end(core, outcome),
        }
    }

    fn draft(&self, now: u64, place: Place, attempt: u32, reply_to: Option<i64>, draft: &Draft) -> Result<Delivery, Outcome> {
        let mut parts: Vec<_> = split(&render(&draft.text)).into_iter().map(|part| Part::new(part, None)).collect();
        if !draft.last {
            // The rest comes with the last draft: no draft changes a message that no outcome named.
            parts.truncate(MAX_IDS);
        }
        if parts.is_empty() {
            // More may come.
            return Err(if draft.last { failed("invalid", "there is nothing to see in the text") } else { Outcome::Later(BUSY_MILLIS) });
        }
        let delivery = Delivery::new(place, attempt, reply_to, parts, numbers(&draft.shown));
        let wait = self.wait(place, now);
        if !draft.last && wait > 0 && !delivery.is_shown(|message| self.known(place, message)) {
            return Err(Outcome::Later(wait));
        }
        Ok(delivery)
    }

    /// The end of a prompt stands below the question, where that is known still.
    fn close(&self, place: Place, attempt: u32, prompt: &PromptEnd) -> Result<Delivery, Outcome> {
        let shown = numbers(&prompt.shown);
        let Some(last) = shown.last() else { return Err(Outcome::Delivered(Vec::new())) };
        let end = if is_visible(&prompt.text) { prompt.text.trim() } else { "…" };
        let mut content = self.prompts.get(&(place.chat, *last)).cloned().unwrap_or_default();
        let between = if content.text.is_empty() { "" } else { "\n\n" };
        content.push(&format!("{between}{end}"), None);
        if units(&content.text) > MAX_UNITS {
            content = split(&Formatted::plain(end)).into_iter().next().unwrap_or_default();
        }
        Ok(Delivery::edit_of(place, attempt, Part::new(content, None), shown))
    }

    pub(crate) fn rang(&mut self, core: &mut Core, id: u64) {
        if let Some(delivery) = self.under_way.remove(&id) {
            self.go_on(core, id, delivery);
        }
    }

    pub(crate) fn answered(&mut self, core: &mut Core, id: u64, answer: &Answer) {
        let Some(mut delivery) = self.under_way.remove(&id) else { return };
        let (chat, hash) = (delivery.place.chat, delivery.current().map(|(part, _)| part.hash));
        match delivery.answered(answer) {
            Ok(message) => {
                if let Some(hash) = hash {
                    self.known.insert((chat, message), hash);
                }
                self.go_on(core, id, delivery);
            }
            Err(None) => self.go_on(core, id, delivery),
            Err(Some(step)) => self.step(core, id, delivery, step),
        }
    }

    pub(crate) fn failed(&mut self, core: &mut Core, id: u64, failure: &Failure) {
        let Some(mut delivery) = self.under_way.remove(&id) else { return };
        let step = delivery.failed_to_ask(failure);
        self.step(core, id, delivery, step);
    }

    fn go_on(&mut self, core: &mut Core, id: u64, mut delivery: Delivery) {
        let place = delivery.place;
        let step = delivery.advance(|message| self.known(place, message));
        self.step(core, id, delivery, step);
    }

    fn step(&mut self, core: &mut Core, id: u64, delivery: Delivery, step: Step) {
        let chat = delivery.place.chat;
        let step = if core.closed { delivery.stopped(step) } else { step };
        match step {
            Step::Call(method, parameters) => {
                // Until it is answered nobody knows what the message shows.
                if let Some((_, Some(message))) = delivery.current() {
                    self.known.remove(&(chat, message));
                }
                self.last_in_chat.insert(chat, core.now);
                core.call(method, &parameters, Purpose::Delivery(id));
                self.under_way.insert(id, delivery);
            }
            Step::Wait(millis) => {
                core.set_timer(millis, Purpose::Delivery(id));
                self.under_way.insert(id, delivery);
            }
            Step::End(outcome) => {
                if matches!(outcome, Outcome::Delivered(_)) {
                    self.tidy(core, &delivery);
                }
                core.push(Effect::Outcome(id, outcome));
            }
        }
    }

    /// Deletes what is no part of the text any more, and remembers a prompt for its end.
    fn tidy(&mut self, core: &mut Core, delivery: &Delivery) {
        let chat = delivery.place.chat;
        for message in delivery.surplus() {
            self.known.remove(&(chat, message));
            core.call("deleteMessage", &json!({ "chat_id": chat, "message_id": message }), Purpose::Aside);
        }
        if let Some((part, message)) = delivery.last().filter(|(part, _)| part.keyboard.is_some()) {
            self.prompts.insert((chat, message), part.content.clone());
        }
    }

    fn known(&self, place: Place, message: i64) -> Option<u64> {
        self.known.get(&(place.chat, message)).copied()
    }

    /// How long a draft has to wait. A clock that was set back keeps nobody waiting for longer than the pace.
    fn wait(&self, place: Place, now: u64) -> u64 {
        let pace = if place.is_private() { PRIVATE_PACE_MILLIS } else { GROUP_PACE_MILLIS };
        self.last_in_chat.get(&place.chat).map_or(0, |last| last.saturating_add(pace).saturating_sub(now).min(pace))
    }
}

fn ask(prompts: &mut Prompts, place: Place, attempt: u32, reply_to: Option<i64>, prompt: &Prompt) -> Result<Delivery, Outcome> {
    let Some(keyboard) = prompts.keyboard(prompt) else {
        return Err(failed("unavailable", "Telegram takes 1 to 100 choices"));
    };
    let mut parts: Vec<_> = split(&question(prompt)).into_iter().map(|part| Part::new(part, None)).collect();
    let Some(last) = parts.pop() else { return Err(failed("invalid", "there is nothing to see in the prompt")) };
    parts.push(Part::new(last.content, Some(keyboard)));
    Ok(Delivery::new(place, attempt, reply_to, parts, Vec::new()))
}

fn failed(kind: &str, message: &str) -> Outcome {
    Outcome::Failed(Failure { kind: kind.to_owned(), sent: false, message: message.to_owned() })
}

/// The numbers of messages. What is none was never Telegram's.
fn numbers(ids: &[String]) -> Vec<i64> {
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}
