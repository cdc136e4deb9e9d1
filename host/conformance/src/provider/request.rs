//! What a provider describes as its request, beside the recorded one and beside what its host sends.

use serde_json::{Map, Value, json};
use url::Url;
use wirken_manifest::Manifest;
use wirken_types::credential::Origin;
use wirken_types::http::{Request, Segment};

use crate::matching::{covers, same};
use crate::traffic::document;

/// Whether a request is the recorded one, as far as the recording goes: its body in everything, and of the rest what is named.
pub(super) fn is(wanted: &Value, request: &Request) -> Result<(), String> {
    let (mut wanted, mut found) = (wanted.clone(), told(request));
    if let Some(Value::Object(headers)) = wanted.get_mut("headers") {
        *headers = std::mem::take(headers).into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    }
    let body = |value: &mut Value| value.as_object_mut().and_then(|members| members.remove("body"));
    let (wanted_body, found_body) = (body(&mut wanted), body(&mut found).unwrap_or_default());
    covers(&wanted, &found)?;
    match wanted_body {
        Some(wanted) => same(&wanted, &found_body).map_err(|why| format!("in its body, {why}")),
        None => Ok(()),
    }
}

/// A request as a recording tells it.
pub(crate) fn told(request: &Request) -> Value {
    let headers: Map<String, Value> =
        request.headers.iter().map(|header| (header.name.to_ascii_lowercase(), Value::from(header.value.clone()))).collect();
    let mut told = json!({
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "credentials": request.credentials,
        "body": document(&body(request)),
    });
    if let (Some(millis), Some(members)) = (request.timeout_millis, told.as_object_mut()) {
        members.insert("timeout-millis".into(), Value::from(millis));
    }
    told
}

/// The body's bytes, with `<id>` where the host puts a blob.
pub(crate) fn body(request: &Request) -> Vec<u8> {
    let piece = |segment: &Segment| match segment {
        Segment::Bytes(bytes) => bytes.clone(),
        Segment::Blob(id) | Segment::BlobBase64(id) => format!("<{id}>").into_bytes(),
    };
    request.body.iter().flat_map(piece).collect()
}

/// Whether a host sends it: to an origin of the manifest, with credentials of the manifest, without what is the host's own.
pub(crate) fn is_allowed(request: &Request, manifest: &Manifest, settings: &Map<String, Value>) -> Result<(), String> {
    let url = Url::parse(&request.url).map_err(|error| format!("its URL {:?} cannot be read: {error}", request.url))?;
    if let Some(header) = request.headers.iter().find(|header| wirken_egress::is_reserved(&header.name)) {
        return Err(format!(
            "it sets the header {}, which is the host's: leave it out, and name a credential where it carries one",
            header.name
        ));
    }
    if let Some(name) = request.credentials.iter().find(|name| !manifest.credentials.iter().any(|known| known.name == **name)) {
        return Err(format!("it names the credential {name:?}, and component.toml has no [[credentials]] of that name"));
    }
    if url.scheme() == "data" {
        return Ok(());
    }
    let origin = Origin::of(&url).map_err(|error| format!("its URL {:?} leads nowhere: {error}", request.url))?;
    let origins = manifest.network_origins(settings).map_err(|error| error.to_string())?;
    if origins.iter().any(|pattern| pattern.matches(&origin)) {
        Ok(())
    } else {
        Err(format!("it goes to {origin}, and component.toml has no such origin under [network]"))
    }
}
