//! The list of models.

use openai::types::{Model, Target};

use super::header;

fn plain(id: &str) -> Model {
    Model { id: id.into(), display_name: None, context_window: None, max_output_tokens: None, features: Vec::new() }
}

#[test]
fn listing_is_one_request() {
    let target = Target { base_url: "http://127.0.0.1:8080/v1/".into(), settings: r#"{"auth":"none"}"#.into() };
    let request = openai::encode_task(&target, "list").unwrap();
    assert_eq!((request.method, request.url.as_str()), ("GET", "http://127.0.0.1:8080/v1/models"));
    assert_eq!(request.headers, [header("accept", "application/json")]);
    assert!(request.body.is_empty() && request.credentials.is_empty());
    let error = openai::encode_task(&target, "pull").unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), ("invalid-request", "this API cannot pull models; it can list them"));
}

#[test]
fn models_as_openai_lists_them() {
    let body = br#"{"object":"list","data":[{"id":"a","object":"model","created":1,"owned_by":"x"},{"id":"b"},{"id":""},{},7]}"#;
    assert_eq!(openai::decode_models(200, body).unwrap(), [plain("a"), plain("b")]);
    assert_eq!(openai::decode_models(200, br#"{"data":[]}"#).unwrap(), []);
    assert_eq!(openai::decode_models(200, br#"[{"id":"a"}]"#).unwrap(), [plain("a")]);
}

#[test]
fn what_other_servers_add() {
    let window = |body: &str| openai::decode_models(200, body.as_bytes()).unwrap()[0].context_window;
    assert_eq!(window(r#"{"data":[{"id":"a","max_model_len":8192}]}"#), Some(8192));
    assert_eq!(window(r#"{"models":[],"data":[{"id":"a","meta":{"n_ctx_train":32768}}]}"#), Some(32768));
    assert_eq!(window(r#"{"data":[{"id":"a","context_length":99999999999}]}"#), None);
    let body = br#"{"data":[{"id":"x/a","name":"A","context_length":1000,"architecture":{"input_modalities":["text","image"]},
        "top_provider":{"max_completion_tokens":100},"supported_parameters":["tools","temperature"]}]}"#;
    let expected = Model {
        id: "x/a".into(),
        display_name: Some("A".into()),
        context_window: Some(1000),
        max_output_tokens: Some(100),
        features: vec!["tools".into(), "images".into()],
    };
    assert_eq!(openai::decode_models(200, body).unwrap(), [expected]);
}

#[test]
fn answers_that_are_no_list() {
    let kind = |status, body: &str| openai::decode_models(status, body.as_bytes()).unwrap_err().kind;
    assert_eq!(kind(401, ""), "authentication");
    assert_eq!(kind(200, "<html>"), "protocol");
    assert_eq!(kind(200, "{}"), "protocol");
    assert_eq!(kind(200, r#"{"error":{"message":"x","type":"invalid_request_error"}}"#), "invalid-request");
}
