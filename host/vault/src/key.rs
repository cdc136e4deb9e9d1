//! The vault's key: 32 random bytes, in a file of their own or under a passphrase.

use std::io::Read;
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, scrypt};
use chacha20poly1305::XChaCha20Poly1305;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wirken_secret::Secret;
use wirken_types::Digest;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::files;

/// What scrypt costs for each guess, as a power of two: 64 MiB, and some tenths of a second on a small machine.
const WORK_FACTOR: u8 = 16;

/// The most that a file may ask for: 1 GiB. The number stands in the file, so whoever can write it could ask for all
/// memory and hours.
pub(crate) const MAX_WORK_FACTOR: u8 = 20;

const KEY_BYTES: usize = 32;

/// Of SHA-256.
const HMAC_BLOCK_BYTES: usize = 64;

/// Precedes the purpose of a derived key. Its version changes with the form of what is sealed.
const SEALER_DOMAIN: &[u8] = b"wirken vault sealer 1\0";

/// What opens a vault.
#[derive(Debug)]
pub enum KeySource {
    /// The key is encrypted under this passphrase.
    Passphrase(Secret),
    /// The key lies in a file, and whoever can read that file can read every credential.
    KeyFile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Passphrase,
    KeyFile,
}

impl KeyKind {
    /// Which key is there, if any.
    pub(crate) fn of(dir: &Path) -> Result<Option<Self>, VaultError> {
        match (files::is_there(&Self::Passphrase.path(dir))?, files::is_there(&Self::KeyFile.path(dir))?) {
            (true, true) => Err(VaultError::TwoKeys { dir: dir.to_owned() }),
            (true, false) => Ok(Some(Self::Passphrase)),
            (false, true) => Ok(Some(Self::KeyFile)),
            (false, false) => Ok(None),
        }
    }

    fn path(self, dir: &Path) -> PathBuf {
        match self {
            Self::Passphrase => dir.join("key.age"),
            Self::KeyFile => dir.join("key"),
        }
    }
}

