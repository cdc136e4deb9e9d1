use std::cell::Cell;

use proptest::prelude::*;
use wirken_types::channel::State;
use zeroize::Zeroizing;

use super::message::{self, Message, Signature};
use super::transcript::{Facts, Role};
use super::*;
use crate::keys::{KeyPair, PublicKey};
use crate::limits::{MAX_HANDSHAKE_BYTES, MAX_ID_BYTES};
use crate::wire_capnp::handshake as wire;

const GATEWAY_NONCE: Nonce = [2; NONCE_BYTES];
const ADAPTER_NONCE: Nonce = [1; NONCE_BYTES];

fn pair(seed: u8) -> KeyPair {
    KeyPair::from_seed(&Zeroizing::new([seed; 32]))
}

/// A gateway with the key 10, which started `a` with the key 20 and `b` with the key 21.
fn started(id: &str) -> Option<PublicKey> {
    match id {
        "a" => Some(pair(20).public()),
        "b" => Some(pair(21).public()),
        _ => None,
    }
}

fn gateway(key: &KeyPair, nonce: Nonce) -> GatewayHandshake<'_, fn(&str) -> Option<PublicKey>> {
    GatewayHandshake::new(key, nonce, started)
}

fn adapter<'k>(id: &str, key: &'k KeyPair, nonce: Nonce) -> AdapterHandshake<'k> {
    AdapterHandshake::new(id.to_owned(), key, pair(10).public(), nonce).unwrap()
}

fn challenged(step: Result<GatewayStep, Refusal>) -> Vec<u8> {
    match step {
        Ok(GatewayStep::Challenge(challenge)) => challenge,
        other => panic!("{other:?}"),
    }
}

fn proved(step: Result<AdapterStep, Refusal>) -> Vec<u8> {
    match step {
        Ok(AdapterStep::Proof(proof)) => proof,
        other => panic!("{other:?}"),
    }
}

fn refused<T: std::fmt::Debug>(step: Result<T, Refusal>) -> Refusal {
    step.unwrap_err()
}

fn signature_in(bytes: &[u8]) -> Signature {
    match Message::decode(bytes).unwrap() {
        Message::Challenge { signature, .. } | Message::Proof { signature } => signature,
        other => panic!("{other:?}"),
    }
}

fn hello_of_version(version: u32) -> Vec<u8> {
    message::encode(|root| {
        let mut to = root.init_hello();
        to.set_version(version);
        to.set_adapter_id("a");
        to.set_nonce(&ADAPTER_NONCE);
    })
}

fn challenge_with(version: u32, signature: &[u8]) -> Vec<u8> {
    message::encode(|root| {
        let mut to = root.init_challenge();
        to.set_version(version);
        to.set_nonce(&GATEWAY_NONCE);
        to.set_signature(signature);
    })
}

/// The same message with words that no field uses, in a segment that says so.
fn padded(message: &[u8], bytes: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    message.resize(bytes, 0);
    let words = u32::try_from((bytes - 8) / 8).unwrap();
    message[4..8].copy_from_slice(&words.to_le_bytes());
    message
}

fn facts() -> Facts {
    Facts { adapter_id: "a".to_owned(), adapter_nonce: ADAPTER_NONCE, gateway_nonce: GATEWAY_NONCE }
}

/// All messages of a good handshake: hello, challenge, proof.
fn recorded() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let (ours, theirs) = (pair(10), pair(20));
    let mut adapter = adapter("a", &theirs, ADAPTER_NONCE);
    let hello = adapter.hello();
    let challenge = challenged(gateway(&ours, GATEWAY_NONCE).take(&hello));
    let proof = proved(adapter.take(&challenge));
    (hello, challenge, proof)
}

#[test]
fn both_sides_believe_each_other() {
    let (ours, theirs) = (pair(10), pair(20));
    let (mut gateway, mut adapter) = (gateway(&ours, GATEWAY_NONCE), adapter("a", &theirs, ADAPTER_NONCE));
    let challenge = challenged(gateway.take(&adapter.hello()));
    let proof = proved(adapter.take(&challenge));
    let authenticated = match gateway.take(&proof) {
        Ok(GatewayStep::Authenticated(authenticated)) => authenticated,
        other => panic!("{other:?}"),
    };
    assert_eq!(authenticated.adapter_id(), "a");
    // Longer than anything that a stranger may send.
    let state = vec![State { key: "offset".into(), value: vec![7; 2 * MAX_HANDSHAKE_BYTES] }, State { key: String::new(), value: vec![] }];
    assert_eq!(adapter.take(&authenticated.welcome(&state).unwrap()), Ok(AdapterStep::Welcome(state)));
    assert!(format!("{gateway:?}").contains("nothing"));
    // Both are spent.
    assert_eq!(refused(gateway.take(&proof)), Refusal::OutOfOrder);
    assert_eq!(refused(adapter.take(&challenge)), Refusal::OutOfOrder);
}

