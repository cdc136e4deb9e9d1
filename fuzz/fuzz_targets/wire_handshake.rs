//! Any bytes to both sides of a handshake: neither believes who has not the key, however far the exchange got.
//!
//! An input is: whether the gateway has its hello already, and frames. A frame of one byte stands for a message that was
//! overheard.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wirken_wire::{AdapterHandshake, AdapterStep, Frames, GatewayHandshake, GatewayStep, KeyPair, Refusal};
use zeroize::Zeroizing;

static GATEWAY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::from_seed(&Zeroizing::new([1; 32])));
static ADAPTER: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::from_seed(&Zeroizing::new([2; 32])));
static STRANGER: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::from_seed(&Zeroizing::new([3; 32])));

/// What the real two say in a handshake of other nonces, and what a stranger says in this one.
static OVERHEARD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut heard = exchange(&GATEWAY, &ADAPTER, [8; 32], [9; 32]);
    heard.extend(exchange(&STRANGER, &STRANGER, [4; 32], [5; 32]));
    heard.extend(Refusal::ALL.map(Refusal::encode));
    heard
});

fn exchange(ours: &KeyPair, theirs: &KeyPair, gateway_nonce: [u8; 32], adapter_nonce: [u8; 32]) -> Vec<Vec<u8>> {
    let Ok(mut adapter) = AdapterHandshake::new("a".into(), theirs, ours.public(), adapter_nonce) else { return Vec::new() };
    let mut gateway = GatewayHandshake::new(ours, gateway_nonce, |_: &str| Some(theirs.public()));
    let hello = adapter.hello();
    let Ok(GatewayStep::Challenge(challenge)) = gateway.take(&hello) else { return vec![hello] };
    let Ok(AdapterStep::Proof(proof)) = adapter.take(&challenge) else { return vec![hello, challenge] };
    let welcome = match gateway.take(&proof) {
        Ok(GatewayStep::Authenticated(authenticated)) => authenticated.welcome(&[]).ok(),
        _ => None,
    };
    [Some(hello), Some(challenge), Some(proof), welcome].into_iter().flatten().collect()
}

fuzz_target!(|input: &[u8]| {
    let [advance, stream @ ..] = input else { return };
    let mut gateway = GatewayHandshake::new(&GATEWAY, [4; 32], |id: &str| (id == "a").then(|| ADAPTER.public()));
    let Ok(mut adapter) = AdapterHandshake::new("a".into(), &ADAPTER, GATEWAY.public(), [5; 32]) else { return };
    if advance & 1 == 1 {
        assert!(matches!(gateway.take(&adapter.hello()), Ok(GatewayStep::Challenge(_))));
    }
    let mut frames = Frames::new();
    frames.push(stream);
    let mut ended = (false, false);
    while let Ok(Some(message)) = frames.next_frame() {
        // One byte stands for a message that was overheard; whole messages need not be found bit by bit.
        let message = match message {
            [index] => OVERHEARD.get(usize::from(*index)).map_or(message, Vec::as_slice),
            _ => message,
        };
        match gateway.take(message) {
            Ok(GatewayStep::Authenticated(who)) => panic!("believed {who:?}"),
            Ok(GatewayStep::Challenge(_)) => assert!(!ended.0, "it goes on after its end"),
            Err(refusal) => {
                ended.0 = true;
                assert_eq!(Refusal::from_code(refusal.code()), Some(refusal));
            }
        }
        match adapter.take(message) {
            Ok(AdapterStep::Proof(_)) => panic!("signed for a stranger"),
            Ok(AdapterStep::Welcome(_)) => panic!("welcomed by a stranger"),
            Ok(AdapterStep::Refused(_)) => {
                assert!(!ended.1, "it goes on after its end");
                ended.1 = true;
            }
            Err(_) => ended.1 = true,
        }
    }
});
