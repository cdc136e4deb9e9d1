//! Components and arguments that are made to cost, to blow up, or to pass for something else.

use std::time::{Duration, Instant};

use serde_json::json;
use wirken_reflect::{
    Error, MAX_ARGUMENT_BYTES, MAX_COMMENTS_BYTES, MAX_COMPONENT_BYTES, MAX_DEFINITION_BYTES, MAX_DEPTH, MAX_DESCRIPTION_CHARS,
    MAX_EXPORTS, MAX_FUNCTIONS, MAX_IMPORTS, MAX_ITEMS, MAX_NESTING, MAX_RESULT_BYTES, Outcome, Reason, Reflected, ResultError, Value,
};

use crate::support::{component, echo, leb, reflected, with_section};

fn told(wat: &str) -> Error {
    Reflected::of(&wat::parse_str(wat).unwrap()).unwrap_err()
}

/// The reason for the one function of a world.
fn reason(types: &str, function: &str) -> Reason {
    let wasm = component(&format!("package t:t; world w {{ {types} export f: {function}; }}"));
    let began = Instant::now();
    let Error::NothingCallable { refused, .. } = Reflected::of(&wasm).unwrap_err() else { panic!("another error") };
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    refused[0].reason.clone()
}

#[test]
fn too_many_bytes_are_not_read() {
    assert_eq!(Reflected::of(&vec![0; MAX_COMPONENT_BYTES]).unwrap_err(), Error::NotWasm);
    assert_eq!(Reflected::of(&vec![0; MAX_COMPONENT_BYTES + 1]).unwrap_err(), Error::TooLarge { bytes: MAX_COMPONENT_BYTES + 1 });
}

#[test]
fn components_within_components_end_at_a_depth() {
    let header = b"\0asm\x0d\0\x01\0";
    let nested = |depth| {
        let mut bytes = header.to_vec();
        for _ in 0..depth {
            let inner = bytes;
            bytes = header.to_vec();
            bytes.push(4);
            bytes.extend(leb(inner.len()));
            bytes.extend(inner);
        }
        Reflected::of(&bytes).unwrap_err()
    };
    assert!(matches!(nested(MAX_NESTING), Error::NothingCallable { .. }));
    assert_eq!(nested(MAX_NESTING + 1), Error::Nested);
    assert_eq!(nested(1000), Error::Nested);
}

#[test]
fn types_within_types_end_at_a_depth() {
    let lists = |depth: usize| format!("{}bool{}", "list<".repeat(depth - 1), ">".repeat(depth - 1));
    let function = echo("", &lists(MAX_DEPTH));
    let document = format!("{}true{}", "[".repeat(MAX_DEPTH - 1), "]".repeat(MAX_DEPTH - 1));
    assert!(function.lift(&format!("{{\"a\":{document}}}")).is_ok());
    let place = || "its result".to_owned();
    assert_eq!(reason("", &format!("func() -> {}", lists(MAX_DEPTH + 1))), Reason::TooDeep { place: place() });
    assert_eq!(reason("", &format!("func() -> {}", lists(90))), Reason::TooDeep { place: place() });

    // Deeper than a validator goes: a hundred thousand lists in a row.
    let mut wat = "(component (type $t0 (list u8))".to_owned();
    for number in 1..100_000 {
        wat.push_str(&format!("(type $t{number} (list $t{}))", number - 1));
    }
    assert!(matches!(told(&(wat + ")")), Error::Invalid { .. }));
}

#[test]
fn the_deepest_of_each_kind_has_a_schema_that_can_be_read_back() {
    let mut record = "record r1 { x: u8 }".to_owned();
    let mut variant = "variant v1 { x(u8) }".to_owned();
    for depth in 2..MAX_DEPTH {
        record.push_str(&format!(" record r{depth} {{ x: option<r{}> }}", depth - 1));
        variant.push_str(&format!(" variant v{depth} {{ x(v{}), y }}", depth - 1));
    }
    for (types, ty) in [(&record, format!("r{}", MAX_DEPTH / 2)), (&variant, format!("v{}", MAX_DEPTH - 1))] {
        let function = echo(types, &ty);
        for schema in [&function.arguments_schema, &function.result_schema] {
            assert_eq!(&serde_json::from_str::<serde_json::Value>(&schema.to_string()).unwrap(), schema);
        }
    }
    let options = format!("{}u8{}", "option<".repeat(MAX_DEPTH - 1), ">".repeat(MAX_DEPTH - 1));
    let schema = echo("", &options).arguments_schema;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&schema.to_string()).unwrap(), schema);
}

