//! What came with a message beside its text: files, which stay with Telegram until somebody wants them, and things that
//! have no file, in words.

use serde_json::Value;

use crate::people::{int, name, text};
use crate::types::RemoteBlob;

/// Of a file's id, in bytes. Telegram's have less than 100.
const MAX_TOKEN_BYTES: usize = 512;

/// Of what a sender calls the kind of a file, in bytes.
const MAX_MEDIA_TYPE_BYTES: usize = 127;

/// The fields that hold one file, and its kind where it does not say.
const FILES: [(&str, &str); 7] = [
    ("animation", "video/mp4"),
    ("audio", "audio/mpeg"),
    ("document", "application/octet-stream"),
    ("sticker", "image/webp"),
    ("video", "video/mp4"),
    ("video_note", "video/mp4"),
    ("voice", "audio/ogg"),
];

pub(crate) fn attachments(message: &Value) -> Vec<RemoteBlob> {
    let photo = message.get("photo").and_then(Value::as_array).and_then(|sizes| sizes.iter().max_by_key(|size| area(size)));
    let photo = photo.and_then(|photo| blob(photo, "image/jpeg"));
    // An animation comes as a document too.
    let twice = message.get("animation").is_some();
    let files = FILES.iter().filter(|(field, _)| !(twice && *field == "document"));
    let files = files.filter_map(|(field, kind)| {
        let file = message.get(field)?;
        blob(file, if *field == "sticker" { sticker(file) } else { kind })
    });
    photo.into_iter().chain(files).collect()
}

fn area(size: &Value) -> i64 {
    let side = |key| int(size, key).unwrap_or_default();
    side("width").saturating_mul(side("height"))
}

fn sticker(sticker: &Value) -> &'static str {
    let is = |key| crate::people::flag(sticker, key);
    match (is("is_video"), is("is_animated")) {
        (true, _) => "video/webm",
        (_, true) => "application/x-tgsticker",
        _ => "image/webp",
    }
}

fn blob(file: &Value, default: &str) -> Option<RemoteBlob> {
    let token = text(file, "file_id").filter(|token| !token.is_empty() && token.len() <= MAX_TOKEN_BYTES)?;
    let is_type =
        |kind: &&str| kind.len() <= MAX_MEDIA_TYPE_BYTES && kind.contains('/') && kind.bytes().all(|byte| byte.is_ascii_graphic());
    Some(RemoteBlob {
        token: token.to_owned(),
        media_type: text(file, "mime_type").filter(is_type).unwrap_or(default).to_owned(),
        name: text(file, "file_name").and_then(name),
        size: int(file, "file_size").and_then(|size| u64::try_from(size).ok()),
    })
}

