//! What a hostile text becomes, what a usual one becomes, and every bound on both sides.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn render(text: &str) -> Value {
    serde_json::to_value(tree(text).expect("within the bounds")).unwrap()
}

/// All addresses and all text of a tree.
fn harvest(nodes: &[Node], hrefs: &mut Vec<String>, text: &mut String) {
    for node in nodes {
        match node {
            Node::Text(piece) => text.push_str(piece),
            Node::Element(element) => {
                hrefs.extend(element.href.clone());
                harvest(&element.children, hrefs, text);
            }
        }
    }
}

fn hrefs(text: &str) -> Vec<String> {
    let mut hrefs = Vec::new();
    harvest(&tree(text).unwrap(), &mut hrefs, &mut String::new());
    hrefs
}

#[test]
fn leads_nowhere_but_to_web_pages_and_mail() {
    for hostile in [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java&#x0A;script:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](\u{1}javascript:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "<javascript:alert(1)>",
        "[x](vbscript:x)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        "![x](javascript:alert(1))",
        "[x](file:///etc/passwd)",
        "[x](blob:http://127.0.0.1/1)",
        "[x](about:blank)",
        "[x](view-source:http://a.example)",
        "[x](ftp://a.example)",
        "[x](/login)",
        "[x](//evil.example/)",
        "[x](#login=abc)",
        "[x](api/sessions)",
        "[x](?a=b)",
        "[x](http://)",
        "[x](https://bank.example@evil.example/)",
        "[x](https://a:b@evil.example/)",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "https://bank.example@evil.example/",
    ] {
        assert_eq!(hrefs(hostile), Vec::<String>::new(), "{hostile}");
    }
    for (good, href) in [
        ("[x](https://a.example/b?c#d)", "https://a.example/b?c#d"),
        ("[x](HTTP://A.example)", "http://a.example/"),
        ("<mailto:a@b.example>", "mailto:a@b.example"),
        ("<a@b.example>", "mailto:a@b.example"),
        ("[x][y]\n\n[y]: https://a.example/ \"title\"", "https://a.example/"),
        ("[x](https://xn--pypal-4ve.example/)", "https://xn--pypal-4ve.example/"),
        ("[x](https://pаypal.example/)", "https://xn--pypal-4ve.example/"),
    ] {
        assert_eq!(hrefs(good), [href], "{good}");
    }
}

#[test]
fn keeps_html_as_text() {
    for hostile in [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<div onclick=\"x\">\nb\n</div>",
        "<!-- c -->",
        "<svg><style><img src=x></style></svg>",
        "<iframe src=\"https://evil.example\"></iframe>",
        "&lt;script&gt;",
    ] {
        let (mut links, mut text) = (Vec::new(), String::new());
        let nodes = tree(hostile).unwrap();
        harvest(&nodes, &mut links, &mut text);
        assert!(links.iter().all(|link| link.starts_with("https://evil.example")), "{hostile}");
        assert_eq!(text.trim_end(), hostile.replace("&lt;", "<").replace("&gt;", ">"), "{hostile}");
    }
}

#[test]
fn an_image_becomes_a_link_with_its_words() {
    assert_eq!(
        render("![a *cat*](https://a.example/c.png)"),
        json!([{"t":"p","c":[{"t":"a","href":"https://a.example/c.png","c":["a ",{"t":"em","c":["cat"]}]}]}])
    );
    assert_eq!(
        render("![](https://a.example/c.png)"),
        json!([{"t":"p","c":[{"t":"a","href":"https://a.example/c.png","c":["https://a.example/c.png"]}]}])
    );
    assert_eq!(
        render("[![alt](https://a.example/i.png)](https://b.example/)"),
        json!([{"t":"p","c":[{"t":"a","href":"https://b.example/","c":[{"t":"span","c":["alt"]}]}]}])
    );
    assert_eq!(
        render("[![alt](https://a.example/i.png)](javascript:x) https://b.example/"),
        json!([{"t":"p","c":[{"t":"span","c":[{"t":"span","c":["alt"]}]}," ",{"t":"a","href":"https://b.example/","c":["https://b.example/"]}]}])
    );
}

