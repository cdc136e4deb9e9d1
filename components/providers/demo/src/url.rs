//! `data:` URLs (RFC 2397), which a host answers by itself.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A URL whose answer is this body.
pub(crate) fn data(media_type: &str, body: &str) -> String {
    format!("data:{media_type};base64,{}", base64(body.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut padded = [0; 4];
        for (to, from) in padded.iter_mut().skip(1).zip(chunk) {
            *to = *from;
        }
        let bits = u32::from_be_bytes(padded);
        for place in 0..4 {
            text.push(if place <= chunk.len() { letter(bits >> (18 - 6 * place)) } else { '=' });
        }
    }
    text
}

fn letter(bits: u32) -> char {
    ALPHABET.get((bits & 63) as usize).map_or('=', |letter| char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, and bytes that need the whole alphabet.
    #[test]
    fn encodes_as_rfc_4648_says() {
        let table =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")];
        for (plain, encoded) in table {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xef, 0xff]), "++//");
    }

    #[test]
    fn names_the_media_type_before_the_body() {
        assert_eq!(data("text/event-stream;pace=15", "hé"), "data:text/event-stream;pace=15;base64,aMOp");
    }
}
