//! Encryption for what others keep: bytes that leave the vault's folder, under a key that only the vault can make.

use std::fmt;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::VaultError;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Encrypts and decrypts for one purpose. What was sealed for another purpose, in another context or with another
/// vault's key is refused, as is what was changed; an older value of the same context is not.
#[derive(Clone)]
pub struct Sealer {
    purpose: String,
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    pub(crate) fn new(purpose: &str, key: &[u8; 32]) -> Self {
        Self { purpose: purpose.to_owned(), cipher: XChaCha20Poly1305::new(key.into()) }
    }

    /// Encrypts. The context is not in the result: to open it, the same has to be given again.
    pub fn seal(&self, context: &[u8], bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(VaultError::Random)?;
        let mut sealed = Vec::with_capacity(NONCE_BYTES + bytes.len() + TAG_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(bytes);
        let Some(body) = sealed.get_mut(NONCE_BYTES..) else { return Err(VaultError::Encrypt) };
        let tag = self.cipher.encrypt_inout_detached(&XNonce::from(nonce), context, body.into()).map_err(|_| VaultError::Encrypt)?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let changed = || VaultError::SealedChanged { purpose: self.purpose.clone() };
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(changed)?;
        let mut bytes = Zeroizing::new(body.to_vec());
        self.cipher.decrypt_in_place(&XNonce::from(*nonce), context, &mut *bytes).map_err(|_| changed())?;
        Ok(bytes)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealer(purpose: &str, key: u8) -> Sealer {
        Sealer::new(purpose, &[key; 32])
    }

    fn refused(sealer: &Sealer, context: &[u8], sealed: &[u8]) -> bool {
        matches!(sealer.open(context, sealed), Err(VaultError::SealedChanged { purpose }) if purpose == sealer.purpose)
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_context_and_nowhere_else(
            context: Vec<u8>, other: Vec<u8>, bytes: Vec<u8>, at: prop::sample::Index, bit in 0..8_u8, cut: prop::sample::Index,
        ) {
            let own = sealer("state", 7);
            let sealed = own.seal(&context, &bytes).unwrap();
            prop_assert_eq!(sealed.len(), NONCE_BYTES + bytes.len() + TAG_BYTES);
            prop_assert_eq!(&*own.clone().open(&context, &sealed).unwrap(), &bytes);
            prop_assert_eq!(refused(&own, &other, &sealed), context != other);
            prop_assert!(refused(&sealer("state", 8), &context, &sealed));
            let mut flipped = sealed.clone();
            flipped[at.index(sealed.len())] ^= 1 << bit;
            prop_assert!(refused(&own, &context, &flipped));
            prop_assert!(refused(&own, &context, &sealed[..cut.index(sealed.len())]));
        }
    }

    #[test]
    fn the_same_sealed_twice_is_not_told_to_be_the_same() {
        let own = sealer("state", 7);
        assert_ne!(own.seal(b"c", b"bytes").unwrap(), own.seal(b"c", b"bytes").unwrap());
    }

    #[test]
    fn shows_its_purpose_and_no_key() {
        assert_eq!(format!("{:?}", sealer("state", 7)), r#"Sealer { purpose: "state", .. }"#);
    }
}
