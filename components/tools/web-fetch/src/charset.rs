//! Bytes to text: by a byte order mark, by what the server says, by what the page says, and else by what fits.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far into a page its own word counts (HTML, section 13.2.3.2, asks for 1024 at least).
const PRESCAN_BYTES: usize = 4096;

pub(crate) fn decode(content_type: &str, bytes: &[u8], html: bool) -> String {
    let stated = stated(content_type).or_else(|| if html { declared(bytes) } else { None });
    let fitting = || if is_utf8(bytes) { UTF_8 } else { WINDOWS_1252 };
    // `decode` heeds a byte order mark before anything else.
    stated.unwrap_or_else(fitting).decode(bytes).0.into_owned()
}

/// Whether zero bytes belong to the text.
pub(crate) fn is_wide(content_type: &str, bytes: &[u8]) -> bool {
    let by_mark = Encoding::for_bom(bytes).is_some_and(|(encoding, _)| encoding != UTF_8);
    by_mark || stated(content_type).is_some_and(|encoding| encoding.name().starts_with("UTF-16"))
}

/// A page that was read so far may end within a character.
fn is_utf8(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && bytes.get(..error.valid_up_to()).is_some_and(|valid| !valid.is_ascii()),
    }
}

fn stated(content_type: &str) -> Option<&'static Encoding> {
    let parameter = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    Encoding::for_label(parameter.trim().trim_matches(['"', '\'']).as_bytes())
}

/// In `<meta charset=…>`, `<meta http-equiv=… content="…; charset=…">`, or `<?xml encoding=…?>`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..PRESCAN_BYTES).unwrap_or(bytes).to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let xml = head.trim_start().strip_prefix("<?xml").and_then(|rest| label(rest.split('>').next()?, "encoding"));
    let meta = || head.split("<meta").skip(1).find_map(|rest| label(rest.split('>').next()?, "charset"));
    let encoding = Encoding::for_label(xml.or_else(meta)?.as_bytes())?;
    // A page that was read so far is not of 16 bits, whatever it says (HTML, section 13.2.3.3).
    Some(if encoding.name().starts_with("UTF-16") { UTF_8 } else { encoding })
}

fn label(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(name)?;
    let value = rest.trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    Some(value.split(['"', '\'', ';', ' ', '/', '?', '>']).next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_it_is_heard() {
        let table: &[(&str, &[u8], &str)] = &[
            ("text/html; charset=utf-8", "Grüße".as_bytes(), "Grüße"),
            ("text/html; charset=\"ISO-8859-1\"", b"Gr\xfc\xdfe \x80", "Grüße €"),
            ("text/html;charset=windows-1251", b"\xcf\xf0\xe8", "При"),
            ("text/html; charset=Shift_JIS", b"\x93\xfa\x96{", "日本"),
            ("text/html", b"<meta charset=gbk>\xc4\xe3", "<meta charset=gbk>你"),
            ("text/html", b"<META CHARSET='latin1' >\xfc", "<META CHARSET='latin1' >ü"),
            (
                "text/html",
                b"<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xe1",
                "<meta http-equiv=content-type content='text/html; charset=koi8-r'>А",
            ),
            ("text/html", b"<?xml version='1.0' encoding='iso-8859-2'?>\xb1", "<?xml version='1.0' encoding='iso-8859-2'?>ą"),
            ("text/html", b"<meta charset=utf-16>x", "<meta charset=utf-16>x"),
            ("text/html", b"caf\xe9", "café"),
            ("text/html", "café".as_bytes(), "café"),
            ("text/html; charset=latin1", b"\xef\xbb\xbf\xc3\xbc", "ü"),
            ("text/plain", b"\xff\xfea\0b\0", "ab"),
            ("text/html; charset=unheard-of", b"<meta charset=latin1>\xfc", "<meta charset=latin1>ü"),
            ("text/html; charset=utf-8", b"a\xffb", "a\u{fffd}b"),
        ];
        for (content_type, bytes, expected) in table {
            assert_eq!(decode(content_type, bytes, content_type.starts_with("text/html")), *expected, "{content_type}");
        }
        assert!(is_wide("text/plain", b"\xff\xfea\0") && is_wide("text/plain; charset=utf-16le", b"a\0") && !is_wide("text/plain", b"a\0"));
    }

    #[test]
    fn a_text_that_was_cut_within_a_character_is_still_one() {
        assert_eq!(decode("text/plain", b"Gr\xc3\xbc\xc3", false), "Grü\u{fffd}");
        assert_eq!(decode("text/html", b"Gr\xc3\xbc\xc3", true), "Grü\u{fffd}");
    }
}
