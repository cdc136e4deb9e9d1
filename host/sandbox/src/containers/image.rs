//! The image that programs find themselves in, named so that nobody but the operator can change what it is.

use std::fmt;
use std::str::FromStr;

use crate::program::ProgramError;

/// An image by its content: `NAME@sha256:…` or, for one that was made on this machine, its id `sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image(String);

/// The digits of a SHA-256.
const DIGITS: usize = 64;

impl Image {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// How to get it onto this machine.
    pub(crate) fn remedy(&self) -> String {
        match self.0.starts_with("sha256:") {
            true => "build or import it again, and set the id that `docker image inspect --format '{{.Id}}' NAME` prints".to_owned(),
            false => format!("get it with `docker pull {0}` (or `podman pull {0}`)", self.0),
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Image {
    type Err = ProgramError;

    fn from_str(text: &str) -> Result<Self, ProgramError> {
        let invalid = |why: String| Err(ProgramError::Invalid(why));
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (Some(name), digest),
            None if text.starts_with("sha256:") => (None, text),
            None => {
                let shown: String = text.chars().filter(|c| !c.is_control()).take(128).collect();
                return invalid(format!(
                    "the image {shown:?} is not pinned: a tag can come to mean another image. Set NAME@sha256:… as \
                     `docker image inspect --format '{{{{index .RepoDigests 0}}}}' {shown}` prints it after `docker pull {shown}`, or, \
                     for an image made on this machine, the id sha256:… that `docker image inspect --format '{{{{.Id}}}}' {shown}` prints"
                ));
            }
        };
        let digits = digest.strip_prefix("sha256:").unwrap_or_default();
        if digits.len() != DIGITS || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return invalid(format!("the digest of an image is sha256: and {DIGITS} hexadecimal digits in lower case"));
        }
        // What the engine makes of the name is its own affair. It goes into a path of its interface, and into a command that is shown.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/' | b':');
        let first = |name: &str| name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if name.is_some_and(|name| name.len() > 255 || !first(name) || !name.bytes().all(plain) || name.contains("..")) {
            return invalid("the name of an image has letters, digits and . - _ / : alone, and begins with a letter or a digit".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Image;

    fn refusal(text: &str) -> String {
        text.parse::<Image>().unwrap_err().to_string()
    }

    #[test]
    fn takes_what_is_pinned() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for text in [digest.clone(), format!("debian@{digest}"), format!("ghcr.io:443/a/b_c.d-e:1.2@{digest}")] {
            assert_eq!(text.parse::<Image>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_a_tag_and_tells_how_to_find_the_digest() {
        for text in ["debian", "debian:12", "debian:latest", "", "sha256", "Sha256:00"] {
            let told = refusal(text);
            assert!(told.contains("not pinned") && told.contains("RepoDigests 0}}") && told.contains("{{.Id}}"), "{told}");
        }
        assert!(!refusal("a\nb\u{7}").contains('\n'));
    }

    #[test]
    fn refuses_what_is_no_digest_or_no_name() {
        let good = "0a".repeat(32);
        for digits in [&good[1..], &format!("{good}0"), &good.to_uppercase(), &good.replace('a', "g"), ""] {
            assert!(refusal(&format!("debian@sha256:{digits}")).contains("64 hexadecimal"));
            assert!(refusal(&format!("sha256:{digits}")).contains("64 hexadecimal"));
        }
        assert!(refusal(&format!("debian@sha512:{good}")).contains("64 hexadecimal"));
        assert!(refusal(&format!("debian@x@sha256:{good}")).contains("64 hexadecimal"));
        for name in ["", "-x", "a b", "a;b", "../x", "a/../../x", "a?b", "a%2fb", &"a".repeat(256)] {
            assert!(refusal(&format!("{name}@sha256:{good}")).contains("name of an image"), "{name}");
        }
        let longest = format!("{}@sha256:{good}", "a".repeat(255));
        assert!(longest.parse::<Image>().is_ok());
    }

    #[test]
    fn tells_how_to_get_it() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let remedy = |text: &str| text.parse::<Image>().unwrap().remedy();
        assert!(remedy(&digest).contains("import it again"));
        assert!(remedy(&format!("debian@{digest}")).contains(&format!("`docker pull debian@{digest}`")));
    }
}
