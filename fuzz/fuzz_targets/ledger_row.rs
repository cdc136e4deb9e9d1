//! What stands in a ledger row: any bytes are an event or an error, and an event written down is the same event read
//! again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirken_types::event::Event;

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Event>(bytes) else { return };
    let Ok(text) = serde_json::to_string(&event) else { return };
    assert!(text.contains(&format!("\"kind\":\"{}\"", event.kind())), "{text}");
    let again: Event = match serde_json::from_str(&text) {
        Ok(again) => again,
        Err(error) => panic!("{error}: {text}"),
    };
    assert_eq!(again, event);
});
