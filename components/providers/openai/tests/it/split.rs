//! The law of the decoder: however the bytes are split, and whichever way lines end, the events are the same.

use openai::types::Event;
use proptest::prelude::*;

use super::SAMPLES;

fn split(bytes: &[u8], cuts: &[usize]) -> Vec<Event> {
    openai::decode_split(200, &[], bytes, cuts)
}

/// The sample with each of the three line ends. In a document they are white space.
fn variants(sample: &str) -> [Vec<u8>; 3] {
    [sample.into(), sample.replace('\n', "\r\n").into(), sample.replace('\n', "\r").into()]
}

#[test]
fn every_single_cut_and_every_byte_alone() {
    for (name, sample) in SAMPLES {
        let whole = split(sample.as_bytes(), &[]);
        for variant in variants(sample) {
            for cut in 0..=variant.len() {
                assert_eq!(split(&variant, &[cut]), whole, "{name} cut at {cut}");
            }
            let all: Vec<usize> = (0..variant.len()).collect();
            assert_eq!(split(&variant, &all), whole, "{name} byte by byte");
        }
    }
}

proptest! {
    #[test]
    fn any_cuts_of_any_sample(at in 0..SAMPLES.len(), ends in 0..3_usize, cuts in prop::collection::vec(0..4000_usize, 0..40)) {
        let (_, sample) = SAMPLES[at];
        let bytes = &variants(sample)[ends];
        prop_assert_eq!(split(bytes, &cuts), split(sample.as_bytes(), &[]));
    }

    #[test]
    fn any_cuts_of_a_damaged_sample(
        at in 0..SAMPLES.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cuts in prop::collection::vec(0..4000_usize, 0..40),
    ) {
        let mut bytes = SAMPLES[at].1.as_bytes().to_vec();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        prop_assert_eq!(split(&bytes, &cuts), split(&bytes, &[]));
    }

    #[test]
    fn any_bytes_end_in_a_stop_or_a_failure(
        status in prop_oneof![Just(200_u16), 100..600_u16],
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(0..400_usize, 0..10),
    ) {
        let events = openai::decode_split(status, &[], &bytes, &cuts);
        prop_assert_eq!(&events, &openai::decode_split(status, &[], &bytes, &[]));
        let ends = |event: &Event| matches!(event, Event::Stop(_) | Event::Failed(_));
        prop_assert!(events.last().is_some_and(ends));
        prop_assert_eq!(events.iter().filter(|event| ends(event)).count(), 1);
    }
}
