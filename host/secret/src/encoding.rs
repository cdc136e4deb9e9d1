//! The forms in which a secret may stand in a message.
//!
//! They are those that ordinary software produces without meaning harm: an HTTP library, a JSON writer, a template. A
//! component that wants to disguise a secret has endless ways, which is why it is never given one.
//!
//! Every buffer is made at its final size, because a growing one would leave unwiped copies behind.

use zeroize::Zeroizing;

type Buffer = Zeroizing<Vec<u8>>;

pub(crate) const PLAIN: &str = "plain";

/// Each form of `secret` under the name that a finding bears. A form that does not differ from another may appear twice.
pub(crate) fn forms(secret: &[u8]) -> Vec<(&'static str, Buffer)> {
    let mut forms = vec![(PLAIN, Zeroizing::new(secret.to_vec()))];
    for offset in 0..3 {
        forms.push(("base64", base64(secret, offset, *b"+/")));
        forms.push(("base64url", base64(secret, offset, *b"-_")));
    }
    for digits in [b"0123456789abcdef", b"0123456789ABCDEF"] {
        forms.push(("hex", hex(secret, digits)));
        for kept in [kept_by_rfc3986, kept_by_javascript, kept_by_forms, kept_by_none] {
            forms.push(("percent", percent(secret, digits, kept, false)));
        }
        forms.push(("percent", percent(secret, digits, kept_by_forms, true)));
    }
    for slashes in [false, true] {
        forms.push(("json", json(secret, slashes)));
    }
    forms.extend(str::from_utf8(secret).ok().map(|text| ("json", json_ascii(text))));
    forms
}

/// The characters of a base64 text that are the same whatever stands before and after the secret, when it begins
/// `offset` bytes after a multiple of three. Padding is never among them.
fn base64(secret: &[u8], offset: usize, last_two: [u8; 2]) -> Buffer {
    let bits = (offset + secret.len()) * 8;
    let whole = (offset * 8).div_ceil(6)..bits / 6;
    let byte = |index: usize| index.checked_sub(offset).and_then(|index| secret.get(index)).copied().unwrap_or(0);
    let mut out = Zeroizing::new(Vec::with_capacity(whole.len()));
    for character in whole {
        let bit = character * 6;
        let pair = u16::from_be_bytes([byte(bit / 8), byte(bit / 8 + 1)]);
        out.push(match (pair << (bit % 8) >> 10) as u8 {
            value @ 0..26 => b'A' + value,
            value @ 26..52 => b'a' + (value - 26),
            value @ 52..62 => b'0' + (value - 52),
            62 => last_two[0],
            _ => last_two[1],
        });
    }
    out
}

fn push_hex(out: &mut Buffer, byte: u8, digits: &[u8; 16]) {
    for half in [byte >> 4, byte & 15] {
        out.extend(digits.get(usize::from(half)));
    }
}

fn hex(secret: &[u8], digits: &[u8; 16]) -> Buffer {
    let mut out = Zeroizing::new(Vec::with_capacity(secret.len() * 2));
    for byte in secret {
        push_hex(&mut out, *byte, digits);
    }
    out
}

fn percent(secret: &[u8], digits: &[u8; 16], kept: fn(u8) -> bool, space_as_plus: bool) -> Buffer {
    let mut out = Zeroizing::new(Vec::with_capacity(secret.len() * 3));
    for byte in secret {
        match byte {
            b' ' if space_as_plus => out.push(b'+'),
            byte if kept(*byte) => out.push(*byte),
            byte => {
                out.push(b'%');
                push_hex(&mut out, *byte, digits);
            }
        }
    }
    out
}

