//! The owner's configuration: any text is one or an error in words, and one that is written down is the same one read
//! again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wirken_config::Config;

fuzz_target!(|text: &str| {
    let config = match Config::parse(text) {
        Ok(config) => config,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for (name, document) in config.options() {
        assert!(serde_json::from_str::<Value>(&document).is_ok(), "{name} is no JSON: {document}");
    }
    match config.render() {
        Ok(written) => assert_eq!(Config::parse(&written).as_ref(), Ok(&config), "{written}"),
        // TOML has NaN, which JSON takes for null, which TOML has not.
        Err(error) => assert!(serde_json::to_string(&config).is_ok_and(|json| json.contains("null")), "{error}"),
    }
});
