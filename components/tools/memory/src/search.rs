//! Which notes match a search, and which of them best.
//!
//! Okapi BM25 over the notes that hold at least one of the words. A note's word counts for half where it only begins as
//! the word that is looked for, or that as it: so a plural is found by its singular.

use crate::key::Key;
use crate::note::Note;
use crate::problem::Problem;
use crate::shelf::{Catalogue, Shelf, read};
use crate::words;

/// The usual ones.
const SATURATION: f64 = 1.2;
const LENGTH_WEIGHT: f64 = 0.75;
const HALF: f64 = 0.5;
/// More words than that make no search better.
pub(crate) const MAX_WORDS: usize = 32;
/// What a word at least has in common with one that it only resembles.
const COMMON_CHARACTERS: usize = 3;
/// How much longer the word that is looked for may be; less where the word is short.
const LONGER_BY: usize = 3;

/// A note that was found.
pub(crate) struct Hit {
    pub(crate) key: Key,
    pub(crate) note: Note,
    score: f64,
}

/// The best first; of two that are as good, the later.
pub(crate) fn search(shelf: &dyn Shelf, catalogue: &Catalogue, query: &str, tags: &[String]) -> Result<Vec<Hit>, Problem> {
    let wanted = words::of_query(query);
    if wanted.is_empty() {
        return Err(Problem::Arguments("the query holds no word: give some, or list the notes".into()));
    }
    if wanted.len() > MAX_WORDS {
        return Err(Problem::Arguments(format!("the query holds {} words, and {MAX_WORDS} are the most", wanted.len())));
    }
    let keys = catalogue.latest_first();
    let mut found = Vec::new();
    let mut holders = vec![0_u32; wanted.len()];
    for key in &keys {
        let may_match = wanted.iter().any(|word| key.may_hold(word)) && tags.iter().all(|tag| key.may_be_tagged(tag));
        let Some(note) = may_match.then(|| read(shelf, key)).transpose()?.flatten() else { continue };
        let counts = counts(&note, &wanted);
        if counts.iter().all(|count| *count == 0.0) {
            continue;
        }
        for (holders, count) in holders.iter_mut().zip(&counts) {
            *holders += u32::from(*count > 0.0);
        }
        if tags.iter().all(|tag| note.tags.contains(tag)) {
            found.push(((*key).clone(), note, counts));
        }
    }
    let total: u64 = keys.iter().map(|key| u64::from(key.words)).sum();
    let ranking = Ranking::new(keys.len(), total, &holders);
    let mut hits: Vec<Hit> =
        found.into_iter().map(|(key, note, counts)| Hit { score: ranking.score(&counts, key.words), key, note }).collect();
    // Stable, so that the later stays before the earlier.
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(hits)
}

/// How often a note holds each of the words.
fn counts(note: &Note, wanted: &[String]) -> Vec<f64> {
    let mut counts = vec![0.0; wanted.len()];
    note.each_word(&mut |word| {
        for (count, wanted) in counts.iter_mut().zip(wanted) {
            *count += likeness(word, wanted);
        }
    });
    counts
}

fn likeness(word: &str, wanted: &str) -> f64 {
    if word.as_bytes().first() != wanted.as_bytes().first() {
        return 0.0;
    }
    if word == wanted {
        return 1.0;
    }
    let (short, long) = if word.len() < wanted.len() { (word, wanted) } else { (wanted, word) };
    let Some(rest) = long.strip_prefix(short) else { return 0.0 };
    let characters = short.chars().count();
    // A longer word of the note may be any; of the query, only one with an ending.
    let close = short == wanted || rest.chars().count() <= LONGER_BY.min(characters.saturating_sub(COMMON_CHARACTERS - 1));
    if characters >= COMMON_CHARACTERS && close { HALF } else { 0.0 }
}

/// What the notes as a whole say about each word.
struct Ranking {
    average: f64,
    weights: Vec<f64>,
}

impl Ranking {
    fn new(notes: usize, words: u64, holders: &[u32]) -> Self {
        let notes = f64::from(u32::try_from(notes).unwrap_or(u32::MAX));
        let words = f64::from(u32::try_from(words).unwrap_or(u32::MAX));
        let weight = |holders: &u32| (1.0 + (notes - f64::from(*holders) + 0.5) / (f64::from(*holders) + 0.5)).ln();
        Self { average: (words / notes.max(1.0)).max(1.0), weights: holders.iter().map(weight).collect() }
    }

    fn score(&self, counts: &[f64], words: u32) -> f64 {
        let length = 1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * f64::from(words) / self.average;
        let part = |(count, weight): (&f64, &f64)| weight * count * (SATURATION + 1.0) / (count + SATURATION * length);
        counts.iter().zip(&self.weights).map(part).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{MAX_NOTES, MAX_TEXT_BYTES};
    use crate::shelf::memory::Memory;
    use crate::shelf::save;

    fn shelf(notes: &[(&str, &[&str])]) -> Memory {
        let shelf = Memory::default();
        for (number, (text, tags)) in notes.iter().enumerate() {
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            save(&shelf, &Note::new(text, &tags).unwrap(), Some(&format!("n{number}"))).unwrap();
        }
        shelf
    }

    fn found(shelf: &Memory, query: &str, tags: &[&str]) -> Vec<String> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let catalogue = Catalogue::load(shelf).unwrap();
        search(shelf, &catalogue, query, &tags).unwrap().into_iter().map(|hit| hit.key.id).collect()
    }

