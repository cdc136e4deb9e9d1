//! The pictures of a conversation that one request carries: the newest, as many as fit; the others are told in words.

use wirken_types::chat::{Message, Part};
use wirken_types::http::Blob;
use wirken_types::media::MAX_BYTES;

/// Bytes of all pictures of one request. As base64 they are a third more, and a request may have 32 MiB.
pub(crate) const BYTES: u64 = MAX_BYTES;
/// Pictures of one request: a model reads, and a provider bills, each of them anew.
pub(crate) const COUNT: usize = 20;

/// `there` says whether a picture is still kept.
pub(crate) fn bounded(mut messages: Vec<Message>, there: impl Fn(&Blob) -> bool) -> Vec<Message> {
    let (mut bytes, mut count) = (0_u64, 0);
    let mut over = false;
    for message in messages.iter_mut().rev() {
        let Message::User(parts) = message else { continue };
        for part in parts.iter_mut().rev() {
            let Part::Blob(blob) = part else { continue };
            if !there(blob) {
                let words = format!("[This picture was kept once and is not there any more, so you cannot see it: {}]", blob.described());
                *part = Part::text(words);
                continue;
            }
            bytes = bytes.saturating_add(blob.size);
            count += 1;
            // One that is left out takes all before it along: what is missing is at the beginning, and nowhere else.
            over = over || bytes > BYTES || count > COUNT;
            if over {
                let words =
                    format!("[This picture was shown to you before, and is left out here, since later ones came: {}]", blob.described());
                *part = Part::text(words);
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(name: &str, size: u64) -> Part {
        Part::Blob(Blob { id: name.into(), media_type: "image/png".into(), name: Some(name.into()), size })
    }

    fn shown(messages: &[Message]) -> Vec<String> {
        let mut names = Vec::new();
        for message in messages {
            let Message::User(parts) = message else { continue };
            names.extend(parts.iter().filter_map(|part| if let Part::Blob(blob) = part { Some(blob.id.clone()) } else { None }));
        }
        names
    }

    #[test]
    fn the_newest_pictures_stay_and_the_others_are_words() {
        let say = |parts| Message::User(parts);
        let messages = vec![
            Message::System("s".into()),
            say(vec![picture("a", 1)]),
            say(vec![picture("b", BYTES - 1), picture("c", 1)]),
            say(vec![Part::text("t")]),
        ];
        let bounded = bounded(messages, |_| true);
        assert_eq!(shown(&bounded), ["b", "c"]);
        assert!(matches!(&bounded[1], Message::User(parts) if matches!(&parts[0], Part::Text(text) if text.contains("image/png a"))));
    }

    #[test]
    fn one_that_is_gone_is_told_in_words_and_takes_no_room() {
        let messages = vec![Message::User(vec![picture("a", BYTES), picture("b", BYTES)])];
        let bounded = bounded(messages, |blob| blob.id == "a");
        assert_eq!(shown(&bounded), ["a"]);
        assert!(matches!(&bounded[0], Message::User(parts) if matches!(&parts[1], Part::Text(text) if text.contains("not there"))));
    }

    #[test]
    fn so_many_and_no_more() {
        let messages = |count: usize| vec![Message::User((0..count).map(|at| picture(&at.to_string(), 1)).collect())];
        assert_eq!(shown(&bounded(messages(COUNT), |_| true)).len(), COUNT);
        let one_more = shown(&bounded(messages(COUNT + 1), |_| true));
        assert_eq!((one_more.len(), one_more[0].as_str()), (COUNT, "1"));
    }
}
