//! The laws of the cut into frames, over any stream and any cut of it.

use proptest::collection::vec;
use proptest::prelude::*;
use wirken_wire::limits::{MAX_FRAME_BYTES, MAX_HANDSHAKE_BYTES};
use wirken_wire::{Frames, WireError, frame};

fn all(frames: &mut Frames) -> Result<Vec<Vec<u8>>, WireError> {
    let mut found = Vec::new();
    while let Some(message) = frames.next_frame()? {
        found.push(message.to_vec());
    }
    Ok(found)
}

proptest! {
    #[test]
    fn a_stream_gives_the_same_frames_however_it_is_cut(
        messages in vec(vec(any::<u8>(), 0..200), 0..12),
        cuts in vec(1_usize..90, 1..8),
        tail in vec(Just(0_u8), 0..4),
    ) {
        let mut stream: Vec<u8> = messages.iter().flat_map(|message| frame(message).unwrap()).collect();
        stream.extend_from_slice(&tail);
        let mut frames = Frames::new();
        let mut found = Vec::new();
        let mut rest = stream.as_slice();
        for length in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(rest.len().min(*length));
            rest = after;
            frames.push(piece);
            found.extend(all(&mut frames).unwrap());
        }
        prop_assert_eq!(found, messages);
        prop_assert_eq!(frames.is_empty(), tail.is_empty());
    }

    #[test]
    fn frames_that_wait_are_not_lost(messages in vec(vec(any::<u8>(), 0..50), 0..12), taken in 0_usize..4) {
        let mut frames = Frames::new();
        let mut found = Vec::new();
        for message in &messages {
            frames.push(&frame(message).unwrap());
            for _ in 0..taken {
                found.extend(frames.next_frame().unwrap().map(<[u8]>::to_vec));
            }
        }
        found.extend(all(&mut frames).unwrap());
        prop_assert_eq!(found, messages);
    }
}

#[test]
fn a_stranger_may_send_little_and_the_peer_much() {
    for (known, max) in [(false, MAX_HANDSHAKE_BYTES), (true, MAX_FRAME_BYTES)] {
        let fresh = || {
            let mut frames = Frames::new();
            if known {
                frames.authenticated();
            }
            frames
        };
        let mut frames = fresh();
        frames.push(&frame(&vec![7; max]).unwrap());
        assert_eq!(frames.next_frame().unwrap().map(<[u8]>::len), Some(max));
        let mut frames = fresh();
        let length = u32::try_from(max + 1).unwrap().to_le_bytes();
        frames.push(&length[..3]);
        assert_eq!(frames.next_frame(), Ok(None));
        frames.push(&length[3..]);
        let refused = Err(WireError::FrameTooLong { bytes: max + 1, max });
        assert_eq!(frames.next_frame(), refused);
        frames.push(&[0; 64]);
        assert_eq!(frames.next_frame(), refused, "it goes on after a length that was refused");
    }
}

#[test]
fn the_greatest_length_is_only_a_length() {
    let mut frames = Frames::new();
    frames.authenticated();
    frames.push(&[0xff; 4]);
    assert_eq!(frames.next_frame(), Err(WireError::FrameTooLong { bytes: u32::MAX as usize, max: MAX_FRAME_BYTES }));
}

#[test]
fn makes_no_frame_that_would_be_refused() {
    assert_eq!(frame(&vec![0; MAX_FRAME_BYTES]).unwrap().len(), MAX_FRAME_BYTES + 4);
    assert_eq!(
        frame(&vec![0; MAX_FRAME_BYTES + 1]),
        Err(WireError::TooLong { what: "the message", bytes: MAX_FRAME_BYTES + 1, max: MAX_FRAME_BYTES })
    );
}
