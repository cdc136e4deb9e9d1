//! The queue of updates that the bot has not confirmed, and who waits for them.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Map, Value};

/// Kinds that a bot gets only if it asks for them by name.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// How far past the newest update an offset may point and still be believed.
const FUTURE_MAX: i64 = 10;

#[derive(Debug)]
pub(crate) struct Updates {
    queue: VecDeque<(i64, Value)>,
    next: i64,
    /// Those that may be repeated: the last ones, delivered or not.
    past: VecDeque<(i64, Value)>,
    keep: usize,
    /// Handed out whatever the offset says.
    repeats: VecDeque<Value>,
    /// `None` is the default of the API.
    allowed: Option<BTreeSet<String>>,
    pub(crate) webhook: Option<Webhook>,
    /// The request that waits now; an older one is told of the conflict.
    pub(crate) poller: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) max_connections: i64,
}

impl Updates {
    pub(crate) fn new(keep: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            next: 700_000_001,
            past: VecDeque::new(),
            keep,
            repeats: VecDeque::new(),
            allowed: None,
            webhook: None,
            poller: 0,
        }
    }

    /// Queues what happened, unless the bot asked not to hear of its kind.
    pub(crate) fn push(&mut self, kind: &str, what: Value) -> Option<i64> {
        let wanted = match &self.allowed {
            Some(allowed) => allowed.contains(kind),
            None => !ON_REQUEST.contains(&kind),
        };
        wanted.then(|| self.push_raw(Map::from_iter([(kind.to_owned(), what)])))
    }

    /// Queues anything under the next number.
    pub(crate) fn push_raw(&mut self, mut update: Map<String, Value>) -> i64 {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        update.insert("update_id".to_owned(), id.into());
        let update = Value::Object(update);
        while self.past.len() >= self.keep.max(1) {
            self.past.pop_front();
        }
        self.past.push_back((id, update.clone()));
        self.queue.push_back((id, update));
        id
    }

    /// Hands an update out once more under its own number, whatever was confirmed.
    pub(crate) fn repeat(&mut self, id: i64) -> bool {
        let found = self.past.iter().find(|(known, _)| *known == id).map(|(_, update)| update.clone());
        found.map(|update| self.repeats.push_back(update)).is_some()
    }

    /// The number of the update that told of a press.
    pub(crate) fn of_query(&self, query: &str) -> Option<i64> {
        let is = |update: &Value| update.pointer("/callback_query/id").and_then(Value::as_str) == Some(query);
        self.past.iter().find(|(_, update)| is(update)).map(|(id, _)| *id)
    }

    /// Queues what an update said once more, as a new one.
    pub(crate) fn repeat_as_new(&mut self, id: i64) -> Option<i64> {
        let update = self.past.iter().find(|(known, _)| *known == id)?.1.as_object()?.clone();
        Some(self.push_raw(update))
    }

    /// An empty list means the default; a kind that does not exist is none.
    pub(crate) fn allow(&mut self, kinds: &Value) {
        if let Some(kinds) = kinds.as_array() {
            let kinds: BTreeSet<_> = kinds.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect();
            self.allowed = Some(kinds).filter(|kinds| !kinds.is_empty());
        }
    }

    pub(crate) fn allowed(&self) -> Option<&BTreeSet<String>> {
        self.allowed.as_ref()
    }

    /// Forgets what the offset confirms, and gives what is left.
    pub(crate) fn take(&mut self, offset: i64, limit: usize) -> Vec<Value> {
        let offset = if offset < 0 { self.next.saturating_add(offset) } else { offset };
        if offset <= self.next.saturating_add(FUTURE_MAX) {
            while self.queue.front().is_some_and(|(id, _)| *id < offset) {
                self.queue.pop_front();
            }
        }
        let repeats: Vec<_> = self.repeats.drain(..self.repeats.len().min(limit)).collect();
        let room = limit.saturating_sub(repeats.len());
        repeats.into_iter().chain(self.queue.iter().take(room).map(|(_, update)| update.clone())).collect()
    }

    pub(crate) fn pending(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(updates: &[Value]) -> Vec<i64> {
        updates.iter().filter_map(|update| update["update_id"].as_i64()).collect()
    }

    #[test]
    fn an_offset_confirms_what_is_before_it() {
        let mut updates = Updates::new(10);
        let first = updates.push("message", json!({})).unwrap();
        for _ in 1..5 {
            updates.push("message", json!({}));
        }
        assert_eq!(ids(&updates.take(0, 2)), [first, first + 1]);
        assert_eq!(updates.take(0, 100).len(), 5, "nothing was confirmed");
        assert_eq!(ids(&updates.take(first + 2, 100)), [first + 2, first + 3, first + 4]);
        assert_eq!(updates.take(1, 100).len(), 3, "what is confirmed stays so");
        assert_eq!(updates.take(first + 1_000, 100).len(), 3, "an offset from elsewhere");
        assert_eq!(ids(&updates.take(-1, 100)), [first + 4], "counted from the end");
        assert_eq!(updates.take(first + 5, 100).len(), 0);
        assert_eq!(updates.take(i64::MIN, 100).len() + updates.take(i64::MAX, 100).len(), 0);
    }

    #[test]
    fn a_repeat_ignores_what_was_confirmed() {
        let mut updates = Updates::new(10);
        let first = updates.push("message", json!({ "text": "x" })).unwrap();
        assert_eq!(updates.take(first + 1, 100).len(), 0);
        assert!(updates.repeat(first) && !updates.repeat(first + 9));
        assert_eq!(ids(&updates.take(first + 1, 100)), [first]);
        assert_eq!(updates.take(first + 1, 100).len(), 0);
        assert_eq!(updates.repeat_as_new(first), Some(first + 1));
        assert_eq!(updates.take(first + 1, 100)[0]["message"]["text"], "x");
    }

    #[test]
    fn a_kind_that_was_not_asked_for_does_not_come() {
        let mut updates = Updates::new(10);
        assert!(updates.push("chat_member", json!({})).is_none());
        updates.allow(&json!(["message", "chat_member"]));
        assert!(updates.push("chat_member", json!({})).is_some());
        assert!(updates.push("edited_message", json!({})).is_none());
        updates.allow(&json!([]));
        assert!(updates.push("edited_message", json!({})).is_some());
    }
}
