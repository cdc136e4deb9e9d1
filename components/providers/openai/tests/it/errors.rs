//! What a refused request means.

use openai::types::Error;

use super::*;

fn refused(status: u16, headers: &[Header], body: &str) -> Error {
    match openai::decode_split(status, headers, body.as_bytes(), &[body.len() / 2]).as_slice() {
        [Event::Failed(error)] => error.clone(),
        other => panic!("not one failure, but {other:?}"),
    }
}

#[test]
fn kinds_by_status() {
    let kinds = [
        (400, "invalid-request"),
        (401, "authentication"),
        (402, "quota"),
        (403, "authentication"),
        (404, "invalid-request"),
        (408, "unavailable"),
        (409, "unavailable"),
        (413, "invalid-request"),
        (422, "invalid-request"),
        (429, "rate-limited"),
        (500, "unavailable"),
        (502, "unavailable"),
        (503, "overloaded"),
        (529, "overloaded"),
        (304, "protocol"),
        (101, "protocol"),
    ];
    for (status, kind) in kinds {
        assert_eq!(refused(status, &[], "").kind, kind, "{status}");
    }
    assert_eq!(refused(502, &[], "<html>").message, "the endpoint answered with HTTP status 502 (bad gateway)");
    assert_eq!(refused(418, &[], "{}").message, "the endpoint answered with HTTP status 418");
}

#[test]
fn a_spent_quota_is_not_a_busy_server() {
    let body = r#"{"error":{"message":"You exceeded your current quota.","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let error = refused(429, &[header("retry-after", "5")], body);
    assert_eq!((error.kind, error.retry_after_millis), ("quota", None));
    assert_eq!(error.message, "You exceeded your current quota.");
}

#[test]
fn the_time_to_wait() {
    let wait = |status, name: &str, value: &str| refused(status, &[header(name, value)], "").retry_after_millis;
    assert_eq!(wait(429, "Retry-After", "20"), Some(20_000));
    assert_eq!(wait(503, "retry-after", " 1.5 "), Some(1_500));
    assert_eq!(wait(429, "Retry-After-Ms", "250"), Some(250));
    assert_eq!(wait(429, "retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), None);
    assert_eq!(wait(429, "retry-after", "-1"), None);
    assert_eq!(wait(429, "retry-after", "NaN"), None);
    assert_eq!(wait(429, "retry-after", "1e300"), Some(u64::MAX));
    assert_eq!(wait(400, "retry-after", "20"), None);
}

#[test]
fn a_conversation_that_is_too_long() {
    let bodies = [
        r#"{"error":{"message":"Too long.","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
        r#"{"error":{"code":400,"message":"too many tokens","type":"exceed_context_size_error","n_ctx":4096}}"#,
        r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}"#,
    ];
    for body in bodies {
        assert_eq!(refused(400, &[], body).kind, "context-length", "{body}");
        assert_eq!(refused(401, &[], body).kind, "authentication", "{body}");
    }
}

#[test]
fn messages_wherever_they_are() {
    let bodies = [
        r#"{"error":{"message":"Why","param":null}}"#,
        r#"{"error":"Why"}"#,
        r#"{"message":"Why"}"#,
        r#"{"detail":"Why"}"#,
        r#"[{"error":{"code":400,"message":"Why","status":"INVALID_ARGUMENT"}}]"#,
        r#"{"error":{"message":" Why\u0007 \n"}}"#,
    ];
    for body in bodies {
        assert_eq!(refused(400, &[], body).message, "Why", "{body}");
    }
}

#[test]
fn kinds_of_errors_in_the_midst() {
    let kind = |error: &str| failure(&decode(format!("data: {{\"error\":{error}}}\n\n"))).0.to_owned();
    assert_eq!(kind(r#"{"type":"rate_limit_exceeded"}"#), "rate-limited");
    assert_eq!(kind(r#"{"type":"invalid_request_error","message":"x"}"#), "invalid-request");
    assert_eq!(kind(r#"{"code":"context_length_exceeded"}"#), "context-length");
    assert_eq!(kind(r#"{"code":"insufficient_quota"}"#), "quota");
    assert_eq!(kind(r#"{"code":503}"#), "overloaded");
    assert_eq!(kind(r#""it broke""#), "unavailable");
}
