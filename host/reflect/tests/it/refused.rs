//! What is not called, and the reason that is given.

use wirken_reflect::{Error, Import, MAX_NAME_BYTES, Reflected, is_wasi_03, unfit};
use wit_parser::LiftLowerAbi;

use crate::support::{component, component_of, reflected};

/// The reason for the one function of a world; `fine` is beside it, so that something is left.
fn reason(types: &str, function: &str) -> String {
    let wit = format!("package test:t; world w {{ {types} export fine: func(); export other: {function}; }}");
    let reflected = reflected(&wit);
    assert_eq!(reflected.functions.len(), 1);
    let [refused] = reflected.refused.as_slice() else { panic!("{:?}", reflected.refused) };
    assert_eq!((refused.export.as_deref(), refused.function.as_str()), (None, "other"));
    refused.to_string()
}

#[test]
fn a_function_is_refused_with_its_reason() {
    for (ty, kind) in [
        ("stream<u8>", "stream"),
        ("future<u8>", "future"),
        ("stream", "stream"),
        ("error-context", "error context"),
        ("map<string, u8>", "map"),
        ("list<u8, 4>", "list of fixed length"),
    ] {
        assert_eq!(
            reason("", &format!("func(a: u8, b: option<list<{ty}>>)")),
            format!("other: the parameter b holds a {kind}, which this host does not pass on")
        );
        assert_eq!(reason("", &format!("func() -> {ty}")), format!("other: its result holds a {kind}, which this host does not pass on"));
    }
    assert_eq!(reason("", "async func()"), "other: it is asynchronous, and this host calls synchronous functions");
}

#[test]
fn what_belongs_to_a_resource_is_refused() {
    let wit = "package test:files@1.2.3;
        interface store { resource file { constructor(name: string); read: func() -> string; open: static func() -> file; }
            name: func(of: borrow<file>) -> string; find: func(name: string) -> option<file>; sum: func(a: u8) -> u8; }
        world w { export store; }";
    let reflected = reflected(wit);
    assert_eq!(reflected.functions.len(), 1);
    assert_eq!(reflected.functions[0].export.as_deref(), Some("test:files/store@1.2.3"));
    let mut told: Vec<String> = reflected.refused.iter().map(ToString::to_string).collect();
    told.sort();
    let resource = "it belongs to a resource, and none lives from one call to the next";
    assert_eq!(
        told,
        [
            format!("[constructor]file of test:files/store@1.2.3: {resource}"),
            format!("[method]file.read of test:files/store@1.2.3: {resource}"),
            format!("[static]file.open of test:files/store@1.2.3: {resource}"),
            "find of test:files/store@1.2.3: its result holds a handle to a resource, and none lives from one call to the next".to_owned(),
            "name of test:files/store@1.2.3: the parameter of holds a handle to a resource, and none lives from one call to the next"
                .to_owned(),
        ]
    );
}

#[test]
fn a_component_with_nothing_callable_says_why() {
    let only_resources = component("package test:t; world w { export r: interface { resource x { go: func(); } make: func() -> x; } }");
    let error = Reflected::of(&only_resources).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("it exports no function that can be called as a tool: "), "{text}");
    assert!(text.contains("[method]x.go of r: it belongs to a resource"), "{text}");
    assert!(text.contains("make of r: its result holds a handle"), "{text}");

    let nothing = Reflected::of(&component("package test:t; world w { }")).unwrap_err();
    assert_eq!(nothing.to_string(), "it exports no function that can be called as a tool");
    let types = Reflected::of(&component("package test:t; interface t { record r { a: u8 } } world w { export t; }")).unwrap_err();
    assert_eq!(types.to_string(), "it exports no function that can be called as a tool");

    let methods: String = (0..20).map(|number| format!("m{number}: func();")).collect();
    let many = component(&format!("package test:t; world w {{ export r: interface {{ resource x {{ {methods} }} }} }}"));
    let text = Reflected::of(&many).unwrap_err().to_string();
    assert!(text.ends_with("; and 12 more") && text.len() < 1000, "{text}");
}

