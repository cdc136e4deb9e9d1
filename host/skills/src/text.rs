//! Strings as the contract counts, trims and cuts them: it is written in the terms of JavaScript, whose strings are
//! sequences of UTF-16 code units, and a block is byte for byte the same only if lengths are counted alike.

/// What `\s` and `trim` take for a space.
pub(crate) fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The length in UTF-16 code units.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The first `units` code units; a character that would be cut in two is left out.
pub(crate) fn cut(text: &str, units: usize) -> &str {
    let mut left = units;
    for (index, c) in text.char_indices() {
        match left.checked_sub(c.len_utf16()) {
            Some(rest) => left = rest,
            None => return text.get(..index).unwrap_or_default(),
        }
    }
    text
}

/// Runs of spaces as one, none at the ends.
pub(crate) fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// A number as text.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // Where the exponent begins.
    if (1e-6..1e21).contains(&value.abs()) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `true`, `1`, `yes`, `on` and their opposites, in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match trim(text).to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_cuts_in_utf16() {
        assert_eq!(length("aé⚠️🦀"), 1 + 1 + 2 + 2);
        assert_eq!(cut("a🦀b", 2), "a");
        assert_eq!(cut("a🦀b", 3), "a🦀");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn takes_the_same_characters_for_spaces() {
        assert_eq!(trim("\u{feff}\u{a0}a\u{3000}"), "a");
        assert_eq!(trim("\u{85}a"), "\u{85}a");
        assert_eq!(collapse(" a \n\t b\u{2028}c "), "a b c");
        assert_eq!(collapse(" \n "), "");
    }

    #[test]
    fn writes_numbers_as_the_contract_does() {
        for (value, said) in [
            (1.0, "1"),
            (1.10, "1.1"),
            (-0.0, "0"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (12_345_678_901_234_567_890.0, "12345678901234567000"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(number(value), said);
        }
    }

    #[test]
    fn knows_eight_words_for_yes_and_no() {
        for (text, meant) in [("true", Some(true)), ("YES", Some(true)), ("on", Some(true)), ("1", Some(true)), (" Off ", Some(false))] {
            assert_eq!(boolean(text), meant);
        }
        for (text, meant) in [("false", Some(false)), ("no", Some(false)), ("0", Some(false)), ("y", None), ("", None), ("2", None)] {
            assert_eq!(boolean(text), meant);
        }
    }
}
