//! The type that holds a secret.

use std::fmt;

use zeroize::Zeroizing;

/// The shortest credential that is taken, in bytes. The scanner refuses every message that contains a secret by
/// chance; below this length that would happen in ordinary text.
pub const MIN_SECRET_BYTES: usize = 8;

/// Bytes that nobody may see by accident: wiped on drop, shown as `Secret(***)`.
///
/// It implements neither `Display`, `Clone`, `PartialEq`, `Deref` nor `Serialize`. Share it as `Arc<Secret>`.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the buffer itself, without a copy: all of its capacity is wiped on drop.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes the string's own buffer, without a copy.
    pub fn from_string(text: String) -> Self {
        Self::new(text.into_bytes())
    }

    /// As [`Secret::new`], for what may become a credential: refuses fewer than [`MIN_SECRET_BYTES`].
    pub fn checked(bytes: Vec<u8>) -> Result<Self, SecretError> {
        let secret = Self::new(bytes);
        secret.validate()?;
        Ok(secret)
    }

    /// As [`Secret::new`], for what came from a pipe or a file: without one trailing newline (`\n` or `\r\n`), which
    /// `echo` and editors add and no service expects.
    pub fn trimmed(bytes: Vec<u8>) -> Self {
        let mut secret = Self::new(bytes);
        if secret.0.pop_if(|last| *last == b'\n').is_some() {
            secret.0.pop_if(|last| *last == b'\r');
        }
        secret
    }

    /// Whether it is long enough to be a credential.
    pub fn validate(&self) -> Result<(), SecretError> {
        if self.0.len() < MIN_SECRET_BYTES { Err(SecretError::TooShort) } else { Ok(()) }
    }

    /// The bytes, for the one place that uses them. Whoever copies them must wipe the copy.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, when they are UTF-8.
    pub fn expose_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error(
        "the secret is shorter than {MIN_SECRET_BYTES} bytes, so it would be found in ordinary text by chance: use a longer one, and check that it was pasted whole"
    )]
    TooShort,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_credentials_below_the_shortest_length() {
        assert_eq!(Secret::checked(vec![b'x'; MIN_SECRET_BYTES - 1]).err(), Some(SecretError::TooShort));
        assert_eq!(Secret::checked(vec![b'x'; MIN_SECRET_BYTES]).err(), None);
        assert_eq!(Secret::checked(Vec::new()).err(), Some(SecretError::TooShort));
        assert!(SecretError::TooShort.to_string().contains("8 bytes"));
    }

    #[test]
    fn trims_one_newline_and_nothing_else() {
        for (input, trimmed) in [
            ("key", "key"),
            ("key\n", "key"),
            ("key\r\n", "key"),
            ("key\n\n", "key\n"),
            ("key\r", "key\r"),
            (" key \n", " key "),
            ("\n", ""),
            ("\r\n", ""),
            ("", ""),
        ] {
            assert_eq!(Secret::trimmed(input.into()).expose(), trimmed.as_bytes(), "{input:?}");
        }
    }

    #[test]
    fn shows_nothing_of_itself() {
        let secret = Secret::from_string("correct horse".to_owned());
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(***) Secret(***)");
        assert_eq!(secret.expose_str(), Some("correct horse"));
        assert_eq!(Secret::new(vec![0xff; 8]).expose_str(), None);
    }
}