#[test]
fn what_is_there_for_hosts_is_left_out() {
    let wit = "package test:root; package wasi:cli@0.2.3 { interface run { run: func() -> result; } }
        package test:t { world w { export wasi:cli/run@0.2.3; export init: func(a: u8) -> u8;
            export exports: interface { init: func(); } export add: func(a: u8) -> u8; } }";
    let reflected = Reflected::of(&crate::support::component_in(wit, "test:t/w")).unwrap();
    assert_eq!(reflected.functions.iter().map(|function| function.tool.as_str()).collect::<Vec<_>>(), ["add"]);
    assert_eq!(reflected.refused, []);
    let mut left_out = reflected.left_out.clone();
    left_out.sort();
    assert_eq!(left_out, ["exports", "init", "wasi:cli/run@0.2.3"]);

    let command = "package test:root; package wasi:cli@0.2.3 { interface run { run: func() -> result; } world c { export run; } }";
    let error = Reflected::of(&crate::support::component_in(command, "wasi:cli/c@0.2.3")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it exports no function that can be called as a tool: what it exports for other hosts is left out: wasi:cli/run@0.2.3"
    );
}

#[test]
fn wirkens_own_worlds_are_not_reflected() {
    let wit = |more: &str| {
        format!(
            "package test:root; package wirken:tool@0.1.0 {{ interface tools {{ call: func(name: string) -> string; }} world t {{ export tools; {more} }} }}"
        )
    };
    let error = Reflected::of(&crate::support::component_in(&wit(""), "wirken:tool/t@0.1.0")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is made for a world of wirken's, since it exports wirken:tool/tools@0.1.0: a manifest that names that world loads it"
    );
    let both = Reflected::of(&crate::support::component_in(&wit("export plain: func();"), "wirken:tool/t@0.1.0")).unwrap();
    assert_eq!((both.functions.len(), both.left_out), (1, vec!["wirken:tool/tools@0.1.0".to_owned()]));
}

#[test]
fn asynchronous_components_and_those_of_wasi_0_3_say_so() {
    for function in ["async func()", "async func() -> stream<u8>"] {
        let wasm = component_of(&format!("package t:t; world w {{ export a: {function}; }}"), LiftLowerAbi::AsyncStackful);
        let error = Reflected::of(&wasm).unwrap_err();
        assert!(matches!(error, Error::Asynchronous { .. }), "{error}");
    }
    let told = |wat: &str| Reflected::of(&wat::parse_str(wat).unwrap()).unwrap_err().to_string();
    let module = "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))";
    assert_eq!(
        told(&format!("(component {module} (func (export \"f\") async (canon lift (core func $i \"f\") async)))")),
        "it is asynchronous (it exports a function with the asynchronous ABI), and this host calls synchronous functions: build it without async"
    );
    let lowers = "(component (import \"f\" (func $f async)) (core func (canon lower (func $f) async)))";
    assert!(told(lowers).contains("it calls an import with the asynchronous ABI"), "{}", told(lowers));
    let inside = format!("(component (component {}))", "(core func (canon task.cancel))");
    assert!(told(&inside).contains("it uses tasks, streams, futures or threads"));

    for (version, refused) in [("0.2.9", false), ("0.3.0-rc-1", true), ("0.3.0", true), ("1.0.0", true)] {
        let imports = format!("(component (import \"wasi:clocks/types@{version}\" (instance)))");
        let error = Reflected::of(&wat::parse_str(imports).unwrap()).unwrap_err();
        assert_eq!(matches!(error, Error::Wasi03 { imported: true, .. }), refused, "{error}");
    }
    let exports = "(component (instance $i) (export \"wasi:cli/run@0.3.0\" (instance $i)))";
    let error = Reflected::of(&wat::parse_str(exports).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is made for WASI 0.3 (it exports wasi:cli/run@0.3.0), and this host offers WASI 0.2: build it for that"
    );
}