#[test]
fn refuses_an_adapter_that_was_not_started() {
    let (ours, theirs) = (pair(10), pair(20));
    assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(&adapter("c", &theirs, ADAPTER_NONCE).hello())), Refusal::UnknownAdapter);
    assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(&adapter("", &theirs, ADAPTER_NONCE).hello())), Refusal::UnknownAdapter);
}

#[test]
fn asks_for_the_key_of_the_very_id_and_only_after_the_version() {
    let asked = Cell::new(0);
    let ours = pair(10);
    let lookup = |id: &str| {
        assert_eq!(id, "a");
        asked.set(asked.get() + 1);
        started(id)
    };
    assert_eq!(refused(GatewayHandshake::new(&ours, GATEWAY_NONCE, lookup).take(&hello_of_version(0))), Refusal::Version);
    assert_eq!(asked.get(), 0);
    challenged(GatewayHandshake::new(&ours, GATEWAY_NONCE, lookup).take(&hello_of_version(PROTOCOL_VERSION)));
    assert_eq!(asked.get(), 1);
}

#[test]
fn refuses_a_lower_and_a_higher_version_on_both_sides() {
    let (ours, theirs) = (pair(10), pair(20));
    let signature = ours.sign(&facts().transcript(Role::Gateway));
    for version in [0, PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1, u32::MAX] {
        assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(&hello_of_version(version))), Refusal::Version);
        let mut adapter = adapter("a", &theirs, ADAPTER_NONCE);
        assert_eq!(refused(adapter.take(&challenge_with(version, &signature))), Refusal::Version);
        // There is no second try at another version on one connection.
        assert_eq!(refused(adapter.take(&challenge_with(PROTOCOL_VERSION, &signature))), Refusal::OutOfOrder);
    }
    proved(adapter("a", &theirs, ADAPTER_NONCE).take(&challenge_with(PROTOCOL_VERSION, &signature)));
}

#[test]
fn refuses_a_proof_from_another_connection() {
    let (hello, _, proof) = recorded();
    let ours = pair(10);
    let mut gateway = gateway(&ours, [3; NONCE_BYTES]);
    challenged(gateway.take(&hello));
    assert_eq!(refused(gateway.take(&proof)), Refusal::BadSignature);
}

#[test]
fn refuses_a_challenge_from_another_connection() {
    let (_, challenge, _) = recorded();
    let theirs = pair(20);
    assert_eq!(refused(adapter("a", &theirs, [3; NONCE_BYTES]).take(&challenge)), Refusal::BadSignature);
}

#[test]
fn refuses_the_gateways_own_signature_as_a_proof() {
    // With one key on both sides, only the role keeps them apart.
    let ours = pair(10);
    let public = ours.public();
    let mut gateway = GatewayHandshake::new(&ours, GATEWAY_NONCE, |_: &str| Some(public));
    let challenge = challenged(gateway.take(&adapter("a", &ours, ADAPTER_NONCE).hello()));
    assert_eq!(refused(gateway.take(&message::proof(&signature_in(&challenge)))), Refusal::BadSignature);
}

#[test]
fn refuses_an_adapters_signature_as_a_challenge() {
    let ours = pair(10);
    let signature = ours.sign(&facts().transcript(Role::Adapter));
    let challenge = challenge_with(PROTOCOL_VERSION, &signature);
    assert_eq!(refused(adapter("a", &ours, ADAPTER_NONCE).take(&challenge)), Refusal::BadSignature);
}

#[test]
fn refuses_messages_of_the_other_role() {
    let (hello, challenge, proof) = recorded();
    let (ours, theirs) = (pair(10), pair(20));
    let refusal = Refusal::BadSignature.encode();
    for message in [&challenge, &proof, &message::welcome(&[]).unwrap(), &refusal] {
        assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(message)), Refusal::OutOfOrder);
    }
    for message in [&hello, &proof, &message::welcome(&[]).unwrap()] {
        assert_eq!(refused(adapter("a", &theirs, ADAPTER_NONCE).take(message)), Refusal::OutOfOrder);
    }
}

#[test]
fn refuses_a_second_hello_even_if_a_good_proof_follows() {
    let (hello, challenge, proof) = recorded();
    let ours = pair(10);
    let mut gateway = gateway(&ours, GATEWAY_NONCE);
    assert_eq!(challenged(gateway.take(&hello)), challenge);
    assert_eq!(refused(gateway.take(&hello)), Refusal::OutOfOrder);
    assert_eq!(refused(gateway.take(&proof)), Refusal::OutOfOrder);
}

