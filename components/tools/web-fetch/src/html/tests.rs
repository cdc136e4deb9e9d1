use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const CASES: &str = include_str!("../../testdata/cases.txt");

fn read(html: &str) -> String {
    readable(html, &Target::parse("https://a.example/dir/page").unwrap())
}

#[test]
fn every_case_reads_as_a_person_would() {
    let cases: Vec<&str> = CASES.split("=== ").skip(1).collect();
    assert!(cases.len() >= 50, "{}", cases.len());
    let mut wrong = String::new();
    for case in cases {
        let (name, rest) = case.split_once('\n').unwrap();
        let (html, expected) = rest.split_once("\n---\n").unwrap();
        let text = read(html);
        if text != expected.trim_end() {
            wrong.push_str(&format!("\n=== {name}\n{text}\n--- expected\n{expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Pages that are as expensive as one can be made, each of about so many bytes.
fn hostile(bytes: usize) -> Vec<(&'static str, String)> {
    let repeated = |piece: &str| piece.repeat(bytes / piece.len());
    let halves = |open: &str, close: &str| open.repeat(bytes / 2 / open.len()) + &close.repeat(bytes / 2 / close.len());
    vec![
        ("nested blocks", repeated("<div>")),
        ("nested formatting", repeated("<b>")),
        ("nested hidden formatting", repeated("<b hidden>")),
        ("nested and closed", halves("<div>", "</div>")),
        ("ends of what is far away", format!("<b><div>{}", halves("<span>", "</b>"))),
        ("ends of what is not open", halves("<span>", "</div>")),
        ("paragraph ends in blocks", halves("<p><table>", "</p>")),
        ("lingering formatting", repeated("<div><b hidden></div>")),
        ("lingering and ended", halves("<div><b hidden></div>", "</i></b>")),
        ("nested lists", format!("{}x", repeated("<ul><li>"))),
        ("lists with text", repeated("<ul><li>x")),
        ("nested quotes", repeated("<blockquote>x")),
        ("nested tables", repeated("<table><tr><td>")),
        ("nested tables with text", repeated("<table><tr><td>x")),
        ("rows and cells", format!("<table>{}", repeated("<tr><td>x<th>"))),
        ("links", repeated("<a href=x>a</a>")),
        ("links of a long base", format!("<base href=/{}>{}", "y".repeat(30_000), repeated("<a href=x>a"))),
        ("long links", repeated(&format!("<a href={}>x</a>", "y".repeat(1500)))),
        ("comments", repeated("<!-- -- -->")),
        ("an open comment", format!("<!--{}", repeated("-- "))),
        ("open comments", repeated("<!--x")),
        ("an open script", format!("<script>{}", repeated("</scrip"))),
        ("open scripts", repeated("<script>")),
        ("titles", repeated("<title>x</title>")),
        ("open tags", repeated("<p ")),
        ("attributes", format!("<p {}>x", repeated("a=b "))),
        ("styles", repeated("<p style='a:b;c:d'>x")),
        ("a long style", format!("<p style='{}'>x", repeated("a(;"))),
        ("references", repeated("&ampx&#x41&notanentityatall;&")),
        ("names", (0..bytes / 10).map(|number| format!("<x{number}>")).collect()),
        ("a long name", format!("<{}>", repeated("x"))),
        ("pre lines", format!("<ul><li><pre>x{}x", repeated("\n"))),
        ("pre", repeated("<pre>x\n\n")),
        ("less than", repeated("<")),
        ("ampersands", repeated("&")),
        ("spaces", repeated(" ")),
        ("pictures", repeated("<svg><p>")),
        ("unclosed cells", format!("<table>{}", repeated("<td>"))),
        ("headings", repeated("<h1>x")),
        ("buttons", repeated("<button>x<p>")),
    ]
}

#[test]
fn no_page_takes_more_than_its_length() {
    // Where time grows with the square of the length, this takes an hour. The bound is for a machine that is busy.
    for (name, page) in hostile(512 * 1024) {
        let begun = Instant::now();
        let text = read(&page);
        let taken = begun.elapsed();
        assert!(taken < Duration::from_secs(20), "{name}: {taken:?}");
        assert!(text.len() <= 4 * page.len(), "{name}: {} bytes", text.len());
    }
}

#[test]
fn a_page_that_hides_everything_hides_no_more_than_itself() {
    assert_eq!(read("<div hidden><p>no"), "");
    assert_eq!(read(""), "");
    assert_eq!(read("<html><head></head><body></body></html>"), "");
}

proptest! {
    #[test]
    fn any_page_is_read(html in ".{0,400}") {
        let _ = read(&html);
    }

    #[test]
    fn any_tags_are_read(parts in prop::collection::vec(part(), 0..60)) {
        let text = read(&parts.concat());
        prop_assert_eq!(text.trim_end(), text.as_str());
    }

    /// Whatever stands before it, as long as no end tag within closes what was open before.
    #[test]
    fn what_is_hidden_is_never_told(before in prop::collection::vec(part(), 0..20), within in prop::collection::vec(inner(), 0..20)) {
        for hiding in ["hidden", "style=display:none", "aria-hidden=true", "style='opacity:0'"] {
            // A title or a tag that is open takes what follows for its own.
            let before = before.concat().replace("title", "header");
            let text = read(&format!("{before}><div {hiding}>{}SECRET</div>", within.concat()));
            prop_assert!(!text.contains("SECRET"), "{}", text);
        }
    }

    #[test]
    fn text_alone_comes_through(words in prop::collection::vec("[a-zäöü]{1,8}", 1..40)) {
        prop_assert_eq!(read(&words.join("  \n ")), words.join(" "));
    }
}

fn part() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "p",
        "div",
        "b",
        "i",
        "a",
        "a href=x",
        "span",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "tbody",
        "caption",
        "pre",
        "code",
        "h1",
        "h2",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "br",
        "hr",
        "svg",
        "math",
        "button",
        "form",
        "title",
        "nav",
        "sup",
        "q",
        "font style=font-size:0",
        "b hidden",
        "td hidden",
        "x-y",
    ]);
    prop_oneof![
        name.clone().prop_map(|name| format!("<{name}>")),
        name.prop_map(|name| format!("</{}>", name.split(' ').next().unwrap_or_default())),
        "[a-z &<>\n]{0,6}",
    ]
}

/// What may stand in a block without ending it.
fn inner() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["b", "i", "span", "em", "code", "font style=font-size:16px", "section", "article", "x-y"]);
    prop_oneof![
        name.clone().prop_map(|name| format!("<{name}>")),
        name.prop_map(|name| format!("</{}>", name.split(' ').next().unwrap_or_default())),
        "[a-z ]{0,6}",
    ]
}
