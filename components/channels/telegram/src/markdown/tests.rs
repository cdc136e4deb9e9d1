//! Markdown as models write it.

use proptest::prelude::*;

use super::*;
use crate::entity::units;
use crate::{MAX_ENTITIES, MAX_UNITS, split};

/// Each entity as its kind and the text that it covers.
fn shape(formatted: &Formatted) -> Vec<(Kind, &str)> {
    let part = |offset, length| crate::entity::slice(&formatted.text, offset, length).unwrap();
    formatted.entities.iter().map(|entity| (entity.kind.clone(), part(entity.offset, entity.length))).collect()
}

fn check(markdown: &str, text: &str, entities: &[(Kind, &str)]) {
    let rendered = render(markdown);
    assert_eq!(rendered.text, text, "{markdown}");
    assert_eq!(shape(&rendered), entities, "{markdown}");
}

fn link(url: &str) -> Kind {
    Kind::Link(url.into())
}

#[test]
fn marks_words() {
    check(
        "a **b _c_** ~~d~~ `e*`",
        "a b c d e*",
        &[(Kind::Bold, "b c"), (Kind::Italic, "c"), (Kind::Strikethrough, "d"), (Kind::Code, "e*")],
    );
    check("👩‍🚀 **ü**", "👩‍🚀 ü", &[(Kind::Bold, "ü")]);
    check("**a `b` c**", "a b c", &[(Kind::Bold, "a "), (Kind::Code, "b"), (Kind::Bold, " c")]);
    check("# **a** b", "a b", &[(Kind::Bold, "a b")]);
    check("1 * 2 * 3 _x", "1 * 2 * 3 _x", &[]);
}

#[test]
fn separates_blocks() {
    check("# Title\ntext\nmore\n\nnext\n***\nend", "Title\n\ntext\nmore\n\nnext\n\n———————\n\nend", &[(Kind::Bold, "Title")]);
    check("a\n```rust\nlet x;\n\n  y\n```\nb", "a\n\nlet x;\n\n  y\n\nb", &[(Kind::Pre(Some("rust".into())), "let x;\n\n  y")]);
    check("    indented", "indented", &[(Kind::Pre(None), "indented")]);
    check("> a\n>\n> > b\n\nc", "a\n\nb\n\nc", &[(Kind::Blockquote, "a\n\nb")]);
    check("> ```\n> x\n> ```", "x", &[(Kind::Blockquote, "x"), (Kind::Pre(None), "x")]);
}

#[test]
fn writes_lists() {
    check("- a\n- b\n  - c\n    1. d\n- e\n\nf", "• a\n• b\n  • c\n    1. d\n• e\n\nf", &[]);
    check("3. a\n4. b", "3. a\n4. b", &[]);
    check("- a\n\n- b\n\n  more", "• a\n• b\nmore", &[]);
    check("- [x] done\n- [ ] open", "• ☑ done\n• ☐ open", &[]);
    check("-\n- b", "• \n• b", &[]);
}

#[test]
fn writes_tables_for_a_font_of_one_width() {
    let table = "| a | long |\n|---|---|\n| **bold** | `x` |\n| [y](https://z.example) |";
    let expected = "a    │ long\n─────┼─────\nbold │ x\ny";
    check(table, expected, &[(Kind::Pre(None), expected)]);
}

#[test]
fn links_what_telegram_can_open_and_shows_the_rest() {
    check("[a](https://b.example/?c=1)", "a", &[(link("https://b.example/?c=1"), "a")]);
    check("[a](tg://user?id=1) [m](mailto:x@y.example)", "a m", &[(link("tg://user?id=1"), "a"), (link("mailto:x@y.example"), "m")]);
    check("[a](src/main.rs) [b](javascript:alert) [c](file:///etc)", "a (src/main.rs) b (javascript:alert) c (file:///etc)", &[]);
    check("[a `b`](https://c.example)", "a b", &[(link("https://c.example"), "a b")]);
    check("![a cat](https://c.example/x.png)", "a cat", &[(link("https://c.example/x.png"), "a cat")]);
    check("![](x.png) ![]()", "x.png image", &[]);
    check("[![b](https://i.example)](https://l.example)", "b", &[(link("https://l.example"), "b")]);
    check("<https://a.example> <x@y.example>", "https://a.example x@y.example", &[(link("https://a.example"), "https://a.example")]);
    let long = format!("https://a.example/{}", "x".repeat(MAX_URL_BYTES - 18));
    check(&format!("[a]({long})"), "a", &[(link(&long), "a")]);
    check(&format!("[a]({long}y)"), &format!("a ({long}y)"), &[]);
}

