//! A record as it is stored, and what binds its secret to all that stands beside it.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wirken_secret::Secret;
use wirken_types::credential::{OriginPattern, Place};
use wirken_types::{Digest, Timestamp};
use zeroize::Zeroizing;

use crate::error::VaultError;

/// The version of the records' form, bound into each. It changes with any change to [`Stored`] or to what is bound.
pub(crate) const VERSION: u64 = 1;

/// The longest name of a component or a credential, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 128;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// All of `records.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    pub(crate) version: u64,
    pub(crate) key_check: Digest,
    pub(crate) records: Vec<Stored>,
}

/// One record. Until its secret was decrypted, every field is what someone with access to the file wrote.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    pub(crate) component: String,
    pub(crate) name: String,
    pub(crate) origins: Vec<String>,
    /// Places of a later version stay as they are.
    pub(crate) places: Vec<Value>,
    pub(crate) created: Timestamp,
    pub(crate) rotated: Timestamp,
    nonce: String,
    ciphertext: String,
}

/// What a record says in the clear.
pub(crate) struct Open {
    pub(crate) component: String,
    pub(crate) name: String,
    pub(crate) origins: Vec<OriginPattern>,
    pub(crate) places: Vec<Place>,
    pub(crate) created: Timestamp,
    pub(crate) rotated: Timestamp,
}

impl Stored {
    /// Encrypts `secret`, bound to the rest.
    pub(crate) fn seal(record: Open, secret: &Secret, cipher: &XChaCha20Poly1305) -> Result<Self, VaultError> {
        secret.validate()?;
        check_name(&record.component)?;
        check_name(&record.name)?;
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(VaultError::Random)?;
        let places = record.places.iter().map(serde_json::to_value).collect::<Result<_, _>>().map_err(|_| VaultError::Encrypt)?;
        let mut stored = Self {
            component: record.component,
            name: record.name,
            origins: record.origins.iter().map(ToString::to_string).collect(),
            places,
            created: record.created,
            rotated: record.rotated,
            nonce: hex::encode(nonce),
            ciphertext: String::new(),
        };
        let bound = stored.bound(&record.places)?;
        let mut buffer = Zeroizing::new(Vec::with_capacity(secret.expose().len() + TAG_BYTES));
        buffer.extend_from_slice(secret.expose());
        cipher.encrypt_in_place(&XNonce::from(nonce), bound.as_bytes(), &mut *buffer).map_err(|_| VaultError::Encrypt)?;
        stored.ciphertext = hex::encode(buffer.as_slice());
        Ok(stored)
    }

    /// The secret, and the origins and places that were bound to it.
    pub(crate) fn open(&self, cipher: &XChaCha20Poly1305) -> Result<(Vec<OriginPattern>, Vec<Place>, Secret), VaultError> {
        let places = self.known_places()?;
        let changed = || VaultError::RecordChanged { component: self.component.clone(), name: self.name.clone() };
        let mut nonce = [0; NONCE_BYTES];
        hex::decode_to_slice(&self.nonce, &mut nonce).map_err(|_| changed())?;
        let mut buffer = Zeroizing::new(hex::decode(&self.ciphertext).map_err(|_| changed())?);
        let bound = self.bound(&places)?;
        cipher.decrypt_in_place(&XNonce::from(nonce), bound.as_bytes(), &mut *buffer).map_err(|_| changed())?;
        let secret = Secret::new(std::mem::take(&mut *buffer));
        let origins = self.origins.iter().map(|origin| origin.parse()).collect::<Result<_, _>>().map_err(|_| changed())?;
        Ok((origins, places, secret))
    }

    pub(crate) fn is(&self, component: &str, name: &str) -> bool {
        self.component == component && self.name == name
    }

    fn known_places(&self) -> Result<Vec<Place>, VaultError> {
        let places = self.places.iter().map(Place::deserialize).collect::<Result<_, _>>();
        places.map_err(|_| VaultError::RecordUnknownPlace { component: self.component.clone(), name: self.name.clone() })
    }

    /// The associated data: a digest of all but the secret. Each list is preceded by its length, each text too.
    fn bound(&self, places: &[Place]) -> Result<Digest, VaultError> {
        let places: Vec<String> = places.iter().map(serde_json::to_string).collect::<Result<_, _>>().map_err(|_| VaultError::Encrypt)?;
        let numbers = [VERSION, self.created.0, self.rotated.0, self.origins.len() as u64, places.len() as u64].map(u64::to_be_bytes);
        let mut parts: Vec<&[u8]> = numbers.iter().map(<[u8; 8]>::as_slice).collect();
        parts.extend([self.component.as_bytes(), self.name.as_bytes()]);
        parts.extend(self.origins.iter().chain(&places).map(String::as_bytes));
        Ok(Digest::of_parts("wirken vault record", &parts))
    }
}

fn check_name(text: &str) -> Result<(), VaultError> {
    if (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(VaultError::InvalidName { text: text.chars().take(MAX_NAME_BYTES).collect() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored() -> impl Strategy<Value = (Stored, Vec<Place>)> {
        // Few letters, so that parts of one record often look like the neighbouring parts of another.
        let text = || "[ab]{0,3}";
        let place = prop_oneof![
            Just(Place::Bearer),
            "[ab]{1,2}".prop_map(|name| Place::header(&name).unwrap()),
            "[ab]{1,2}".prop_map(|prefix| Place::path_prefix(&prefix).unwrap()),
        ];
        (text(), text(), prop::collection::vec(text(), 0..3), prop::collection::vec(place, 0..3), 0_u64..2, 0_u64..2).prop_map(
            |(component, name, origins, places, created, rotated)| {
                let (created, rotated) = (Timestamp(created), Timestamp(rotated));
                let values = places.iter().map(|place| serde_json::to_value(place).unwrap()).collect();
                let (nonce, ciphertext) = (String::new(), String::new());
                (Stored { component, name, origins, places: values, created, rotated, nonce, ciphertext }, places)
            },
        )
    }

    proptest! {
        #[test]
        fn no_two_records_are_bound_alike((a, a_places) in stored(), (b, b_places) in stored()) {
            let same = serde_json::to_value(&a).unwrap() == serde_json::to_value(&b).unwrap();
            prop_assert_eq!(a.bound(&a_places).unwrap() == b.bound(&b_places).unwrap(), same);
        }
    }

    #[test]
    fn refuses_names_that_could_not_be_typed_or_told_apart() {
        for text in ["", " ", "a b", "a\n", "é", "a\u{200b}", &"a".repeat(MAX_NAME_BYTES + 1)] {
            assert!(matches!(check_name(text), Err(VaultError::InvalidName { .. })), "{text:?}");
        }
        assert!(check_name(&"a".repeat(MAX_NAME_BYTES)).is_ok() && check_name("wirken:telegram").is_ok());
    }
}
