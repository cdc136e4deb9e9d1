//! Asks Telegram for updates, one long poll after the other. A poll confirms what the one before brought, so it stands
//! behind that in the same list of effects: the host sends it once everything is committed, and with it how far that is.
//! Where this offset is lost, Telegram repeats itself, and the keys of what it says make that harmless.

use serde_json::{Value, json};

use crate::address::Me;
use crate::api::{self, Answer, Refusal, update_ids};
use crate::core::{Core, Purpose, backoff_millis};
use crate::offset::Kept;
use crate::prompt::Prompts;
use crate::types::{Effect, Failure, Inbound, Response, State};
use crate::update::{KINDS, Read, read};

/// Of a long poll.
const POLL_SECONDS: u32 = 30;

/// What a request may take beyond that.
const SLACK_SECONDS: u32 = 15;

/// Updates at once. Telegram's limit.
const BATCH: u32 = 100;

/// Until another program is believed to have stopped polling.
const CONFLICT_MILLIS: u64 = 10_000;

#[derive(Debug)]
pub(crate) struct Poll {
    me: Option<Me>,
    /// The first update that is wanted. What is below is confirmed by asking for it.
    offset: Option<i64>,
    /// What the host has of that.
    kept: Option<Kept>,
    /// One update at a time, until there is none: one of them cannot be taken.
    singly: bool,
    failures: u32,
    /// The next poll returns at once, so that people see soon that Telegram is back.
    quick: bool,
    /// A webhook was deleted, and no poll was answered since.
    webhook_deleted: bool,
    asked: Option<(u64, Question)>,
    timer: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Me,
    DeleteWebhook,
    Updates,
}

impl Poll {
    pub(crate) fn new(state: &[State], recovering: bool) -> Self {
        Self {
            me: None,
            offset: None,
            kept: Kept::load(state),
            singly: recovering,
            failures: 0,
            quick: false,
            webhook_deleted: false,
            asked: None,
            timer: None,
        }
    }

    pub(crate) fn start(&mut self, core: &mut Core) {
        core.health("connecting", "");
        self.go_on(core);
    }

    pub(crate) fn rang(&mut self, core: &mut Core) {
        self.timer = None;
        self.go_on(core);
    }

    fn go_on(&mut self, core: &mut Core) {
        if self.me.is_none() {
            self.ask(core, Question::Me);
        } else {
            self.ask(core, Question::Updates);
        }
    }

    /// So that a poll which confirms something stands behind what says so to the host.
    fn keep(&mut self, core: &mut Core) {
        let Some((me, offset)) = self.me.as_ref().zip(self.offset) else { return };
        let kept = Kept { bot: me.id, offset };
        if self.kept != Some(kept) {
            self.kept = Some(kept);
            core.push(Effect::StatePut(kept.state()));
        }
    }

    fn ask(&mut self, core: &mut Core, question: Question) {
        if question == Question::Updates {
            self.keep(core);
        }
        let seconds = if self.quick { 0 } else { POLL_SECONDS };
        let (method, parameters, timeout) = match question {
            Question::Me => ("getMe", json!({}), SLACK_SECONDS),
            Question::DeleteWebhook => ("deleteWebhook", json!({ "drop_pending_updates": false }), SLACK_SECONDS),
            Question::Updates => ("getUpdates", self.parameters(seconds), seconds + SLACK_SECONDS),
        };
        let id = core.call_within(method, &parameters, Purpose::Poll, timeout * 1_000);
        self.asked = id.map(|id| (id, question));
    }

    fn parameters(&self, seconds: u32) -> Value {
        let limit = if self.singly { 1 } else { BATCH };
        let mut parameters = json!({ "timeout": seconds, "limit": limit, "allowed_updates": KINDS });
        if let (Some(offset), Some(parameters)) = (self.offset, parameters.as_object_mut()) {
            parameters.insert("offset".into(), offset.into());
        }
        parameters
    }

    pub(crate) fn answered(&mut self, core: &mut Core, prompts: &Prompts, response: &Response) {
        let Some((_, question)) = self.asked.take() else { return };
        match (api::read(response), question) {
            (Answer::Refused(refusal), _) => self.refused(core, question, &refusal),
            (Answer::Done(me), Question::Me) => match Me::read(&me) {
                Some(me) => {
                    // Behind a poisoned answer it goes on where that says, which is newer.
                    let kept = self.kept.filter(|kept| kept.bot == me.id).map(|kept| kept.offset);
                    self.offset = self.offset.or(kept);
                    self.me = Some(me);
                    self.failures = 0;
                    self.ask(core, Question::Updates);
                    core.health("ok", "");
                }
                None => self.unreadable(core),
            },
            (Answer::Done(_), Question::DeleteWebhook) => {
                core.log("warn", "deleted the webhook that was set for this bot: updates are polled for");
                self.webhook_deleted = true;
                self.ask(core, Question::Updates);
            }
            (Answer::Done(updates), Question::Updates) => match updates.as_array() {
                Some(updates) => self.updates(core, prompts, updates),
                None => self.unreadable_updates(core, response),
            },
            (Answer::Unreadable, Question::Updates) => self.unreadable_updates(core, response),
            (Answer::Unreadable, _) => self.unreadable(core),
        }
    }