#[test]
fn refuses_a_second_challenge_even_if_the_welcome_follows() {
    let (_, challenge, _) = recorded();
    let theirs = pair(20);
    let mut adapter = adapter("a", &theirs, ADAPTER_NONCE);
    proved(adapter.take(&challenge));
    assert_eq!(refused(adapter.take(&challenge)), Refusal::OutOfOrder);
    assert_eq!(refused(adapter.take(&message::welcome(&[]).unwrap())), Refusal::OutOfOrder);
}

#[test]
fn refuses_one_adapter_in_the_name_of_another() {
    let (ours, other) = (pair(10), pair(21));
    let mut pretender = adapter("a", &other, ADAPTER_NONCE);
    let mut gateway = gateway(&ours, GATEWAY_NONCE);
    let challenge = challenged(gateway.take(&pretender.hello()));
    let proof = proved(pretender.take(&challenge));
    assert_eq!(refused(gateway.take(&proof)), Refusal::BadSignature);
}

#[test]
fn an_adapter_does_not_answer_a_challenge_that_was_made_for_another() {
    let (ours, other) = (pair(10), pair(21));
    // What a man in the middle gets from the gateway in the name of `a`, with the nonce of `b`.
    let mut gateway = gateway(&ours, GATEWAY_NONCE);
    let challenge = challenged(gateway.take(&message::hello("a", &ADAPTER_NONCE)));
    assert_eq!(refused(adapter("b", &other, ADAPTER_NONCE).take(&challenge)), Refusal::BadSignature);
}

#[test]
fn an_adapter_signs_nothing_for_another_gateway() {
    let (impostor, theirs) = (pair(11), pair(20));
    let mut adapter = adapter("a", &theirs, ADAPTER_NONCE);
    let challenge = challenged(gateway(&impostor, GATEWAY_NONCE).take(&adapter.hello()));
    assert_eq!(refused(adapter.take(&challenge)), Refusal::BadSignature);
}

#[test]
fn refuses_every_beginning_of_a_message_and_what_follows_one() {
    let (hello, challenge, proof) = recorded();
    let (ours, theirs) = (pair(10), pair(20));
    let to_fresh_gateway = |bytes: &[u8]| refused(gateway(&ours, GATEWAY_NONCE).take(bytes));
    let to_gateway = |bytes: &[u8]| {
        let mut gateway = gateway(&ours, GATEWAY_NONCE);
        challenged(gateway.take(&hello));
        refused(gateway.take(bytes))
    };
    let to_adapter = |bytes: &[u8]| refused(adapter("a", &theirs, ADAPTER_NONCE).take(bytes));
    type Case<'a> = (&'a [u8], &'a dyn Fn(&[u8]) -> Refusal);
    let cases: [Case<'_>; 3] = [(&hello, &to_fresh_gateway), (&proof, &to_gateway), (&challenge, &to_adapter)];
    for (message, take) in cases {
        for length in 0..message.len() {
            assert_eq!(take(&message[..length]), Refusal::Malformed, "{length} bytes");
        }
        for extra in [1, 7, 8, 64] {
            assert_eq!(take(&[message, &vec![0; extra]].concat()), Refusal::Malformed, "{extra} bytes more");
        }
    }
}

#[test]
fn no_changed_bit_of_a_signature_or_nonce_is_believed() {
    let (hello, challenge, proof) = recorded();
    let (ours, theirs) = (pair(10), pair(20));
    for bit in 0..512 {
        let mut changed = signature_in(&proof);
        changed[bit / 8] ^= 1 << (bit % 8);
        let mut gateway = gateway(&ours, GATEWAY_NONCE);
        challenged(gateway.take(&hello));
        assert_eq!(refused(gateway.take(&message::proof(&changed))), Refusal::BadSignature);
        let mut changed = signature_in(&challenge);
        changed[bit / 8] ^= 1 << (bit % 8);
        let challenge = challenge_with(PROTOCOL_VERSION, &changed);
        assert_eq!(refused(adapter("a", &theirs, ADAPTER_NONCE).take(&challenge)), Refusal::BadSignature);
    }
    let signature = signature_in(&challenge);
    for bit in 0..256 {
        let mut nonce = GATEWAY_NONCE;
        nonce[bit / 8] ^= 1 << (bit % 8);
        let challenge = message::challenge(&nonce, &signature);
        assert_eq!(refused(adapter("a", &theirs, ADAPTER_NONCE).take(&challenge)), Refusal::BadSignature);
    }
}

#[test]
fn refuses_nonces_and_signatures_of_another_length() {
    let (ours, theirs) = (pair(10), pair(20));
    let signature = ours.sign(&facts().transcript(Role::Gateway));
    for wrong in [&signature[..63], &[signature.as_slice(), &[0]].concat(), &[]] {
        let challenge = challenge_with(PROTOCOL_VERSION, wrong);
        assert_eq!(refused(adapter("a", &theirs, ADAPTER_NONCE).take(&challenge)), Refusal::Malformed);
    }
    for wrong in [0, 31, 33] {
        let hello = message::encode(|root: wire::Builder<'_>| {
            let mut to = root.init_hello();
            to.set_version(PROTOCOL_VERSION);
            to.set_adapter_id("a");
            to.set_nonce(&vec![1; wrong]);
        });
        assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(&hello)), Refusal::Malformed);
    }
}