/// RFC 3986, section 2.3.
fn kept_by_rfc3986(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// `encodeURIComponent` of ECMAScript.
fn kept_by_javascript(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

/// `application/x-www-form-urlencoded` of the URL standard.
fn kept_by_forms(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"*-._".contains(&byte)
}

fn kept_by_none(_: u8) -> bool {
    false
}

/// Inside a JSON string, RFC 8259, section 7. Some writers escape the slash too.
fn json(secret: &[u8], slashes: bool) -> Buffer {
    let mut out = Zeroizing::new(Vec::with_capacity(secret.len() * 6));
    for byte in secret {
        let short = match byte {
            b'"' | b'\\' => Some(*byte),
            b'/' if slashes => Some(b'/'),
            b'\n' => Some(b'n'),
            b'\r' => Some(b'r'),
            b'\t' => Some(b't'),
            0x08 => Some(b'b'),
            0x0c => Some(b'f'),
            _ => None,
        };
        match short {
            Some(short) => out.extend([b'\\', short]),
            None if *byte < 0x20 => {
                out.extend(b"\\u00");
                push_hex(&mut out, *byte, b"0123456789abcdef");
            }
            None => out.push(*byte),
        }
    }
    out
}

/// As writers do that keep JSON to ASCII and out of HTML: whatever is not plain is `\\uXXXX`, in UTF-16.
fn json_ascii(secret: &str) -> Buffer {
    let mut out = Zeroizing::new(Vec::with_capacity(secret.len() * 6));
    for character in secret.chars() {
        match character {
            '"' | '\\' => out.extend([b'\\', character as u8]),
            '<' | '>' | '&' | '\0'..' ' | '\u{7f}'.. => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.extend(b"\\u");
                    unit.to_be_bytes().iter().for_each(|byte| push_hex(&mut out, *byte, b"0123456789abcdef"));
                }
            }
            plain => out.push(plain as u8),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn holds(forms: &[(&str, Buffer)], name: &str, text: &[u8]) -> bool {
        forms.iter().any(|(form, bytes)| *form == name && text.windows(bytes.len()).any(|window| window == bytes.as_slice()))
    }

    #[test]
    fn knows_how_urls_and_forms_write_a_secret() {
        let forms = forms(b"a b~/*(\xc3\xa9");
        for text in
            ["a%20b~%2F%2A%28%C3%A9", "a%20b~%2f%2a%28%c3%a9", "a%20b~%2F*(%C3%A9", "a+b%7E%2F*%28%C3%A9", "%61%20%62%7e%2f%2a%28%c3%a9"]
        {
            assert!(holds(&forms, "percent", text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn knows_how_json_writes_a_secret() {
        let forms = forms(b"-\"-\\-/-\n-\x01");
        assert!(holds(&forms, "json", br#"-\"-\\-/-\n-\u0001"#));
        assert!(holds(&forms, "json", br#"-\"-\\-\/-\n-\u0001"#));
        let forms = super::forms("<ä>&🦀\"x".as_bytes());
        assert!(holds(&forms, "json", br#"\u003c\u00e4\u003e\u0026\ud83e\udd80\"x"#));
    }

    proptest! {
        #[test]
        fn base64_and_hex_hold_the_form_whatever_stands_around(
            before in prop::collection::vec(any::<u8>(), 0..7),
            secret in prop::collection::vec(any::<u8>(), 8..40),
            after in prop::collection::vec(any::<u8>(), 0..7),
        ) {
            let forms = forms(&secret);
            let whole = [before, secret, after].concat();
            prop_assert!(holds(&forms, "base64", STANDARD.encode(&whole).as_bytes()));
            prop_assert!(holds(&forms, "base64", STANDARD_NO_PAD.encode(&whole).as_bytes()));
            prop_assert!(holds(&forms, "base64url", URL_SAFE.encode(&whole).as_bytes()));
            prop_assert!(holds(&forms, "base64url", URL_SAFE_NO_PAD.encode(&whole).as_bytes()));
            prop_assert!(holds(&forms, "hex", ::hex::encode(&whole).as_bytes()));
            prop_assert!(holds(&forms, "hex", ::hex::encode_upper(&whole).as_bytes()));
        }

        #[test]
        fn no_buffer_grows_and_none_is_shorter_than_the_secret(secret in prop::collection::vec(any::<u8>(), 8..40)) {
            for (name, bytes) in forms(&secret) {
                prop_assert!(bytes.len() >= 8 && bytes.capacity() <= secret.len() * 6, "{} {}", name, bytes.capacity());
            }
        }
    }
}
