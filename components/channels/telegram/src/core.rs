//! What the parts of a connection share: requests and timers under way, each with whom it is for, and the effects that
//! are gathered for the host.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api;
use crate::settings::Settings;
use crate::types::{Effect, Request};

/// For whom an answer or a timer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Poll,
    /// Of an outbound.
    Delivery(u64),
    /// Of a conversation.
    Typing(String),
    /// Where the file with this id is.
    File(String),
    /// The file itself, which the host keeps.
    Download,
    /// Nobody waits for it.
    Aside,
}

impl Purpose {
    /// Whether it may be left out where too much is under way.
    fn is_minor(&self) -> bool {
        matches!(self, Self::Typing(_) | Self::File(_) | Self::Aside)
    }
}

/// Minor requests under way at once. The host allows 64 of all kinds; the others are the poll and the deliveries.
const MAX_MINOR: usize = 12;

/// Of a request that is answered at once.
const TIMEOUT_MILLIS: u32 = 30_000;

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) now: u64,
    /// After `shutdown` or `fatal`: nothing more is asked for. What was sent before may still be answered.
    pub(crate) closed: bool,
    calls: BTreeMap<u64, Purpose>,
    timers: BTreeMap<u32, Purpose>,
    next_call: u64,
    next_timer: u32,
    health: (&'static str, String),
    effects: Vec<Effect>,
}

impl Core {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            now: 0,
            closed: false,
            calls: BTreeMap::new(),
            timers: BTreeMap::new(),
            next_call: 1,
            next_timer: 1,
            health: ("", String::new()),
            effects: Vec::new(),
        }
    }

    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// None where it was left out.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value, purpose: Purpose) -> Option<u64> {
        self.call_within(method, parameters, purpose, TIMEOUT_MILLIS)
    }

    pub(crate) fn call_within(&mut self, method: &str, parameters: &Value, purpose: Purpose, timeout_millis: u32) -> Option<u64> {
        let minor = self.calls.values().filter(|purpose| purpose.is_minor()).count();
        if self.closed || (purpose.is_minor() && minor >= MAX_MINOR) {
            return None;
        }
        let id = self.next_call;
        self.next_call += 1;
        self.calls.insert(id, purpose);
        self.effects.push(Effect::Http(id, api::call(&self.settings, method, parameters, timeout_millis)));
        Some(id)
    }

    /// Has the host fetch a file.
    pub(crate) fn download(&mut self, token: String, request: Request) {
        let id = self.next_call;
        self.next_call += 1;
        self.calls.insert(id, Purpose::Download);
        self.effects.push(Effect::Media(token, Ok((id, request))));
    }

    pub(crate) fn cancel_call(&mut self, id: u64) {
        if self.calls.remove(&id).is_some() {
            self.effects.push(Effect::HttpCancel(id));
        }
    }

    /// Whom an answer is for. None where nobody asked.
    pub(crate) fn answered(&mut self, id: u64) -> Option<Purpose> {
        self.calls.remove(&id)
    }

    pub(crate) fn set_timer(&mut self, after_millis: u64, purpose: Purpose) -> Option<u32> {
        if self.closed {
            return None;
        }
        while self.timers.contains_key(&self.next_timer) {
            self.next_timer = self.next_timer.wrapping_add(1);
        }
        let id = self.next_timer;
        self.next_timer = id.wrapping_add(1);
        self.timers.insert(id, purpose);
        self.effects.push(Effect::SetTimer(id, after_millis));
        Some(id)
    }

    pub(crate) fn cancel_timer(&mut self, id: u32) {
        if self.timers.remove(&id).is_some() {
            self.effects.push(Effect::CancelTimer(id));
        }
    }

    pub(crate) fn rang(&mut self, id: u32) -> Option<Purpose> {
        self.timers.remove(&id)
    }

    /// Told only where it changed.
    pub(crate) fn health(&mut self, state: &'static str, detail: impl Into<String>) {
        let health = (state, detail.into());
        if self.health != health {
            self.health = health.clone();
            self.effects.push(Effect::Health(health.0, health.1));
        }
    }

    /// Without anything that people said.
    pub(crate) fn log(&mut self, level: &'static str, message: impl Into<String>) {
        self.effects.push(Effect::Log(level, message.into()));
    }

    /// The timers that were set, by what for: they do not ring any more.
    pub(crate) fn close(&mut self) -> Vec<Purpose> {
        self.closed = true;
        let timers = std::mem::take(&mut self.timers);
        self.effects.extend(timers.keys().copied().map(Effect::CancelTimer));
        timers.into_values().collect()
    }

    pub(crate) fn fatal(&mut self, message: String) {
        if !self.closed {
            self.effects.push(Effect::Fatal(message));
            self.closed = true;
        }
    }
}

/// 1 s, doubled by each failure before, at most 30 s.
pub(crate) fn backoff_millis(failures: u32) -> u64 {
    const MAX_MILLIS: u64 = 30_000;
    1_000_u64.checked_shl(failures.min(16)).unwrap_or(MAX_MILLIS).min(MAX_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_by_doubling_to_half_a_minute() {
        let waits: Vec<_> = [0, 1, 2, 3, 4, 5, 6, u32::MAX].into_iter().map(backoff_millis).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn leaves_minor_requests_out_where_too_many_are_under_way() {
        let mut core = Core::new(Settings::load("").unwrap());
        let ids: Vec<_> = (0..MAX_MINOR).map(|_| core.call("x", &Value::Null, Purpose::Aside)).collect();
        assert!(ids.iter().all(Option::is_some));
        assert_eq!(core.call("x", &Value::Null, Purpose::Typing("1".into())), None);
        assert!(core.call("x", &Value::Null, Purpose::Poll).is_some());
        assert_eq!(core.answered(ids[0].unwrap()), Some(Purpose::Aside));
        assert!(core.call("x", &Value::Null, Purpose::Aside).is_some());
    }

    #[test]
    fn asks_for_nothing_once_closed() {
        let mut core = Core::new(Settings::load("").unwrap());
        core.fatal("first".into());
        core.fatal("second".into());
        assert_eq!(core.call("x", &Value::Null, Purpose::Poll), None);
        assert_eq!(core.set_timer(1, Purpose::Poll), None);
        assert_eq!(core.take_effects(), [Effect::Fatal("first".into())]);
    }
}
