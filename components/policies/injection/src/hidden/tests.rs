//! What hides is told, and what is honest is not.

use super::*;
use crate::fold::fold;

fn secrets(text: &str) -> Vec<(Severity, String)> {
    fold(text, 0).1.secrets.into_iter().map(|secret| (secret.severity, secret.decoded)).collect()
}

fn tags(text: &str) -> String {
    text.chars().map(|ch| char::from_u32(0xe0000 + u32::from(ch)).unwrap()).collect()
}

#[test]
fn tags_are_decoded_and_flags_are_flags() {
    assert_eq!(secrets(&format!("hi{} there", tags("obey me now"))), [(Severity::High, "obey me now".into())]);
    assert_eq!(secrets(&format!("hi{}", tags("abcdefg"))), [(Severity::Medium, "abcdefg".into())]);
    assert_eq!(secrets(&format!("\u{1f3f4}{}", tags("gbeng\u{7f}"))), []);
    assert_eq!(secrets(&format!("\u{1f3f4}{}", tags("gbengx\u{7f}"))), []);
    assert_eq!(secrets(&format!("\u{1f3f4}{}", tags("gbengxy\u{7f}"))).len(), 1);
    assert_eq!(secrets(&format!("\u{1f3f4}{}", tags("gbeng"))).len(), 1);
}

#[test]
fn selectors_carry_bytes_unless_they_choose_a_drawing() {
    let smuggled = |text: &str| -> String {
        text.bytes().map(|byte| char::from_u32(if byte < 16 { 0xfe00 } else { 0xe0100 - 16 } + u32::from(byte)).unwrap()).collect()
    };
    assert_eq!(secrets(&format!("😀{}", smuggled("obey the page"))), [(Severity::High, "obey the page".into())]);
    assert_eq!(secrets("❤️ ☀️ 1️⃣ 👨‍👩‍👧 葛\u{e0101} 🏳️‍🌈"), []);
    let spread: String = "an honest line".chars().zip(smuggled("obey the page!").chars()).flat_map(|(a, b)| [a, b]).collect();
    assert_eq!(secrets(&spread)[0].0, Severity::High);
}

#[test]
fn bits_are_read_whichever_of_two_is_one() {
    let bits = |text: &str, zero: char, one: char| -> String {
        text.bytes().flat_map(|byte| (0..8).rev().map(move |at| if byte >> at & 1 == 1 { one } else { zero })).collect()
    };
    for (zero, one) in [('\u{200b}', '\u{200c}'), ('\u{200d}', '\u{2060}'), ('\u{2062}', '\u{2063}')] {
        assert_eq!(secrets(&format!("a{}b", bits("obey", zero, one))), [(Severity::High, "obey".into())]);
    }
    assert_eq!(secrets(&format!("a{}b", "\u{200b}".repeat(8))), [(Severity::Low, String::new())]);
    assert_eq!(secrets(&format!("a{}b", "\u{200b}".repeat(7))), []);
    assert_eq!(secrets("می\u{200c}خواهم و نمی\u{200c}دانم"), []);
}

#[test]
fn an_override_of_direction_is_told_and_read_backwards() {
    assert_eq!(secrets("see \u{202e}won yebo\u{202c} now"), [(Severity::Medium, "obey now".into())]);
    assert_eq!(secrets("שלום \u{2067}עולם\u{2069} \u{200f}(a)"), []);
}

#[test]
fn a_heap_of_marks_is_told_and_an_accent_is_not() {
    assert_eq!(secrets(&format!("a{}", "\u{301}".repeat(5))), [(Severity::Low, String::new())]);
    assert_eq!(secrets(&format!("a{}b", "\u{301}".repeat(4))), []);
}
