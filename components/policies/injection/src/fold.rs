//! A text as it reads: lower case, without marks, in one alphabet where it can be, and without what nobody sees. What was
//! left out is kept beside it, since what is hidden is told too.
//!
//! Each letter knows where it stood, so that an excerpt shows the text as it was.

use crate::hidden::{Hidden, Seen};
use crate::letters::{Read, is_invisible, is_mark, read, syllable, voiced};

/// It was a capital, which encodings need to know.
pub(crate) const UPPER: u8 = 1;
/// Something invisible stands before it, inside of a word.
pub(crate) const SPLIT: u8 = 2;
/// It is another character than the one that it is read as.
pub(crate) const STYLED: u8 = 4;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Letter {
    pub(crate) ch: char,
    /// Its byte in the text.
    pub(crate) at: u32,
    pub(crate) flags: u8,
}

impl Letter {
    /// As it was written, where that was ASCII.
    pub(crate) fn original(self) -> char {
        if self.flags & UPPER != 0 { self.ch.to_ascii_uppercase() } else { self.ch }
    }
}

/// Reads a piece of a text that begins at a byte of it.
pub(crate) fn fold(text: &str, base: usize) -> (Vec<Letter>, Hidden) {
    let mut letters: Vec<Letter> = Vec::with_capacity(text.len());
    let mut hidden = Hidden::default();
    let mut split = false;
    for (offset, ch) in text.char_indices() {
        let at = u32::try_from(base + offset).unwrap_or(u32::MAX);
        let last = letters.last().map_or(' ', |letter| letter.ch);
        if is_invisible(ch) {
            // A soft hyphen is honest within a word.
            split |= last.is_alphanumeric() && ch != '\u{ad}' && !is_selector_of(last, ch);
            hidden.see(Seen::Invisible(ch), at, last);
            // A letter that is blank is read as a blank.
            if matches!(ch, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}') {
                letters.push(Letter { ch: ' ', at, flags: 0 });
            }
            continue;
        }
        if is_mark(ch) {
            hidden.see(Seen::Mark, at, last);
            continue;
        }
        if let Some(joined) = voiced(last, ch).or_else(|| syllable(last, ch)) {
            if let Some(letter) = letters.last_mut() {
                letter.ch = joined;
            }
            continue;
        }
        hidden.see(Seen::Letter(ch), at, last);
        let flags = if ch.is_ascii_uppercase() { UPPER } else { 0 } | if split && ch.is_alphanumeric() { SPLIT } else { 0 };
        split = false;
        match read(ch) {
            Read::One(one) => letters.push(Letter { ch: one, at, flags: flags | styled(ch, one) }),
            Read::Two(first, second) => letters.extend([first, second].map(|ch| Letter { ch, at, flags })),
        }
    }
    hidden.end();
    (letters, hidden)
}

/// Written in a way that letters of a text are not: an accent is no style.
fn styled(from: char, to: char) -> u8 {
    let code = u32::from(from);
    if to.is_ascii_alphanumeric() && (code >= 0x2000 || matches!(code, 0x250..=0x2b8 | 0x1d00..=0x1dbf)) { STYLED } else { 0 }
}

/// A selector behind an ideograph or a sign chooses how that is drawn.
fn is_selector_of(base: char, ch: char) -> bool {
    matches!(u32::from(ch), 0xfe00..=0xfe0f | 0xe0100..=0xe01ef) && (!base.is_alphabetic() || crate::letters::is_dense(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> String {
        fold(text, 0).0.iter().map(|letter| letter.ch).collect()
    }

    #[test]
    fn one_text_in_many_writings_reads_the_same() {
        for text in
            ["Ignore", "ＩＧＮＯＲＥ", "𝐈𝐠𝐧𝐨𝐫𝐞", "ⓘⓖⓝⓞⓡⓔ", "i\u{200b}g\u{2060}nore", "ígñòrë", "i\u{301}gnore", "ig\u{ad}nore", "🅸🅶🅽🅾🆁🅴"]
        {
            assert_eq!(reads(text), "ignore", "{text}");
        }
        assert_eq!(reads("Größe ﬁn"), "grosse fin");
        assert_eq!(reads("Здравствуй, ёлка"), "здравствуи, елка");
    }

    #[test]
    fn a_letter_knows_where_it_stood() {
        let (letters, _) = fold("a\u{200b}ß日", 10);
        let told: Vec<_> = letters.iter().map(|letter| (letter.ch, letter.at, letter.flags)).collect();
        assert_eq!(told, [('a', 10, 0), ('s', 14, SPLIT), ('s', 14, SPLIT), ('日', 16, 0)]);
    }
}
