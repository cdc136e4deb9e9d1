//! What the keys show of themselves, and which are taken.

use wirken_wire::{KeyPair, PublicKey, WireError};
use zeroize::Zeroizing;

#[test]
fn each_start_has_a_key_of_its_own() {
    let (one, two) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    assert_ne!(one.public(), two.public());
    assert_eq!(KeyPair::from_seed(&one.seed()).public(), one.public());
    assert_eq!(PublicKey::from_bytes(&one.public().to_bytes()), Ok(one.public()));
}

#[test]
fn a_pair_shows_its_public_half_only() {
    let pair = KeyPair::from_seed(&Zeroizing::new([0x5a; 32]));
    let shown = format!("{pair:?} {pair:#?}");
    assert!(shown.contains("PublicKey(") && !shown.contains("5a5a") && !shown.contains("90, 90"), "{shown}");
}

#[test]
fn refuses_keys_under_which_one_signature_fits_many_messages() {
    let neutral = [&[1][..], &[0; 31]].concat().try_into().unwrap();
    // Zero is a point of order four; the last encodes no point.
    let none = [&[2][..], &[0; 31]].concat().try_into().unwrap();
    for bytes in [neutral, [0; 32], none] {
        assert_eq!(PublicKey::from_bytes(&bytes), Err(WireError::BadKey), "{bytes:?}");
    }
}