    fn updates(&mut self, core: &mut Core, prompts: &Prompts, updates: &[Value]) {
        self.failures = 0;
        self.quick = false;
        self.webhook_deleted = false;
        if updates.is_empty() {
            self.singly = false;
            self.ask(core, Question::Updates);
            return core.health("ok", "");
        }
        let Some(highest) = updates.iter().filter_map(number).max() else { return self.unreadable(core) };
        let mut presses = Vec::new();
        if let Some(me) = &self.me {
            for update in updates {
                take(core, &mut presses, update, me, prompts);
            }
        }
        let next = highest.saturating_add(1);
        let goes_on = self.offset.is_none_or(|offset| next > offset);
        self.offset = Some(next);
        if goes_on {
            self.ask(core, Question::Updates);
        } else {
            // After a week without updates their numbers begin anew somewhere; but a server that repeats itself without
            // end must not keep this busy without end.
            self.wait(core, backoff_millis(0));
        }
        core.health("ok", "");
        for (query, known) in presses {
            let mut parameters = json!({ "callback_query_id": query });
            if let (false, Some(parameters)) = (known, parameters.as_object_mut()) {
                parameters.insert("text".into(), "This question is not open any more.".into());
            }
            core.call("answerCallbackQuery", &parameters, Purpose::Aside);
        }
    }

    pub(crate) fn failed(&mut self, core: &mut Core, failure: &Failure) {
        let Some((_, question)) = self.asked.take() else { return };
        // Someone said the token itself to the bot. The host passes no such answer on, and never will: with one update
        // at a time, the next one is it. Without an offset nobody knows its number: it is asked for again until Telegram
        // forgets it, after a day.
        if question == Question::Updates && failure.kind == "leak" && failure.sent {
            if let Some(offset) = self.offset.filter(|_| self.singly) {
                core.log("warn", "skipped an update, because the bot's token is in it; get a new token from @BotFather");
                self.offset = Some(offset.saturating_add(1));
            }
            self.singly = true;
        }
        self.unreachable(core, failure.message.clone());
    }

    fn refused(&mut self, core: &mut Core, question: Question, refusal: &Refusal) {
        let Refusal { status, description, retry_after_millis, by_api } = refusal;
        let webhook = question == Question::Updates && refusal.says("webhook");
        match status {
            401 | 404 if *by_api => core.fatal(format!(
                "Telegram does not know this bot token ({status}: {description}); get a new one from @BotFather, \
                 and keep it with: wirken credentials add <ACCOUNT> token"
            )),
            429 => {
                self.quick = true;
                let seconds = retry_after_millis / 1_000;
                core.health("slowed", format!("Telegram wants fewer requests, and is asked again in {seconds} s"));
                self.wait(core, *retry_after_millis);
            }
            409 if webhook && !self.webhook_deleted => self.ask(core, Question::DeleteWebhook),
            409 => {
                let what = "another program gets this bot's messages; stop it, or give it a bot of its own";
                core.health("conflict", format!("{what} ({description})"));
                self.wait(core, CONFLICT_MILLIS);
            }
            _ => self.unreachable(core, format!("Telegram answered {status}: {description}")),
        }
    }

    /// An answer without a single number cannot be confirmed; one with a number is, once it came alone.
    fn unreadable_updates(&mut self, core: &mut Core, response: &Response) {
        let lowest = update_ids(&response.body).first().copied().filter(|_| response.status == 200);
        if let Some(lowest) = lowest.filter(|_| self.singly) {
            core.log("warn", format!("skipped update {lowest}, which cannot be read"));
            self.offset = Some(lowest.saturating_add(1));
        }
        self.singly |= lowest.is_some();
        self.unreadable(core);
    }

    fn unreadable(&mut self, core: &mut Core) {
        self.unreachable(core, "the answer cannot be read: it is not the Bot API's".to_owned());
    }

    fn unreachable(&mut self, core: &mut Core, detail: String) {
        core.health("unreachable", detail);
        self.quick = true;
        let wait = backoff_millis(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.wait(core, wait);
    }

    fn wait(&mut self, core: &mut Core, millis: u64) {
        self.timer = core.set_timer(millis, Purpose::Poll);
    }

    /// An instance before this one fell over an answer. If that held one update, it is that; if it held more, they come
    /// again one by one.
    pub(crate) fn poisoned(&mut self, core: &mut Core, response: &Response) {
        self.singly = true;
        let polling = matches!(self.asked, Some((_, Question::Updates)));
        match *update_ids(&response.body).as_slice() {
            [] => {
                core.log("warn", "an answer without an update ended an instance");
                self.stop(core);
                return self.wait(core, backoff_millis(0));
            }
            [update] => {
                core.log("warn", format!("skipped update {update}, which ended an instance"));
                // Even where it is lower than what was kept: after a week their numbers begin anew somewhere.
                self.offset = Some(update.saturating_add(1));
            }
            _ => {}
        }
        if polling {
            self.stop(core);
            self.ask(core, Question::Updates);
        }
    }

    pub(crate) fn stop(&mut self, core: &mut Core) {
        if let Some((call, _)) = self.asked.take() {
            core.cancel_call(call);
        }
        if let Some(timer) = self.timer.take() {
            core.cancel_timer(timer);
        }
    }
}

fn number(update: &Value) -> Option<i64> {
    update.get("update_id")?.as_i64()
}

fn take(core: &mut Core, presses: &mut Vec<(String, bool)>, update: &Value, me: &Me, prompts: &Prompts) {
    match read(update, me, prompts) {
        Ok(Read::Inbound(inbound)) => core.push(Effect::Inbound(inbound)),
        Ok(Read::Press { query, inbound }) => {
            presses.push((query, inbound.is_some()));
            if let Some(choice) = inbound {
                core.push(Effect::Inbound(Inbound::Choice(choice)));
            }
        }
        Ok(Read::Nothing) => {}
        Err(why) => {
            let number = number(update).map_or_else(|| "without a number".to_owned(), |number| number.to_string());
            core.log("warn", format!("skipped update {number}: {why}"));
        }
    }
}
