//! A note as it is kept, and what one may hold.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::words;

pub(crate) const MAX_NOTES: usize = 2000;
pub(crate) const MAX_TEXT_BYTES: usize = 8 * 1024;
pub(crate) const MAX_TAGS: usize = 16;
pub(crate) const MAX_TAG_BYTES: usize = 64;
/// So that a key has room for the rest.
pub(crate) const MAX_ID_BYTES: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
}

impl Note {
    pub(crate) fn new(text: &str, tags: &[String]) -> Result<Self, Problem> {
        let wrong = |message: String| Err(Problem::Arguments(message));
        if text.trim().is_empty() {
            return wrong("the text is empty".into());
        }
        let bytes = text.len();
        if bytes > MAX_TEXT_BYTES {
            return wrong(format!("the text has {bytes} bytes, and {MAX_TEXT_BYTES} are the most of one note; save it in parts"));
        }
        Ok(Self { text: text.to_owned(), tags: self::tags(tags)? })
    }

    /// What the note is found by: its tags too are words of it.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        self.each_word(&mut |word| words.push(word.to_owned()));
        words
    }

    /// The same, one after the other.
    pub(crate) fn each_word(&self, word: &mut dyn FnMut(&str)) {
        words::each_of_text(&self.text, word);
        self.tags.iter().for_each(|tag| words::each_of_text(tag, word));
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::json!(self).to_string().into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// Tags as they are compared: without case and accents, each once, in order.
pub(crate) fn tags(given: &[String]) -> Result<Vec<String>, Problem> {
    let mut tags: Vec<String> = given.iter().map(|tag| words::folded(tag.trim().trim_start_matches('#'))).collect();
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > MAX_TAGS {
        return Err(Problem::Arguments(format!("there are {} tags, and {MAX_TAGS} are the most", tags.len())));
    }
    for tag in &tags {
        if tag.is_empty() || tag.len() > MAX_TAG_BYTES || tag.chars().any(char::is_control) {
            return Err(Problem::Arguments(format!("the tag {tag:?} is none: one has 1 to {MAX_TAG_BYTES} bytes, and no line end")));
        }
    }
    Ok(tags)
}

/// An id is a part of a key.
pub(crate) fn check_id(id: &str) -> Result<(), Problem> {
    let fits =
        (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        Ok(())
    } else {
        Err(Problem::Arguments(format!("{id:?} is no id: one has 1 to {MAX_ID_BYTES} letters a to z, digits or hyphens")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn every_bound_holds_on_both_sides() {
        assert!(Note::new(&"x".repeat(MAX_TEXT_BYTES), &[]).is_ok());
        let error = Note::new(&"x".repeat(MAX_TEXT_BYTES + 1), &[]).unwrap_err().to_string();
        assert!(error.contains("8193 bytes") && error.contains("8192"), "{error}");
        assert!(Note::new(" \n", &[]).is_err());
        let many = |count: usize| (0..count).map(|number| format!("t{number}")).collect::<Vec<_>>();
        assert!(tags(&many(MAX_TAGS)).is_ok());
        assert!(tags(&many(MAX_TAGS + 1)).unwrap_err().to_string().contains("17 tags"));
        assert!(tags(&["x".repeat(MAX_TAG_BYTES)]).is_ok());
        for wrong in ["x".repeat(MAX_TAG_BYTES + 1), String::new(), "#".into(), "a\nb".into()] {
            assert!(tags(&[wrong]).is_err());
        }
        assert!(check_id(&"x".repeat(MAX_ID_BYTES)).is_ok());
        for wrong in ["", "A", "a/b", "a b", "ä", &"x".repeat(MAX_ID_BYTES + 1)] {
            assert!(check_id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tags_are_compared_without_case_and_order() {
        assert_eq!(tags(&strings(&[" Work", "#home", "WORK", "Café"])), Ok(strings(&["cafe", "home", "work"])));
    }

    #[test]
    fn a_note_reads_back_as_it_was() {
        for tags in [&[][..], &["a", "b"]] {
            let note = Note::new("Grüße \"🦀\"\n", &strings(tags)).unwrap();
            assert_eq!(Note::decode(&note.encode()), Some(note));
        }
        assert_eq!(Note::decode(b"{"), None);
        assert_eq!(Note::new("red car", &strings(&["garage"])).unwrap().words(), ["red", "car", "garage"]);
    }
}