/// A place, a contact, a poll or a die, for an agent that reads. None where there is none.
pub(crate) fn in_words(message: &Value) -> Option<String> {
    let coordinates = |location: &Value| Some(format!("{}, {}", location.get("latitude")?.as_f64()?, location.get("longitude")?.as_f64()?));
    if let Some(venue) = message.get("venue") {
        let words: Vec<_> = ["title", "address"].into_iter().filter_map(|key| text(venue, key).and_then(name)).collect();
        return Some(format!("Venue: {} ({})", words.join(", "), coordinates(venue.get("location")?)?));
    }
    if let Some(location) = message.get("location") {
        return Some(format!("Location: {}", coordinates(location)?));
    }
    if let Some(contact) = message.get("contact") {
        let words: Vec<_> =
            ["first_name", "last_name", "phone_number"].into_iter().filter_map(|key| text(contact, key).and_then(name)).collect();
        return Some(format!("Contact: {}", words.join(" ")));
    }
    if let Some(poll) = message.get("poll") {
        let options =
            poll.get("options").and_then(Value::as_array).into_iter().flatten().filter_map(|option| text(option, "text").and_then(name));
        let options: String = options.map(|option| format!("\n- {option}")).collect();
        return Some(format!("Poll: {}{options}", text(poll, "question").and_then(name)?));
    }
    let dice = message.get("dice")?;
    Some(format!("{} {}", text(dice, "emoji").and_then(name)?, int(dice, "value")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn brief(message: &Value) -> Vec<(String, String)> {
        attachments(message).into_iter().map(|blob| (blob.token, blob.media_type)).collect()
    }

    #[test]
    fn takes_the_largest_photo_whatever_the_order() {
        let size = |id: &str, width: i64| json!({ "file_id": id, "width": width, "height": 10, "file_size": 9 });
        let photo = json!({ "photo": [size("s", 90), size("l", 1_280), size("m", 320)] });
        assert_eq!(brief(&photo), [("l".into(), "image/jpeg".into())]);
        assert_eq!(attachments(&photo)[0].size, Some(9));
        for broken in [json!({ "photo": [] }), json!({ "photo": 7 }), json!({ "photo": [7] }), json!({ "photo": [{ "file_id": 7 }] })] {
            assert_eq!(brief(&broken), [], "{broken}");
        }
    }

    #[test]
    fn names_the_kind_of_every_file() {
        for (message, kind) in [
            (json!({ "voice": { "file_id": "x" } }), "audio/ogg"),
            (json!({ "audio": { "file_id": "x", "mime_type": "audio/flac" } }), "audio/flac"),
            (json!({ "document": { "file_id": "x", "mime_type": "no type" } }), "application/octet-stream"),
            (json!({ "document": { "file_id": "x" }, "animation": { "file_id": "x" } }), "video/mp4"),
            (json!({ "sticker": { "file_id": "x", "is_animated": true } }), "application/x-tgsticker"),
            (json!({ "sticker": { "file_id": "x", "is_video": true } }), "video/webm"),
            (json!({ "sticker": { "file_id": "x" } }), "image/webp"),
            (json!({ "video_note": { "file_id": "x" } }), "video/mp4"),
        ] {
            assert_eq!(brief(&message), [("x".into(), kind.into())], "{message}");
        }
        let named = attachments(&json!({ "document": { "file_id": "x", "file_name": "a\nb.pdf", "file_size": -1 } }));
        assert_eq!((named[0].name.as_deref(), named[0].size), (Some("a b.pdf"), None));
    }

    #[test]
    fn bounds_what_strangers_choose() {
        let with = |token: usize, kind: usize| {
            let kind = format!("a/{}", "b".repeat(kind));
            json!({ "voice": { "file_id": "x".repeat(token), "mime_type": kind } })
        };
        assert_eq!(attachments(&with(512, 125))[0].media_type.len(), 127);
        assert_eq!(attachments(&with(512, 126))[0].media_type, "audio/ogg");
        assert_eq!(attachments(&with(513, 1)), []);
    }

    #[test]
    fn says_what_has_no_file() {
        for (message, expected) in [
            (json!({ "location": { "latitude": 52.5, "longitude": -13 } }), Some("Location: 52.5, -13")),
            (
                json!({ "venue": { "title": "Zoo", "address": "A 1", "location": { "latitude": 1, "longitude": 2 } }, "location": {} }),
                Some("Venue: Zoo, A 1 (1, 2)"),
            ),
            (json!({ "contact": { "first_name": "Ada", "phone_number": "+49" } }), Some("Contact: Ada +49")),
            (
                json!({ "poll": { "question": "Tea?", "options": [{ "text": "yes" }, 7, { "text": "no" }] } }),
                Some("Poll: Tea?\n- yes\n- no"),
            ),
            (json!({ "dice": { "emoji": "🎲", "value": 4 } }), Some("🎲 4")),
            (json!({ "location": 7 }), None),
            (json!({ "new_chat_members": [] }), None),
        ] {
            assert_eq!(in_words(&message).as_deref(), expected, "{message}");
        }
    }
}
