//! What the model says to what.

use std::fmt;
use std::sync::Mutex;

use serde_json::Value;

use super::check::text_of;
use super::reply::{Problem, Reply};

/// A message of the user that begins with this holds a [`Reply`] as JSON after it: how a test that is not written in
/// Rust scripts the server.
const DIRECTIVE: &str = "fake:";

type Answer = dyn Fn(&Value) -> Reply + Send + Sync;

/// How the server answers. As it is by default: the last message, echoed.
pub struct Script {
    answer: Box<Answer>,
    models: Vec<String>,
    key: Option<String>,
    keep: usize,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("models", &self.models).finish_non_exhaustive()
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::echo()
    }
}

impl Script {
    /// Answers each request by a function of its JSON.
    pub fn reply(answer: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), models: vec!["fake-model".to_owned()], key: None, keep: 1_000 }
    }

    /// Repeats the last message, or does what it says after `fake:`.
    #[must_use]
    pub fn echo() -> Self {
        Self::reply(echo)
    }

    /// Answers each request with the next reply, and what comes after the last with an error.
    pub fn sequence(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies: Vec<_> = replies.into_iter().collect();
        replies.reverse();
        let replies = Mutex::new(replies);
        Self::reply(move |_| {
            let next = replies.lock().ok().and_then(|mut replies| replies.pop());
            next.unwrap_or_else(|| Reply::problem(Problem::new(500, "server_error", "the script has no further reply")))
        })
    }

    /// Refuses requests without this key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Offers these models, and refuses requests for others.
    #[must_use]
    pub fn with_models<M: Into<String>>(mut self, models: impl IntoIterator<Item = M>) -> Self {
        self.models = models.into_iter().map(Into::into).collect();
        self
    }

    /// Records the last so many requests; none where 0, for load.
    #[must_use]
    pub fn keeping(mut self, requests: usize) -> Self {
        self.keep = requests;
        self
    }

    pub(crate) fn answer(&self, request: &Value) -> Reply {
        (self.answer)(request)
    }

    pub(crate) fn models(&self) -> &[String] {
        &self.models
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub(crate) fn keep(&self) -> usize {
        self.keep
    }
}

fn echo(request: &Value) -> Reply {
    let text = request.get("messages").and_then(Value::as_array).and_then(|messages| messages.last()).map(text_of).unwrap_or_default();
    match text.strip_prefix(DIRECTIVE) {
        Some(json) => serde_json::from_str(json)
            .unwrap_or_else(|error| Reply::problem(Problem::invalid(format!("after {DIRECTIVE} stands no reply: {error}"), None))),
        None => Reply::text(text),
    }
}
