//! Messages that are small and would be large once they are read.

use wirken_wire::limits::{MAX_LIST, MAX_REASON_BYTES};
use wirken_wire::{ToGateway, WireError};

use crate::raw::{BYTES, POINTERS, list_pointer, message, words};

/// The root of a `Confined`, and what fills the place of its list: a pointer to right behind the root, of this kind and
/// length.
fn confined(kind: u64, count: usize) -> Vec<u64> {
    let example = words(&ToGateway::Confined { lacking: vec!["x".into()] }.encode().unwrap());
    let data = usize::try_from(example[0] >> 32 & 0xffff).unwrap();
    let pointers = usize::try_from(example[0] >> 48).unwrap();
    let mut root = example[..1 + data + pointers].to_vec();
    let at = (1 + data..root.len()).find(|at| root[*at] != 0).unwrap();
    root[at] = list_pointer(root.len() - at - 1, kind, count);
    root
}

/// `count` texts of `bytes` each, all of them the same one.
fn shared(count: usize, bytes: usize) -> Vec<u8> {
    let mut words = confined(POINTERS, count);
    words.extend((0..count).map(|index| list_pointer(count - index - 1, BYTES, bytes)));
    let mut text = vec![b'x'; bytes - 1];
    text.resize(bytes.next_multiple_of(8), 0);
    words.extend(text.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())));
    message(&words)
}

#[test]
fn reads_pointers_to_one_text_only_while_that_costs_little() {
    // Made as a bomb is, and none.
    let one = shared(1, MAX_REASON_BYTES + 1);
    assert_eq!(ToGateway::decode(&one), Ok(ToGateway::Confined { lacking: vec!["x".repeat(MAX_REASON_BYTES)] }));
    let few = shared(2, 1000);
    assert_eq!(ToGateway::decode(&few), Ok(ToGateway::Confined { lacking: vec!["x".repeat(999); 2] }));
    // 48 KiB on the wire, 64 MiB in memory.
    for count in [16, 256, MAX_LIST] {
        let bomb = shared(count, MAX_REASON_BYTES + 1);
        assert!(bomb.len() < 64 * 1024);
        assert!(matches!(ToGateway::decode(&bomb), Err(WireError::Malformed(why)) if why.to_lowercase().contains("limit")), "{count}");
    }
}

#[test]
fn a_list_that_is_too_long_is_refused_before_its_entries_are_read() {
    let mut list = confined(POINTERS, MAX_LIST);
    list.resize(list.len() + MAX_LIST, 0);
    assert_eq!(ToGateway::decode(&message(&list)), Ok(ToGateway::Confined { lacking: vec![String::new(); MAX_LIST] }));
    let mut list = confined(POINTERS, MAX_LIST + 1);
    // Pointers to nowhere: to read one would be another error.
    list.resize(list.len() + MAX_LIST + 1, u64::MAX);
    let too_many = WireError::TooMany { what: "what the sandbox lacks", count: MAX_LIST + 1, max: MAX_LIST };
    assert_eq!(ToGateway::decode(&message(&list)), Err(too_many));
}

#[test]
fn a_list_of_nothing_costs_what_it_claims_to_hold() {
    // Half a thousand million entries of no size, in a message of a few words.
    let list = confined(0, (1 << 29) - 1);
    assert!(matches!(ToGateway::decode(&message(&list)), Err(WireError::Malformed(_))));
}

#[test]
fn refuses_pointers_and_segments_that_lead_out_of_the_message() {
    for count in [1, 1000] {
        let beyond = confined(POINTERS, count);
        assert!(matches!(ToGateway::decode(&message(&beyond)), Err(WireError::Malformed(_))), "{count}");
    }
    // A table that announces more segments than there are bytes, and one with a segment of 32 GiB.
    for table in [[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]] {
        assert!(matches!(ToGateway::decode(&table), Err(WireError::Malformed(_))));
    }
    assert!(matches!(ToGateway::decode(&[]), Err(WireError::Malformed(_))));
}
