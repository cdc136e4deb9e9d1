//! What went wrong, in the few kinds that the host acts on. Servers agree on little here: the status says most, and the
//! body is read for a code, a type and a message wherever it may keep them.

use serde_json::Value;

use crate::types::{Error, Header};

/// Of the body of a refused request; what comes after says nothing more.
pub const MAX_ERROR_BYTES: usize = 64 * 1024;

/// Of a message that is passed on. It is the endpoint's text, not ours.
pub const MAX_MESSAGE_BYTES: usize = 2 * 1024;

pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error { kind: "invalid-request", message: message.into(), retry_after_millis: None }
}

pub(crate) fn protocol(message: impl Into<String>) -> Error {
    Error { kind: "protocol", message: message.into(), retry_after_millis: None }
}

/// An answer whose status is not 2xx.
pub(crate) fn refused(status: u16, retry_after_millis: Option<u64>, body: &[u8]) -> Error {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let report = body.as_ref().map(Report::read).unwrap_or_default();
    let message = if report.message.is_empty() { status_text(status) } else { bounded(report.message) };
    error(status, &report, message, retry_after_millis)
}

/// An error in place of an answer, or in its midst. A number in it that looks like a status is one.
pub(crate) fn reported(value: &Value) -> Error {
    let report = Report::read(value);
    let message =
        if report.message.is_empty() { "the endpoint reported an error without a message".into() } else { bounded(report.message) };
    // An endpoint that had begun to answer and could not go on.
    error(report.status.unwrap_or(500), &report, message, None)
}

/// Whether a document is an error rather than an answer.
pub(crate) fn is_error(value: &Value) -> bool {
    let error = value.get("error").is_some_and(|error| error.is_object() || error.as_str().is_some_and(|text| !text.is_empty()));
    error || value.get("object").and_then(Value::as_str) == Some("error")
}

/// `Retry-After` in seconds, or its finer relative. A date would need a clock, which a codec has not.
pub(crate) fn retry_after(headers: &[Header]) -> Option<u64> {
    let find = |name: &str| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.trim());
    find("retry-after-ms").and_then(|text| millis(text, 1.0)).or_else(|| find("retry-after").and_then(|text| millis(text, 1000.0)))
}

fn millis(text: &str, factor: f64) -> Option<u64> {
    let value: f64 = text.parse().ok()?;
    // Finite and not negative; the cast saturates.
    (value.is_finite() && value >= 0.0).then(|| (value * factor).ceil() as u64)
}

fn error(status: u16, report: &Report<'_>, message: String, retry_after_millis: Option<u64>) -> Error {
    let kind = kind(status, report);
    let busy = matches!(kind, "rate-limited" | "overloaded" | "unavailable");
    Error { kind, message, retry_after_millis: retry_after_millis.filter(|_| busy) }
}

fn kind(status: u16, report: &Report<'_>) -> &'static str {
    if report.says("insufficient_quota") || status == 402 {
        return "quota";
    }
    if report.is_context_length() && (status == 413 || !matches!(status, 401 | 403 | 429)) {
        return "context-length";
    }
    if status == 500 {
        if report.says("rate_limit_exceeded") {
            return "rate-limited";
        }
        if report.says("invalid_request_error") || report.says("BadRequestError") {
            return "invalid-request";
        }
        if report.says("overloaded_error") || report.says("overloaded") {
            return "overloaded";
        }
    }
    match status {
        401 | 403 => "authentication",
        429 => "rate-limited",
        408 | 409 => "unavailable",
        503 | 529 => "overloaded",
        400..500 => "invalid-request",
        500..600 => "unavailable",
        _ => "protocol",
    }
}

/// What an error document says of itself.
#[derive(Default)]
struct Report<'a> {
    message: &'a str,
    code: &'a str,
    kind: &'a str,
    status: Option<u16>,
}

impl<'a> Report<'a> {
    /// `{"error": {…}}`, `{"error": "…"}`, the inner object alone, `{"detail": "…"}`, or the first of a list of any of them.
    fn read(value: &'a Value) -> Self {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        let value = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let message = [text("message"), text("detail"), value.as_str().unwrap_or_default()];
        let code = value.get("code");
        Self {
            message: message.into_iter().find(|message| !message.trim().is_empty()).unwrap_or_default(),
            code: code.and_then(Value::as_str).unwrap_or_default(),
            kind: text("type"),
            status: code.and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code)),
        }
    }

    fn says(&self, word: &str) -> bool {
        self.code == word || self.kind == word
    }

    /// By its code at OpenAI, its type at llama.cpp, and only its message at vLLM.
    fn is_context_length(&self) -> bool {
        self.says("context_length_exceeded") || self.says("exceed_context_size_error") || self.message.contains("maximum context length")
    }
}

/// The endpoint's text, made fit to show: one paragraph of at most [`MAX_MESSAGE_BYTES`].
pub(crate) fn bounded(text: &str) -> String {
    let mut bounded = String::new();
    for character in text.trim_matches(|c: char| c.is_whitespace() || c.is_control()).chars() {
        let character = if character.is_control() { ' ' } else { character };
        if bounded.len() + character.len_utf8() > MAX_MESSAGE_BYTES {
            break;
        }
        bounded.push(character);
    }
    bounded
}

fn status_text(status: u16) -> String {
    let reason = match status {
        400 => " (bad request)",
        401 => " (unauthorized)",
        403 => " (forbidden)",
        404 => " (not found)",
        408 => " (request timeout)",
        413 => " (content too large)",
        422 => " (unprocessable content)",
        429 => " (too many requests)",
        500 => " (internal server error)",
        502 => " (bad gateway)",
        503 => " (service unavailable)",
        504 => " (gateway timeout)",
        _ => "",
    };
    format!("the endpoint answered with HTTP status {status}{reason}")
}
