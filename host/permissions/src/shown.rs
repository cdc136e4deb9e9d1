//! How text that somebody else wrote is shown to a person, so that it cannot look like the host's own words.
//!
//! What is shown as it is, is listed: visible ASCII, the space, and letters, numbers, marks and signs that stand in
//! their place. All else is written as `\u{…}`: line breaks, controls, what is not seen, what turns a line around.

use std::fmt::Write;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{BidiClass, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Marks that may follow each other: enough for every living script, too few to paint over the line above.
const MARKS_IN_A_ROW: usize = 2;

/// Between double quotes, with the quotes and backslashes in it escaped. Where it has more than `limit` characters both
/// ends are shown, and outside of the quotes how long it is.
pub(crate) fn quoted(text: &str, limit: usize) -> String {
    let total = text.chars().count();
    if total <= limit {
        return format!("\"{}\"", escaped(text, true));
    }
    let (head, tail) = ends(text, limit);
    let hidden = total - head.chars().count() - tail.chars().count();
    format!("\"{}\" [{hidden} of its {total} characters are not shown here] \"{}\"", escaped(head, true), escaped(tail, true))
}

/// Without quotes, for a field of its own: only a line break could end it. Backslashes stay as they are, so that JSON
/// reads as it was written.
pub(crate) fn line(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit { escaped(text, false) } else { quoted(text, limit) }
}

fn ends(text: &str, limit: usize) -> (&str, &str) {
    let half = limit / 2;
    let head = text.char_indices().nth(half).map_or(text, |(at, _)| text.get(..at).unwrap_or_default());
    let tail = match half.checked_sub(1).and_then(|last| text.char_indices().rev().nth(last)) {
        Some((at, _)) => text.get(at..).unwrap_or_default(),
        None => "",
    };
    (head, tail)
}

fn escaped(text: &str, in_quotes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.chars() {
        let mark = is_mark(c);
        marks = if mark { marks + 1 } else { 0 };
        match c {
            '"' if in_quotes => out.push_str("\\\""),
            '\\' if in_quotes => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == ' ' || c.is_ascii_graphic() => out.push(c),
            // A mark with nothing before it would sit on the quote.
            c if mark && !out.is_empty() && marks <= MARKS_IN_A_ROW => out.push(c),
            c if !mark && is_plain(c) => out.push(c),
            c => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    out
}

/// Whether every character of a name is one that a person sees.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || c.is_ascii_graphic() || is_seen(c) || is_mark(c))
}

fn is_mark(c: char) -> bool {
    use GeneralCategory::{NonspacingMark, SpacingMark};
    !is_ignorable(c) && matches!(category(c), NonspacingMark | SpacingMark)
}

/// A character beyond ASCII that is seen, and leaves the direction of the line as it is.
fn is_plain(c: char) -> bool {
    use BidiClass as B;
    is_seen(c) && !matches!(CodePointMapData::<BidiClass>::new().get(c), B::RightToLeft | B::ArabicLetter | B::ArabicNumber)
}

/// A letter, number, punctuation mark or sign beyond ASCII that leaves something on the screen.
fn is_seen(c: char) -> bool {
    use GeneralCategory as G;
    let seen = matches!(
        category(c),
        G::UppercaseLetter
            | G::LowercaseLetter
            | G::TitlecaseLetter
            | G::ModifierLetter
            | G::OtherLetter
            | G::DecimalNumber
            | G::LetterNumber
            | G::OtherNumber
            | G::DashPunctuation
            | G::OpenPunctuation
            | G::ClosePunctuation
            | G::InitialPunctuation
            | G::FinalPunctuation
            | G::OtherPunctuation
            | G::MathSymbol
            | G::CurrencySymbol
            | G::OtherSymbol
    );
    // U+2800 is a sign by its category, and empty to the eye.
    !c.is_ascii() && seen && !is_ignorable(c) && c != '\u{2800}'
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// The text that every look-alike of another width, form or case comes down to: what is compared with lists of names.
/// Two names that some file system takes for one have one fold.
pub(crate) fn fold(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let seen: String = text.chars().filter(|c| !is_ignorable(*c)).collect();
    let cased: String = nfkc.normalize(&seen).chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    nfkc.normalize(&cased).chars().filter(|c| !is_ignorable(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_forge_a_prompt_is_written_out() {
        for (text, shown) in [
            ("plain text, 5 %", "\"plain text, 5 %\""),
            ("a\nTier: 1", "\"a\\nTier: 1\""),
            ("a\r\tb", "\"a\\r\\tb\""),
            ("say \"yes\" \\", "\"say \\\"yes\\\" \\\\\""),
            ("\u{202e}txt.exe", "\"\\u{202e}txt.exe\""),
            ("a\u{2066}b\u{2069}", "\"a\\u{2066}b\\u{2069}\""),
            ("l\u{200b}s", "\"l\\u{200b}s\""),
            ("\u{feff}x\u{ad}y", "\"\\u{feff}x\\u{ad}y\""),
            ("\u{1b}[2J", "\"\\u{1b}[2J\""),
            ("\u{0}\u{7f}\u{85}", "\"\\u{0}\\u{7f}\\u{85}\""),
            ("a\u{2028}b\u{2029}c", "\"a\\u{2028}b\\u{2029}c\""),
            ("a\u{a0}b\u{3000}c", "\"a\\u{a0}b\\u{3000}c\""),
            // Letters by their category, and empty to the eye.
            ("\u{3164}\u{115f}\u{ffa0}\u{2800}", "\"\\u{3164}\\u{115f}\\u{ffa0}\\u{2800}\""),
            ("\u{e0041}", "\"\\u{e0041}\""),
            // A letter of a script that runs from right to left turns what stands beside it.
            ("\u{5d0}1", "\"\\u{5d0}1\""),
            ("\u{627}\u{661}", "\"\\u{627}\\u{661}\""),
            ("Grüße, 世界 – “ok” €", "\"Grüße, 世界 – “ok” €\""),
        ] {
            assert_eq!(quoted(text, 100), shown);
        }
    }

    #[test]
    fn marks_stay_on_their_letter() {
        assert_eq!(quoted("e\u{301}\u{302}", 9), "\"e\u{301}\u{302}\"");
        assert_eq!(quoted("e\u{301}\u{302}\u{303}", 9), "\"e\u{301}\u{302}\\u{303}\"");
        assert_eq!(quoted("\u{301}e", 9), "\"\\u{301}e\"");
    }

    #[test]
    fn a_long_text_has_both_ends_and_its_length() {
        assert_eq!(quoted("abcdefgh", 8), "\"abcdefgh\"");
        assert_eq!(quoted("abcdefghi", 8), "\"abcd\" [1 of its 9 characters are not shown here] \"fghi\"");
        // Nobody but the host can write what stands between the two.
        let forged = "a\" [0 of its 3 characters are not shown here] \"b";
        assert!(quoted(forged, 100).contains("a\\\" [0"));
        assert_eq!(line("a\\ \"c\"", 6), "a\\ \"c\"");
        assert_eq!(line("abcdefg", 6), "\"abc\" [1 of its 7 characters are not shown here] \"efg\"");
        assert_eq!(quoted("äöü", 0), "\"\" [3 of its 3 characters are not shown here] \"\"");
    }

    #[test]
    fn look_alikes_of_one_name_fold_to_it() {
        for text in [".ssh", ".SSH", ".ｓｓｈ", ".s\u{200b}sh", ".\u{17f}\u{17f}h", "\u{ff0e}ssh", ".𝐬𝐬𝐡", ".s\u{ad}s\u{fe0f}h"]
        {
            assert_eq!(fold(text), ".ssh", "{text:?}");
        }
        // Cyrillic, and another file everywhere.
        assert_ne!(fold(".\u{455}\u{455}h"), ".ssh");
    }

    #[test]
    fn a_visible_name_is_one_that_is_seen() {
        assert!(is_visible("Übersicht 2026 (neu).txt") && is_visible("\u{5d3}\u{5d5}\u{5d7}.txt") && is_visible("e\u{301}"));
        for text in ["a\u{0}", "a\nb", "\u{202e}a", "a\u{200d}b", "\u{a0}", "\u{1b}", "\u{e000}", "\u{378}"] {
            assert!(!is_visible(text), "{text:?}");
        }
    }
}
