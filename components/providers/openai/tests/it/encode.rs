//! What is sent.

use openai::types::{AssistantItem, Blob, ChatRequest, Message, Part, Request, Segment, Target, ToolCall, ToolDefinition, ToolResult};
use serde_json::{Value, json};

use super::header;

fn target(settings: &str) -> Target {
    Target { base_url: "https://api.openai.com/v1".into(), settings: settings.into() }
}

fn request(messages: Vec<Message>) -> ChatRequest {
    ChatRequest { model: "m".into(), messages, ..ChatRequest::default() }
}

fn with_options(options: &[(&str, &str)]) -> ChatRequest {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ChatRequest { options, ..request(vec![]) }
}

fn tool(name: &str, schema: &str) -> ToolDefinition {
    ToolDefinition { name: name.into(), description: "Does it.".into(), input_schema: schema.into() }
}

fn blob(id: &str, media_type: &str) -> Part {
    Part::Blob(Blob { id: id.into(), media_type: media_type.into(), name: Some("scan".into()), size: 5 })
}

fn user(text: &str) -> Message {
    Message::User(vec![Part::Text(text.into())])
}

fn result(call_id: &str, content: Vec<Part>, is_error: bool) -> ToolResult {
    ToolResult { call_id: call_id.into(), name: "f".into(), content, is_error }
}

fn call(id: &str, arguments: &str) -> AssistantItem {
    AssistantItem::ToolCall(ToolCall { id: id.into(), name: "f".into(), arguments: arguments.into() })
}

/// The body as the endpoint gets it, with `<id>` for the content of a blob.
fn text(request: &Request) -> String {
    let piece = |segment: &Segment| match segment {
        Segment::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        Segment::BlobBase64(id) => format!("<{id}>"),
    };
    request.body.iter().map(piece).collect()
}

fn body(request: &ChatRequest) -> Value {
    serde_json::from_str(&text(&openai::encode(&target(""), request).unwrap())).unwrap()
}

fn messages(messages: Vec<Message>) -> Value {
    body(&request(messages))["messages"].take()
}

fn refusal(target: &Target, request: &ChatRequest) -> String {
    let error = openai::encode(target, request).unwrap_err();
    assert_eq!(error.kind, "invalid-request");
    error.message
}

#[test]
fn a_plain_request() {
    let request = openai::encode(&target("{}"), &request(vec![Message::System("Be brief.".into()), user("Hi \"you\"\n\u{1}ü👋")])).unwrap();
    assert_eq!((request.method, request.url.as_str()), ("POST", "https://api.openai.com/v1/chat/completions"));
    assert_eq!(request.headers, [header("content-type", "application/json"), header("accept", "text/event-stream, application/json")]);
    assert_eq!(request.credentials, ["api-key"]);
    let expected = json!({
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi \"you\"\n\u{1}ü👋"}],
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(serde_json::from_str::<Value>(&text(&request)).unwrap(), expected);
}

