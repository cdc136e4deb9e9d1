//! What answers mean.

use super::*;

#[test]
fn text_with_usage() {
    let totals = usage(&[("input", 12), ("cached-input", 8), ("output", 4), ("reasoning", 1)]);
    assert_eq!(decode(sample("text")), [text("Hello"), text(", world"), text("!"), totals, stop("end")]);
}

#[test]
fn parallel_tool_calls_whose_pieces_alternate() {
    assert_eq!(
        decode(sample("parallel-tools")),
        [
            begin("call_a", "read"),
            delta("call_a", "{\"path\":"),
            begin("call_b", "list"),
            delta("call_a", "\"a.txt\"}"),
            call("call_a", "read", "{\"path\":\"a.txt\"}"),
            call("call_b", "list", "{}"),
            usage(&[("input", 80), ("output", 30)]),
            stop("tool-use"),
        ]
    );
}

#[test]
fn a_refusal_is_text_and_the_reason_to_stop() {
    assert_eq!(decode(sample("refusal")), [text("I can"), text("not help with that."), stop("refusal")]);
}

#[test]
fn an_error_in_the_midst_is_the_last_event() {
    let events = decode(sample("error-midstream"));
    assert_eq!(events.first(), Some(&text("Once upon")));
    assert_eq!(events.len(), 2);
    assert_eq!(failure(&events), ("unavailable", "The server had an error while processing your request."));
}

#[test]
fn characters_of_any_script() {
    assert_eq!(decode(sample("unicode")), [text("Grüße 👋, "), text("日本語 и 👩‍👩‍👧‍👦"), text(" – fin"), stop("end")]);
}

#[test]
fn a_server_with_habits_of_its_own() {
    let arguments = "{\"a\":1,\"b\":2}";
    assert_eq!(
        decode(sample("tolerant")),
        [
            reasoning("Let me see. "),
            reasoning("Two calls."),
            begin("call_1", "add"),
            delta("call_1", arguments),
            begin("call_2", "now"),
            call("call_1", "add", arguments),
            call("call_2", "now", "{}"),
            usage(&[("input", 3), ("cached-input", 2), ("output", 5)]),
            stop("tool-use"),
        ]
    );
}

#[test]
fn an_answer_that_is_one_document() {
    let arguments = "{\"q\":\"größe\"}";
    assert_eq!(
        decode(sample("document")),
        [
            reasoning("A search is needed."),
            text("I look it up – 🔍."),
            begin("call_x", "search"),
            delta("call_x", arguments),
            call("call_x", "search", arguments),
            usage(&[("input", 9), ("output", 7)]),
            stop("tool-use"),
        ]
    );
    assert_eq!(failure(&decode(sample("document-error"))), ("overloaded", "The model 'm' is overloaded."));
}

#[test]
fn finish_reasons() {
    let pairs = [
        ("stop", "end"),
        ("length", "length"),
        ("tool_calls", "tool-use"),
        ("function_call", "tool-use"),
        ("content_filter", "refusal"),
        ("eos_token", "eos_token"),
    ];
    for (reason, expected) in pairs {
        let events = decode(stream(&[&format!("{{\"finish_reason\":\"{reason}\"}}")]));
        assert_eq!(events, [stop(expected)], "{reason}");
    }
}