#[test]
fn knows_what_answers_are_made_of() {
    assert_eq!(render("# One\n\n###### Six"), json!([{"t":"h1","c":["One"]},{"t":"h6","c":["Six"]}]));
    assert_eq!(
        render("a *b* **c** ~~d~~ `e`"),
        json!([{"t":"p","c":["a ",{"t":"em","c":["b"]}," ",{"t":"strong","c":["c"]}," ",{"t":"del","c":["d"]}," ",{"t":"code","c":["e"]}]}])
    );
    assert_eq!(render("a  \nb\nc"), json!([{"t":"p","c":["a",{"t":"br"},"b\nc"]}]));
    assert_eq!(render("> q\n\n---"), json!([{"t":"blockquote","c":[{"t":"p","c":["q"]}]},{"t":"hr"}]));
    assert_eq!(render("3. a\n4. b"), json!([{"t":"ol","start":3,"c":[{"t":"li","c":["a"]},{"t":"li","c":["b"]}]}]));
    assert_eq!(
        render("- [x] a\n- [ ] b"),
        json!([{"t":"ul","c":[{"t":"li","c":[{"t":"task","done":true},"a"]},{"t":"li","c":[{"t":"task","done":false},"b"]}]}])
    );
    assert_eq!(
        render("```rust ignore\nfn <a>() {} // https://a.example\n```"),
        json!([{"t":"pre","lang":"rust","c":["fn <a>() {} // https://a.example\n"]}])
    );
    assert_eq!(
        render("| a | b |\n|--:|:-:|\n| 1 | 2 |"),
        json!([{"t":"table","c":[
            {"t":"thead","c":[{"t":"th","align":"right","c":["a"]},{"t":"th","align":"center","c":["b"]}]},
            {"t":"tr","c":[{"t":"td","align":"right","c":["1"]},{"t":"td","align":"center","c":["2"]}]}
        ]}])
    );
}

#[test]
fn finds_bare_addresses_and_leaves_the_sentence_around_them() {
    let link = |href: &str, shown: &str| json!({"t":"a","href":href,"c":[shown]});
    assert_eq!(
        render("See (https://a.example/x_(y)), or http://b.example."),
        json!([{"t":"p","c":["See (",link("https://a.example/x_(y)","https://a.example/x_(y)"),"), or ",link("http://b.example/","http://b.example"),"."]}])
    );
    assert_eq!(render("xhttps://a.example http:// https://"), json!([{"t":"p","c":["xhttps://a.example http:// https://"]}]));
}

#[test]
fn shows_what_is_too_large_as_it_is() {
    assert!(tree(&"a".repeat(MARKDOWN_BYTES)).is_some());
    assert!(tree(&"a".repeat(MARKDOWN_BYTES + 1)).is_none());
    // Rules are one node each, and a blank line between them none.
    assert!(tree(&"***\n".repeat(MARKDOWN_NODES)).is_some());
    assert!(tree(&"***\n".repeat(MARKDOWN_NODES + 1)).is_none());
    // Around each paragraph's text stands the paragraph, too.
    assert!(tree(&format!("{}a", ">".repeat(MARKDOWN_DEPTH - 1))).is_some());
    assert!(tree(&format!("{}a", ">".repeat(MARKDOWN_DEPTH))).is_none());
}

#[test]
fn every_text_comes_to_an_end() {
    let n = MARKDOWN_BYTES / 16;
    for bomb in [
        ">".repeat(n * 8),
        "- ".repeat(n * 4),
        "*a ".repeat(n * 4),
        "**a_".repeat(n * 4),
        "[".repeat(n * 8),
        "![".repeat(n * 4),
        "[a](".repeat(n * 4),
        "[a](b".repeat(n * 3),
        "<".repeat(n * 8),
        "<!--".repeat(n * 4),
        "<![CDATA[".repeat(n),
        "`".repeat(n * 8),
        (1..500).map(|n| "`".repeat(n) + "a").collect::<String>(),
        "a|".repeat(n * 4) + "\n" + &"-|".repeat(n * 4) + "\n" + &"\n|".repeat(n),
        "&".repeat(n * 8),
        "http://".repeat(n * 2),
        "http://a ".repeat(n),
        format!("http://a{}", ")".repeat(n * 8)),
        "\\".repeat(n * 8),
        "~~a".repeat(n * 4),
        "1. ".repeat(n * 4),
        "[a]: b\n".repeat(n),
        "[a][b]".repeat(n * 2),
    ] {
        // What takes exponential or cubic time would not end within any patience.
        let nodes = tree(&bomb);
        assert!(nodes.is_none_or(|nodes| nodes.len() <= MARKDOWN_NODES));
    }
}

proptest! {
    #[test]
    fn never_leads_elsewhere(text in "([\\[\\]()<>!`*_#|~ \n-]|javascript:|data:|https://|http:|a|\\PC){0,60}") {
        if let Some(nodes) = tree(&text) {
            let mut links = Vec::new();
            harvest(&nodes, &mut links, &mut String::new());
            for link in links {
                prop_assert!(["http://", "https://", "mailto:"].iter().any(|scheme| link.starts_with(scheme)), "{link}");
            }
        }
    }
}
