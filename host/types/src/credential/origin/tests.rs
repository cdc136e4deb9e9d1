//! Tables of what is and is not an origin, and the laws that hold for every one.

use proptest::prelude::*;

use super::*;

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn pattern(text: &str) -> OriginPattern {
    OriginPattern::parse(text).unwrap()
}

#[test]
fn normalises_the_spellings_of_one_origin() {
    for (text, normal) in [
        ("https://api.example.com", "https://api.example.com"),
        ("HTTPS://API.Example.COM/", "https://api.example.com"),
        ("https://api.example.com:443", "https://api.example.com"),
        ("https://api.example.com:", "https://api.example.com"),
        ("https://api.example.com:8443", "https://api.example.com:8443"),
        ("https://api.example.com:80", "https://api.example.com:80"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://my_host.example", "https://my_host.example"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:DB8::0001]:9000", "https://[2001:db8::1]:9000"),
        ("http://localhost:80", "http://localhost"),
        ("http://LOCALHOST:11434", "http://localhost:11434"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("http://0x7f.1", "http://127.0.0.1"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ] {
        assert_eq!(Origin::parse(text).map(|origin| origin.to_string()).as_deref(), Ok(normal), "{text}");
    }
}

#[test]
fn refuses_plain_http_to_any_other_machine() {
    for text in [
        "http://example.com",
        "http://192.168.0.1",
        "http://0.0.0.0",
        "http://localhost.example.com",
        "http://a.localhost",
        "http://[::ffff:127.0.0.1]",
        "http://128.0.0.1",
        "http://[::2]",
    ] {
        assert!(matches!(Origin::parse(text), Err(InvalidOrigin::PlainHttp { .. })), "{text}");
    }
    assert!(Origin::parse("http://example.com").unwrap_err().to_string().contains("use `https://example.com`"));
    assert!(matches!(OriginPattern::parse("http://*.example.com"), Err(InvalidOrigin::PlainHttp { .. })));
}

#[test]
fn refuses_whatever_is_more_or_less_than_an_origin() {
    use InvalidOrigin as E;
    type Expected = fn(&E) -> bool;
    let table: &[(&str, Expected)] = &[
        ("", |e| matches!(e, E::NoScheme { .. })),
        ("api.example.com", |e| matches!(e, E::NoScheme { .. })),
        ("https:example.com", |e| matches!(e, E::NoScheme { .. })),
        ("https:/example.com", |e| matches!(e, E::NoScheme { .. })),
        ("ftp://example.com", |e| matches!(e, E::Scheme { .. })),
        (" https://example.com", |e| matches!(e, E::Scheme { .. })),
        ("https://user@example.com", |e| matches!(e, E::UserInfo)),
        ("https://user:hunter2@example.com", |e| matches!(e, E::UserInfo)),
        ("https://@example.com", |e| matches!(e, E::UserInfo)),
        ("https://example.com\\@evil.example", |e| matches!(e, E::UserInfo)),
        ("https://example.com/v1", |e| matches!(e, E::MoreThanOrigin { .. })),
        ("https://example.com//", |e| matches!(e, E::MoreThanOrigin { .. })),
        ("https://example.com/.", |e| matches!(e, E::MoreThanOrigin { .. })),
        ("https://example.com?", |e| matches!(e, E::MoreThanOrigin { .. })),
        ("https://example.com/?key=1", |e| matches!(e, E::MoreThanOrigin { .. })),
        ("https://example.com#", |e| matches!(e, E::MoreThanOrigin { .. })),
        ("https://example.com\\", |e| matches!(e, E::MoreThanOrigin { .. })),
        ("https://", |e| matches!(e, E::Host { .. })),
        ("https:///example.com", |e| matches!(e, E::Host { .. })),
        ("https://exa mple.com", |e| matches!(e, E::Host { .. })),
        ("https://exa\tmple.com", |e| matches!(e, E::Host { .. })),
        ("https://example.com\n", |e| matches!(e, E::Host { .. })),
        ("https://ex%61mple.com", |e| matches!(e, E::Host { .. })),
        ("https://example.com.", |e| matches!(e, E::Host { .. })),
        ("https://.example.com", |e| matches!(e, E::Host { .. })),
        ("https://a..example.com", |e| matches!(e, E::Host { .. })),
        ("https://example.com:65536", |e| matches!(e, E::Host { .. })),
        ("https://example.com:x", |e| matches!(e, E::Host { .. })),
        ("https://a!b.example", |e| matches!(e, E::Host { .. })),
        ("https://[::1", |e| matches!(e, E::Host { .. })),
        ("https://*.example.com", |e| matches!(e, E::Wildcard { .. })),
    ];
    for (text, expected) in table {
        let error = Origin::parse(text).unwrap_err();
        assert!(expected(&error), "{text:?} gave {error:?}");
        assert!(!error.to_string().contains("hunter2") && !error.to_string().contains("key=1"), "{error}");
    }
}

#[test]
fn takes_the_origin_of_a_url_with_a_path_but_not_with_a_password() {
    let of = |text: &str| Origin::of(&Url::parse(text).unwrap());
    assert_eq!(of("https://api.example.com/v1?x=1#y"), Ok(origin("https://api.example.com")));
    assert_eq!(of("https://u:p@api.example.com/"), Err(InvalidOrigin::UserInfo));
    assert!(matches!(of("https://*.example.com/"), Err(InvalidOrigin::Host { .. })));
    assert!(matches!(of("http://api.example.com/"), Err(InvalidOrigin::PlainHttp { .. })));
    assert!(matches!(of("file:///etc/passwd"), Err(InvalidOrigin::Scheme { .. })));
    assert!(matches!(of("data:text/plain,x"), Err(InvalidOrigin::Scheme { .. })));
}

#[test]
fn a_wildcard_matches_exactly_one_label() {
    let pattern = pattern("*.example.com");
    for (text, matched) in [
        ("https://a.example.com", true),
        ("https://A.EXAMPLE.com:443", true),
        ("https://xn--bcher-kva.example.com", true),
        ("https://example.com", false),
        ("https://a.b.example.com", false),
        ("https://aexample.com", false),
        ("https://a.example.com:8443", false),
        ("https://a.example.com.evil.example", false),
        ("http://localhost", false),
    ] {
        assert_eq!(pattern.matches(&origin(text)), matched, "{text}");
    }
}

#[test]
fn a_wildcard_has_one_written_form() {
    for (text, normal) in [
        ("*.Example.com", "https://*.example.com"),
        ("https://*.example.com:443/", "https://*.example.com"),
        ("https://*.example.com:8443", "https://*.example.com:8443"),
        ("*.bücher.example", "https://*.xn--bcher-kva.example"),
        ("*.corp.internal", "https://*.corp.internal"),
    ] {
        assert_eq!(pattern(text).to_string(), normal, "{text}");
    }
    assert!(pattern("https://*.example.com:8443").matches(&origin("https://a.example.com:8443")));
}

#[test]
fn refuses_wildcards_under_which_strangers_have_names() {
    for text in [
        "*.com",
        "*.co.uk",
        "*.github.io",
        "*.localhost",
        "*.s3.amazonaws.com",
        "*.compute.amazonaws.com",
        "*.ck",
        "*.192.0.2.1",
        "*.[::1]",
    ] {
        assert!(matches!(OriginPattern::parse(text), Err(InvalidOrigin::PublicSuffix { .. })), "{text}: {:?}", OriginPattern::parse(text));
    }
}

#[test]
fn refuses_stars_anywhere_else() {
    for text in ["https://*", "https://a.*.example.com", "*.*.example.com", "https://a*.example.com", "https://*example.com"] {
        assert!(matches!(OriginPattern::parse(text), Err(InvalidOrigin::Wildcard { .. })), "{text}: {:?}", OriginPattern::parse(text));
    }
    for text in ["*", "*.", "*..example.com", "*.example.com.", "*.example.com/v1", "*.a@example.com", "", "example.com"] {
        assert!(OriginPattern::parse(text).is_err(), "{text}");
    }
}

#[test]
fn covers_what_it_matches_all_of() {
    for (wide, narrow, covers) in [
        ("https://a.example.com", "https://a.example.com", true),
        ("https://a.example.com", "https://a.example.com:8443", false),
        ("*.example.com", "https://a.example.com", true),
        ("*.example.com", "https://example.com", false),
        ("*.example.com", "*.example.com", true),
        ("*.example.com", "*.a.example.com", false),
        ("*.a.example.com", "*.example.com", false),
        ("https://*.example.com:8443", "*.example.com", false),
        ("https://a.example.com", "*.example.com", false),
    ] {
        assert_eq!(pattern(wide).covers(&pattern(narrow)), covers, "{wide} {narrow}");
    }
}

#[test]
fn travels_as_text_in_json() {
    let patterns = vec![pattern("https://API.example.com"), pattern("*.example.com")];
    let json = serde_json::to_string(&patterns).unwrap();
    assert_eq!(json, r#"["https://api.example.com","https://*.example.com"]"#);
    assert_eq!(serde_json::from_str::<Vec<OriginPattern>>(&json).unwrap(), patterns);
    assert!(serde_json::from_str::<OriginPattern>(r#""*.com""#).is_err());
}

proptest! {
    #[test]
    fn parsing_is_idempotent(text in "(https|http|HTTPS)://[a-zA-Z0-9.*_:\\[\\]-]{1,24}/?") {
        if let Ok(parsed) = Origin::parse(&text) {
            prop_assert_eq!(&Origin::parse(&parsed.to_string()), &Ok(parsed.clone()));
            prop_assert!(OriginPattern::Literal(parsed.clone()).matches(&parsed));
        }
        if let Ok(parsed) = OriginPattern::parse(&text) {
            prop_assert_eq!(OriginPattern::parse(&parsed.to_string()), Ok(parsed));
        }
    }

    #[test]
    fn never_panics_and_agrees_with_the_url_parser(text in "(https://)?\\PC{0,40}") {
        if let Ok(parsed) = Origin::parse(&text) {
            prop_assert_eq!(Origin::of(&Url::parse(&text).unwrap()), Ok(parsed));
        }
        let _ = OriginPattern::parse(&text);
    }

    #[test]
    fn a_wildcard_matches_a_host_if_and_only_if_one_label_precedes_its_suffix(labels in prop::collection::vec("[a-z][a-z0-9]{0,5}", 1..4)) {
        let host = format!("https://{}.example.com", labels.join("."));
        prop_assert_eq!(pattern("*.example.com").matches(&origin(&host)), labels.len() == 1);
    }
}
