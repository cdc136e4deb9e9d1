//! Text and the entities in it: as a parse mode says, as a list says, and as the server finds them by itself.
//!
//! Offsets and lengths count UTF-16 units, as everywhere in the API.

mod html;
mod markdown;

use serde_json::{Value, json};

use super::answer::Refusal;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Entity>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entity {
    pub(crate) kind: String,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    /// `url`, `language` …
    pub(crate) detail: Option<(String, Value)>,
}

impl Entity {
    pub(crate) fn render(&self) -> Value {
        let mut entity = json!({ "type": self.kind, "offset": self.offset, "length": self.length });
        if let (Some((name, value)), Some(entity)) = (&self.detail, entity.as_object_mut()) {
            entity.insert(name.clone(), value.clone());
        }
        entity
    }

    fn end(&self) -> usize {
        self.offset.saturating_add(self.length)
    }
}

impl Formatted {
    pub(crate) fn render(&self) -> Vec<Value> {
        self.entities.iter().map(Entity::render).collect()
    }
}

pub(crate) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text that a bot sends, as people see it.
pub(crate) fn of_bot(text: &str, parse_mode: Option<&str>, entities: Option<&Value>) -> Result<Formatted, Refusal> {
    let cannot = |why: String| Refusal::bad(format!("can't parse entities: {why}"));
    let given = match parse_mode.map(str::to_ascii_lowercase).as_deref() {
        Some("html") => html::parse(text).map_err(cannot)?,
        Some("markdownv2") => markdown::parse(text).map_err(cannot)?,
        Some("markdown") => markdown::parse_legacy(text).map_err(cannot)?,
        Some(_) => return Err(Refusal::bad("unsupported parse_mode")),
        None => Formatted { text: text.to_owned(), entities: listed(entities, utf16(text))? },
    };
    Ok(finished(given))
}

/// The text that a person types.
pub(crate) fn of_person(text: &str) -> Formatted {
    finished(Formatted { text: text.to_owned(), entities: Vec::new() })
}

/// Trimmed, with what the server finds in it.
fn finished(given: Formatted) -> Formatted {
    let mut trimmed = trim(given);
    for found in detect(&trimmed.text) {
        if !trimmed.entities.iter().any(|known| known.offset < found.end() && found.offset < known.end()) {
            trimmed.entities.push(found);
        }
    }
    // The outer of two that begin together comes first.
    trimmed.entities.sort_by_key(|entity| (entity.offset, usize::MAX.saturating_sub(entity.length)));
    trimmed
}

/// Entities that were given as a list; those that lie outside of the text are dropped.
fn listed(entities: Option<&Value>, length: usize) -> Result<Vec<Entity>, Refusal> {
    let Some(entities) = entities else { return Ok(Vec::new()) };
    let wrong = |why: &str| Refusal::bad(format!("can't parse MessageEntity: {why}"));
    let mut found = Vec::new();
    for entity in entities.as_array().ok_or_else(|| Refusal::bad("expected an Array of MessageEntity"))? {
        let number = |name: &str| entity.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        let kind = entity.get("type").and_then(Value::as_str).ok_or_else(|| wrong("Field \"type\" must be of type String"))?;
        let offset = number("offset").ok_or_else(|| wrong("Field \"offset\" must be of type Number"))?;
        let count = number("length").ok_or_else(|| wrong("Field \"length\" must be of type Number"))?;
        let detail =
            ["url", "language", "user", "custom_emoji_id"].into_iter().find_map(|name| Some((name.to_owned(), entity.get(name)?.clone())));
        let entity = Entity { kind: kind.to_owned(), offset, length: count, detail };
        if count > 0 && entity.end() <= length {
            found.push(entity);
        }
    }
    Ok(found)
}

