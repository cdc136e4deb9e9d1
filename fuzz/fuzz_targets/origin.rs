//! Where a credential may go: whatever a person or a manifest writes is an origin or an error, its own text means the
//! same again, and a pattern lets no stranger's host through.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirken_types::credential::{Origin, OriginPattern};

fuzz_target!(|text: &str| {
    if let Ok(origin) = Origin::parse(text) {
        assert_eq!(Origin::parse(&origin.to_string()).as_ref(), Ok(&origin), "its own text names another origin");
        let local = origin.host() == "localhost" || origin.host() == "[::1]" || origin.host().starts_with("127.");
        assert!(origin.is_https() || local, "plain HTTP to {origin}");
        assert!(OriginPattern::parse(&origin.to_string()).is_ok_and(|pattern| pattern.matches(&origin)));
    }
    let Ok(pattern) = OriginPattern::parse(text) else { return };
    assert_eq!(OriginPattern::parse(&pattern.to_string()).as_ref(), Ok(&pattern), "its own text names another pattern");
    let OriginPattern::Wildcard(_) = &pattern else { return };
    let shown = pattern.to_string();
    let below = |label: &str| Origin::parse(&shown.replacen("*.", label, 1)).is_ok_and(|origin| pattern.matches(&origin));
    assert!(below("a."), "{shown} does not match what it says");
    assert!(!below("a.b.") && !below("") && !below("evil.example/"), "{shown} matches more than one label");
});
