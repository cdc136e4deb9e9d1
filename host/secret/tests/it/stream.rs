//! The laws of the leak scanner, over any stream and any cut of it.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use proptest::prelude::*;
use wirken_secret::{Leak, ScanStream, ScanText, Scanner, Secret};

fn scanner(secrets: &[Vec<u8>]) -> Arc<Scanner> {
    let labelled = secrets.iter().enumerate().map(|(index, secret)| (format!("secret-{index}"), Arc::new(Secret::new(secret.clone()))));
    Arc::new(Scanner::new(labelled).unwrap())
}

/// Passes `input` through in pieces of the given lengths, taken round robin, and answers what came out and how it ended.
fn pass(scanner: &Arc<Scanner>, input: &[u8], lengths: &[usize]) -> (Vec<u8>, Result<(), Leak>) {
    let mut stream = ScanStream::new(Arc::clone(scanner));
    let mut out = Vec::new();
    let mut rest = input;
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at(rest.len().min(*length));
        rest = after;
        match stream.push(Bytes::copy_from_slice(chunk)) {
            Ok(ready) => out.extend_from_slice(&ready),
            Err(leak) => {
                assert_eq!(stream.push(Bytes::from_static(b"more")), Err(leak.clone()));
                assert_eq!(stream.finish(), Err(leak.clone()));
                return (out, Err(leak));
            }
        }
    }
    match stream.finish() {
        Ok(ready) => out.extend_from_slice(&ready),
        Err(leak) => return (out, Err(leak)),
    }
    (out, Ok(()))
}

/// Two letters only, so that prefixes, overlaps and near misses are common.
fn letters(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![b'a', b'b']), length)
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..12, 1..6)
}

fn encoded(form: usize, secret: &[u8]) -> Vec<u8> {
    let base64 = base64::engine::general_purpose::STANDARD;
    let url = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    match form {
        0 => secret.to_vec(),
        1 => base64.encode(secret).into_bytes(),
        2 => base64.encode([b"u:", secret].concat()).into_bytes(),
        3 => url.encode([secret, b"@"].concat()).into_bytes(),
        4 => hex::encode(secret).into_bytes(),
        5 => hex::encode_upper(secret).into_bytes(),
        _ => secret.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect(),
    }
}

/// Passes a text through in pieces; after a piece whose length is even, what waits is asked for.
fn pass_text(scanner: &Arc<Scanner>, input: &str, lengths: &[usize]) -> (String, Result<(), Leak>) {
    let mut scan = ScanText::new(Arc::clone(scanner));
    let mut out = String::new();
    let mut rest = input;
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(*length));
        rest = after;
        match scan.push(piece) {
            Ok(ready) => out.push_str(&ready),
            Err(leak) => return (out, Err(leak)),
        }
        if length % 2 == 0 {
            out.push_str(&scan.release());
        }
    }
    out.push_str(&scan.release());
    (out, Ok(()))
}

proptest! {
    #[test]
    fn a_text_answers_as_the_whole_does(
        secrets in prop::collection::vec("[abé]{8,12}", 0..4),
        input in "[abé]{0,100}",
        cuts in cuts(),
    ) {
        let secrets: Vec<Vec<u8>> = secrets.into_iter().map(String::into_bytes).collect();
        let scanner = scanner(&secrets);
        let (out, end) = pass_text(&scanner, &input, &cuts);
        prop_assert_eq!(end.err(), scanner.find(input.as_bytes()));
        if scanner.find(input.as_bytes()).is_none() {
            prop_assert_eq!(out, input);
        } else {
            prop_assert!(input.starts_with(&out));
            prop_assert_eq!(scanner.find(out.as_bytes()), None);
        }
    }

    #[test]
    fn a_stream_answers_as_the_whole_does(secrets in prop::collection::vec(letters(8..14), 0..4), input in letters(0..120), cuts in cuts()) {
        let scanner = scanner(&secrets);
        let (out, end) = pass(&scanner, &input, &cuts);
        match scanner.find(&input) {
            None => {
                prop_assert_eq!(end, Ok(()));
                prop_assert_eq!(out, input);
            }
            Some(leak) => {
                prop_assert_eq!(end, Err(leak));
                // What came out ends before any secret begins.
                let first = secrets.iter().filter_map(|secret| input.windows(secret.len()).position(|window| window == secret)).min().unwrap();
                prop_assert!(out.len() <= first && input.starts_with(&out), "{} bytes came out, a secret begins at {}", out.len(), first);
            }
        }
    }

    #[test]
    fn finds_plain_exactly_as_a_naive_search_does(secrets in prop::collection::vec(letters(8..12), 1..4), input in letters(0..80)) {
        let naive = secrets.iter().any(|secret| input.windows(secret.len()).any(|window| window == secret));
        prop_assert_eq!(scanner(&secrets).find(&input).is_some(), naive);
    }

    #[test]
    fn no_form_of_a_secret_gets_past_even_in_part(
        secret in prop::collection::vec(any::<u8>(), 8..40),
        form in 0_usize..7,
        before in "[ -~]{0,40}",
        after in "[ -~]{0,40}",
        cuts in cuts(),
    ) {
        let scanner = scanner(std::slice::from_ref(&secret));
        let input = [before.as_bytes(), &encoded(form, &secret), after.as_bytes()].concat();
        let (out, end) = pass(&scanner, &input, &cuts);
        prop_assert_eq!(end.clone().err(), scanner.find(&input));
        prop_assert_eq!(end.unwrap_err().label, "secret-0");
        // At an unaligned position, the characters that mix the secret with its neighbour come before the pattern.
        prop_assert!(out.len() <= before.len() + 3 && input.starts_with(&out));
    }

    #[test]
    fn streams_without_a_secret_come_out_unchanged(
        secrets in prop::collection::vec(prop::collection::vec(any::<u8>(), 8..40), 0..5),
        input in prop::collection::vec(any::<u8>(), 0..300),
        cuts in cuts(),
    ) {
        let scanner = scanner(&secrets);
        prop_assume!(scanner.find(&input).is_none());
        prop_assert_eq!(pass(&scanner, &input, &cuts), (input, Ok(())));
    }

    #[test]
    fn redaction_leaves_no_secret(secrets in prop::collection::vec(letters(8..12), 1..3), input in letters(0..120)) {
        let scanner = scanner(&secrets);
        let text = String::from_utf8(input).unwrap();
        prop_assert_eq!(scanner.find(wirken_secret::redact(&text, &scanner).as_bytes()), None);
    }
}

#[test]
fn an_empty_scanner_hands_on_the_same_memory() {
    let chunk = Bytes::from(vec![b'x'; 64]);
    let mut stream = ScanStream::new(Arc::new(Scanner::empty()));
    assert_eq!(stream.push(chunk.clone()).unwrap().as_ptr(), chunk.as_ptr());
}

#[test]
fn a_chunk_that_begins_no_secret_is_not_copied() {
    let chunk = Bytes::from(vec![b'x'; 64]);
    let mut stream = ScanStream::new(scanner(&[b"a-secret-value".to_vec()]));
    assert_eq!(stream.push(chunk.clone()).unwrap().as_ptr(), chunk.as_ptr());
}

#[test]
fn the_beginning_of_a_secret_waits_and_is_released_when_something_else_follows() {
    let mut stream = ScanStream::new(scanner(&[b"a-secret-value".to_vec()]));
    assert_eq!(stream.push(Bytes::from_static(b"this is a-sec")).unwrap(), "this is ");
    assert_eq!(stream.push(Bytes::from_static(b"ond try a-")).unwrap(), "a-second try ");
    assert_eq!(stream.finish().unwrap(), "a-");
}
