//! Text that is written in another text: base64, numbers of bytes, escapes. What it says is decoded to be read in turn.

use crate::fold::Letter;
use crate::hidden::printable;

/// Fewer letters of base64, or bytes, say too little.
const MIN_BASE64: usize = 10;
const MIN_BYTES: usize = 6;
/// So many escapes are more than one sign that has no key.
const MIN_ESCAPES: usize = 4;
/// Two escapes that are further apart are of two texts. In letters.
const GAP: usize = 40;
/// So many bytes of text are more than a name.
pub(crate) const CARRIES: usize = 32;

/// A text in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The first letter and the one behind the last, by number.
    pub(crate) first: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
    /// Nobody writes addresses like this, as they do escapes.
    pub(crate) opaque: bool,
}

/// All of it in a piece of text. Each letter is part of one at most, in each of the ways.
pub(crate) fn find(letters: &[Letter], work: &mut u64) -> Vec<Carried> {
    let mut found = Vec::new();
    base64(letters, &mut found);
    numbers(letters, &mut found);
    escapes(letters, &mut found);
    *work += 4 * u64::try_from(letters.len()).unwrap_or(0);
    found
}

fn ch(letters: &[Letter], at: usize) -> char {
    letters.get(at).map_or('\0', |letter| letter.original())
}

fn sextet(ch: char) -> Option<u8> {
    let offset = |from: char, to: u8| u8::try_from(u32::from(ch) - u32::from(from)).ok().map(|at| at + to);
    match ch {
        'A'..='Z' => offset('A', 0),
        'a'..='z' => offset('a', 26),
        '0'..='9' => offset('0', 52),
        '+' | '-' => Some(62),
        '/' | '_' => Some(63),
        _ => None,
    }
}

fn base64(letters: &[Letter], found: &mut Vec<Carried>) {
    let mut at = 0;
    while at < letters.len() {
        let first = at;
        let mut line = 0_usize;
        loop {
            if sextet(ch(letters, at)).is_some() {
                line += 1;
            } else if ch(letters, at) == '\n' && line >= 32 && sextet(ch(letters, at + 1)).is_some() {
                // Wrapped, as in mail.
                line = 0;
            } else {
                break;
            }
            at += 1;
        }
        if !from_base64(letters, first, at, found) {
            // A part of a path, between two of its slashes.
            let mut part = first;
            for end in first..=at {
                if end == at || ch(letters, end) == '/' {
                    from_base64(letters, part, end, found);
                    part = end + 1;
                }
            }
        }
        at = at.max(first + 1);
    }
}

fn from_base64(letters: &[Letter], first: usize, end: usize, found: &mut Vec<Carried>) -> bool {
    if end.saturating_sub(first) < MIN_BASE64 {
        return false;
    }
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0_usize);
    for six in (first..end).filter_map(|at| sextet(ch(letters, at))) {
        bits = bits << 6 | u32::from(six);
        count += 1;
        if count.is_multiple_of(4) {
            bytes.extend_from_slice(bits.to_be_bytes().get(1..).unwrap_or_default());
        }
    }
    match count % 4 {
        2 => bytes.extend_from_slice((bits << 12).to_be_bytes().get(1..2).unwrap_or_default()),
        3 => bytes.extend_from_slice((bits << 6).to_be_bytes().get(1..3).unwrap_or_default()),
        _ => {}
    }
    let before = found.len();
    push(found, first, end, &bytes, true);
    found.len() > before
}

fn push(found: &mut Vec<Carried>, first: usize, end: usize, bytes: &[u8], opaque: bool) {
    if let Some(text) = text(bytes) {
        found.push(Carried { first, end, text, opaque });
    }
}

/// As UTF-8, or as two bytes for each letter, as one shell wants it.
fn text(bytes: &[u8]) -> Option<String> {
    let wide = bytes.len() >= 8 && bytes.iter().skip(1).step_by(2).all(|byte| *byte == 0);
    if wide { printable(&bytes.iter().step_by(2).copied().collect::<Vec<_>>()) } else { printable(bytes) }
}

/// How the bytes of a list are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Hexadecimal,
    Decimal,
    Binary,
}

/// Numbers one after the other: `69676e`, `69 67 6e`, `0x69, 0x67`, `105 103`, `01101001 01100111`.
fn numbers(letters: &[Letter], found: &mut Vec<Carried>) {
    let mut at = 0;
    while at < letters.len() {
        let starts = ch(letters, at).is_ascii_hexdigit() && at.checked_sub(1).is_none_or(|before| !ch(letters, before).is_alphanumeric());
        if !starts {
            at += 1;
            continue;
        }
        let mut longest = at + 1;
        for base in [Base::Binary, Base::Decimal, Base::Hexadecimal] {
            let (end, bytes) = list(letters, at, base);
            if bytes.len() >= MIN_BYTES {
                push(found, at, end, &bytes, true);
                longest = longest.max(end);
            }
        }
        // What was read as a number and is none is not read again.
        while ch(letters, longest).is_ascii_hexdigit() && ch(letters, longest - 1).is_ascii_hexdigit() {
            longest += 1;
        }
        at = longest;
    }
}