#[test]
fn shows_markup_of_others_as_it_is() {
    check("<b>a</b> &amp; <script>x</script>", "<b>a</b> & <script>x</script>", &[]);
    check("<div>\n*a*\n</div>", "<div>\n*a*\n</div>", &[]);
}

#[test]
fn shows_the_source_where_nothing_else_would_be_seen() {
    for source in ["[](https://a.example)", "```\n```", "#", "\\", "[x]: https://a.example", "&#8203;"] {
        let rendered = render(source);
        assert!(is_visible(&rendered.text), "{source:?} became {:?}", rendered.text);
    }
    assert_eq!(render("[](https://a.example)").text, "[](https://a.example)");
}

#[test]
fn does_not_let_a_table_grow_without_bound() {
    let wide = format!("|{}\n|{}\n{}", "a|".repeat(500), "-|".repeat(500), "|\n".repeat(5_000));
    let rendered = render(&wide);
    assert!(rendered.text.len() <= wide.len() * 8 + 32 * 1024, "{}", rendered.text.len());
    let nested = "- ".repeat(3_000) + "x";
    assert!(render(&nested).text.len() <= nested.len() * 8 + 32 * 1024);
}

/// Entities lie within the text, cut no character, nest, and are something.
pub(crate) fn assert_sound(formatted: &Formatted) {
    let length = units(&formatted.text);
    for (number, entity) in formatted.entities.iter().enumerate() {
        assert!(entity.length > 0 && entity.end() <= length, "{entity:?} in {:?}", formatted.text);
        assert!(crate::entity::slice(&formatted.text, entity.offset, entity.length).is_some(), "{entity:?} cuts a character");
        for later in formatted.entities.iter().skip(number + 1) {
            assert!(later.offset >= entity.end() || later.end() <= entity.end(), "{entity:?} and {later:?} overlap");
        }
    }
}

/// A text without its white space, which cuts and trims may take.
fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

fn assert_parts(whole: &Formatted) {
    let parts = split(whole);
    for part in &parts {
        assert!(units(&part.text) <= MAX_UNITS && is_visible(&part.text) && part.entities.len() <= MAX_ENTITIES);
        assert_sound(part);
    }
    if parts.iter().map(|part| part.text.len()).sum::<usize>() == whole.text.len() {
        assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), whole.text);
    }
    let rest: String = parts.iter().map(|part| bare(&part.text)).collect();
    if whole.text.chars().all(|character| is_visible(character.encode_utf8(&mut [0; 4])) || character.is_whitespace()) {
        assert_eq!(rest, bare(&whole.text));
    }
}

fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("**"),
        Just("*"),
        Just("_"),
        Just("~~"),
        Just("`"),
        Just("\n```rust\n"),
        Just("\n> "),
        Just("\n- "),
        Just("\n1. "),
        Just("\n# "),
        Just("[a]("),
        Just("https://x.example"),
        Just(")"),
        Just("!["),
        Just("\n|a|b|\n|-|-|\n|c|d|\n"),
        Just("<b>"),
        Just("\n\n"),
        Just("\n"),
        Just(" "),
        Just("word"),
        Just("👩‍🚀"),
        Just("e\u{301}"),
        Just("\u{200b}"),
        Just("    "),
        Just("\\"),
        Just("&amp;"),
    ];
    let filler = (0_usize..5_000).prop_map(|length| "ab 🚀\n".repeat(length / 5));
    let pieces = prop::collection::vec(prop_oneof![20 => piece.prop_map(str::to_owned), 1 => filler, 4 => ".{0,8}"], 0..60);
    pieces.prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entity_lies_within_its_text(markdown in markdown()) {
        let rendered = render(&markdown);
        assert_sound(&rendered);
        prop_assert!(is_visible(&rendered.text) || !is_visible(&markdown));
        assert_parts(&rendered);
    }

    #[test]
    fn parts_make_up_the_text(text in "(\\PC|\\s|🚀){3000,5000}") {
        assert_parts(&Formatted::plain(text));
    }
}
