//! What is a component, and what it asks for.

use wirken_author::{Shape, encode};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_component_stays_as_it_is_and_a_bare_module_is_refused() {
    let component = wat("(component)");
    assert_eq!(encode(&component).unwrap(), component);
    for wrong in [wat("(module (import \"env\" \"f\" (func)))"), b"\0asm".to_vec(), Vec::new(), b"#!/bin/sh\n".to_vec()] {
        assert!(encode(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn imports_of_types_are_no_authority_and_functions_and_resources_are() {
    let component = wat(r#"(component
        (import "a:b/types@0.1.0" (instance (type (record (field "x" u32))) (export "t" (type (eq 0)))))
        (import "a:b/acts@0.1.0" (instance (export "f" (func))))
        (import "a:b/holds@0.1.0" (instance (export "r" (type (sub resource)))))
        (import "g" (func))
    )"#);
    let shape = Shape::of(&component).unwrap();
    assert_eq!(shape.imports, ["a:b/types@0.1.0", "a:b/acts@0.1.0", "a:b/holds@0.1.0", "g"]);
    assert_eq!(shape.authority, ["a:b/acts@0.1.0", "a:b/holds@0.1.0", "g"]);
    assert_eq!(shape.exports, [""; 0]);
    assert!(Shape::of(b"(component)").is_err());
}
