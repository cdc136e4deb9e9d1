//! Shows that the agent is at work. Telegram shows an action for five seconds or until a message comes, so it is told
//! again and again.

use std::collections::BTreeMap;

use crate::api::Answer;
use crate::core::{Core, Purpose};
use crate::place::Place;

const EVERY_MILLIS: u64 = 4_500;

/// Then nobody believes it any more.
const MAX_TIMES: u32 = 60;

/// Conversations at once; in others it is not shown. Each has a timer of the 256 that the host allows.
const MAX_CONVERSATIONS: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Typing {
    conversations: BTreeMap<String, State>,
}

#[derive(Debug)]
struct State {
    place: Place,
    /// Set while the agent is at work.
    timer: Option<u32>,
    /// A request that is under way: never a second one.
    call: Option<u64>,
    times: u32,
}

impl Typing {
    pub(crate) fn set(&mut self, core: &mut Core, conversation: String, active: bool) {
        if !active {
            self.stop(core, &conversation);
            return;
        }
        let Some(place) = Place::parse(&conversation) else { return };
        let room = self.conversations.len() < MAX_CONVERSATIONS;
        match self.conversations.get_mut(&conversation) {
            Some(State { timer: Some(_), .. }) => {}
            Some(state) => {
                state.times = 0;
                state.show(core, &conversation);
            }
            None if room => {
                let state = self.conversations.entry(conversation.clone()).or_insert(State { place, timer: None, call: None, times: 0 });
                state.show(core, &conversation);
            }
            None => {}
        }
    }

    pub(crate) fn rang(&mut self, core: &mut Core, conversation: &str) {
        let Some(state) = self.conversations.get_mut(conversation) else { return };
        state.timer = None;
        if state.times < MAX_TIMES {
            state.show(core, conversation);
        } else {
            self.stop(core, conversation);
        }
    }

    /// Whether it was shown is nobody's business; but who is told to slow down does.
    pub(crate) fn answered(&mut self, core: &mut Core, conversation: &str, answer: Option<&Answer>) {
        let Some(state) = self.conversations.get_mut(conversation) else { return };
        state.call = None;
        let slow_down = matches!(answer, Some(Answer::Refused(refusal)) if refusal.status == 429);
        if slow_down || state.timer.is_none() {
            self.stop(core, conversation);
        }
    }

    fn stop(&mut self, core: &mut Core, conversation: &str) {
        let Some(state) = self.conversations.get_mut(conversation) else { return };
        if let Some(timer) = state.timer.take() {
            core.cancel_timer(timer);
        }
        if state.call.is_none() {
            self.conversations.remove(conversation);
        }
    }
}

impl State {
    fn show(&mut self, core: &mut Core, conversation: &str) {
        self.times += 1;
        if self.call.is_none() {
            let mut parameters = self.place.parameters();
            parameters.insert("action".into(), "typing".into());
            self.call = core.call("sendChatAction", &parameters.into(), Purpose::Typing(conversation.to_owned()));
        }
        self.timer = core.set_timer(EVERY_MILLIS, Purpose::Typing(conversation.to_owned()));
    }
}
