//! What must not compile.

#[test]
fn a_secret_can_be_neither_copied_compared_shown_nor_serialized() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