#[test]
fn where_it_goes() {
    let url = |base_url: &str, settings: &str| {
        let target = Target { base_url: base_url.into(), settings: settings.into() };
        openai::encode(&target, &request(vec![])).map(|request| request.url).map_err(|error| error.message)
    };
    assert_eq!(url("http://127.0.0.1:8080/v1/", ""), Ok("http://127.0.0.1:8080/v1/chat/completions".into()));
    assert_eq!(url("https://h/a/b//", "null"), Ok("https://h/a/b/chat/completions".into()));
    assert_eq!(url("", r#"{"base-url":"https://other"}"#), Ok("https://other/chat/completions".into()));
    assert_eq!(url("", ""), Ok("https://api.openai.com/v1/chat/completions".into()));
    for wrong in [
        "ftp://h",
        "h/v1",
        "https://",
        "https:///v1",
        "https://u:p@h/v1",
        "https://h/v1?k=v",
        "https://h/v1#x",
        "https://h/a b",
        "https://h\\x",
    ] {
        assert!(url(wrong, "").unwrap_err().starts_with("setting base-url: "), "{wrong}");
    }
}

#[test]
fn settings_that_are_wrong_are_named() {
    let wrong = [
        ("[]", "not a JSON object"),
        ("{", "not JSON"),
        (r#"{"auth":"basic"}"#, "setting auth"),
        (r#"{"auth":true}"#, "setting auth: not a string"),
        (r#"{"max-tokens-field":"tokens"}"#, "setting max-tokens-field"),
        (r#"{"base-ulr":"x"}"#, "no setting base-ulr"),
    ];
    for (settings, expected) in wrong {
        let message = refusal(&target(settings), &request(vec![]));
        assert!(message.contains(expected), "{settings}: {message}");
    }
    assert!(refusal(&target(""), &ChatRequest::default()).contains("no model"));
}

#[test]
fn no_key_where_none_is_wanted() {
    let request = openai::encode(&target(r#"{"auth":"none"}"#), &request(vec![])).unwrap();
    assert!(request.credentials.is_empty());
}

#[test]
fn images_go_as_data_urls_whose_content_the_host_fills_in() {
    let parts =
        vec![Part::Text("What is it?".into()), blob("d1", "image/png"), blob("d2", "IMAGE/JPG; q=1"), blob("d3", "application/pdf")];
    let encoded = openai::encode(&target(""), &request(vec![Message::User(parts.clone())])).unwrap();
    assert_eq!(encoded.body.iter().filter(|segment| matches!(segment, Segment::BlobBase64(_))).count(), 2);
    let expected = json!([{"role": "user", "content": [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,<d1>"}},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,<d2>"}},
        {"type": "text", "text": "[scan, application/pdf, 5 bytes]"},
    ]}]);
    assert_eq!(messages(vec![Message::User(parts)]), expected);
}

#[test]
fn what_is_not_text_is_named_in_a_plain_string() {
    let parts = vec![Part::Text("a".into()), blob("d", "image/svg+xml"), Part::Other("location".into(), "{\"lat\":1}".into())];
    let content = "a\n\n[scan, image/svg+xml, 5 bytes]\n\n[location] {\"lat\":1}";
    assert_eq!(messages(vec![Message::User(parts)]), json!([{"role": "user", "content": content}]));
    assert_eq!(messages(vec![Message::User(vec![])]), json!([{"role": "user", "content": ""}]));
}

#[test]
fn calls_and_results() {
    let items = vec![
        AssistantItem::Reasoning("hm".into()),
        AssistantItem::Text("I look.".into()),
        AssistantItem::Opaque,
        call("c1", "{\"x\": 1}"),
        AssistantItem::Text("And again.".into()),
        call("c2", " "),
        AssistantItem::Other("x".into(), "{}".into()),
    ];
    let results = vec![result("c1", vec![Part::Text("one".into()), Part::Text("two".into())], false), result("c2", vec![], true)];
    let expected = json!([
        {"role": "assistant", "content": "I look.\n\nAnd again.", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}},
            {"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "c1", "content": "one\n\ntwo"},
        {"role": "tool", "tool_call_id": "c2", "content": "Error: "},
    ]);
    assert_eq!(messages(vec![Message::Assistant(items), Message::Tool(results)]), expected);
}

#[test]
fn an_assistant_message_without_text_or_calls() {
    let calls = messages(vec![Message::Assistant(vec![call("c", "{}")])]);
    assert_eq!(calls[0]["content"], Value::Null);
    assert_eq!(messages(vec![Message::Assistant(vec![AssistantItem::Reasoning("hm".into())]), user("x")]).as_array().unwrap().len(), 1);
}

#[test]
fn a_model_that_reads_no_images_is_told_of_them_in_words() {
    let parts = vec![Part::Text("What is it?".into()), blob("d1", "image/png")];
    let calls = Message::Assistant(vec![call("c1", "{}")]);
    let all = vec![Message::User(parts), calls, Message::Tool(vec![result("c1", vec![blob("d", "image/webp")], false)])];
    let with = |settings: &str| text(&openai::encode(&target(settings), &request(all.clone())).unwrap());
    let without: Value = serde_json::from_str(&with(r#"{"images":false}"#)).unwrap();
    assert_eq!(without["messages"][0], json!({"role": "user", "content": "What is it?\n\n[scan, image/png, 5 bytes]"}));
    assert_eq!(without["messages"].as_array().unwrap().len(), 3);
    assert!(!without.to_string().contains("image_url"));
    assert_eq!(with(r#"{"images":true}"#), with(""));
    let wrong = refusal(&target(r#"{"images":"no"}"#), &request(vec![user("hi")]));
    assert!(wrong.contains("images"), "{wrong}");
}

#[test]
fn images_of_results_come_after_all_results() {
    let calls = Message::Assistant(vec![call("c1", "{}"), call("c2", "{}")]);
    let first = Message::Tool(vec![result("c1", vec![blob("d", "image/webp")], false)]);
    let second = Message::Tool(vec![result("c2", vec![Part::Text("done".into())], false)]);
    let image = json!({"role": "user", "content": [
        {"type": "text", "text": "From the tool's result: scan, image/webp, 5 bytes"},
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,<d>"}},
    ]});
    let encoded = messages(vec![calls.clone(), first.clone(), second, user("go on")]);
    assert_eq!(encoded[1], json!({"role": "tool", "tool_call_id": "c1", "content": "[scan, image/webp, 5 bytes]"}));
    assert_eq!(encoded[2], json!({"role": "tool", "tool_call_id": "c2", "content": "done"}));
    assert_eq!(encoded[3], image);
    assert_eq!(encoded[4], json!({"role": "user", "content": "go on"}));
    assert_eq!(messages(vec![calls, first])[2], image);
}

#[test]
fn tools_keep_the_order_of_their_properties() {
    let schema = r#" {"type":"object","properties":{"z":{},"a":{}}} "#;
    let request = ChatRequest { tools: vec![tool("f", schema), tool("g", "{}")], ..request(vec![]) };
    let encoded = openai::encode(&target(""), &request).unwrap();
    assert!(text(&encoded).contains(schema.trim()));
    let expected = json!([
        {"type": "function", "function": {"name": "f", "description": "Does it.", "parameters": {"type": "object", "properties": {"a": {}, "z": {}}}}},
        {"type": "function", "function": {"name": "g", "description": "Does it.", "parameters": {}}},
    ]);
    assert_eq!(body(&request)["tools"], expected);
}

#[test]
fn a_schema_that_is_no_object_is_refused() {
    for schema in ["", "[]", "{", "{} {}"] {
        let request = ChatRequest { tools: vec![tool("f", schema)], ..request(vec![]) };
        assert!(refusal(&target(""), &request).contains("tool f"), "{schema}");
    }
}

#[test]
fn options() {
    let options =
        [("max-output-tokens", "100"), ("temperature", "0.5"), ("effort", "\"low\""), ("stop", "[\"a\",\"b\"]"), ("tool-choice", "null")];
    let encoded = body(&with_options(&options));
    assert_eq!(encoded["max_completion_tokens"], json!(100));
    assert_eq!(encoded["temperature"], json!(0.5));
    assert_eq!(encoded["reasoning_effort"], json!("low"));
    assert_eq!(encoded["stop"], json!(["a", "b"]));
    assert!(encoded.get("tool_choice").is_none());
    let older = openai::encode(&target(r#"{"max-tokens-field":"max_tokens"}"#), &with_options(&options)).unwrap();
    assert!(text(&older).contains("\"max_tokens\":100") && !text(&older).contains("max_completion_tokens"));
}

#[test]
fn options_that_are_wrong_are_named() {
    let wrong = [
        ("max-output-tokens", "0"),
        ("max-output-tokens", "1.5"),
        ("max-output-tokens", "\"9\""),
        ("temperature", "-1"),
        ("temperature", "\"hot\""),
        ("effort", "3"),
        ("stop", "[1]"),
        ("stop", "{}"),
        ("tool-choice", "\"required\""),
        ("response-schema", "true"),
        ("temperature", "{"),
        ("seed", "1"),
    ];
    for (name, value) in wrong {
        let message = refusal(&target(""), &with_options(&[(name, value)]));
        assert!(message.contains(&format!("option {name}")), "{name} {value}: {message}");
    }
    assert!(refusal(&target(""), &with_options(&[("stop", "\"a\""), ("stop", "\"b\"")])).contains("twice"));
}

#[test]
fn the_choice_of_a_tool() {
    let choice = |value: &str| {
        let request = ChatRequest { tools: vec![tool("f", "{}")], ..with_options(&[("tool-choice", value)]) };
        openai::encode(&target(""), &request).map(|request| serde_json::from_str::<Value>(&text(&request)).unwrap()["tool_choice"].take())
    };
    assert_eq!(choice("\"required\""), Ok(json!("required")));
    assert_eq!(choice("{\"name\":\"f\"}"), Ok(json!({"type": "function", "function": {"name": "f"}})));
    assert!(choice("\"f\"").is_err() && choice("{}").is_err() && choice("1").is_err());
    // Where there are no tools, the API refuses even a choice of none.
    assert!(body(&with_options(&[("tool-choice", "\"none\"")])).get("tool_choice").is_none());
}

#[test]
fn a_schema_for_the_answer_is_strict_where_it_can_be() {
    let format = |schema: &str| body(&with_options(&[("response-schema", schema)]))["response_format"].take();
    let closed = r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#;
    let expected = json!({"type": "json_schema", "json_schema": {
        "name": "answer", "strict": true, "schema": serde_json::from_str::<Value>(closed).unwrap(),
    }});
    assert_eq!(format(closed), expected);
    let open = [
        r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#,
        r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#,
        r#"{"type":"array","items":{"type":"object","properties":{"a":{}}}}"#,
    ];
    for schema in open {
        assert_eq!(format(schema)["json_schema"]["strict"], json!(false), "{schema}");
    }
}