/// White space at both ends goes, and the entities move with the text.
fn trim(given: Formatted) -> Formatted {
    let kept = given.text.trim_end();
    let before = utf16(kept).saturating_sub(utf16(kept.trim_start()));
    let text = kept.trim_start().to_owned();
    let length = utf16(&text);
    let entities = given.entities.into_iter().filter_map(|entity| {
        let begin = entity.offset.saturating_sub(before);
        let end = entity.end().saturating_sub(before).min(length);
        (begin < end).then(|| Entity { offset: begin, length: end.saturating_sub(begin), ..entity })
    });
    Formatted { entities: entities.collect(), text }
}

/// Commands, mentions and links that stand as words of their own. Hashtags, numbers and the like are not looked for.
fn detect(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut offset = 0_usize;
    for word in text.split_inclusive(|character: char| character.is_whitespace() || matches!(character, '(' | ')' | ',' | ';' | '"')) {
        let whole = word.trim_end_matches(|character: char| character.is_whitespace() || matches!(character, '(' | ')' | ',' | ';' | '"'));
        if let Some((kind, bytes)) = classify(whole) {
            let part = whole.get(..bytes).unwrap_or(whole);
            found.push(Entity { kind: kind.to_owned(), offset, length: utf16(part), detail: None });
        }
        offset = offset.saturating_add(utf16(word));
    }
    found
}

/// What a word is, and how many of its bytes.
fn classify(word: &str) -> Option<(&'static str, usize)> {
    let name = |text: &str| text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    if let Some(rest) = word.strip_prefix('/') {
        let command = name(rest);
        let after = rest.get(command..).unwrap_or_default();
        let bot = after.strip_prefix('@').map(name).filter(|length| *length >= USERNAME_MIN);
        let ends = bot.is_some() || !after.starts_with(['/', '@']);
        return (COMMAND_LENGTHS.contains(&command) && ends)
            .then(|| ("bot_command", bot.map_or(command, |bot| command.saturating_add(bot).saturating_add(1)).saturating_add(1)));
    }
    if let Some(rest) = word.strip_prefix('@') {
        let length = name(rest);
        return (length >= USERNAME_MIN).then(|| ("mention", length.saturating_add(1)));
    }
    let link = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://"))?;
    let bytes = word.trim_end_matches(['.', '!', '?', ':']).len();
    link.starts_with(|character: char| character.is_alphanumeric()).then_some(("url", bytes))
}

const COMMAND_LENGTHS: std::ops::RangeInclusive<usize> = 1..=64;
/// The shortest names belong to few, but three letters are enough.
const USERNAME_MIN: usize = 3;

/// What a parser has written so far, and where it stands in UTF-16.
#[derive(Default)]
struct Output {
    formatted: Formatted,
    at: usize,
}

impl Output {
    fn push(&mut self, character: char) {
        self.formatted.text.push(character);
        self.at = self.at.saturating_add(character.len_utf16());
    }

    /// Marks what was written since `offset`; nothing where that is nothing.
    fn mark(&mut self, kind: &str, offset: usize, detail: Option<(&str, String)>) {
        if self.at > offset {
            let detail = detail.map(|(name, value)| (name.to_owned(), value.into()));
            let length = self.at.saturating_sub(offset);
            self.formatted.entities.push(Entity { kind: kind.to_owned(), offset, length, detail });
        }
    }

    /// A link, or a mention of a person without a name; neither where the address is none.
    fn link(&mut self, url: &str, offset: usize) {
        let user = url.strip_prefix("tg://user?id=").and_then(|id| id.parse::<i64>().ok());
        if let Some(id) = user {
            if self.at > offset {
                let user = json!({ "id": id, "is_bot": false, "first_name": "" });
                let length = self.at.saturating_sub(offset);
                let detail = Some(("user".to_owned(), user));
                self.formatted.entities.push(Entity { kind: "text_mention".to_owned(), offset, length, detail });
            }
        } else if url.contains('.') || url.contains("://") {
            let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}/") };
            self.mark("text_link", offset, Some(("url", url)));
        }
    }
}

