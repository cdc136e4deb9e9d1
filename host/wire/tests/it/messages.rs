//! What is sent is what arrives, and nothing else is taken for it.

use proptest::prelude::*;
use wirken_wire::{Frames, ToAdapter, ToGateway, WireError};

use crate::arbitrary;

proptest! {
    #[test]
    fn what_an_adapter_says_arrives(message in arbitrary::to_gateway()) {
        let bytes = message.encode().unwrap();
        prop_assert_eq!(ToGateway::decode(&bytes).unwrap(), message.clone());
        let mut framed = b"before".to_vec();
        message.encode_frame(&mut framed).unwrap();
        prop_assert_eq!(&framed[6..], wirken_wire::frame(&bytes).unwrap());
    }

    #[test]
    fn what_the_gateway_says_arrives(message in arbitrary::to_adapter()) {
        let bytes = message.encode().unwrap();
        prop_assert_eq!(ToAdapter::decode(&bytes).unwrap(), message.clone());
        let mut framed = b"before".to_vec();
        message.encode_frame(&mut framed).unwrap();
        prop_assert_eq!(&framed[6..], wirken_wire::frame(&bytes).unwrap());
    }

    #[test]
    fn a_message_is_read_wherever_it_lies(message in arbitrary::to_gateway(), offset in 0_usize..16) {
        let bytes = [vec![0xaa; offset], message.encode().unwrap()].concat();
        prop_assert_eq!(ToGateway::decode(&bytes[offset..]).unwrap(), message);
    }

    #[test]
    fn no_beginning_of_a_message_is_one(message in arbitrary::to_gateway(), cut in any::<prop::sample::Index>()) {
        let bytes = message.encode().unwrap();
        prop_assert!(ToGateway::decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn nothing_follows_a_message(message in arbitrary::to_adapter(), extra in 1_usize..20) {
        let mut bytes = message.encode().unwrap();
        bytes.resize(bytes.len() + extra, 0);
        prop_assert_eq!(ToAdapter::decode(&bytes), Err(WireError::Trailing { bytes: extra }));
    }

    #[test]
    fn changed_bytes_are_a_message_or_an_error(
        message in arbitrary::to_gateway(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = message.encode().unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(read) = ToGateway::decode(&bytes) {
            prop_assert_eq!(ToGateway::decode(&read.encode().unwrap()).unwrap(), read);
        }
    }
}

#[test]
fn several_messages_share_a_buffer() {
    let said = [ToGateway::Beat, ToGateway::Trapped { reason: "out of fuel".into() }, ToGateway::Beat];
    let mut stream = Vec::new();
    for message in &said {
        message.encode_frame(&mut stream).unwrap();
    }
    let mut frames = Frames::new();
    frames.push(&stream);
    let mut heard = Vec::new();
    while let Some(message) = frames.next_frame().unwrap() {
        heard.push(ToGateway::decode(message).unwrap());
    }
    assert_eq!(heard, said);
    assert!(frames.is_empty());
}

#[test]
fn a_kind_that_is_not_known_is_refused() {
    // The discriminants are the only 16-bit numbers of the first data words; one of them decides the kind.
    let beat = ToGateway::Beat.encode().unwrap();
    let mut unknown = 0;
    for at in (16..beat.len()).step_by(2) {
        let mut bytes = beat.clone();
        bytes[at..at + 2].copy_from_slice(&999_u16.to_le_bytes());
        unknown += usize::from(ToGateway::decode(&bytes) == Err(WireError::UnknownKind));
    }
    assert_eq!(unknown, 1);
}