#[test]
fn takes_what_a_stranger_may_send_and_not_a_word_more() {
    let (hello, challenge, _) = recorded();
    let (ours, theirs) = (pair(10), pair(20));
    challenged(gateway(&ours, GATEWAY_NONCE).take(&padded(&hello, MAX_HANDSHAKE_BYTES)));
    assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(&padded(&hello, MAX_HANDSHAKE_BYTES + 8))), Refusal::TooLong);
    proved(adapter("a", &theirs, ADAPTER_NONCE).take(&padded(&challenge, MAX_HANDSHAKE_BYTES)));
    assert_eq!(refused(adapter("a", &theirs, ADAPTER_NONCE).take(&padded(&challenge, MAX_HANDSHAKE_BYTES + 8))), Refusal::TooLong);
    // Where a long welcome may come, nothing else may be long.
    let mut adapter = adapter("a", &theirs, ADAPTER_NONCE);
    proved(adapter.take(&challenge));
    assert_eq!(refused(adapter.take(&padded(&Refusal::Malformed.encode(), MAX_HANDSHAKE_BYTES + 8))), Refusal::TooLong);
}

#[test]
fn takes_the_longest_id_and_none_longer() {
    let (ours, theirs) = (pair(10), pair(20));
    let new = |bytes: usize| AdapterHandshake::new("i".repeat(bytes), &theirs, ours.public(), ADAPTER_NONCE);
    let hello = new(MAX_ID_BYTES).unwrap().hello();
    assert!(hello.len() < MAX_HANDSHAKE_BYTES);
    assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(&hello)), Refusal::UnknownAdapter);
    assert!(new(MAX_ID_BYTES + 1).is_err());
    let longer = message::hello(&"i".repeat(MAX_ID_BYTES + 1), &ADAPTER_NONCE);
    assert_eq!(refused(gateway(&ours, GATEWAY_NONCE).take(&longer)), Refusal::Malformed);
}

#[test]
fn an_adapter_hears_each_reason_in_either_state() {
    let (_, challenge, _) = recorded();
    let theirs = pair(20);
    for refusal in Refusal::ALL {
        let mut early = adapter("a", &theirs, ADAPTER_NONCE);
        assert_eq!(early.take(&refusal.encode()), Ok(AdapterStep::Refused(refusal)));
        assert_eq!(refused(early.take(&challenge)), Refusal::OutOfOrder);
        let mut late = adapter("a", &theirs, ADAPTER_NONCE);
        proved(late.take(&challenge));
        assert_eq!(late.take(&refusal.encode()), Ok(AdapterStep::Refused(refusal)));
        assert_eq!(Refusal::from_code(refusal.code()), Some(refusal));
        assert!(refusal.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    }
    let unknown = message::encode(|root| root.init_refused().set_reason("no-such-reason"));
    assert_eq!(refused(adapter("a", &theirs, ADAPTER_NONCE).take(&unknown)), Refusal::Malformed);
}

proptest! {
    /// An id may hold whatever would look like the parts after it.
    #[test]
    fn no_two_handshakes_sign_the_same_bytes(
        one in (".{0,4}", any::<u8>(), any::<u8>(), any::<bool>()),
        two in (".{0,4}", any::<u8>(), any::<u8>(), any::<bool>()),
    ) {
        let transcript = |(id, theirs, ours, role): &(String, u8, u8, bool)| {
            let facts = Facts { adapter_id: id.clone(), adapter_nonce: [*theirs; NONCE_BYTES], gateway_nonce: [*ours; NONCE_BYTES] };
            facts.transcript(if *role { Role::Gateway } else { Role::Adapter })
        };
        prop_assert_eq!(transcript(&one) == transcript(&two), one == two);
    }
}

#[test]
fn what_is_signed_does_not_change_by_accident() {
    let signed = Facts { adapter_id: "a".to_owned(), adapter_nonce: [1; NONCE_BYTES], gateway_nonce: [2; NONCE_BYTES] };
    let mut expected = Vec::new();
    for part in [&b"wirken-adapter-handshake"[..], b"gateway", &[2, 0, 0, 0], b"a", &[1; 32], &[2; 32]] {
        expected.extend_from_slice(&(part.len() as u64).to_le_bytes());
        expected.extend_from_slice(part);
    }
    assert_eq!(signed.transcript(Role::Gateway), expected);
}