/// The key itself.
pub(crate) struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    pub(crate) fn generate() -> Result<Self, VaultError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut_slice()).map_err(VaultError::Random)?;
        Ok(Self(key))
    }

    fn from_slice(bytes: &[u8], path: &Path) -> Result<Self, VaultError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return Err(VaultError::Damaged { path: path.to_owned(), what: "it does not hold 32 bytes" });
        }
        key.copy_from_slice(bytes);
        Ok(Self(key))
    }

    pub(crate) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }

    /// The key of one purpose. Neither this key nor that of another purpose can be told from it.
    pub(crate) fn derive(&self, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        // HMAC fills up a short key with zeros itself; a whole block is what it takes without a chance to refuse.
        let mut block = Zeroizing::new([0; HMAC_BLOCK_BYTES]);
        block.iter_mut().zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(SEALER_DOMAIN);
        mac.update(purpose.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// A value by which a wrong key is told from a right one. It commits to the key: no two keys have the same.
    pub(crate) fn check(&self) -> Digest {
        Digest::of_parts("wirken vault key check 1", &[self.0.as_slice()])
    }

    pub(crate) fn store(&self, dir: &Path, sealed: &SealedKey) -> Result<(), VaultError> {
        match sealed {
            SealedKey::Age(bytes) => files::write(&KeyKind::Passphrase.path(dir), bytes),
            SealedKey::Raw => files::write(&KeyKind::KeyFile.path(dir), self.0.as_slice()),
        }
    }

    /// The form in which the key will be stored. Made before anything is written, because a passphrase may be refused.
    pub(crate) fn seal(&self, source: &KeySource) -> Result<SealedKey, VaultError> {
        match source {
            KeySource::KeyFile => Ok(SealedKey::Raw),
            KeySource::Passphrase(passphrase) => encrypt(&self.0, text(passphrase)?, WORK_FACTOR).map(SealedKey::Age),
        }
    }

    pub(crate) fn load(dir: &Path, source: &KeySource) -> Result<Self, VaultError> {
        let kind = KeyKind::of(dir)?;
        match (kind, source) {
            (Some(kind @ KeyKind::KeyFile), KeySource::KeyFile) => {
                let path = kind.path(dir);
                Self::from_slice(&files::read(&path)?, &path)
            }
            (Some(kind @ KeyKind::Passphrase), KeySource::Passphrase(passphrase)) => {
                let passphrase = text(passphrase)?;
                let path = kind.path(dir);
                decrypt(&files::read(&path)?, passphrase, MAX_WORK_FACTOR, &path)
            }
            (Some(KeyKind::Passphrase), KeySource::KeyFile) => Err(VaultError::PassphraseNeeded),
            (Some(KeyKind::KeyFile), KeySource::Passphrase(_)) => Err(VaultError::PassphraseUnused),
            (None, _) => Err(VaultError::Missing { dir: dir.to_owned() }),
        }
    }
}

/// How a key is stored.
pub(crate) enum SealedKey {
    Age(Vec<u8>),
    Raw,
}

fn text(passphrase: &Secret) -> Result<SecretString, VaultError> {
    match passphrase.expose_str() {
        None => Err(VaultError::PassphraseNotText),
        Some("") => Err(VaultError::EmptyPassphrase),
        Some(text) => Ok(SecretString::from(text)),
    }
}

fn encrypt(key: &[u8; KEY_BYTES], passphrase: SecretString, work_factor: u8) -> Result<Vec<u8>, VaultError> {
    let mut recipient = scrypt::Recipient::new(passphrase);
    recipient.set_work_factor(work_factor);
    age::encrypt(&recipient, key).map_err(|_| VaultError::Encrypt)
}

fn decrypt(file: &[u8], passphrase: SecretString, max_work_factor: u8, path: &Path) -> Result<Key, VaultError> {
    let damaged = |what| VaultError::Damaged { path: path.to_owned(), what };
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(max_work_factor);
    let decryptor = Decryptor::new_buffered(file).map_err(|_| damaged("it is not an age file"))?;
    if !decryptor.is_scrypt() {
        return Err(damaged("it is not encrypted with a passphrase"));
    }
    let reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|error| match error {
        DecryptError::ExcessiveWork { required, .. } => VaultError::ExcessiveWork { path: path.to_owned(), work_factor: required },
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => VaultError::WrongPassphrase,
        _ => damaged("its header was changed"),
    })?;
    // One byte more than a key has, so that a longer content is noticed.
    let mut key = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
    reader.take(KEY_BYTES as u64 + 1).read_to_end(&mut key).map_err(|_| damaged("its content was changed"))?;
    Key::from_slice(&key, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn open(file: &[u8], passphrase: &str, max: u8) -> Result<Key, VaultError> {
        decrypt(file, phrase(passphrase), max, Path::new("key.age"))
    }

    #[test]
    fn opens_files_up_to_the_greatest_work_factor_and_none_above() {
        let file = encrypt(&[7; KEY_BYTES], phrase("a passphrase"), 4).unwrap();
        assert_eq!(*open(&file, "a passphrase", 4).ok().unwrap().0, [7; KEY_BYTES]);
        assert!(matches!(open(&file, "a passphrase", 3), Err(VaultError::ExcessiveWork { work_factor: 4, .. })));
    }

    #[test]
    fn refuses_a_file_that_asks_for_more_than_2_to_the_20() {
        let file = encrypt(&[7; KEY_BYTES], phrase("a passphrase"), 4).unwrap();
        let header = file.iter().take(200).position(|byte| *byte == b'\n').unwrap() + 1;
        let end = header + file[header..].iter().position(|byte| *byte == b'\n').unwrap();
        let edited = [&file[..end - 1], b"21", &file[end..]].concat();
        let error = open(&edited, "a passphrase", MAX_WORK_FACTOR).err().unwrap();
        assert!(matches!(error, VaultError::ExcessiveWork { work_factor: 21, .. }), "{error}");
        assert!(error.to_string().contains("2^21") && error.to_string().contains("2^20"), "{error}");
    }

    #[test]
    fn tells_a_wrong_passphrase_from_a_damaged_file() {
        let file = encrypt(&[7; KEY_BYTES], phrase("a passphrase"), 4).unwrap();
        assert!(matches!(open(&file, "another", 4), Err(VaultError::WrongPassphrase)));
        assert!(matches!(open(b"", "a passphrase", 4), Err(VaultError::Damaged { .. })));
        assert!(matches!(open(&file[..file.len() - 1], "a passphrase", 4), Err(VaultError::Damaged { .. })));
        let short = {
            let mut recipient = scrypt::Recipient::new(phrase("a passphrase"));
            recipient.set_work_factor(4);
            age::encrypt(&recipient, &[7; KEY_BYTES - 1]).unwrap()
        };
        assert!(matches!(open(&short, "a passphrase", 4), Err(VaultError::Damaged { .. })));
    }

    /// The expected value was computed with another implementation of HMAC: a change here would lose what was sealed.
    #[test]
    fn derives_what_it_always_derived() {
        let key = Key(Zeroizing::new([7; KEY_BYTES]));
        assert_eq!(hex::encode(key.derive("channel state").as_slice()), "cdd383e6e30ea6acc0a973489011e949d237e4db09e5aa8fb6aa04e6f9b36109");
        assert_ne!(key.derive("channel state"), key.derive("channel states"));
        assert_ne!(key.derive(""), key.0);
    }

    #[test]
    fn writes_work_factor_16() {
        let file = encrypt(&[7; KEY_BYTES], phrase("a passphrase"), WORK_FACTOR).unwrap();
        let header = String::from_utf8_lossy(&file).lines().nth(1).unwrap().to_owned();
        assert!(header.starts_with("-> scrypt ") && header.ends_with(" 16"), "{header}");
    }
}
