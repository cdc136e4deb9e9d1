//! Character references (HTML, sections 13.2.5.72 to 13.2.5.80).

/// The named ones, in the order of their bytes: a name, its characters in hexadecimal digits, and a star where the
/// semicolon may be left out. Made of the table of the HTML standard.
const NAMED: &str = include_str!("entities.txt");
/// `CounterClockwiseContourIntegral`.
const LONGEST: usize = 31;
/// The longest name that needs no semicolon.
const LONGEST_OPEN: usize = 6;

/// Text with its references resolved.
pub(crate) fn decode(text: &str, in_attribute: bool) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        decoded.push_str(before);
        let length = reference(from, in_attribute, &mut decoded).unwrap_or_else(|| {
            decoded.push('&');
            1
        });
        rest = from.get(length..).unwrap_or_default();
    }
    decoded.push_str(rest);
    decoded
}

/// Resolves the reference that a text begins with, and returns its length.
fn reference(text: &str, in_attribute: bool, into: &mut String) -> Option<usize> {
    match text.as_bytes().get(1)? {
        b'#' => numeric(text, into),
        byte if byte.is_ascii_alphanumeric() => named(text, in_attribute, into),
        _ => None,
    }
}

fn numeric(text: &str, into: &mut String) -> Option<usize> {
    let (radix, from) = if matches!(text.as_bytes().get(2), Some(b'x' | b'X')) { (16, 3) } else { (10, 2) };
    let digits = text.get(from..)?.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if digits == 0 {
        return None;
    }
    let end = from + digits;
    // More than fits is no character either.
    let number = u32::from_str_radix(text.get(from..end)?, radix).unwrap_or(u32::MAX);
    into.push(character(number));
    Some(end + usize::from(text.as_bytes().get(end) == Some(&b';')))
}

fn character(number: u32) -> char {
    let by_old_habit = match number {
        // What Windows has where Unicode has controls.
        0x80..=0x9f => {
            let byte = u8::try_from(number).unwrap_or_default();
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next()
        }
        _ => char::from_u32(number),
    };
    by_old_habit.filter(|character| *character != '\0').unwrap_or('\u{fffd}')
}

fn named(text: &str, in_attribute: bool, into: &mut String) -> Option<usize> {
    let bytes = text.as_bytes().get(1..)?;
    let length = bytes.iter().take(LONGEST + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if bytes.get(length) == Some(&b';')
        && let Some((characters, _)) = look_up(text.get(1..=length)?)
    {
        push(characters, into);
        return Some(length + 2);
    }
    let (characters, length) = (2..=length.min(LONGEST_OPEN)).rev().find_map(|length| {
        let (characters, open) = look_up(text.get(1..=length)?)?;
        open.then_some((characters, length))
    })?;
    // In an attribute these are most likely parts of an address.
    if in_attribute && bytes.get(length).is_some_and(|next| *next == b'=' || next.is_ascii_alphanumeric()) {
        return None;
    }
    push(characters, into);
    Some(length + 1)
}

fn push(characters: &str, into: &mut String) {
    into.extend(characters.split(' ').filter_map(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?)));
}

/// The characters of a name, as they stand in the table, and whether its semicolon may be left out.
fn look_up(name: &str) -> Option<(&'static str, bool)> {
    let (mut low, mut high) = (0, NAMED.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = NAMED.get(..middle)?.rfind('\n').map_or(0, |at| at + 1).max(low);
        let end = start + NAMED.get(start..)?.find('\n')?;
        let (found, characters) = NAMED.get(start..end)?.split_once(' ')?;
        match name.cmp(found) {
            std::cmp::Ordering::Less => high = start,
            std::cmp::Ordering::Greater => low = end + 1,
            std::cmp::Ordering::Equal => {
                return Some(characters.strip_suffix(" *").map_or((characters, false), |characters| (characters, true)));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_found() {
        for line in NAMED.lines() {
            let (name, _) = line.split_once(' ').unwrap();
            assert!(name.len() <= LONGEST && look_up(name).is_some(), "{name}");
            assert!(!decode(&format!("&{name};"), false).contains(&format!("&{name}")), "{name}");
            assert_eq!(decode(&format!("&{name}"), false) != format!("&{name}"), line.ends_with('*') || opens(name), "{name}");
        }
        assert_eq!(look_up("nonsense"), None);
        assert_eq!(look_up(""), None);
    }

    /// Whether a name begins with another that needs no semicolon.
    fn opens(name: &str) -> bool {
        (2..=name.len().min(LONGEST_OPEN)).any(|length| look_up(&name[..length]).is_some_and(|(_, open)| open))
    }

    #[test]
    fn references_are_resolved_as_the_standard_says() {
        let table = [
            ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'"),
            ("&eacute;&Eacute; &nbsp;&hellip;", "éÉ \u{a0}…"),
            ("&amp &copy2026", "& ©2026"),
            ("&notit; &notin;", "¬it; ∉"),
            ("&#65;&#x41;&#X41;&#65", "AAAA"),
            ("&#128;&#0;&#xD800;&#x110000;&#99999999999;", "€\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("& &; &#; &#x; &unknown; &", "& &; &#; &#x; &unknown; &"),
            ("&acE;", "\u{223e}\u{333}"),
            ("&amp;lt;", "&lt;"),
            ("a & b && c", "a & b && c"),
            ("&ü; &é", "&ü; &é"),
        ];
        for (text, expected) in table {
            assert_eq!(decode(text, false), expected, "{text}");
        }
        assert_eq!(decode("?a=1&copy=2&lt=3&amp;x", true), "?a=1&copy=2&lt=3&x");
        assert_eq!(decode("?a&copy", true), "?a©");
    }
}
