//! What words come to when they stand near each other: the phrases of an attack, in whatever language.
//!
//! A phrase is a few classes of words in an order, within a number of places. It is matched in one pass: for each phrase is
//! kept where the latest beginning of it stands, so that the time is that of the words, whatever they are.

mod list;

use crate::rule::Hit;
use crate::tokens::Word;
use crate::types::Severity;
use crate::words::Class;

pub(crate) use list::PHRASES;

/// The most steps of a phrase.
const STEPS: usize = 5;
/// The most that are told of one phrase in one piece of text.
const MAX: usize = 16;

pub(crate) struct Phrase {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    /// Each step is a word of any of its classes, behind the one before or that very one.
    pub(crate) steps: &'static [Class],
    /// From the first step to the last, in places.
    pub(crate) within: u32,
    /// A word of these in between makes it something else.
    pub(crate) unless: Class,
    /// The classes that it looks at.
    pub(crate) any: Class,
}

/// Where a phrase that is not yet whole began.
#[derive(Clone, Copy)]
struct Begun {
    place: u32,
    first: u32,
    evades: bool,
}

/// All phrases in a sequence of words.
pub(crate) fn find<'a>(words: impl Iterator<Item = &'a Word>, work: &mut u64) -> Vec<Hit> {
    let mut words = words.peekable();
    if words.peek().is_none() {
        return Vec::new();
    }
    let mut begun = [[None::<Begun>; STEPS]; PHRASES.len()];
    let mut told = [0_usize; PHRASES.len()];
    let mut hits = Vec::new();
    for word in words {
        for ((phrase, begun), told) in PHRASES.iter().zip(&mut begun).zip(&mut told) {
            *work += 1;
            if word.classes & phrase.any == 0 {
                continue;
            }
            if let Some(start) = step(phrase, begun, word)
                && *told < MAX
            {
                *told += 1;
                hits.push(Hit {
                    rule: phrase.rule,
                    severity: phrase.severity,
                    first: start.first.min(word.first),
                    end: start.first.max(word.end),
                    evades: start.evades,
                });
            }
        }
    }
    hits
}

fn step(phrase: &Phrase, begun: &mut [Option<Begun>; STEPS], word: &Word) -> Option<Begun> {
    if word.classes & phrase.unless != 0 {
        *begun = [None; STEPS];
        return None;
    }
    let mut last = None;
    // From the first: one word may be several steps.
    for (at, classes) in phrase.steps.iter().enumerate() {
        let before = match at.checked_sub(1) {
            None => Some(Begun { place: word.place, first: word.first, evades: false }),
            Some(before) => begun.get(before).copied().flatten(),
        };
        let fits = word.classes & classes != 0;
        let near = before.filter(|before| fits && word.place.abs_diff(before.place) <= phrase.within);
        if let (Some(near), Some(slot)) = (near, begun.get_mut(at)) {
            let near = Begun { evades: near.evades | word.evades, ..near };
            *slot = Some(near);
            last = (at + 1 == phrase.steps.len()).then_some(near);
        }
    }
    if last.is_some() {
        *begun = [None; STEPS];
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phrase_has_as_many_steps_as_are_kept() {
        for phrase in PHRASES {
            assert!((2..=STEPS).contains(&phrase.steps.len()) && phrase.within > 0, "{}", phrase.rule);
            assert!(phrase.steps.iter().all(|step| step & phrase.unless == 0), "{}: a step of it ends it", phrase.rule);
        }
    }
}
