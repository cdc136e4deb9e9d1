//! What no component can be called, or written in.

use wirken_manifest::Kind;
use wirken_scaffold::{Error, Language, scaffold};

#[test]
fn a_name_has_the_grammar_of_the_manifest() {
    for good in ["a", "3d-view", &"a".repeat(64), "core", "fn", "test"] {
        assert!(scaffold(good, Kind::Tool, Language::Rust).is_ok(), "{good}");
    }
    for bad in ["", "A", "a b", "-a", "a--b", "../a", "a/b", "a\"b", "a\n", "{{name}}", &"a".repeat(65)] {
        let error = scaffold(bad, Kind::Tool, Language::Rust).unwrap_err();
        assert!(matches!(&error, Error::Name { .. }) && error.to_string().contains("lower-case letters"), "{bad}: {error}");
    }
}

#[test]
fn a_name_that_the_host_uses_itself_is_nobodys() {
    let error = scaffold("network", Kind::Tool, Language::Rust).unwrap_err();
    assert!(matches!(&error, Error::Reserved { .. }) && error.to_string().contains("another one"), "{error}");
    assert!(scaffold("networks", Kind::Tool, Language::Rust).is_ok());
}

#[test]
fn a_language_is_one_of_three_words() {
    for language in Language::ALL {
        assert_eq!(language.word().parse(), Ok(language));
    }
    assert_eq!(
        "cobol".parse::<Language>().unwrap_err().to_string(),
        "\"cobol\" is no language that a component can begin in: use rust, js or python"
    );
}
