//! Files that come with a message: which are wanted, and how one is told of that is not here, or not here any more.

use serde::{Deserialize, Serialize};

use crate::chat::Part;
use crate::http::Blob;

/// The most bytes of one file that is kept.
pub const MAX_BYTES: u64 = 20 * 1024 * 1024;

/// The kind of the part of a message that stands for a file until it is settled what becomes of it.
const REMOTE: &str = "wirken:remote-file";

/// Of a name that somebody reads, in characters.
const NAME_CHARS: usize = 120;

/// The pictures that models read, each with how its bytes begin.
const PICTURES: [(&str, &[u8]); 4] =
    [("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff"), ("image/gif", b"GIF8"), ("image/webp", b"RIFF")];

/// A file that the platform keeps, in the part of a message that stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// Read by the channel alone.
    pub token: String,
    pub media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As the platform says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

impl Remote {
    pub fn part(&self) -> Part {
        Part::Other(REMOTE.to_owned(), serde_json::json!(self).to_string())
    }

    /// What a part of a person's message stands for, where it stands for a file.
    pub fn of(part: &Part) -> Option<Self> {
        match part {
            Part::Other(kind, value) if kind == REMOTE => serde_json::from_str(value).ok(),
            _ => None,
        }
    }

    pub fn described(&self) -> String {
        described(&self.media_type, self.name.as_deref(), self.size)
    }
}

/// Whether a file that says to be of this type is a picture as models read them.
pub fn is_picture(media_type: &str) -> bool {
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    PICTURES.iter().any(|(known, _)| known.eq_ignore_ascii_case(media_type)) || media_type.eq_ignore_ascii_case("image/jpg")
}

/// The type of a picture by its first bytes, 16 of which are enough, whatever somebody says of it.
pub fn picture(beginning: &[u8]) -> Option<&'static str> {
    let begins =
        |(name, sign): &(&str, &[u8])| beginning.starts_with(sign) && (*name != "image/webp" || beginning.get(8..12) == Some(b"WEBP"));
    PICTURES.into_iter().find(begins).map(|(name, _)| name)
}

/// A file in words: `image/jpeg cat.jpg (120 KB)`. Whoever sent it chose its name.
pub fn described(media_type: &str, name: Option<&str>, size: Option<u64>) -> String {
    let plain = |text: &str| -> String { text.chars().filter(|c| !c.is_control() && !"[]".contains(*c)).take(NAME_CHARS).collect() };
    let mut text = plain(media_type);
    if let Some(name) = name.map(plain).filter(|name| !name.is_empty()) {
        text.push(' ');
        text.push_str(&name);
    }
    if let Some(size) = size {
        text.push_str(&format!(" ({})", amount(size)));
    }
    text
}

impl Blob {
    pub fn described(&self) -> String {
        described(&self.media_type, self.name.as_deref(), Some(self.size))
    }
}

/// Bytes for people.
pub fn amount(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        _ => {
            let tenths = bytes / 100_000;
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stands_for_a_file_and_no_other_does() {
        let remote = Remote { token: "t".into(), media_type: "image/png".into(), name: Some("a".into()), size: None };
        assert_eq!(Remote::of(&remote.part()), Some(remote));
        let others = [Part::text("wirken:remote-file"), Part::Other(REMOTE.into(), "{}".into()), Part::Other("x".into(), "{}".into())];
        assert!(others.iter().all(|part| Remote::of(part).is_none()));
    }

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        for (bytes, known) in [
            (&b"\x89PNG\r\n\x1a\n1234"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF1234WEBPVP8 ", Some("image/webp")),
            (b"RIFF1234WAVEfmt ", None),
            (b"RIFF", None),
            (b"%PDF-1.7", None),
            (b"", None),
        ] {
            assert_eq!(picture(bytes), known, "{bytes:?}");
        }
        assert!(is_picture("IMAGE/JPG") && is_picture("image/webp; x=y") && !is_picture("image/tiff") && !is_picture("application/pdf"));
    }

    #[test]
    fn a_name_is_one_line_without_brackets() {
        assert_eq!(described("image/png", Some("a\n[b]"), Some(999)), "image/png ab (999 bytes)");
        assert_eq!(described("image/png", Some("\n"), None), "image/png");
        assert_eq!(described("", Some(&"x".repeat(121)), None).len(), 121);
        assert_eq!([amount(1_000), amount(1_001), amount(20_971_520)], ["1 KB", "2 KB", "20.9 MB"]);
    }
}