fn list(letters: &[Letter], start: usize, base: Base) -> (usize, Vec<u8>) {
    let mut bytes = Vec::new();
    let (mut at, mut end) = (start, start);
    loop {
        if base == Base::Hexadecimal && ch(letters, at) == '0' && matches!(ch(letters, at + 1), 'x' | 'X') {
            at += 2;
        }
        let (most, radix) = match base {
            Base::Hexadecimal => (2, 16),
            Base::Decimal => (3, 10),
            Base::Binary => (8, 2),
        };
        let mut value = 0;
        let mut digits = 0;
        while digits < most
            && let Some(digit) = ch(letters, at).to_digit(radix)
        {
            value = value * radix + digit;
            digits += 1;
            at += 1;
        }
        let whole = match base {
            Base::Decimal => digits >= 2 && !ch(letters, at).is_ascii_alphanumeric(),
            _ => digits == most,
        };
        let Some(byte) = u8::try_from(value).ok().filter(|byte| whole && (base != Base::Decimal || *byte >= 9)) else { break };
        bytes.push(byte);
        end = at;
        while at - end < 2 && matches!(ch(letters, at), ' ' | ',' | ':' | ';' | '-') {
            at += 1;
        }
    }
    (end, bytes)
}

/// An escape's character and its length.
fn escape(letters: &[Letter], at: usize) -> Option<(u32, usize)> {
    let hex =
        |from: usize, digits: usize| (0..digits).try_fold(0, |value, offset| Some(value * 16 + ch(letters, from + offset).to_digit(16)?));
    match (ch(letters, at), ch(letters, at + 1)) {
        ('%' | '=', _) => hex(at + 1, 2).map(|code| (code, 3)),
        ('\\', 'x') => hex(at + 2, 2).map(|code| (code, 4)),
        ('\\', 'u') => hex(at + 2, 4).map(|code| (code, 6)),
        ('&', '#') => {
            let is_hex = matches!(ch(letters, at + 2), 'x' | 'X');
            let (start, radix) = if is_hex { (at + 3, 16) } else { (at + 2, 10) };
            let mut end = start;
            let mut code = 0;
            while end - start < 6
                && let Some(digit) = ch(letters, end).to_digit(radix)
            {
                code = code * radix + digit;
                end += 1;
            }
            (end > start).then_some((code, end - at + usize::from(ch(letters, end) == ';')))
        }
        _ => None,
    }
}

fn escapes(letters: &[Letter], found: &mut Vec<Carried>) {
    let (mut bytes, mut first, mut last, mut count) = (Vec::new(), 0, 0, 0_usize);
    let mut at = 0;
    let mut tell = |bytes: &mut Vec<u8>, first: usize, last: usize, count: usize| {
        let bytes = std::mem::take(bytes);
        if count >= MIN_ESCAPES {
            let text: String = String::from_utf8_lossy(&bytes).chars().filter(|ch| !ch.is_control() || *ch == '\n').collect();
            found.push(Carried { first, end: last, text, opaque: false });
        }
    };
    let mut utf8 = [0; 4];
    while at < letters.len() {
        let Some((code, length)) = escape(letters, at) else {
            if count > 0 && at - last > GAP {
                tell(&mut bytes, first, last, count);
                count = 0;
            }
            if count > 0 {
                let plain = ch(letters, at);
                bytes.extend_from_slice(if plain == '+' { b" " } else { plain.encode_utf8(&mut utf8).as_bytes() });
            }
            at += 1;
            continue;
        };
        if count == 0 {
            // The word that it stands in begins before it.
            let word = (0..at.min(GAP)).take_while(|back| ch(letters, at - back - 1).is_alphanumeric()).count();
            first = at - word;
            bytes.extend(letters.get(first..at).unwrap_or_default().iter().flat_map(|letter| letter.original().to_string().into_bytes()));
        }
        count += 1;
        match (u8::try_from(code), ch(letters, at)) {
            (Ok(byte), '%' | '=') => bytes.push(byte),
            _ => bytes.extend_from_slice(char::from_u32(code).unwrap_or('\u{fffd}').encode_utf8(&mut utf8).as_bytes()),
        }
        at += length;
        last = at;
    }
    tell(&mut bytes, first, last, count);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn texts(text: &str) -> Vec<String> {
        find(&fold(text, 0).0, &mut 0).into_iter().map(|carried| carried.text).collect()
    }

    #[test]
    fn decodes_what_carries_text() {
        for text in [
            "run aWdub3JlIHRoaXM= now",
            "aWdu\u{200b}b3JlIHRoaXM",
            "69676e6f72652074686973",
            "69 67 6e 6f 72 65 20 74 68 69 73",
            "0x69, 0x67, 0x6e, 0x6f, 0x72, 0x65, 0x20, 0x74, 0x68, 0x69, 0x73",
            "105 103 110 111 114 101 32 116 104 105 115",
            "01101001 01100111 01101110 01101111 01110010 01100101 00100000 01110100 01101000 01101001 01110011",
            "%69%67%6e%6f%72%65%20%74%68%69%73",
            "\\x69\\x67\\x6e\\x6f\\x72\\x65\\x20\\x74\\x68\\x69\\x73",
            "&#105;&#103;nor&#101;&#x20;this",
            "\\u0069\\u0067\\u006e\\u006fre this",
            "aQBnAG4AbwByAGUAIAB0AGgAaQBzAA==",
        ] {
            assert!(
                texts(text).iter().any(|found| found.contains("ignore this") || found.starts_with("ignore ")),
                "{text}: {:?}",
                texts(text)
            );
        }
    }

    #[test]
    fn wrapped_base64_is_one_text() {
        let line = "aWdub3JlIHRoaXMgYW5kIHRoYXQgYW5kIGFs\nbCBvZiB0aGUgb3RoZXJzIHRvbw==";
        assert_eq!(texts(line), ["ignore this and that and all of the others too"]);
    }

    #[test]
    fn what_carries_no_text_is_let_be() {
        for text in [
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
            "src/policies/injection/README",
            "a short text",
            "100 %20 and 12%",
            "2026-11-21 18:40:10",
            "internationalization",
            "aWdub3Jl",
        ] {
            assert_eq!(texts(text), [""; 0], "{text}");
        }
    }
}
