//! A text and what is marked in it, as Telegram counts: offsets and lengths are UTF-16 code units.

use serde_json::{Map, Value};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Formatted {
    pub text: String,
    /// By offset; of two that begin together, the outer first.
    pub entities: Vec<Entity>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entity {
    pub kind: Kind,
    pub offset: usize,
    /// Never 0.
    pub length: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Bold,
    Italic,
    Strikethrough,
    Code,
    /// With its language, where it names one.
    Pre(Option<String>),
    Link(String),
    Blockquote,
}

impl Entity {
    pub(crate) fn end(&self) -> usize {
        self.offset.saturating_add(self.length)
    }

    fn render(&self) -> Value {
        let (name, detail) = match &self.kind {
            Kind::Bold => ("bold", None),
            Kind::Italic => ("italic", None),
            Kind::Strikethrough => ("strikethrough", None),
            Kind::Code => ("code", None),
            Kind::Pre(language) => ("pre", language.as_ref().map(|language| ("language", language))),
            Kind::Link(url) => ("text_link", Some(("url", url))),
            Kind::Blockquote => ("blockquote", None),
        };
        let mut entity = Map::new();
        entity.insert("type".into(), name.into());
        entity.insert("offset".into(), self.offset.into());
        entity.insert("length".into(), self.length.into());
        if let Some((key, value)) = detail {
            entity.insert(key.into(), value.as_str().into());
        }
        Value::Object(entity)
    }
}

impl Formatted {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), entities: Vec::new() }
    }

    /// Adds text, marked as a whole.
    pub(crate) fn push(&mut self, text: &str, kind: Option<Kind>) {
        let (offset, length) = (units(&self.text), units(text));
        self.text.push_str(text);
        if let Some(kind) = kind.filter(|_| length > 0) {
            self.entities.push(Entity { kind, offset, length });
        }
    }

    pub(crate) fn sort(&mut self) {
        // A quote may hold what covers all of it, and stands in nothing.
        self.entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length), entity.kind != Kind::Blockquote));
    }

    pub(crate) fn render_entities(&self) -> Value {
        Value::Array(self.entities.iter().map(Entity::render).collect())
    }
}

/// How many UTF-16 code units a text has.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The part of a text that an entity of a stranger's message covers. None where it covers none, or half a character.
pub(crate) fn slice(text: &str, offset: usize, length: usize) -> Option<&str> {
    let begin = byte_at(text, offset)?;
    let end = byte_at(text, offset.checked_add(length)?)?;
    text.get(begin..end)
}

/// Where the character begins that begins at a UTF-16 code unit.
fn byte_at(text: &str, unit: usize) -> Option<usize> {
    let mut at = 0;
    for (byte, character) in text.char_indices() {
        if at >= unit {
            return (at == unit).then_some(byte);
        }
        at += character.len_utf16();
    }
    (at == unit).then_some(text.len())
}

/// Whether people would see anything of it: Telegram refuses a message of which they would not.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().any(|character| !(character.is_whitespace() || character.is_control() || is_hidden(character)))
}

/// Fillers, joiners, marks of direction, selectors of variants and the like.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_cuts_in_utf_16() {
        let text = "a👩‍🚀 @bot";
        assert_eq!(units(text), 11);
        assert_eq!(slice(text, 7, 4), Some("@bot"));
        assert_eq!(slice(text, 0, 1), Some("a"));
        assert_eq!(slice(text, 11, 0), Some(""));
        for (offset, length) in [(2, 1), (1, 1), (11, 1), (12, 0), (7, 5), (usize::MAX, 2), (1, usize::MAX)] {
            assert_eq!(slice(text, offset, length), None, "{offset} {length}");
        }
    }

    #[test]
    fn knows_what_people_do_not_see() {
        for text in ["", " \n\t", "\u{200b}\u{feff}", "\u{2800}\u{7}"] {
            assert!(!is_visible(text), "{text:?}");
        }
        assert!(is_visible("\u{200b}a") && is_visible("."));
    }

    #[test]
    fn renders_as_the_api_wants_it() {
        let mut text = Formatted::default();
        text.push("👍 ", None);
        text.push("x", Some(Kind::Pre(Some("rust".into()))));
        text.push("", Some(Kind::Bold));
        text.push("y", Some(Kind::Link("https://a.example".into())));
        let expected = serde_json::json!([
            { "type": "pre", "offset": 3, "length": 1, "language": "rust" },
            { "type": "text_link", "offset": 4, "length": 1, "url": "https://a.example" },
        ]);
        assert_eq!(text.render_entities(), expected);
    }
}
