//! The search for secrets: a stream gives the same answer as the whole, however it is cut; what it lets through is what
//! came in; and what the redaction leaves holds no secret.
//!
//! An input is: the secret's length, a seed for the cuts, the secret, the text.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use wirken_secret::{MIN_SECRET_BYTES, ScanStream, Scanner, Secret};

const LONGEST_SECRET: usize = 24;

fuzz_target!(|input: &[u8]| {
    let [length, seed, rest @ ..] = input else { return };
    let length = MIN_SECRET_BYTES + usize::from(*length) % (LONGEST_SECRET - MIN_SECRET_BYTES);
    let Some((secret, text)) = rest.split_at_checked(length) else { return };
    let Ok(scanner) = Scanner::new([("key".to_owned(), Arc::new(Secret::new(secret.to_vec())))]) else { return };
    let scanner = Arc::new(scanner);
    let whole = scanner.find(text);

    let mut stream = ScanStream::new(Arc::clone(&scanner));
    let mut passed = Vec::new();
    let mut left = text;
    let mut state = u32::from(*seed) + 1;
    let found = loop {
        // Small pieces, at times empty: a linear congruential step gives their sizes.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, after) = left.split_at(left.len().min((state >> 24) as usize % 12));
        left = after;
        match stream.push(Bytes::copy_from_slice(piece)) {
            Ok(ready) => passed.extend_from_slice(&ready),
            Err(leak) => break Some(leak),
        }
        if left.is_empty() {
            match stream.finish() {
                Ok(ready) => passed.extend_from_slice(&ready),
                Err(leak) => break Some(leak),
            }
            break None;
        }
    };
    assert_eq!(found, whole, "cut and whole differ");
    match found {
        None => assert_eq!(passed, text),
        Some(_) => assert!(scanner.find(&passed).is_none() && text.starts_with(&passed), "a part got past"),
    }
    if text.windows(secret.len()).any(|window| window == secret) {
        assert!(whole.is_some(), "a plain secret was missed");
    }
});