    #[test]
    fn finds_words_in_any_case_script_and_number() {
        let shelf = shelf(&[
            ("The dentist is called Dr. Müller", &[]),
            ("Два котёнка живут у Анны", &[]),
            ("会議は火曜日です", &[]),
            ("Meetings are on Tuesdays", &["work"]),
            ("The red car needs new tyres", &["garage"]),
        ]);
        for (query, expected) in [
            ("DENTIST", &["n0"][..]),
            ("muller", &["n0"]),
            ("котенка", &["n1"]),
            ("火曜", &["n2"]),
            ("meeting", &["n3"]),
            ("tuesday", &["n3"]),
            ("cars", &["n4"]),
            ("garage", &["n4"]),
            ("carpet", &[]),
            ("xylophone", &[]),
            ("me", &[]),
        ] {
            assert_eq!(found(&shelf, query, &[]), expected, "{query}");
        }
    }

    #[test]
    fn the_best_comes_first() {
        let shelf = shelf(&[
            ("tea and coffee, and many other things that have nothing to do with what is looked for here", &[]),
            ("green tea", &[]),
            ("tea", &[]),
            ("tea green tea", &[]),
            ("teapot", &[]),
        ]);
        assert_eq!(found(&shelf, "green tea", &[]), ["n1", "n3", "n2", "n4", "n0"]);
        // Of two that are as good, the later.
        let shelf = self::shelf(&[("one two", &[]), ("one six", &[])]);
        assert_eq!(found(&shelf, "one", &[]), ["n1", "n0"]);
    }

    #[test]
    fn a_rare_word_counts_for_more_than_a_common_one() {
        let mut notes = vec![("the report on whales", &[][..])];
        notes.extend(std::iter::repeat_n(("the report the report", &[][..]), 20));
        assert_eq!(found(&shelf(&notes), "the report whales", &[])[0], "n0");
    }

    #[test]
    fn tags_have_all_to_be_there() {
        let shelf = shelf(&[("buy milk", &["home", "shop"]), ("buy paper", &["work", "shop"]), ("buy time", &[])]);
        assert_eq!(found(&shelf, "buy", &["shop"]), ["n1", "n0"]);
        assert_eq!(found(&shelf, "buy", &["shop", "home"]), ["n0"]);
        assert!(found(&shelf, "buy", &["garden"]).is_empty());
    }

    #[test]
    fn a_query_without_a_word_is_refused() {
        let shelf = shelf(&[("a", &[])]);
        let catalogue = Catalogue::load(&shelf).unwrap();
        assert!(matches!(search(&shelf, &catalogue, " ?! ", &[]), Err(Problem::Arguments(_))));
    }

    #[test]
    fn a_query_has_so_many_words_and_no_more() {
        let shelf = shelf(&[("w5", &[])]);
        let catalogue = Catalogue::load(&shelf).unwrap();
        let query = |words: usize| (0..words).map(|number| format!("w{number} ")).collect::<String>();
        assert_eq!(search(&shelf, &catalogue, &query(MAX_WORDS), &[]).unwrap().len(), 1);
        let refused = search(&shelf, &catalogue, &query(MAX_WORDS + 1), &[]).err().unwrap();
        assert!(matches!(refused, Problem::Arguments(message) if message.contains("33 words")));
    }

    #[test]
    fn reads_only_what_may_match() {
        let notes: Vec<String> = (0..MAX_NOTES).map(|number| format!("note about topic{number:04} and its {number:04}x")).collect();
        let shelf = Memory::default();
        for (number, text) in notes.iter().enumerate() {
            let note = Note::new(text, &[]).unwrap();
            let key = Key::of(&format!("n{number}"), 1, &note.words(), &[]);
            shelf.set(&key.render(), &note.encode()).unwrap();
        }
        assert_eq!(found(&shelf, "1234x", &[]), ["n1234"]);
        assert!(shelf.reads.get() <= 60, "{}", shelf.reads.get());
        shelf.reads.set(0);
        assert!(found(&shelf, "nothing of it", &["absent"]).is_empty());
        assert!(shelf.reads.get() <= 4, "{}", shelf.reads.get());
    }

    #[test]
    fn as_much_as_there_can_be_is_searched() {
        let shelf = Memory::default();
        let text = "alpha beta ".repeat(MAX_TEXT_BYTES / 11);
        let note = Note::new(&text, &[]).unwrap();
        for number in 0..50 {
            shelf.set(&Key::of(&format!("n{number}"), 1, &note.words(), &[]).render(), &note.encode()).unwrap();
        }
        assert_eq!(found(&shelf, "beta", &[]).len(), 50);
    }
}
