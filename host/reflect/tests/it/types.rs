//! Each type: its schema, what fits it, and what does not, on both sides of each bound.

use serde_json::{Value as Json, json};
use wirken_reflect::{Field, Function, Outcome, Type, Value};

use crate::support::{echo, reflected};

/// What a document lifts to, and what that lowers to again: on the way back a result's schema holds too.
fn round(function: &Function, document: &str) -> (Value, Json) {
    let arguments = function.lift(&format!("{{\"a\":{document}}}")).unwrap_or_else(|error| panic!("{document}: {error}"));
    let [value] = <[Value; 1]>::try_from(arguments.clone()).unwrap();
    let lowered = function.lower_arguments(&arguments).unwrap();
    assert_eq!(function.lift(&lowered.to_string()).unwrap(), arguments, "{document}");
    (value, lowered["a"].clone())
}

/// What is told of a document that does not fit: always with a path, never longer than a few lines.
fn refused(function: &Function, document: &str) -> String {
    let error = function.lift(&format!("{{\"a\":{document}}}")).unwrap_err();
    assert!(error.path.starts_with("/a"), "{error}");
    let text = error.to_string();
    assert!(text.len() < 400, "{text}");
    text
}

fn fits(types: &str, ty: &str, documents: &[&str]) -> Function {
    let function = echo(types, ty);
    for document in documents {
        let (value, lowered) = round(&function, document);
        assert_eq!(lowered, serde_json::from_str::<Json>(document).unwrap(), "{value:?}");
        assert!(jsonschema::is_valid(&function.arguments_schema, &json!({"a": lowered})), "{document}");
        if function.failure_schema.is_none() {
            assert_eq!(function.lower(Some(value)), Ok(Outcome::Done(lowered.clone())));
            assert!(jsonschema::is_valid(&function.result_schema, &lowered), "{document}");
        }
    }
    function
}

fn schema(function: &Function) -> &Json {
    &function.arguments_schema["properties"]["a"]
}

#[test]
fn an_integer_holds_its_range_and_nothing_beside() {
    for (ty, least, most, under, over) in [
        ("u8", "0", "255", "-1", "256"),
        ("u16", "0", "65535", "-1", "65536"),
        ("u32", "0", "4294967295", "-1", "4294967296"),
        ("u64", "0", "18446744073709551615", "-1", "18446744073709551616"),
        ("s8", "-128", "127", "-129", "128"),
        ("s16", "-32768", "32767", "-32769", "32768"),
        ("s32", "-2147483648", "2147483647", "-2147483649", "2147483648"),
        ("s64", "-9223372036854775808", "9223372036854775807", "-9223372036854775809", "9223372036854775808"),
    ] {
        let function = fits("", ty, &[least, most, "0", "1"]);
        assert_eq!(schema(&function).to_string(), format!("{{\"maximum\":{most},\"minimum\":{least},\"type\":\"integer\"}}"));
        assert_eq!(round(&function, "3.0").1, json!(3));
        assert_eq!(round(&function, "1e2").1, json!(100));
        assert_eq!(round(&function, "-0").1, json!(0));
        for wrong in [under, over, "1e300", "-1e300"] {
            let told = refused(&function, wrong);
            assert!(told.starts_with(&format!("at /a: expected an integer from {least} to {most}")), "{told}");
        }
        for wrong in ["0.5", "\"1\"", "null", "true", "[1]", "{}"] {
            let told = refused(&function, wrong);
            assert!(told.contains(&format!("expected an integer from {least} to {most}, not ")), "{told}");
        }
    }
}

#[test]
fn digits_beyond_2_53_are_exact_and_a_fraction_there_is_refused() {
    let function = fits("", "u64", &["9007199254740993", "18446744073709551614"]);
    assert_eq!(round(&function, "9007199254740992.0").0, Value::U64(1 << 53));
    let told = refused(&function, "9007199254740994.0");
    assert_eq!(told, "at /a: expected an integer from 0 to 18446744073709551615, written in digits alone, not 9007199254740994.0");
    let signed = fits("", "s64", &["-9007199254740993"]);
    assert_eq!(round(&signed, "-9007199254740992.0").0, Value::S64(-(1 << 53)));
    assert!(refused(&signed, "-9007199254740994.0").contains("in digits alone"));
}