#[test]
fn bytes_that_are_no_component_say_what_they_are() {
    assert_eq!(Reflected::of(b"").unwrap_err(), Error::NotWasm);
    assert_eq!(Reflected::of(b"#!/bin/sh\n").unwrap_err(), Error::NotWasm);
    assert_eq!(Reflected::of(b"\0asm\x01\0\0\0").unwrap_err(), Error::CoreModule);
    let empty = b"\0asm\x0d\0\x01\0";
    assert_eq!(Reflected::of(empty).unwrap_err(), Error::NothingCallable { refused: vec![], left_out: vec![] });
    let whole = component("package t:t; world w { export a: func(b: string) -> string; }");
    for end in 8..whole.len() {
        // A part may end where a section does, and then is a component with less in it.
        match Reflected::of(&whole[..end]) {
            Err(error) => assert!(error.to_string().len() < 500, "{error}"),
            Ok(reflected) => assert_eq!(reflected.functions.len(), 1),
        }
    }
    let cut = Reflected::of(&whole[..whole.len() / 2]).unwrap_err();
    assert!(matches!(cut, Error::Invalid { .. }), "{cut}");
    let package = {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("t.wit", "package t:t; interface i { f: func(); }").unwrap();
        wit_component::encode(&resolve, package).unwrap()
    };
    assert_eq!(Reflected::of(&package).unwrap_err(), Error::WitPackage);
}

#[test]
fn names_have_64_bytes_at_most() {
    let fits = "a".repeat(MAX_NAME_BYTES);
    let over = "a".repeat(MAX_NAME_BYTES + 1);
    let wit =
        |name: &str| format!("package t:t; world w {{ record r {{ {name}: u8 }} export fine: func(); export f: func({name}: u8, b: r); }}");
    assert_eq!(reflected(&wit(&fits)).refused, []);
    assert_eq!(reflected(&wit(&over)).refused[0].to_string(), format!("f: the parameter {over} has a name of more than 64 bytes"));
    assert!(
        reason(&format!("record r {{ {over}: u8 }}"), "func(x: r)")
            .ends_with(&format!("{over} of the parameter x has a name of more than 64 bytes"))
    );
}

#[test]
fn imports_are_listed_and_said_to_be_types_or_more() {
    let wit = "package test:t@0.1.0; interface types { record r { a: u8 } } interface acts { f: func(); } interface holds { resource r; }
        world w { import types; import acts; import holds; import plain: func(); export go: func(); }";
    let mut imports = reflected(wit).imports;
    imports.sort_by(|one, two| one.name.cmp(&two.name));
    let import = |name: &str, types_only| Import { name: name.to_owned(), types_only };
    assert_eq!(imports.len(), 4 - usize::from(imports.iter().all(|import| import.name != "test:t/types@0.1.0")));
    assert!(imports.contains(&import("plain", false)) && imports.contains(&import("test:t/acts@0.1.0", false)), "{imports:?}");
    let types = "(component (import \"a:b/c\" (instance (type (record (field \"a\" u8))) (export \"r\" (type (eq 0))))) (import \"t\" (type (sub resource))))";
    let error = Reflected::of(&wat::parse_str(types).unwrap()).unwrap_err();
    assert_eq!(error, Error::NothingCallable { refused: vec![], left_out: vec![] });
}

#[test]
fn what_an_engine_refused_has_a_name_where_it_is_a_known_one() {
    let wat = |text: &str| wat::parse_str(text).unwrap();
    let plain = wat(r#"(component (import "a:b/c@0.1.0" (instance (export "f" (func)))))"#);
    assert_eq!(unfit(&plain), None);
    assert_eq!(unfit(b"\0asm\x0d\0\x01\0\xff"), None, "what is invalid is for the engine to tell");
    assert_eq!(unfit(b"#!/bin/sh"), Some(Error::NotWasm));
    assert_eq!(unfit(&wat("(module)")), Some(Error::CoreModule));
    for text in [
        r#"(component (import "f" (func async)))"#,
        r#"(component (import "a:b/c@0.1.0" (instance (export "f" (func async)))))"#,
        r#"(component (component (import "a:b/c@0.1.0" (instance (export "f" (func async))))))"#,
    ] {
        assert!(matches!(unfit(&wat(text)), Some(Error::Asynchronous { .. })), "{text}");
    }
    let later = wat(r#"(component (import "wasi:http/handler@0.3.0" (instance (export "handle" (func async)))))"#);
    assert!(matches!(unfit(&later), Some(Error::Wasi03 { imported: true, .. })));
    for (name, later) in [
        ("wasi:io/poll@0.3.0-rc-2025", true),
        ("wasi:io/poll@1.0.0", true),
        ("wasi:io/poll@0.2.12", false),
        ("wasi:io/poll", false),
        ("acme:io/poll@0.3.0", false),
    ] {
        assert_eq!(is_wasi_03(name), later, "{name}");
    }
}
