//! The words of a text, as they are compared: without case, accents and compatibility forms.
//!
//! Scripts that are written without spaces have no words to cut at: each character is one, and each pair of neighbours.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A longer word is compared by its beginning.
const MAX_WORD_CHARACTERS: usize = 64;

/// Every word of a text, in order, as often as it occurs.
pub(crate) fn of_text(text: &str) -> Vec<String> {
    words(text, true)
}

/// The words to look for: of a script without spaces the pairs alone, where there is one.
pub(crate) fn of_query(query: &str) -> Vec<String> {
    let mut words = words(query, false);
    words.sort_unstable();
    words.dedup();
    words
}

/// A text without case, accents and compatibility forms.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        match character {
            // Accents of Latin, Greek and Cyrillic.
            '\u{300}'..='\u{36f}' => {}
            'ß' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            other => folded.push(other),
        }
    }
    folded
}

fn words(text: &str, singles: bool) -> Vec<String> {
    let folded = folded(text);
    let mut words = Vec::new();
    let mut word = String::new();
    let mut run: Vec<String> = Vec::new();
    for character in folded.chars() {
        if is_combining_mark(character) {
            match run.last_mut() {
                Some(last) => last.push(character),
                None if !word.is_empty() => word.push(character),
                None => {}
            }
        } else if !character.is_alphanumeric() {
            end_word(&mut word, &mut words);
            end_run(&mut run, singles, &mut words);
        } else if is_spaceless(character) {
            end_word(&mut word, &mut words);
            run.push(character.to_string());
        } else {
            end_run(&mut run, singles, &mut words);
            word.push(character);
        }
    }
    end_word(&mut word, &mut words);
    end_run(&mut run, singles, &mut words);
    words
}

fn end_word(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        let whole = std::mem::take(word);
        match whole.char_indices().nth(MAX_WORD_CHARACTERS) {
            Some((end, _)) => words.push(whole.get(..end).unwrap_or_default().to_owned()),
            None => words.push(whole),
        }
    }
}

fn end_run(run: &mut Vec<String>, singles: bool, words: &mut Vec<String>) {
    for pair in run.windows(2) {
        words.push(pair.concat());
    }
    if singles || run.len() == 1 {
        words.append(run);
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