#[test]
fn floats_are_finite_in_arguments_and_spelled_out_in_results() {
    let double = fits("", "f64", &["0.1", "-0.0", "1.7976931348623157e308", "5e-324", "123456789.123"]);
    assert_eq!(*schema(&double), json!({"type": "number"}));
    assert_eq!(round(&double, "7").0, Value::F64(7.0));
    assert!(refused(&double, "\"NaN\"").contains("expected a number, not the string \"NaN\""));
    assert!(double.lift(r#"{"a":1e400}"#).unwrap_err().message.contains("no JSON"));
    for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
        assert_eq!(double.lower(Some(Value::F64(value))), Ok(Outcome::Done(json!(text))));
        assert!(jsonschema::is_valid(&double.result_schema, &json!(text)));
        assert!(!jsonschema::is_valid(&double.arguments_schema, &json!({"a": text})));
    }
    assert!(!jsonschema::is_valid(&double.result_schema, &json!("nan")));
}

#[test]
fn a_small_float_is_the_nearest_within_its_range() {
    let single = fits("", "f32", &["0.1", "-0.0", "1.5", "3.4028235e38", "-3.4028235e38", "1e-45"]);
    assert_eq!(round(&single, "3.4028234663852886e38").0, Value::F32(f32::MAX));
    assert_eq!(round(&single, "-3.4028234663852886e38").0, Value::F32(f32::MIN));
    assert_eq!(round(&single, "0.10000000149011612").1, json!(0.1));
    for wrong in ["3.4028236e38", "-3.4028236e38", "1e39"] {
        assert!(refused(&single, wrong).contains("expected a number from -3.4028235e38 to 3.4028235e38"));
    }
    assert_eq!(single.lower(Some(Value::F32(f32::NEG_INFINITY))), Ok(Outcome::Done(json!("-Infinity"))));
}

#[test]
fn text_and_truth() {
    let truth = fits("", "bool", &["true", "false"]);
    assert_eq!(*schema(&truth), json!({"type": "boolean"}));
    assert_eq!(refused(&truth, "0"), "at /a: expected true or false, not 0");

    let text = fits("", "string", &["\"\"", "\"ä\\u0000\\ud83d\\ude00\""]);
    assert_eq!(*schema(&text), json!({"type": "string"}));
    assert_eq!(refused(&text, "null"), "at /a: expected a string, not null");
    assert!(text.lift(r#"{"a":"\ud800"}"#).unwrap_err().message.contains("no JSON"));

    let character = fits("", "char", &["\"a\"", "\"\\ud83d\\ude00\"", "\"\\u0000\""]);
    assert_eq!(*schema(&character), json!({"type": "string", "minLength": 1, "maxLength": 1}));
    for wrong in ["\"\"", "\"ab\"", "\"e\\u0301\"", "1"] {
        assert!(refused(&character, wrong).contains("expected a string of one character"));
    }
}

#[test]
fn a_list_is_an_array_and_bytes_are_base64() {
    let list = fits("", "list<s16>", &["[]", "[1,-2,3]"]);
    assert_eq!(schema(&list)["type"], "array");
    assert_eq!(refused(&list, "[1,\"2\",3]"), "at /a/1: expected an integer from -32768 to 32767, not the string \"2\"");
    assert_eq!(refused(&list, "1"), "at /a: expected an array, not 1");

    let bytes = fits("", "list<u8>", &["\"\"", "\"AA==\"", "\"AAE=\"", "\"+/+/\""]);
    assert_eq!(*schema(&bytes), json!({"type": "string", "contentEncoding": "base64"}));
    assert_eq!(round(&bytes, "\"AAEC\"").0, Value::Bytes(vec![0, 1, 2]));
    // What is written in another way than the host writes it is refused: padding, the other alphabet, stray bits.
    for wrong in ["\"AA\"", "\"-_-_\"", "\"AB==\"", "\"A A=\"", "[0]"] {
        assert!(refused(&bytes, wrong).contains("expected bytes in base64"), "{wrong}");
    }
    let as_list = Value::List(vec![Value::U8(0), Value::U8(1)]);
    assert_eq!(bytes.lower(Some(as_list)), Ok(Outcome::Done(json!("AAE="))));
    assert!(bytes.lower(Some(Value::List(vec![Value::S8(0)]))).is_err());
    fits("", "list<list<u8>>", &["[\"AA==\",\"\"]"]);
}

#[test]
fn a_tuple_has_as_many_as_it_has_types() {
    let tuple = fits("", "tuple<u8, string>", &["[1,\"a\"]"]);
    assert_eq!(schema(&tuple)["prefixItems"].as_array().unwrap().len(), 2);
    assert_eq!((&schema(&tuple)["items"], &schema(&tuple)["minItems"], &schema(&tuple)["maxItems"]), (&json!(false), &json!(2), &json!(2)));
    for wrong in ["[1]", "[1,\"a\",null]", "[]"] {
        assert!(refused(&tuple, wrong).contains("expected an array of 2 values, not of "), "{wrong}");
    }
    assert_eq!(refused(&tuple, "[1,2]"), "at /a/1: expected a string, not 2");
    fits("", "tuple<u8>", &["[1]"]);
}

#[test]
fn a_record_is_an_object_without_other_properties() {
    let types = "record point { x: s32, y: option<s32>, the-name: string }";
    let record = fits(types, "point", &[r#"{"x":1,"y":2,"the-name":""}"#, r#"{"x":1,"y":null,"the-name":""}"#]);
    assert_eq!(schema(&record)["required"], json!(["x", "the-name"]));
    assert_eq!(schema(&record)["additionalProperties"], json!(false));
    assert_eq!(round(&record, r#"{"the-name":"","x":1}"#).1, json!({"x": 1, "y": null, "the-name": ""}));
    assert_eq!(refused(&record, r#"{"x":1}"#), "at /a: the property \"the-name\" is missing");
    assert_eq!(
        refused(&record, r#"{"x":1,"the-name":"","z":0}"#),
        "at /a: there is no property \"z\" here; there is \"x\", \"y\", \"the-name\""
    );
    assert_eq!(
        refused(&record, r#"{"x":1,"the-name":"","y":"2"}"#),
        "at /a/y: expected an integer from -2147483648 to 2147483647, not the string \"2\""
    );
    assert!(refused(&record, "[1,2]").contains("expected an object with \"x\", \"y\", \"the-name\", not an array"));
}

#[test]
fn a_variant_is_a_name_or_an_object_with_one_property() {
    let types = "record size { w: u8 } variant shape { none, circle(u8), box(size), other(option<u8>), line }";
    let documents = ["\"none\"", "\"line\"", r#"{"circle":255}"#, r#"{"box":{"w":1}}"#, r#"{"other":null}"#, r#"{"other":1}"#];
    let variant = fits(types, "shape", &documents);
    assert_eq!(schema(&variant)["oneOf"].as_array().unwrap().len(), 4);
    assert_eq!(schema(&variant)["oneOf"][3], json!({"type": "string", "enum": ["none", "line"]}));
    let expected = r#"expected one of "none", {"circle": …}, {"box": …}, {"other": …}, "line", not "#;
    for (wrong, found) in [
        ("\"circle\"", "the string \"circle\""),
        (r#"{"none":null}"#, "an object with \"none\""),
        (r#"{"x":1}"#, "an object with \"x\""),
        (r#"{"circle":1,"line":1}"#, "an object of 2 properties"),
        ("{}", "an object of 0 properties"),
        ("null", "null"),
        ("\"x\"", "the string \"x\""),
    ] {
        assert_eq!(refused(&variant, wrong), format!("at /a: {expected}{found}"));
    }
    assert_eq!(refused(&variant, r#"{"circle":256}"#), "at /a/circle: expected an integer from 0 to 255, not 256");
    assert_eq!(refused(&variant, r#"{"box":{"w":"1"}}"#), "at /a/box/w: expected an integer from 0 to 255, not the string \"1\"");
}

#[test]
fn names_out_of_a_list() {
    let one = fits("enum color { red, dark-green }", "color", &["\"red\"", "\"dark-green\""]);
    assert_eq!(*schema(&one), json!({"type": "string", "enum": ["red", "dark-green"]}));
    assert_eq!(refused(&one, "\"blue\""), "at /a: expected one of \"red\", \"dark-green\", not the string \"blue\"");

    let many = fits("flags may { read, write, run }", "may", &["[]", "[\"read\",\"run\"]", "[\"read\",\"write\",\"run\"]"]);
    assert_eq!(round(&many, "[\"run\",\"read\"]").1, json!(["read", "run"]));
    assert_eq!(refused(&many, "[\"read\",\"read\"]"), "at /a: expected each name once, and \"read\" is there twice");
    assert_eq!(refused(&many, "[\"read\",\"fly\"]"), "at /a/1: expected one of \"read\", \"write\", \"run\", not the string \"fly\"");
    assert!(refused(&many, "[\"read\",\"write\",\"run\",\"run\"]").contains("at most 3 names"));
    assert!(refused(&many, "{\"read\":true}").contains("expected an array of names, not an object"));
    assert_eq!(many.lower(Some(Value::Flags(vec!["run".into(), "read".into()]))), Ok(Outcome::Done(json!(["read", "run"]))));
    assert!(many.lower(Some(Value::Flags(vec!["fly".into()]))).is_err());
}

#[test]
fn an_option_is_null_or_left_out_and_one_within_another_says_some() {
    let option = fits("", "option<u8>", &["null", "3"]);
    assert_eq!(option.arguments_schema.get("required"), None);
    assert_eq!(option.lift("{}"), Ok(vec![Value::Option(None)]));
    assert_eq!(option.lift(" "), Ok(vec![Value::Option(None)]));
    assert_eq!(refused(&option, "256"), "at /a: expected an integer from 0 to 255, not 256");

    let nested = fits("", "option<option<u8>>", &["null", r#"{"some":null}"#, r#"{"some":3}"#]);
    assert_eq!(round(&nested, r#"{"some":null}"#).0, Value::Option(Some(Box::new(Value::Option(None)))));
    assert!(refused(&nested, "3").contains(r#"expected one of {"some": …}, not 3"#));
    fits("", "option<option<option<bool>>>", &["null", r#"{"some":null}"#, r#"{"some":{"some":null}}"#, r#"{"some":{"some":true}}"#]);
    fits("", "list<option<string>>", &[r#"[null,"a"]"#]);
}

#[test]
fn a_result_within_arguments_is_a_variant() {
    let both = fits("", "list<result<u8, string>>", &[r#"[{"ok":1},{"err":"no"}]"#]);
    assert_eq!(refused(&both, "[\"ok\"]"), r#"at /a/0: expected one of {"ok": …}, {"err": …}, not the string "ok""#);
    fits("", "list<result>", &[r#"["ok","err"]"#]);
    fits("", "list<result<u8>>", &[r#"[{"ok":1},"err"]"#]);
    fits("", "list<result<_, u8>>", &[r#"["ok",{"err":1}]"#]);
}

#[test]
fn a_result_that_is_returned_is_done_or_failed() {
    let wit = "package t:t; world w { export both: func() -> result<u8, string>; export ok: func() -> result<u8>;
        export err: func() -> result<_, string>; export none: func() -> result; export nothing: func(); }";
    let reflected = reflected(wit);
    let function = |name: &str| reflected.function(name).unwrap();
    let boxed = |value: Value| Some(Box::new(value));
    let (ok, err) = (Value::Result(Ok(boxed(Value::U8(1)))), Value::Result(Err(boxed(Value::String("no".into())))));
    let (plain_ok, plain_err) = (Value::Result(Ok(None)), Value::Result(Err(None)));
    for (name, value, outcome) in [
        ("both", &ok, Outcome::Done(json!(1))),
        ("both", &err, Outcome::Failed(json!("no"))),
        ("ok", &ok, Outcome::Done(json!(1))),
        ("ok", &plain_err, Outcome::Failed(Json::Null)),
        ("err", &plain_ok, Outcome::Done(Json::Null)),
        ("err", &err, Outcome::Failed(json!("no"))),
        ("none", &plain_ok, Outcome::Done(Json::Null)),
        ("none", &plain_err, Outcome::Failed(Json::Null)),
    ] {
        assert_eq!(function(name).lower(Some(value.clone())), Ok(outcome.clone()), "{name}");
        let schema = match &outcome {
            Outcome::Done(_) => &function(name).result_schema,
            Outcome::Failed(_) => function(name).failure_schema.as_ref().unwrap(),
        };
        let (Outcome::Done(json) | Outcome::Failed(json)) = &outcome;
        assert!(jsonschema::is_valid(schema, json), "{name}: {schema}");
    }
    assert_eq!(function("nothing").lower(None), Ok(Outcome::Done(Json::Null)));
    assert_eq!(function("nothing").result_schema, json!({"type": "null"}));
    assert_eq!(function("nothing").failure_schema, None);
    assert_eq!(function("both").failure_schema, Some(json!({"type": "string"})));
    for (name, value) in [("both", Some(plain_ok)), ("none", Some(ok)), ("both", None), ("nothing", Some(Value::U8(0)))] {
        assert!(function(name).lower(value).unwrap_err().to_string().starts_with("the result is no "), "{name}");
    }
}

#[test]
fn a_value_of_another_type_is_not_passed_on() {
    let types = "record r { a: u8, b: u8 } variant v { x, y(u8) } enum e { x }";
    let field = |name: &str| (name.to_owned(), Value::U8(0));
    for (ty, value) in [
        ("u8", Value::U16(0)),
        ("s64", Value::U64(0)),
        ("f32", Value::F64(0.0)),
        ("string", Value::Char('a')),
        ("list<bool>", Value::List(vec![Value::U8(0)])),
        ("list<bool>", Value::Bytes(vec![0])),
        ("tuple<u8, u8>", Value::Tuple(vec![Value::U8(0)])),
        ("r", Value::Record(vec![field("a")])),
        ("r", Value::Record(vec![field("b"), field("a")])),
        ("v", Value::Variant("x".into(), Some(Box::new(Value::U8(0))))),
        ("v", Value::Variant("y".into(), None)),
        ("v", Value::Variant("z".into(), None)),
        ("e", Value::Enum("y".into())),
        ("option<u8>", Value::U8(0)),
    ] {
        let error = echo(types, ty).lower(Some(value)).unwrap_err();
        assert!(error.to_string().starts_with("the result is no "), "{error}");
    }
}

#[test]
fn arguments_are_one_object_with_every_parameter() {
    let wit = "package t:t; world w { export add: func(left: u8, right: u8, note: option<string>) -> u16; export now: func() -> u64; }";
    let reflected = reflected(wit);
    let add = reflected.function("add").unwrap();
    assert_eq!(
        add.arguments_schema,
        json!({
            "type": "object",
            "properties": {
                "left": {"type": "integer", "minimum": 0, "maximum": 255},
                "right": {"type": "integer", "minimum": 0, "maximum": 255},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["left", "right"],
            "additionalProperties": false,
        })
    );
    assert_eq!(add.parameters[1], Field { name: "right".into(), ty: Type::U8, comment: None });
    assert_eq!(add.result, Some(Type::U16));
    assert_eq!(add.lift(r#"{"right":2,"left":1}"#), Ok(vec![Value::U8(1), Value::U8(2), Value::Option(None)]));
    for (wrong, told) in [
        (r#"{"left":1}"#, "the property \"right\" is missing"),
        (r#"{"left":1,"right":2,"middle":3}"#, "there is no property \"middle\" here; there is \"left\", \"right\", \"note\""),
        ("[1,2]", "expected an object with \"left\", \"right\", \"note\", not an array"),
        ("", "the property \"left\" is missing"),
        ("{\"left\":", "the arguments are no JSON: EOF while parsing a value at line 1 column 8"),
        (r#"{"left":1,"right":2,"left":3}"#, "the arguments cannot be used: the property \"left\" is given twice at line 1 column 26"),
        ("{} {}", "the arguments are no JSON: trailing characters at line 1 column 4"),
    ] {
        assert_eq!(add.lift(wrong).unwrap_err().to_string(), told, "{wrong}");
    }
    let now = reflected.function("now").unwrap();
    assert_eq!(now.arguments_schema, json!({"type": "object", "properties": {}, "additionalProperties": false}));
    assert_eq!(now.lift(""), Ok(vec![]));
    assert_eq!(now.lift("{\"x\":1}").unwrap_err().to_string(), "there is no property \"x\" here; there is none");
}
