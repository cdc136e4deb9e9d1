//! The Bot API's way of asking and answering: `POST` of JSON to a method, and a JSON object back that says `ok` or why
//! not. <https://core.telegram.org/bots/api#making-requests>

use serde_json::Value;

use crate::settings::Settings;
use crate::types::{Header, Request, Response};

/// As in component.toml.
const CREDENTIAL: &str = "token";

/// Of a description that is passed on, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 300;

/// Longest that Telegram is believed when it says how long to wait, in seconds.
const MAX_RETRY_AFTER: u64 = 86_400;

/// Where it does not say.
const DEFAULT_RETRY_AFTER: u64 = 5;

pub(crate) fn call(settings: &Settings, method: &str, parameters: &Value, timeout_millis: u32) -> Request {
    Request {
        method: "POST",
        url: settings.url(method),
        headers: vec![Header { name: "content-type".into(), value: "application/json".into() }],
        body: parameters.to_string().into_bytes(),
        credentials: vec![CREDENTIAL.into()],
        timeout_millis,
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// The result.
    Done(Value),
    Refused(Refusal),
    /// Not in the words of the API, and no status that says enough.
    Unreadable,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// One line.
    pub(crate) description: String,
    /// Of 429.
    pub(crate) retry_after_millis: u64,
    /// By the API itself, and not by something before it.
    pub(crate) by_api: bool,
}

impl Refusal {
    /// Descriptions are all that tells one 400 from another.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.description.to_ascii_lowercase().contains(words)
    }
}

pub(crate) fn read(response: &Response) -> Answer {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    let ok = body.as_ref().and_then(|body| body.get("ok")).and_then(Value::as_bool);
    let code = || body.as_ref().and_then(|body| body.get("error_code")?.as_u64()).and_then(|code| u16::try_from(code).ok());
    let success = (200..300).contains(&response.status);
    let status = match (success, ok) {
        (true, Some(true)) => return Answer::Done(body.and_then(|mut body| body.get_mut("result").map(Value::take)).unwrap_or_default()),
        (true, Some(false)) => code().filter(|code| *code >= 400),
        (true, None) => None,
        (false, _) => (response.status >= 400).then_some(response.status),
    };
    let Some(status) = status else { return Answer::Unreadable };
    let by_api = ok == Some(false);
    let described = body.as_ref().filter(|_| by_api).and_then(|body| body.get("description")?.as_str()).map(line).unwrap_or_default();
    let description = if described.is_empty() { format!("HTTP status {status}") } else { described };
    let seconds = body.as_ref().and_then(|body| body.get("parameters")?.get("retry_after")?.as_u64()).or_else(|| header(response));
    let retry_after_millis = seconds.unwrap_or(DEFAULT_RETRY_AFTER).clamp(1, MAX_RETRY_AFTER) * 1_000;
    Answer::Refused(Refusal { status, description, retry_after_millis, by_api })
}

fn header(response: &Response) -> Option<u64> {
    let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("retry-after"))?;
    header.value.trim().parse().ok()
}

/// Someone else's words, made fit to stand in a sentence.
pub(crate) fn line(text: &str) -> String {
    let line: String = text.trim().chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    line.get(..line.floor_char_boundary(MAX_DESCRIPTION_BYTES)).unwrap_or_default().to_owned()
}

/// Every `update_id` in a body, whatever else it holds: for one that cannot be read, or must not be. Within a string
/// the name's quotes would be escaped, so no text of a stranger is taken for one.
pub(crate) fn update_ids(body: &[u8]) -> Vec<i64> {
    const NAME: &[u8] = b"\"update_id\"";
    let mut ids = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.windows(NAME.len()).position(|window| window == NAME) {
        rest = rest.get(at + NAME.len()..).unwrap_or_default();
        let value = rest.trim_ascii_start().strip_prefix(b":").unwrap_or_default().trim_ascii_start();
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
        let number: Option<i64> =
            value.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| digits.parse().ok());
        ids.extend(number);
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.into() }
    }

    fn refusal(status: u16, body: &str) -> (u16, String, u64, bool) {
        match read(&response(status, body)) {
            Answer::Refused(refusal) => (refusal.status, refusal.description, refusal.retry_after_millis, refusal.by_api),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_results_and_refusals() {
        assert_eq!(read(&response(200, r#"{"ok":true,"result":7}"#)), Answer::Done(7.into()));
        assert_eq!(read(&response(200, r#"{"ok":true}"#)), Answer::Done(Value::Null));
        let body = r#"{"ok":false,"error_code":429,"description":"Too Many\nRequests","parameters":{"retry_after":17}}"#;
        assert_eq!(refusal(429, body), (429, "Too Many Requests".into(), 17_000, true));
        assert_eq!(refusal(200, r#"{"ok":false,"error_code":400,"description":"x"}"#), (400, "x".into(), 5_000, true));
        assert_eq!(refusal(502, "<html>"), (502, "HTTP status 502".into(), 5_000, false));
        assert_eq!(refusal(404, "not here"), (404, "HTTP status 404".into(), 5_000, false));
        for (status, body) in [(200, ""), (200, "[]"), (200, "{}"), (302, "{\"ok\":true}"), (200, r#"{"ok":false}"#), (200, r#"{"ok":1}"#)]
        {
            assert_eq!(read(&response(status, body)), Answer::Unreadable, "{status} {body}");
        }
    }

    #[test]
    fn believes_a_wait_within_bounds() {
        let wait = |seconds: u64| refusal(429, &format!(r#"{{"ok":false,"parameters":{{"retry_after":{seconds}}}}}"#)).2;
        assert_eq!([wait(0), wait(1), wait(86_400), wait(86_401), wait(u64::MAX)], [1_000, 1_000, 86_400_000, 86_400_000, 86_400_000]);
        let headers = vec![Header { name: "retry-after".into(), value: "3".into() }];
        let Answer::Refused(refusal) = read(&Response { status: 429, headers, body: Vec::new() }) else { panic!("no refusal") };
        assert_eq!(refusal.retry_after_millis, 3_000);
    }

    #[test]
    fn cuts_a_long_description_between_characters() {
        assert_eq!(line(&"x".repeat(300)).len(), 300);
        assert_eq!(line(&format!("x{}", "ü".repeat(300))).len(), 299);
    }

    #[test]
    fn finds_update_ids_in_anything() {
        for (body, ids) in [
            (r#"{"result":[{"update_id":3,"x":{}},{"update_id" : 2}]}"#, &[2_i64, 3][..]),
            (r#"[{"update_id":9,"text":"\"update_id\":1"#, &[9]),
            (r#"\xff{"update_id":-4"#, &[-4]),
            (r#""update_id":"7" "update_id":x "update_id""#, &[]),
            (r#""update_id":99999999999999999999"#, &[]),
            ("", &[]),
        ] {
            assert_eq!(update_ids(body.as_bytes()), ids, "{body}");
        }
    }
}
