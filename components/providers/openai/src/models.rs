//! The models that an endpoint offers: `GET {base-url}/models`.
//!
//! The API says little more than an id. What llama.cpp, vLLM, LM Studio and OpenRouter add is taken where it is there.

use serde_json::Value;

use crate::error::{self, invalid, protocol};
use crate::settings::{Settings, header};
use crate::types::{Error, Model, Request, Target};

pub fn encode_task(target: &Target, action: &str) -> Result<Request, Error> {
    if action != "list" {
        return Err(invalid(format!("this API cannot {action} models; it can list them")));
    }
    let settings = Settings::load(target)?;
    Ok(Request {
        method: "GET",
        url: settings.url("/models"),
        headers: vec![header("accept", "application/json")],
        body: Vec::new(),
        credentials: settings.credentials(),
    })
}

/// All models: the API has no pages.
pub fn decode_models(status: u16, body: &[u8]) -> Result<Vec<Model>, Error> {
    if !(200..300).contains(&status) {
        return Err(error::refused(status, None, body));
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| protocol(format!("the list of models is not valid JSON: {error}")))?;
    let list = value.get("data").or_else(|| value.get("models")).unwrap_or(&value);
    if let Some(list) = list.as_array() {
        return Ok(list.iter().filter_map(model).collect());
    }
    if error::is_error(&value) {
        return Err(error::reported(&value));
    }
    Err(protocol("the endpoint answered with JSON that is no list of models; is base-url right?"))
}

fn model(value: &Value) -> Option<Model> {
    let id = value.get("id").or_else(|| value.get("name")).and_then(Value::as_str).filter(|id| !id.is_empty())?;
    let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    let lists = |pointer: &str, word: &str| {
        value.pointer(pointer).and_then(Value::as_array).is_some_and(|list| list.iter().any(|item| item.as_str() == Some(word)))
    };
    let features = [
        ("tools", lists("/supported_parameters", "tools")),
        ("images", lists("/architecture/input_modalities", "image")),
        ("reasoning", lists("/supported_parameters", "reasoning")),
    ];
    Some(Model {
        id: id.to_owned(),
        display_name: value.get("name").and_then(Value::as_str).filter(|name| *name != id).map(str::to_owned),
        context_window: ["/max_model_len", "/context_length", "/max_context_length", "/meta/n_ctx_train"].into_iter().find_map(number),
        max_output_tokens: number("/top_provider/max_completion_tokens"),
        features: features.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect(),
    })
}
