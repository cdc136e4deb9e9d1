//! Text without its secrets, for logs and error messages.

use std::borrow::Cow;

use crate::scanner::Scanner;

/// `text` with every secret in it, in any form, replaced by `[REDACTED:label]`.
pub fn redact<'a>(text: &'a str, scanner: &Scanner) -> Cow<'a, str> {
    let stretches = scanner.stretches(text.as_bytes());
    if stretches.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, label) in stretches {
        // A secret is bytes: it may begin or end inside a character, which then goes with it.
        let (start, end) = (text.floor_char_boundary(range.start), text.ceil_char_boundary(range.end));
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str("[REDACTED:");
        out.push_str(label);
        out.push(']');
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Secret;

    fn scanner(secrets: &[(&str, &[u8])]) -> Scanner {
        Scanner::new(secrets.iter().map(|(label, value)| ((*label).to_owned(), Arc::new(Secret::new(value.to_vec()))))).unwrap()
    }

    #[test]
    fn leaves_a_text_without_secrets_as_it_is() {
        assert!(matches!(redact("nothing here", &scanner(&[("a", b"secret-value")])), Cow::Borrowed("nothing here")));
    }

    #[test]
    fn replaces_every_form() {
        let scanner = scanner(&[("a", b"secret-value"), ("b", b"other/value")]);
        assert_eq!(
            redact("1 secret-value 2 other%2Fvalue 3 7365637265742d76616c7565.", &scanner),
            "1 [REDACTED:a] 2 [REDACTED:b] 3 [REDACTED:a]."
        );
    }

    #[test]
    fn leaves_no_part_of_secrets_that_overlap_or_contain_one_another() {
        let scanner = scanner(&[("a", b"0123456789"), ("b", b"56789abcde"), ("c", b"0123456789abcdefgh")]);
        assert_eq!(redact("<0123456789abcde>", &scanner), "<[REDACTED:a]>");
        assert_eq!(redact("<0123456789abcdefgh>", &scanner), "<[REDACTED:c]>");
    }

    #[test]
    fn takes_the_whole_character_when_a_secret_ends_inside_it() {
        // The secret begins with the second byte of the first `é` and ends with the first byte of the second.
        let scanner = scanner(&[("a", b"\xa9 secret \xc3")]);
        assert_eq!(redact("é secret é", &scanner), "[REDACTED:a]");
        assert_eq!(redact("éé secret éé", &scanner), "é[REDACTED:a]é");
    }
}
