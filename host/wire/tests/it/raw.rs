//! Messages that the encoders do not make: changed in their bytes.

/// The words of a message in one segment, without its table.
pub(crate) fn words(message: &[u8]) -> Vec<u64> {
    assert_eq!(message[..4], [0; 4], "more than one segment");
    message[8..].chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

/// A message of one segment.
pub(crate) fn message(words: &[u64]) -> Vec<u8> {
    let table = u64::try_from(words.len()).unwrap() << 32;
    [table].iter().chain(words).flat_map(|word| word.to_le_bytes()).collect()
}

/// The pointer to a list that begins `offset` words behind it.
pub(crate) fn list_pointer(offset: usize, kind: u64, count: usize) -> u64 {
    1 | u64::try_from(offset).unwrap() << 2 | kind << 32 | u64::try_from(count).unwrap() << 35
}

pub(crate) const BYTES: u64 = 2;
pub(crate) const POINTERS: u64 = 6;

/// Replaces the one occurrence of `from`, at a multiple of `step`.
pub(crate) fn replaced(message: &[u8], step: usize, from: &[u8], to: &[u8]) -> Vec<u8> {
    let found: Vec<usize> = (0..=message.len() - from.len()).step_by(step).filter(|at| message[*at..].starts_with(from)).collect();
    let [at] = found[..] else { panic!("{} occurrences", found.len()) };
    [&message[..at], to, &message[at + from.len()..]].concat()
}

/// One byte more in the only list of `count` bytes: the padding or the word behind it belongs to it then.
pub(crate) fn lengthened(message: &[u8], count: usize) -> Vec<u8> {
    let length = |count: usize| u32::try_from(count << 3 | 2).unwrap().to_le_bytes();
    let mut message = replaced(message, 4, &length(count), &length(count + 1));
    // A word more in the last segment, for the list that ends with it.
    let segments = usize::try_from(u32::from_le_bytes(message[..4].try_into().unwrap())).unwrap() + 1;
    let last = 4 * segments;
    let size = u32::from_le_bytes(message[last..last + 4].try_into().unwrap()) + 1;
    message[last..last + 4].copy_from_slice(&size.to_le_bytes());
    message.extend_from_slice(&[0; 8]);
    message
}
