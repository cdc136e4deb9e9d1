//! The keys of both sides. They are made afresh for each start of an adapter and live in memory only.

use std::fmt;

use ed25519_dalek::{SECRET_KEY_LENGTH, Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::error::WireError;

/// The bytes of a seed, and of a public key.
pub const KEY_BYTES: usize = SECRET_KEY_LENGTH;

pub(crate) const SIGNATURE_BYTES: usize = Signature::BYTE_SIZE;

/// An Ed25519 pair, wiped on drop.
pub struct KeyPair(SigningKey);

impl KeyPair {
    pub fn generate() -> Result<Self, WireError> {
        let mut seed = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(seed.as_mut_slice()).map_err(|error| WireError::NoRandomness(error.to_string()))?;
        Ok(Self::from_seed(&seed))
    }

    pub fn from_seed(seed: &Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// All that is secret of it, for the child that it is made for.
    pub fn seed(&self) -> Zeroizing<[u8; KEY_BYTES]> {
        Zeroizing::new(self.0.to_bytes())
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, transcript: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(transcript).to_bytes()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyPair").field(&self.public()).finish()
    }
}

/// By which one side knows the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Refuses what is no point of the curve, and the few points under which one signature fits many messages.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, WireError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| WireError::BadKey)?;
        if key.is_weak() { Err(WireError::BadKey) } else { Ok(Self(key)) }
    }

    pub fn to_bytes(self) -> [u8; KEY_BYTES] {
        self.0.to_bytes()
    }

    pub(crate) fn verifies(&self, transcript: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        self.0.verify_strict(transcript, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.to_bytes()))
    }
}