#[test]
fn types_that_are_shared_do_not_multiply() {
    let mut types = "record r0 { a: u8, b: u8 }".to_owned();
    for number in 1..15 {
        types.push_str(&format!(" record r{number} {{ a: r{0}, b: r{0} }}", number - 1));
    }
    assert_eq!(reason(&types, "func(x: r14)"), Reason::TooLarge { of: "arguments" });
    assert_eq!(reason(&types, "func() -> r14"), Reason::TooLarge { of: "result" });
    assert_eq!(reflected(&format!("package t:t; world w {{ {types} export f: func(x: r5); }}")).functions.len(), 1);

    // A hundred functions of such a type are a hundred refusals.
    let functions: String = (0..100).map(|number| format!("export g{number}: func(x: r11);")).collect();
    let wasm = component(&format!("package t:t; world w {{ {types} {functions} }}"));
    let began = Instant::now();
    let Error::NothingCallable { refused, .. } = Reflected::of(&wasm).unwrap_err() else { panic!("another error") };
    assert_eq!(refused.len(), 100);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// An enum of names of 60 bytes, and one of so many, whose schema is therefore of any size.
fn names(count: usize, last: usize) -> String {
    let names: Vec<String> = (0..count).map(|number| format!("n{number:04}{}", "x".repeat(55))).chain(["y".repeat(last)]).collect();
    format!("enum e {{ {} }}", names.join(", "))
}

#[test]
fn a_definition_has_16_kib_at_most() {
    let wasm = |last: usize| component(&format!("package t:t; world w {{ {} export f: func(long-named: e); }}", names(241, last)));
    let size = |last: usize| {
        let function = Reflected::of(&wasm(last)).unwrap().functions.remove(0);
        function.description.len() + function.arguments_schema.to_string().len()
    };
    let last = 1 + MAX_DEFINITION_BYTES - size(1);
    assert!((2..64).contains(&last), "{last}");
    assert_eq!(size(last), MAX_DEFINITION_BYTES);
    let Error::NothingCallable { refused, .. } = Reflected::of(&wasm(last + 1)).unwrap_err() else { panic!("another error") };
    assert_eq!(refused[0].reason, Reason::TooLarge { of: "arguments" });
}

#[test]
fn the_types_of_a_result_have_16_kib_at_most() {
    // 273 names of 60 bytes are 16380; with the 12 of the type itself, of fewer names.
    let types = |last| format!("package t:t; world w {{ {} export f: func() -> e; }}", names(272, last));
    assert_eq!(reflected(&types(52)).functions.len(), 1);
    let Error::NothingCallable { refused, .. } = Reflected::of(&component(&types(53))).unwrap_err() else { panic!("another error") };
    assert_eq!(refused[0].reason, Reason::TooLarge { of: "result" });
    let wide: String = (0..9000).map(|number| format!("n{number}, ")).collect();
    assert_eq!(reason(&format!("enum e {{ {wide} }}"), "func() -> e"), Reason::TooLarge { of: "result" });
}

#[test]
fn a_component_has_64_functions_at_most() {
    let functions = |count: usize| {
        let functions: String = (0..count).map(|number| format!("export g{number}: func();")).collect();
        component(&format!("package t:t; world w {{ {functions} }}"))
    };
    assert_eq!(Reflected::of(&functions(MAX_FUNCTIONS)).unwrap().functions.len(), MAX_FUNCTIONS);
    assert_eq!(Reflected::of(&functions(MAX_FUNCTIONS + 1)).unwrap_err(), Error::TooManyFunctions { functions: MAX_FUNCTIONS + 1 });
}

#[test]
fn exports_imports_and_their_items_are_counted() {
    let repeated = |what: &str, count: usize| (0..count).map(|number| what.replace('#', &number.to_string())).collect::<String>();
    let exports = |count| format!("(component (type $t u8) {})", repeated("(export \"t#\" (type $t))", count));
    assert!(matches!(told(&exports(MAX_EXPORTS)), Error::NothingCallable { .. }));
    assert_eq!(told(&exports(MAX_EXPORTS + 1)), Error::TooManyExports);

    let methods = |count| {
        let methods: String = (0..count).map(|number| format!("m{number}: func();")).collect();
        component(&format!("package t:t; world w {{ export i: interface {{ resource r {{ {methods} }} }} }}"))
    };
    let Error::NothingCallable { refused, .. } = Reflected::of(&methods(MAX_EXPORTS)).unwrap_err() else { panic!("another error") };
    assert_eq!(refused.len(), MAX_EXPORTS);
    assert_eq!(Reflected::of(&methods(MAX_EXPORTS + 1)).unwrap_err(), Error::TooManyExports);

    let imports = |count| format!("(component {})", repeated("(import \"i#\" (func))", count));
    assert!(matches!(told(&imports(MAX_IMPORTS)), Error::NothingCallable { .. }));
    assert_eq!(told(&imports(MAX_IMPORTS + 1)), Error::TooManyImports { imports: MAX_IMPORTS + 1 });

    // One type of an interface with 64 functions, imported again and again.
    let items = |count, extra| {
        let functions = repeated("(export \"f#\" (func))", 64);
        let imports = repeated("(import \"i#\" (instance (type $i)))", count);
        let extra = repeated("(import \"f#\" (func))", extra);
        format!("(component (type $i (instance {functions})) {imports} {extra})")
    };
    assert!(matches!(told(&items(MAX_ITEMS / 64, 0)), Error::NothingCallable { .. }));
    assert_eq!(told(&items(MAX_ITEMS / 64, 1)), Error::TooManyItems { items: MAX_ITEMS + 1 });
}

#[test]
fn names_are_those_of_wit_or_the_component_is_refused() {
    for name in ["a b", "a_b", "ä", "", "a.b", "-a", "a--b", "1a", "a\n", "../a"] {
        let wat = format!(
            "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i \"f\"))) (export {name:?} (func $f)))"
        )
        .replace("\\u{e4}", "ä");
        assert!(matches!(told(&wat), Error::Invalid { .. }), "{name}");
    }
    let reflected = reflected("package t:t; world w { export get-HTTP2: func(%type: u8); export %interface: func(); }");
    let mut tools: Vec<&str> = reflected.functions.iter().map(|function| function.tool.as_str()).collect();
    tools.sort_unstable();
    assert_eq!(tools, ["get-HTTP2", "interface"]);
}

#[test]
fn a_message_repeats_no_long_name() {
    let long = "a".repeat(40_000);
    let wit =
        format!("package t:t; world w {{ export {long}: interface {{ resource r; {long}: func(a: borrow<r>); g: func({long}: u8); }} }}");
    let text = Reflected::of(&component(&wit)).unwrap_err().to_string();
    assert!(text.len() < 1000 && text.contains("aaa… of aaa"), "{}", &text[..1000]);
    let text = told(&format!("(component (import \"wasi:{long}/a@0.3.0\" (func)))")).to_string();
    assert!(text.len() < 300, "{}", &text[..300]);
}

#[test]
fn functions_of_one_name_are_told_apart() {
    let wit = "package test:root; package a:one@1.0.0 { interface i { f: func(); } } package a:one@2.0.0 { interface i { f: func(); } }
        package b:two { interface i { f: func(); } interface j { f: func(); g: func(); } }
        package t:t { world w { export a:one/i@1.0.0; export a:one/i@2.0.0; export b:two/i; export b:two/j; export f: func(); } }";
    let reflected = Reflected::of(&crate::support::component_in(wit, "t:t/w")).unwrap();
    let mut tools: Vec<_> =
        reflected.functions.iter().map(|function| (function.export.as_deref().unwrap_or_default(), function.tool.as_str())).collect();
    tools.sort_unstable();
    assert_eq!(
        tools,
        [
            ("", "f"),
            ("a:one/i@1.0.0", "a_one_i_1_0_0_f"),
            ("a:one/i@2.0.0", "a_one_i_2_0_0_f"),
            ("b:two/i", "b_two_i_f"),
            ("b:two/j", "g"),
            ("b:two/j", "j_f"),
        ]
    );
    assert_eq!(reflected.function("j_f").unwrap().export.as_deref(), Some("b:two/j"));
    assert!(reflected.function("i_f").is_none());
}

#[test]
fn comments_of_any_size_end_at_their_bound() {
    let wasm = component("package t:t; world w { export add: func(a: u8) -> u8; }");
    let described = |section: &[u8]| {
        let reflected = Reflected::of(&with_section(wasm.clone(), "package-docs", section)).unwrap();
        reflected.functions[0].description.clone()
    };
    let signature = "The function: `add: func(a: u8) -> u8`";
    let comment = |text: &str| format!("\x01{}", json!({"worlds": {"root": {"func_exports": {"add": {"docs": text}}}}})).into_bytes();
    assert_eq!(described(&comment("Adds one.")), "Adds one.");
    let empty = comment("").len();
    let most = described(&comment(&"a".repeat(MAX_COMMENTS_BYTES - empty)));
    assert_eq!(most.chars().count(), MAX_DESCRIPTION_CHARS);
    assert!(most.starts_with("aaa") && most.ends_with(" …"));
    assert_eq!(described(&comment(&"a".repeat(MAX_COMMENTS_BYTES - empty + 1))), signature);
    assert_eq!(described(b"\x01{"), signature);
    assert_eq!(described("\x01[".repeat(100_000).as_bytes()), signature);
}

#[test]
fn comments_on_fields_reach_the_schema() {
    let wasm = component(
        "package t:t; interface types { record point { x: s32, y: option<s32> } variant shape { dot(point), none } }
         interface draw { use types.{point, shape}; move: func(to: point); paint: func(what: shape); } world w { export types; export draw; }",
    );
    let section = json!({"interfaces": {
        "types": {"types": {"point": {"items": {"x": "To the right.", "y": {"docs": "Up."}}}, "shape": {"items": {"none": "Nothing.", "dot": "One."}}}},
        "draw": {"funcs": {"move": {"docs": "Moves the pen."}}},
    }});
    let reflected = Reflected::of(&with_section(wasm, "package-docs", format!("\x01{section}").as_bytes())).unwrap();
    let moves = reflected.function("move").unwrap();
    assert_eq!(moves.description, "Moves the pen.");
    let point = &moves.arguments_schema["properties"]["to"]["properties"];
    assert_eq!((&point["x"]["description"], &point["y"]["description"]), (&json!("To the right."), &json!("Up.")));
    let shapes = &reflected.function("paint").unwrap().arguments_schema["properties"]["what"]["oneOf"];
    let one = json!({"description": "One."});
    assert_eq!(shapes[0]["description"], one["description"]);
    assert_eq!(shapes[1], json!({"type": "string", "enum": ["none"], "description": "Nothing."}));
    assert!(reflected.function("paint").unwrap().lift(r#"{"what":"none"}"#).is_ok());
}

#[test]
fn arguments_have_a_mebibyte_at_most_and_errors_a_few_lines() {
    let text = echo("", "string");
    let document = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert_eq!(document(100).len(), 100);
    assert!(text.lift(&document(MAX_ARGUMENT_BYTES)).is_ok());
    let error = text.lift(&document(MAX_ARGUMENT_BYTES + 1)).unwrap_err();
    assert_eq!(error.to_string(), format!("the arguments have {} bytes, and {MAX_ARGUMENT_BYTES} are the most", MAX_ARGUMENT_BYTES + 1));

    let long = "x".repeat(500_000);
    let number = echo("flags f { a, b }", "tuple<u8, list<f>>");
    for document in [
        format!("{{\"a\":[\"{long}\",[]]}}"),
        format!("{{\"{long}\":0}}"),
        format!("{{\"a\":[0,[[\"{long}\"]]]}}"),
        format!("{{\"a\":[0,[{{\"{long}\":\"{long}\"}}]]}}"),
        format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100)),
        format!("{{\"a\":[0,[[{}\"a\"]]]}}", "\"a\",".repeat(100_000)),
    ] {
        let began = Instant::now();
        let error = number.lift(&document).unwrap_err().to_string();
        assert!(error.len() < 400, "{error}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}: {error}", began.elapsed());
    }
    let many: String = (0..500).map(|number| format!("n{number}, ")).collect();
    let error = echo(&format!("enum e {{ {many} }}"), "e").lift(r#"{"a":"x"}"#).unwrap_err().to_string();
    assert!(error.contains("\"n19\", 480 more, not") && error.len() < 400, "{error}");
}

#[test]
fn a_result_has_8_mib_at_most_as_json() {
    let text = echo("", "string");
    // Brackets and quotes count as four bytes.
    let value = |bytes| Some(Value::String("x".repeat(bytes)));
    assert!(matches!(text.lower(value(MAX_RESULT_BYTES - 4)), Ok(Outcome::Done(_))));
    assert_eq!(text.lower(value(MAX_RESULT_BYTES - 3)), Err(ResultError::TooLarge));

    // Names that a component did not hand over, but that its list would repeat.
    let names: Vec<String> = (0..200).map(|number| format!("n{number:03}{}", "x".repeat(50))).collect();
    let fields: Vec<String> = names.iter().map(|name| format!("{name}: bool")).collect();
    let wit = format!("package t:t; world w {{ record r {{ {} }} export f: func() -> list<r>; }}", fields.join(", "));
    let list = reflected(&wit).functions.remove(0);
    let record = Value::Record(names.iter().map(|name| (name.clone(), Value::Bool(true))).collect());
    assert!(list.lower(Some(Value::List(vec![record.clone(); 500]))).is_ok());
    assert_eq!(list.lower(Some(Value::List(vec![record; 1000]))), Err(ResultError::TooLarge));
}