#[test]
fn done_without_a_reason_is_an_end() {
    let chunk = stream(&[r#"{"delta":{"content":"x"}}"#]);
    assert_eq!(decode(format!("{chunk}data: [DONE]\n")), [text("x"), stop("end")]);
    assert_eq!(decode(format!("{chunk}data:[DONE]")), [text("x"), stop("end")]);
}

#[test]
fn an_end_without_reason_and_done_is_a_failure() {
    let chunk = stream(&[r#"{"delta":{"content":"x"}}"#]);
    let cut = &chunk[..chunk.len() - 10];
    for answer in ["", " \n", ": comment\n\n", cut, &chunk, &sample("document")[..200]] {
        assert_eq!(failure(&decode(answer)), ("protocol", "the answer broke off"), "{answer:?}");
    }
}

#[test]
fn a_cut_last_line_after_the_reason_is_no_loss() {
    let answer = stream(&[r#"{"delta":{"content":"x"},"finish_reason":"stop"}"#]) + "data: {\"choices\":[";
    assert_eq!(decode(answer), [text("x"), stop("end")]);
}

#[test]
fn what_follows_the_end_is_not_heard() {
    let answer = format!("data: [DONE]\n\n{}", sample("text"));
    assert_eq!(decode(answer), [stop("end")]);
    let mut decoder = openai::Decoder::new(200, &[]);
    assert_eq!(decoder.push(b"data: [DONE]\n"), [stop("end")]);
    assert_eq!((decoder.push(b"data: x\n\n"), decoder.finish(), decoder.finish()), (vec![], vec![], vec![]));
}

#[test]
fn zeros_for_every_index_are_told_apart_by_id() {
    let first = r#"{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}"#;
    let second = r#"{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{\"x\""}}]}}"#;
    let third = r#"{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"stop"}"#;
    let events = decode(stream(&[first, second, third]));
    let calls: Vec<_> = events.into_iter().filter(|event| matches!(event, Event::ToolCall(_))).collect();
    assert_eq!(calls, [call("a", "f", "{}"), call("b", "f", "{\"x\":1}")]);
}

#[test]
fn a_synthesised_id_is_not_one_that_is_taken() {
    let delta =
        r#"{"delta":{"tool_calls":[{"id":"call_2","function":{"name":"f"}},{"function":{"name":"g"}}]},"finish_reason":"tool_calls"}"#;
    let events = decode(stream(&[delta]));
    assert_eq!(events[..2], [begin("call_2", "f"), begin("call_3", "g")]);
}

#[test]
fn a_name_that_comes_late() {
    let first = r#"{"delta":{"tool_calls":[{"index":3,"id":"a","function":{"arguments":"[1"}}]}}"#;
    let second = r#"{"delta":{"tool_calls":[{"index":3,"function":{"name":"f","arguments":"]"}}]},"finish_reason":"tool_calls"}"#;
    let events = decode(stream(&[first, second]));
    assert_eq!(events, [begin("a", "f"), delta("a", "[1]"), call("a", "f", "[1]"), stop("tool-use")]);
}

#[test]
fn the_older_function_call() {
    let first = r#"{"delta":{"function_call":{"name":"f","arguments":""}}}"#;
    let second = r#"{"delta":{"function_call":{"arguments":"{\"x\":1}"}},"finish_reason":"function_call"}"#;
    let events = decode(stream(&[first, second]));
    assert_eq!(events, [begin("call_1", "f"), delta("call_1", "{\"x\":1}"), call("call_1", "f", "{\"x\":1}"), stop("tool-use")]);
}

#[test]
fn arguments_that_are_not_json_fail_the_answer() {
    let delta = |reason: &str| {
        let choice = r#"{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]},"finish_reason":"REASON"}"#;
        decode(stream(&[&choice.replace("REASON", reason)]))
    };
    let events = delta("tool_calls");
    let (kind, message) = failure(&events);
    assert_eq!(kind, "protocol");
    assert!(message.starts_with("the arguments of a call of \"f\" are not valid JSON"), "{message}");
    assert!(failure(&delta("length")).1.contains("length limit"));
    assert!(!events.iter().any(|event| matches!(event, Event::ToolCall(_))));
}

#[test]
fn arguments_nested_deeper_than_anyone_reads_fail_the_answer() {
    let nested = |depth: usize| {
        let arguments = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let choice =
            format!(r#"{{"delta":{{"tool_calls":[{{"function":{{"name":"f","arguments":"{arguments}"}}}}]}},"finish_reason":"stop"}}"#);
        decode(stream(&[&choice]))
    };
    assert_eq!(nested(100).last(), Some(&stop("end")));
    assert_eq!(failure(&nested(200)).0, "protocol");
}

#[test]
fn a_call_without_a_name_and_an_addition_to_a_finished_call_fail_the_answer() {
    let nameless = r#"{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]},"finish_reason":"stop"}"#;
    assert_eq!(failure(&decode(stream(&[nameless]))), ("protocol", "the endpoint sent a tool call without a name"));
    let whole = r#"{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}"#;
    let more = r#"{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}"#;
    assert_eq!(failure(&decode(stream(&[whole, more]))).0, "protocol");
}

#[test]
fn calls_after_a_first_reason_are_given_out_too() {
    let whole = |id: &str| {
        format!(
            r#"{{"delta":{{"tool_calls":[{{"index":0,"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}]}},"finish_reason":"stop"}}"#
        )
    };
    let events = decode(stream(&[&whole("a"), &whole("b")]));
    assert_eq!(
        events,
        [begin("a", "f"), delta("a", "{}"), call("a", "f", "{}"), begin("b", "f"), delta("b", "{}"), call("b", "f", "{}"), stop("end")]
    );
}

#[test]
fn usage_is_given_once_for_each_change() {
    let chunk = |tokens: u32| format!("data: {{\"choices\":[],\"usage\":{{\"completion_tokens\":{tokens}}}}}\n\n");
    let answer = chunk(1) + &chunk(1) + &chunk(2) + "data: [DONE]\n\n";
    assert_eq!(decode(answer), [usage(&[("output", 1)]), usage(&[("output", 2)]), stop("end")]);
}

#[test]
fn content_as_a_list_of_parts() {
    let parts = r#"{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"ok"}]},"finish_reason":"stop"}"#;
    assert_eq!(decode(stream(&[parts])), [reasoning("hm"), text("ok"), stop("end")]);
}

#[test]
fn lines_without_empty_lines_between_and_a_byte_order_mark() {
    let answer = "\u{feff}data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\ndata: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\ndata: [DONE]";
    assert_eq!(decode(answer), [text("a"), text("b"), stop("end")]);
    assert_eq!(decode(format!("\u{feff}{}", sample("document"))), decode(sample("document")));
}

#[test]
fn bytes_that_are_no_utf_8_cost_a_character() {
    let mut answer = b"data: {\"choices\":[{\"delta\":{\"content\":\"a".to_vec();
    answer.extend(b"\xff\xfeb\"},\"finish_reason\":\"stop\"}]}\n\n");
    assert_eq!(decode(answer), [text("a\u{fffd}\u{fffd}b"), stop("end")]);
}

#[test]
fn data_that_is_not_json_is_named() {
    let events = decode("data: <oops>\n\n");
    assert_eq!(failure(&events), ("protocol", "the endpoint sent an event that is not JSON: <oops>"));
}

#[test]
fn errors_by_the_name_of_their_event_or_field() {
    assert_eq!(failure(&decode("event: error\ndata: {\"message\":\"no\"}\n\n")), ("unavailable", "no"));
    assert_eq!(failure(&decode("error: {\"code\":400,\"message\":\"no\"}\n\n")), ("invalid-request", "no"));
    assert_eq!(failure(&decode("data: {\"object\":\"error\",\"code\":429,\"message\":\"no\"}\n\n")), ("rate-limited", "no"));
}

#[test]
fn a_page_in_place_of_an_answer() {
    let events = openai::decode_split(200, &[header("Content-Type", "text/html; charset=utf-8")], b"<html>\n</html>\n", &[]);
    assert_eq!(failure(&events), ("protocol", "the endpoint answered with text/html and no chat completion; is base-url right?"));
    assert_eq!(failure(&decode("{\"status\":\"ok\"}")).0, "protocol");
}
