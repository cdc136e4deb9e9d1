//! What a stranger's component says of itself: any text is a manifest or an error in words, and an accepted one can be
//! asked for its places, settings and origins.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use wirken_manifest::Manifest;

fuzz_target!(|text: &str| {
    let manifest = match Manifest::parse(text) {
        Ok(manifest) => manifest,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(!manifest.name.contains(['/', '.', '\\', ' ']) && !manifest.name.is_empty(), "{:?} is no file name", manifest.name);
    assert!(manifest.credentials.iter().all(|credential| credential.place().is_ok()));
    for value in ["https://api.example.com/v1", "http://127.0.0.1:1", "nonsense"] {
        let properties = manifest.settings.get("properties").and_then(Value::as_object);
        let given: Map<String, Value> = properties.into_iter().flatten().map(|(key, _)| (key.clone(), Value::from(value))).collect();
        let Ok(settings) = manifest.settings(&given) else { continue };
        let _ = manifest.network_origins(&settings);
        let _ = manifest.own_origins(&settings);
    }
});
