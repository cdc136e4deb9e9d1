//! What comes from an adapter process, or pretends to: the same frames however the stream is cut, each a message or an
//! error, and a message written again is the same one.
//!
//! An input is: a seed for the cuts, whether the peer is known, the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirken_wire::limits::{MAX_FRAME_BYTES, MAX_HANDSHAKE_BYTES};
use wirken_wire::{Boot, Frames, ToAdapter, ToGateway, WireError};
use zeroize::Zeroizing;

fn cut(stream: &[u8], known: bool, mut state: u32) -> (Vec<Vec<u8>>, Option<WireError>) {
    let mut frames = Frames::new();
    if known {
        frames.authenticated();
    }
    let mut found = Vec::new();
    let mut left = stream;
    while !left.is_empty() {
        let size = if state == 0 {
            left.len()
        } else {
            // Small pieces, at times empty: a linear congruential step gives their sizes.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) | 1;
            (state >> 24) as usize % 40
        };
        let (piece, after) = left.split_at(left.len().min(size));
        left = after;
        frames.push(piece);
        loop {
            match frames.next_frame() {
                Ok(Some(message)) => found.push(message.to_vec()),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}

fuzz_target!(|input: &[u8]| {
    let [seed, known, stream @ ..] = input else { return };
    let known = known & 1 == 1;
    let whole = cut(stream, known, 0);
    assert_eq!(cut(stream, known, u32::from(*seed) + 1), whole, "cut and whole differ");
    let max = if known { MAX_FRAME_BYTES } else { MAX_HANDSHAKE_BYTES };
    for message in &whole.0 {
        assert!(message.len() <= max);
        if let Ok(read) = ToGateway::decode(message) {
            assert_eq!(read.encode().and_then(|bytes| ToGateway::decode(&bytes)).as_ref(), Ok(&read));
        }
        if let Ok(read) = ToAdapter::decode(message) {
            assert_eq!(read.encode().and_then(|bytes| ToAdapter::decode(&bytes)).as_ref(), Ok(&read));
        }
        if let Ok(read) = Boot::decode(Zeroizing::new(message.clone())) {
            assert!(read.encode().and_then(Boot::decode).is_ok_and(|again| again.key.public() == read.key.public()));
        }
    }
});