/// The rest of a text after so many characters.
fn after(text: &str, characters: usize) -> &str {
    let mut rest = text.chars();
    for _ in 0..characters {
        rest.next();
    }
    rest.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(formatted: &Formatted) -> Vec<(&str, usize, usize)> {
        formatted.entities.iter().map(|entity| (entity.kind.as_str(), entity.offset, entity.length)).collect()
    }

    fn refusal(text: &str, mode: &str) -> String {
        of_bot(text, Some(mode), None).unwrap_err().description
    }

    #[test]
    fn finds_commands_mentions_and_links_in_utf_16() {
        for (text, expected) in [
            ("/start", &[("bot_command", 0, 6)][..]),
            ("👩‍🚀 /ask@some_bot now, @Ada!", &[("bot_command", 6, 13), ("mention", 25, 4)]),
            ("see https://a.example/x?y. Or (http://b.example)", &[("url", 4, 21), ("url", 31, 16)]),
            ("a/b me@x.example / @x /path/to", &[]),
        ] {
            assert_eq!(shape(&of_person(text)), expected, "{text}");
        }
    }

    #[test]
    fn trims_what_people_do_not_see() {
        let given = json!([{ "type": "bold", "offset": 0, "length": 6 }, { "type": "code", "offset": 90, "length": 1 }]);
        let trimmed = of_bot("  ab \n", None, Some(&given)).unwrap();
        assert_eq!((trimmed.text.as_str(), shape(&trimmed)), ("ab", vec![("bold", 0, 2)]));
        assert_eq!(of_bot(" \n\t", None, None).unwrap().text, "");
    }

    #[test]
    fn reads_markdown() {
        let parsed = of_bot("*a _b_* __c__ ~d~ ||e|| `f\\_` [g](http://h.example/\\)) 1\\.", Some("MarkdownV2"), None).unwrap();
        assert_eq!(parsed.text, "a b c d e f_ g 1.");
        let expected = [
            ("bold", 0, 3),
            ("italic", 2, 1),
            ("underline", 4, 1),
            ("strikethrough", 6, 1),
            ("spoiler", 8, 1),
            ("code", 10, 2),
            ("text_link", 13, 1),
        ];
        assert_eq!(shape(&parsed), expected);
        assert_eq!(parsed.entities[6].detail, Some(("url".to_owned(), json!("http://h.example/)"))));
        let parsed = of_bot("```rust\nlet *a;```\n>quoted\n>more\nafter", Some("MarkdownV2"), None).unwrap();
        assert_eq!((parsed.text.as_str(), shape(&parsed)), ("let *a;\nquoted\nmore\nafter", vec![("pre", 0, 7), ("blockquote", 8, 11)]));
        assert_eq!(parsed.entities[0].detail, Some(("language".to_owned(), json!("rust"))));
    }

    #[test]
    fn refuses_markdown_that_is_not_balanced_or_not_escaped() {
        for (text, why) in [
            ("🏟 🏟_abacaba", "Can't find end of Italic entity at byte offset 9"),
            ("🏟 🏟_abac * asd ", "Can't find end of Bold entity at byte offset 15"),
            ("🏟 🏟`", "Can't find end of Code entity at byte offset 9"),
            ("🏟 🏟```", "Can't find end of Pre entity at byte offset 9"),
            ("🏟 🏟```a ", "Can't find end of PreCode entity at byte offset 9"),
            ("🏟 🏟__🏟 🏟_", "Can't find end of Italic entity at byte offset 20"),
            ("||a", "Can't find end of Spoiler entity at byte offset 0"),
            ("[a](http://b", "Can't find end of a URL at byte offset 4"),
            ("1.", "Character '.' is reserved and must be escaped with the preceding '\\'"),
            ("a > b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
            ("a | b", "Character '|' is reserved and must be escaped with the preceding '\\'"),
        ] {
            assert_eq!(refusal(text, "MarkdownV2"), format!("Bad Request: can't parse entities: {why}"), "{text}");
        }
        let legacy = refusal("a *b", "Markdown");
        assert_eq!(legacy, "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 2");
        assert_eq!(refusal("a", "nroff"), "Bad Request: unsupported parse_mode");
    }

    #[test]
    fn every_reserved_character_is_refused_bare_and_taken_escaped() {
        for character in "]()>#+-=|{}.!".chars() {
            assert!(refusal(&format!("a{character}"), "MarkdownV2").contains("is reserved"), "{character}");
            assert_eq!(of_bot(&format!("a\\{character}"), Some("MarkdownV2"), None).unwrap().text, format!("a{character}"));
        }
    }

    #[test]
    fn reads_html() {
        let text = "<b>a <I>b</I></b> &lt;&amp;&#x1F680; <a href='http://c.example/?d&amp;e'>f</a> <pre><code class=\"language-rust\">g</code></pre> <tg-spoiler>h</tg-spoiler>";
        let parsed = of_bot(text, Some("HTML"), None).unwrap();
        assert_eq!(parsed.text, "a b <&🚀 f g h");
        let expected = [("bold", 0, 3), ("italic", 2, 1), ("text_link", 9, 1), ("pre", 11, 1), ("spoiler", 13, 1)];
        assert_eq!(shape(&parsed), expected);
        assert_eq!(parsed.entities[2].detail, Some(("url".to_owned(), json!("http://c.example/?d&e"))));
        assert_eq!(parsed.entities[3].detail, Some(("language".to_owned(), json!("rust"))));
        let person = of_bot("<a href=\"tg://user?id=7\">Ada</a>", Some("html"), None).unwrap();
        assert_eq!(shape(&person), [("text_mention", 0, 3)]);
    }

    #[test]
    fn refuses_html_that_is_not_balanced_or_not_supported() {
        for (text, why) in [
            ("🏟 🏟&lt;<abac>", "Unsupported start tag \"abac\" at byte offset 13"),
            ("🏟 🏟&lt;<i   =aba>", "Empty attribute name in the tag \"i\" at byte offset 13"),
            ("🏟 🏟&lt;<i    aba  =  ", "Unclosed start tag \"i\" at byte offset 13"),
            ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
            ("🏟 🏟&lt;<i    aba  =  \"&lt;&gt;&quot;>", "Unclosed start tag at byte offset 13"),
            ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
            ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
            ("🏟 🏟&lt;<i>a</em   >", "Unmatched end tag at byte offset 17, expected \"</i>\", found \"</em>\""),
            ("<b>", "Can't find end tag corresponding to start tag \"b\""),
            ("a < b", "Unsupported start tag \"\" at byte offset 2"),
            ("<", "Unclosed start tag at byte offset 0"),
            ("<span>a</span>", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
        ] {
            assert_eq!(refusal(text, "HTML"), format!("Bad Request: can't parse entities: {why}"), "{text}");
        }
    }

    #[test]
    fn no_text_stops_a_parser_and_every_entity_lies_within_the_text() {
        let pieces = [
            "*",
            "_",
            "__",
            "~",
            "||",
            "`",
            "```",
            "[",
            "](",
            ")",
            "\n>",
            ">",
            "\\",
            "!",
            "a",
            "🚀",
            " ",
            "<b>",
            "</b>",
            "<a href='",
            "'>",
            "&lt",
            "&#1;",
            "/x",
            "@abc",
        ];
        let mut state = 7_usize;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..state % 9 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(state >> 33) % pieces.len()]);
            }
            state = state.wrapping_add(1);
            for mode in ["HTML", "Markdown", "MarkdownV2"] {
                if let Ok(parsed) = of_bot(&text, Some(mode), None) {
                    let length = utf16(&parsed.text);
                    assert!(
                        parsed.entities.iter().all(|entity| entity.length > 0 && entity.end() <= length),
                        "{mode} {text:?}: {parsed:?}"
                    );
                }
            }
        }
    }
}
