//! The words of a text, as they are compared: without case, accents and compatibility forms.
//!
//! Scripts that are written without spaces have no words to cut at: each character is one, and each pair of neighbours.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A longer word is compared by its beginning.
const MAX_WORD_CHARACTERS: usize = 64;

/// Every word of a text, in order, as often as it occurs.
pub(crate) fn each_of_text(text: &str, word: &mut dyn FnMut(&str)) {
    each(text, true, word);
}

/// The words to look for: of a script without spaces the pairs alone, where there is one.
pub(crate) fn of_query(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    each(query, false, &mut |word| words.push(word.to_owned()));
    words.sort_unstable();
    words.dedup();
    words
}

/// A text without case, accents and compatibility forms.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    // Most of a text needs no table to be looked up.
    while !rest.is_empty() {
        let plain = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (ascii, from) = rest.split_at(plain);
        folded.extend(ascii.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
        let strange = from.bytes().position(|byte| byte.is_ascii()).unwrap_or(from.len());
        let (other, after) = from.split_at(strange);
        fold(other, &mut folded);
        rest = after;
    }
    folded
}

fn fold(text: &str, folded: &mut String) {
    for character in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        match character {
            // Accents of Latin, Greek and Cyrillic.
            '\u{300}'..='\u{36f}' => {}
            'ß' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            other => folded.push(other),
        }
    }
}

fn each(text: &str, singles: bool, told: &mut dyn FnMut(&str)) {
    let folded = folded(text);
    let (mut word, mut length) = (String::new(), 0);
    let mut run: Vec<String> = Vec::new();
    for character in folded.chars() {
        if !character.is_ascii() && is_combining_mark(character) {
            match run.last_mut() {
                Some(last) => last.push(character),
                None if !word.is_empty() => word.push(character),
                None => {}
            }
        } else if !character.is_alphanumeric() {
            end_word(&mut word, &mut length, told);
            end_run(&mut run, singles, told);
        } else if is_spaceless(character) {
            end_word(&mut word, &mut length, told);
            run.push(character.to_string());
        } else {
            end_run(&mut run, singles, told);
            length += 1;
            if length <= MAX_WORD_CHARACTERS {
                word.push(character);
            }
        }
    }
    end_word(&mut word, &mut length, told);
    end_run(&mut run, singles, told);
}

fn end_word(word: &mut String, length: &mut usize, told: &mut dyn FnMut(&str)) {
    if !word.is_empty() {
        told(word);
        word.clear();
    }
    *length = 0;
}

fn end_run(run: &mut Vec<String>, singles: bool, told: &mut dyn FnMut(&str)) {
    for pair in run.windows(2) {
        told(&pair.concat());
    }
    if singles || run.len() == 1 {
        run.iter().for_each(|single| told(single));
    }
    run.clear();
}

/// Thai, Lao, Myanmar, Khmer, kana, and Han.
fn is_spaceless(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_text(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_of_text(text, &mut |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_compared_without_case_accents_and_forms() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  —… ", &[]),
            ("The QUICK fox", &["the", "quick", "fox"]),
            ("don't e-mail a@b.example", &["don", "t", "e", "mail", "a", "b", "example"]),
            ("Straße STRASSE", &["strasse", "strasse"]),
            ("Café cafe\u{301} CAFÉ", &["cafe", "cafe", "cafe"]),
            ("Ελλάς ΕΛΛΑΣ", &["ελλασ", "ελλασ"]),
            ("ЁЖ ёж", &["еж", "еж"]),
            ("ﬁle ２０２６", &["file", "2026"]),
            ("snake_case x2", &["snake", "case", "x2"]),
            ("猫", &["猫"]),
            ("黒い猫 cat", &["黒い", "い猫", "黒", "い", "猫", "cat"]),
        ];
        for (text, expected) in table {
            assert_eq!(of_text(text), *expected, "{text}");
        }
        assert_eq!(of_query("黒い猫"), ["い猫", "黒い"]);
        assert_eq!(of_query("b a b"), ["a", "b"]);
    }

    #[test]
    fn a_long_word_is_compared_by_its_beginning() {
        for (characters, kept) in [(64, 64), (65, 64)] {
            assert_eq!(of_text(&"я".repeat(characters)), ["я".repeat(kept)]);
        }
    }

    proptest! {
        #[test]
        fn what_is_folded_stays_so(text in ".{0,80}") {
            let once = of_text(&text);
            prop_assert!(once.iter().all(|word| !word.is_empty()));
            prop_assert_eq!(folded(&folded(&text)), folded(&text));
            prop_assert_eq!(of_text(&text.to_uppercase().to_lowercase()).is_empty(), once.is_empty());
        }
    }
}
