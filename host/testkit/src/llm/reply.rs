//! What a script answers with.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

/// One answer of the model, and how it travels. As JSON, every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    pub text: String,
    pub tool_calls: Vec<ToolCall>,
    /// `stop`, or `tool_calls` where there are some, unless said otherwise.
    pub finish: Option<String>,
    /// Counted from the words of the request and the reply, unless said otherwise.
    pub usage: Option<Usage>,
    /// The characters of one piece of a stream; a word each where 0.
    pub piece: usize,
    /// The time before the head of the response.
    pub first_byte_millis: u64,
    /// The time between two pieces of a response.
    pub pace_millis: u64,
    /// After so many pieces the connection is cut. Of a response that is not streamed, there are two pieces.
    pub break_after: Option<usize>,
    /// An error in place of an answer.
    pub problem: Option<Problem>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// Made up where it is empty.
    #[serde(default)]
    pub id: String,
    pub name: String,
    /// JSON as the model writes it: text, and not always valid.
    pub arguments: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    pub prompt: u64,
    pub completion: u64,
}

/// An error of the API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    pub status: u16,
    /// `invalid_request_error`, `rate_limit_error` …
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub param: Option<String>,
    #[serde(default)]
    pub code: Option<String>,
    /// Seconds.
    #[serde(default)]
    pub retry_after: Option<u32>,
}

impl Reply {
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A call of one tool.
    #[must_use]
    pub fn tool(name: impl Into<String>, arguments: &Value) -> Self {
        Self::default().and_tool(name, arguments)
    }

    #[must_use]
    pub fn problem(problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    /// 429, with the seconds to wait.
    #[must_use]
    pub fn rate_limited(retry_after: u32) -> Self {
        let mut problem = Problem::new(429, "requests", "Rate limit reached for requests");
        problem.code = Some("rate_limit_exceeded".to_owned());
        problem.retry_after = Some(retry_after);
        Self::problem(problem)
    }

    /// One more call, of one tool, in the same answer.
    #[must_use]
    pub fn and_tool(mut self, name: impl Into<String>, arguments: &Value) -> Self {
        self.tool_calls.push(ToolCall { id: String::new(), name: name.into(), arguments: arguments.to_string() });
        self
    }

    /// In pieces of so many characters.
    #[must_use]
    pub fn pieces(mut self, characters: usize) -> Self {
        self.piece = characters;
        self
    }

    /// With so many milliseconds between pieces.
    #[must_use]
    pub fn pace(mut self, millis: u64) -> Self {
        self.pace_millis = millis;
        self
    }

    /// With so many milliseconds before the first byte.
    #[must_use]
    pub fn after(mut self, millis: u64) -> Self {
        self.first_byte_millis = millis;
        self
    }

    /// Cut off after so many pieces.
    #[must_use]
    pub fn broken_after(mut self, pieces: usize) -> Self {
        self.break_after = Some(pieces);
        self
    }

    #[must_use]
    pub fn finish(mut self, reason: impl Into<String>) -> Self {
        self.finish = Some(reason.into());
        self
    }

    #[must_use]
    pub fn usage(mut self, prompt: u64, completion: u64) -> Self {
        self.usage = Some(Usage { prompt, completion });
        self
    }

    pub(crate) fn first_byte(&self) -> Option<Duration> {
        (self.first_byte_millis > 0).then(|| Duration::from_millis(self.first_byte_millis))
    }

    pub(crate) fn reason(&self) -> &str {
        let natural = if self.tool_calls.is_empty() { "stop" } else { "tool_calls" };
        self.finish.as_deref().unwrap_or(natural)
    }
}

impl Problem {
    #[must_use]
    pub fn new(status: u16, kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, kind: kind.into(), message: message.into(), param: None, code: None, retry_after: None }
    }

    /// 400, about a parameter.
    #[must_use]
    pub fn invalid(message: impl Into<String>, param: Option<&str>) -> Self {
        Self { param: param.map(str::to_owned), ..Self::new(400, "invalid_request_error", message) }
    }

    pub(crate) fn authentication(given: bool) -> Self {
        let message = if given { "Incorrect API key provided." } else { "You didn't provide an API key." };
        let code = given.then(|| "invalid_api_key".to_owned());
        Self { code, ..Self::new(401, "invalid_request_error", message) }
    }

    pub(crate) fn unknown_model(id: &str) -> Self {
        let message = format!("The model `{id}` does not exist or you do not have access to it.");
        Self { code: Some("model_not_found".to_owned()), ..Self::new(404, "invalid_request_error", message) }
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "error": { "message": self.message, "type": self.kind, "param": self.param, "code": self.code } })
    }
}
