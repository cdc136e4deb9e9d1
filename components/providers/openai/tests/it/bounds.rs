//! Both sides of every bound.

use openai::{MAX_ANSWER_BYTES, MAX_ARGUMENT_BYTES, MAX_CALLS, MAX_ERROR_BYTES, MAX_LINE_BYTES, MAX_MESSAGE_BYTES};

use super::*;

fn line_of(length: usize) -> String {
    let (head, tail) = ("data: {\"choices\":[{\"delta\":{\"content\":\"", "\"},\"finish_reason\":\"stop\"}]}");
    format!("{head}{}{tail}\n\n", "x".repeat(length - head.len() - tail.len()))
}

#[test]
fn a_line() {
    assert_eq!(decode(line_of(MAX_LINE_BYTES)).last(), Some(&stop("end")));
    let long = line_of(MAX_LINE_BYTES + 1);
    assert!(failure(&decode(&long)).1.contains("a line of more than 1048576 bytes"));
    // Before its end comes, too.
    assert!(failure(&decode(&long[..MAX_LINE_BYTES + 1])).1.contains("a line of more than"));
    assert!(failure(&decode(format!(":{}", "x".repeat(MAX_LINE_BYTES)))).1.contains("a line of more than"));
}

#[test]
fn an_event_of_many_lines() {
    // Each line adds its bytes and a line feed to the event's data, but for the first.
    let event = |lines: usize| {
        let filler = format!("data: {}\n", " ".repeat(1023)).repeat(lines - 1);
        format!("data: {{\"choices\":[{{\"finish_reason\":\"stop\"}}]\n{filler}data: }}\n\n")
    };
    assert_eq!(decode(event(1000)), [stop("end")]);
    assert!(failure(&decode(event(1030))).1.contains("an event of more than 1048576 bytes"));
}

fn with_arguments(bytes: usize) -> Vec<Event> {
    let piece = |id: &str, text: &str| {
        format!(
            "{{\"delta\":{{\"tool_calls\":[{{\"index\":{id},\"id\":\"{id}\",\"function\":{{\"name\":\"f\",\"arguments\":\"{text}\"}}}}]}}}}"
        )
    };
    let half = " ".repeat(MAX_ARGUMENT_BYTES / 2);
    let rest = format!("{}1", " ".repeat(bytes - half.len() - 1));
    decode(stream(&[&piece("0", &half), &piece("1", &rest), r#"{"finish_reason":"tool_calls"}"#]))
}

#[test]
fn all_arguments_together() {
    assert_eq!(with_arguments(MAX_ARGUMENT_BYTES).last(), Some(&stop("tool-use")));
    let events = with_arguments(MAX_ARGUMENT_BYTES + 1);
    assert_eq!(failure(&events), ("protocol", "the tool calls' arguments are larger than 1048576 bytes"));
}

#[test]
fn tool_calls() {
    let calls = |count: usize| {
        let calls: Vec<String> = (0..count).map(|n| format!("{{\"index\":{n},\"function\":{{\"name\":\"f\"}}}}")).collect();
        decode(stream(&[&format!("{{\"delta\":{{\"tool_calls\":[{}]}},\"finish_reason\":\"tool_calls\"}}", calls.join(","))]))
    };
    assert_eq!(calls(MAX_CALLS).last(), Some(&stop("tool-use")));
    let events = calls(MAX_CALLS + 1);
    assert_eq!(failure(&events), ("protocol", "the model asked for more than 64 tool calls at once"));
}

#[test]
fn a_document() {
    let document = |length: usize| {
        let (head, tail) = ("{\"choices\":[{\"message\":{\"content\":\"", "\"}}]}");
        format!("{head}{}{tail}", "x".repeat(length - head.len() - tail.len()))
    };
    assert_eq!(decode(document(MAX_ANSWER_BYTES)).last(), Some(&stop("end")));
    assert!(failure(&decode(document(MAX_ANSWER_BYTES + 1))).1.contains("more than 1048576 bytes"));
}

#[test]
fn an_error_document() {
    let error = |length: usize| {
        let (head, tail) = ("{\"error\":{\"message\":\"Why\"", "}}");
        let body = format!("{head}{}{tail}", " ".repeat(length - head.len() - tail.len()));
        openai::decode_split(400, &[], body.as_bytes(), &[7, 70, 700])
    };
    assert_eq!(failure(&error(MAX_ERROR_BYTES)), ("invalid-request", "Why"));
    // Cut, it is no longer JSON, and the status has to do.
    assert_eq!(failure(&error(MAX_ERROR_BYTES + 1)), ("invalid-request", "the endpoint answered with HTTP status 400 (bad request)"));
}

#[test]
fn a_message() {
    let message = |length: usize| {
        let body = format!("{{\"error\":{{\"message\":\"{}é\"}}}}", "x".repeat(length - 2));
        failure(&openai::decode_split(400, &[], body.as_bytes(), &[])).1.to_owned()
    };
    assert!(message(MAX_MESSAGE_BYTES).ends_with("xé"));
    assert_eq!(message(MAX_MESSAGE_BYTES).len(), MAX_MESSAGE_BYTES);
    assert_eq!(message(MAX_MESSAGE_BYTES + 1), "x".repeat(MAX_MESSAGE_BYTES - 1));
}
