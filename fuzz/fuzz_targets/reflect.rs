//! A stranger's component: any bytes are functions or an error in words, each function has a name and a definition that
//! models' APIs take, and any text for it is arguments or an error.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use wirken_reflect::{MAX_DEFINITION_BYTES, MAX_DESCRIPTION_CHARS, MAX_FUNCTIONS, MAX_NAME_BYTES, Reflected};

fuzz_target!(|wasm: &[u8]| {
    let reflected = match Reflected::of(wasm) {
        Ok(reflected) => reflected,
        Err(error) => {
            let told = error.to_string();
            assert!(!told.is_empty() && told.len() < 8192, "{told}");
            return;
        }
    };
    assert!((1..=MAX_FUNCTIONS).contains(&reflected.functions.len()));
    let mut tools = BTreeSet::new();
    for function in &reflected.functions {
        let apt = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!((1..=MAX_NAME_BYTES).contains(&function.tool.len()) && function.tool.bytes().all(apt), "{}", function.tool);
        assert!(tools.insert(&function.tool), "{} twice", function.tool);
        let schema = function.arguments_schema.to_string();
        assert!(schema.len() + function.description.len() <= MAX_DEFINITION_BYTES);
        assert!((1..=MAX_DESCRIPTION_CHARS).contains(&function.description.chars().count()));
        assert!(serde_json::from_str::<serde_json::Value>(&schema).is_ok_and(|read| read == function.arguments_schema));
        for arguments in ["{}", "[]", r#"{"a":null}"#] {
            if let Ok(values) = function.lift(arguments) {
                assert!(values.len() == function.parameters.len() && function.lower_arguments(&values).is_ok());
            }
        }
    }
    for refused in &reflected.refused {
        assert!(refused.to_string().len() < 1024);
    }
});
