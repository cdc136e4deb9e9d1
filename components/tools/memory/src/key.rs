//! A note's key: `n1/<id>/<when>/<words>/<distinct>/<sketch>`.
//!
//! The sketch is a Bloom filter over how the note's words begin, and its tags. So a list of keys, which is one call, tells
//! which notes may match a search, how long each is and how old; only those are then read. A new version of a note is
//! another key, and until the old one is deleted both are there: the later one counts.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

/// What all keys of notes begin with.
pub(crate) const PREFIX: &str = "n1/";
/// In bytes, of which base64 makes 192: with an id of the longest length the key still has fewer than the host's 256.
const SKETCH_BYTES: usize = 144;
const SKETCH_BITS: u16 = 1152;
/// How much of a word the sketch knows: words that begin alike are looked at together.
const BEGINNING_CHARACTERS: usize = 3;
const MAX_HASHES: u32 = 6;

/// What a key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) millis: u64,
    /// The length of the note, in words.
    pub(crate) words: u32,
    distinct: u32,
    sketch: Vec<u8>,
}

impl Key {
    pub(crate) fn of(id: &str, millis: u64, words: &[String], tags: &[String]) -> Self {
        let mut entries: Vec<String> = words.iter().map(|word| beginning(word)).chain(tags.iter().map(|tag| tagged(tag))).collect();
        entries.sort_unstable();
        entries.dedup();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mut key =
            Self { id: id.to_owned(), millis, words: count(words.len()), distinct: count(entries.len()), sketch: vec![0; SKETCH_BYTES] };
        for entry in &entries {
            for bit in bits(entry, key.hashes()) {
                if let Some(byte) = key.sketch.get_mut(bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
            }
        }
        key
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split('/');
        let mut part = || parts.next();
        let key = Self {
            id: part()?.to_owned(),
            millis: u64::from_str_radix(part()?, 36).ok()?,
            words: u32::from_str_radix(part()?, 36).ok()?,
            distinct: u32::from_str_radix(part()?, 36).ok()?,
            sketch: BASE64URL_NOPAD.decode(part()?.as_bytes()).ok()?,
        };
        (part().is_none() && key.sketch.len() == SKETCH_BYTES).then_some(key)
    }

    pub(crate) fn render(&self) -> String {
        let (millis, words, distinct) = (base36(self.millis), base36(self.words.into()), base36(self.distinct.into()));
        format!("{PREFIX}{}/{millis}/{words}/{distinct}/{}", self.id, BASE64URL_NOPAD.encode(&self.sketch))
    }

    /// Whether the note may hold a word that begins as this one does. Never wrong where it says no.
    pub(crate) fn may_hold(&self, word: &str) -> bool {
        self.has(&beginning(word))
    }

    /// The same of a tag.
    pub(crate) fn may_be_tagged(&self, tag: &str) -> bool {
        self.has(&tagged(tag))
    }

    fn has(&self, entry: &str) -> bool {
        bits(entry, self.hashes()).all(|bit| self.sketch.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0))
    }

    /// As many as are best for so many entries: bits to an entry, times the logarithm of 2.
    fn hashes(&self) -> u32 {
        (u32::from(SKETCH_BITS) * 7 / (self.distinct.max(1).saturating_mul(10))).clamp(1, MAX_HASHES)
    }
}

/// A word stands for all that begin as it does.
fn beginning(word: &str) -> String {
    word.chars().take(BEGINNING_CHARACTERS).collect()
}

/// No word has this sign in it.
fn tagged(tag: &str) -> String {
    format!("#{tag}")
}

fn bits(entry: &str, hashes: u32) -> impl Iterator<Item = usize> {
    let digest = Sha256::digest(entry);
    let numbers: Vec<u16> = digest.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(u16::from_le_bytes).collect();
    numbers.into_iter().take(usize::try_from(hashes).unwrap_or(0)).map(|number| usize::from(number % SKETCH_BITS))
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(u32::try_from(number % 36).unwrap_or(0), 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::note::MAX_ID_BYTES;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_key_fits_the_store_and_reads_back() {
        let words = vec!["w".to_owned(); 8192];
        let key = Key::of(&"i".repeat(MAX_ID_BYTES), 99_999_999_999_999, &words, &strings(&["t"]));
        let text = key.render();
        assert!(text.len() <= 256, "{}", text.len());
        assert_eq!(Key::parse(&text), Some(key));
        for other in ["", "n1/", "n1/a/b", "n2/a/1/1/1/AAAA", "n1/a/1/1/1/AAAA", &format!("{text}/x"), &text[..text.len() - 1]] {
            assert_eq!(Key::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_short_note_is_rarely_taken_for_another() {
        let words: Vec<String> = (0..40).map(|number| format!("{number:03}")).collect();
        let key = Key::of("a", 1, &words, &strings(&["home"]));
        let taken = (40..1000).filter(|number| key.may_hold(&format!("{number:03}"))).count();
        assert!(taken < 10, "{taken} of 960");
        assert!(key.may_be_tagged("home") && !key.may_be_tagged("work") && !key.may_hold("home"));
        assert!(key.may_hold("007 and what follows"));
    }

    proptest! {
        #[test]
        fn no_word_is_ever_missed(words in prop::collection::vec("[a-zäöü猫]{1,8}", 0..600), tags in prop::collection::vec("[a-z]{1,8}", 0..8)) {
            let key = Key::parse(&Key::of("id", 5, &words, &tags).render()).unwrap();
            prop_assert!(words.iter().all(|word| key.may_hold(word)));
            prop_assert!(tags.iter().all(|tag| key.may_be_tagged(tag)));
        }
    }
}
