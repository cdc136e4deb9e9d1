//! Whether bytes are text, and text in pieces that fit.

/// What is looked at to tell a text from other data.
pub(crate) const SAMPLE_BYTES: usize = 8 * 1024;

/// Whether bytes, or the beginning of more bytes, are not UTF-8 text.
pub(crate) fn is_binary(sample: &[u8]) -> bool {
    let sample = sample.get(..SAMPLE_BYTES).unwrap_or(sample);
    // A character that the sample cuts in two is no error: `error_len` is none at the end of the input.
    sample.contains(&0) || std::str::from_utf8(sample).is_err_and(|error| error.error_len().is_some())
}

/// The beginning of a text that fits into so many bytes, cut between two characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

/// A number and the noun that it counts.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_text_from_other_data() {
        let cut = format!("{}ü", "x".repeat(SAMPLE_BYTES - 1));
        for text in ["", "plain", "Grüße 🦀", cut.as_str()] {
            assert!(!is_binary(text.as_bytes()), "{text}");
        }
        for bytes in [&b"a\0b"[..], b"\xff\xfe", b"caf\xe9 au lait", &[0xf0, 0x9f, b'x']] {
            assert!(is_binary(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!((head("aü", 3), head("aü", 2), head("ü", 1), head("abc", 9)), ("aü", "a", "", "abc"));
    }
}
