//! How much a finding weighs where it stands: among others, in quotation marks, unseen, or among words about attacks.

use crate::regions::Regions;
use crate::rule::{ADDRESSED, HIDDEN, Hit, MIMICRY, MIXED, TEMPLATE};
use crate::tokens::Word;
use crate::types::{Severity, Source};
use crate::words::META;

/// Two findings this near are of one attack. In letters.
const NEAR: u32 = 500;
/// A word about attacks counts for what stands this near. In letters.
const ABOUT: u32 = 400;

/// Weighs all findings of a piece of text. They come out in the order in which they stand.
pub(crate) fn judge(hits: &mut Vec<Hit>, words: &[Word], regions: &Regions, source: Source) {
    hits.sort_by_key(|hit| (hit.first, hit.end));
    let about: Vec<u32> = words.iter().filter(|word| word.classes & META != 0).map(|word| word.first).collect();
    for hit in &mut *hits {
        if hit.evades || regions.is_unseen(hit.first, hit.end) {
            hit.severity = hit.severity.raised();
        }
    }
    let tempered: Vec<bool> = hits.iter().map(|hit| is_reported(hit, &about, regions)).collect();
    for (hit, tempered) in hits.iter_mut().zip(&tempered) {
        if *tempered {
            hit.severity = Severity::Low;
        }
    }
    combine(hits, &tempered);
    if source == Source::Person {
        for hit in hits.iter_mut().filter(|hit| !hit.evades && !matches!(hit.rule, HIDDEN | MIXED | TEMPLATE | MIMICRY)) {
            hit.severity = Severity::Low;
        }
    }
}

/// Whether a text speaks of an attack and does not make it.
fn is_reported(hit: &Hit, about: &[u32], regions: &Regions) -> bool {
    if hit.evades || regions.is_unseen(hit.first, hit.end) || matches!(hit.rule, HIDDEN | MIXED) {
        return false;
    }
    let from = about.partition_point(|at| *at < hit.first.saturating_sub(ABOUT));
    let to = about.partition_point(|at| *at < hit.end.saturating_add(ABOUT));
    let count = to.saturating_sub(from);
    count >= 3 || (count >= 1 && regions.is_quoted(hit.first, hit.end))
}

/// What is suspicious alone is an attack beside something else that is.
fn combine(hits: &mut [Hit], tempered: &[bool]) {
    let mut raised = vec![false; hits.len()];
    // Of those that are near, a few are enough: so that many findings take no longer than as many.
    for (at, hit) in hits.iter().enumerate() {
        if tempered.get(at) == Some(&true) {
            continue;
        }
        for (other_at, other) in hits.iter().enumerate().skip(at + 1).take(24) {
            if other.first.saturating_sub(hit.end) > NEAR {
                break;
            }
            if other.rule == hit.rule || tempered.get(other_at) == Some(&true) {
                continue;
            }
            let low = hit.severity == Severity::Low && other.severity == Severity::Low;
            if low && hit.rule != ADDRESSED && other.rule != ADDRESSED {
                continue;
            }
            for at in [at, other_at] {
                if let Some(raised) = raised.get_mut(at) {
                    *raised = true;
                }
            }
        }
    }
    for (hit, raised) in hits.iter_mut().zip(raised) {
        if raised {
            hit.severity = hit.severity.raised();
        }
    }
}
