//! What a model's endpoint answers: any bytes are events or one failure at the end, the same events however they are
//! cut, and never more text than there were bytes.
//!
//! An input is: the status' class, a seed for the cuts, the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openai::types::{Event, Header};
use openai::{Decoder, decode_split};

fuzz_target!(|input: &[u8]| {
    let [class, seed, body @ ..] = input else { return };
    let status = [200, 200, 200, 400, 401, 429, 500, 503][usize::from(*class) % 8];
    let headers = [Header { name: "retry-after".into(), value: class.to_string() }];
    let whole = decode_split(status, &headers, body, &[]);

    let mut state = u32::from(*seed) + 1;
    let mut at = 0;
    let mut cuts = Vec::new();
    while at < body.len() {
        // A linear congruential step gives the sizes of the pieces, zero among them.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        at += (state >> 24) as usize % 16;
        cuts.push(at);
    }
    assert_eq!(decode_split(status, &headers, body, &cuts), whole, "cut and whole differ");

    let ends = whole.iter().filter(|event| matches!(event, Event::Failed(_) | Event::Stop(_))).count();
    assert!(ends <= 1, "{ends} ends");
    assert!(ends == 0 || matches!(whole.last(), Some(Event::Failed(_) | Event::Stop(_) | Event::Usage(_))), "something follows the end");
    assert!(status == 200 || matches!(whole.as_slice(), [Event::Failed(_)]), "a refusal is one failure");
    let text: usize = whole.iter().map(|event| if let Event::Text(text) | Event::Reasoning(text) = event { text.len() } else { 0 }).sum();
    // A byte that is no UTF-8 becomes three.
    assert!(text <= body.len() * 3);

    let mut decoder = Decoder::new(status, &headers);
    let _ = decoder.finish();
    assert!(decoder.push(body).is_empty(), "it goes on after its end");
});
