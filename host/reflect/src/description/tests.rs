use super::*;

fn comments(json: &str) -> Comments {
    let mut section = vec![1];
    section.extend(json.as_bytes());
    Comments::read(&section)
}

#[test]
fn comments_are_found_for_functions_and_fields() {
    let comments = comments(
        r#"{"interfaces":{"ops":{"funcs":{"add":{"docs":" Adds.\nTwice. "},"old":"Old."},"types":{"r":{"items":{"x":"Right."}},"s":{"items":{"z":"Far."}}}}},
            "worlds":{"any":{"funcs":{"go":"imported"},"func_exports":{"go":{"docs":"Goes."}},"interface_exports":{"inline":{"funcs":{"f":"F."}}},
            "types":{"r":{"items":{"x":"Of the world."}}}}}}"#,
    );
    let told = |export, function| of(&comments, export, function, &[], None);
    assert_eq!(told(Some("a:b/ops@1.0.0"), "add"), "Adds.\nTwice.");
    assert_eq!(told(Some("a:b/ops"), "old"), "Old.");
    assert_eq!(told(None, "go"), "Goes.");
    assert_eq!(told(Some("inline"), "f"), "F.");
    assert_eq!(told(Some("a:b/other"), "add"), "The function of a:b/other: `add: func()`");
    assert_eq!(comments.item(Some("a:b/ops@1.0.0"), "r", "x").as_deref(), Some("Right."));
    assert_eq!(comments.item(None, "r", "x").as_deref(), Some("Of the world."));
    assert_eq!(comments.item(None, "r", "y"), None);
    assert_eq!(comments.item(Some("a:b/user"), "r", "x"), None, "two interfaces have one");
    assert_eq!(comments.item(Some("a:b/user"), "s", "z").as_deref(), Some("Far."));
}

#[test]
fn what_is_no_comment_is_none() {
    for section in
        [&b""[..], b"\x02{}", b"\x01", b"\x01[]", b"\x01{", b"\x01{\"interfaces\":3}", b"\x01{\"interfaces\":{\"ops\":{\"funcs\":[1]}}}"]
    {
        assert_eq!(of(&Comments::read(section), Some("ops"), "add", &[], None), "The function of ops: `add: func()`");
    }
    let empty = comments(r#"{"interfaces":{"ops":{"funcs":{"add":{"docs":" \n "}}}}}"#);
    assert_eq!(of(&empty, Some("ops"), "add", &[], None), "The function of ops: `add: func()`");
}

#[test]
fn a_signature_is_written_as_in_wit() {
    let field = |name: &str, ty| Field { name: name.to_owned(), ty, comment: None };
    let record = Type::Record(vec![field("x", Type::S32), field("y", Type::Option(Box::new(Type::F64)))]);
    let result = Type::Result { ok: None, err: Some(Box::new(Type::Enum(vec!["no".into(), "never".into()]))) };
    assert_eq!(
        of(&Comments::default(), None, "go", &[field("to", record)], Some(&result)),
        "The function: `go: func(to: record { x: s32, y: option<f64> }) -> result<_, enum { no, never }>`"
    );
}

#[test]
fn a_text_ends_at_its_bound_and_obeys_no_terminal() {
    assert_eq!(shown("äöü", 3), "äöü");
    assert_eq!(shown("äöüß", 3), "ä …");
    assert_eq!(shown("a\x1b[31m\r\n\tb\u{9b}", 100), "a [31m \n b ");
    let long = "ä".repeat(MAX_DESCRIPTION_CHARS + 1);
    assert_eq!(shown(&long, MAX_DESCRIPTION_CHARS).chars().count(), MAX_DESCRIPTION_CHARS);
}
