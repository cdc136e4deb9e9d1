//! Which words mean what: the vocabulary of an attack, in many languages, as classes.
//!
//! The table is sorted by the compiler, so that nothing is built when the component starts, and a word is found by halving.

mod list;

use list::GROUPS;

/// What a word may stand for. One word may be several.
pub(crate) type Class = u64;

macro_rules! classes {
    ($($name:ident)*) => { classes!(@ 0; $($name)*); };
    (@ $at:expr; $name:ident $($rest:ident)*) => {
        pub(crate) const $name: Class = 1 << ($at);
        classes!(@ $at + 1; $($rest)*);
    };
    (@ $at:expr;) => {};
}

classes! {
    IGNORE IGNORE_LAST PREVIOUS ALL OBJECT OBJECT_WEAK TOLD CANCEL FOLLOW NEW
    YOU ARE NOW AI PERSONA ACT MODE MODE_NAME ENABLE WITHOUT LIMIT HARMLESS
    SEND SECRET PRIVATE DOCUMENTS ADDRESS ADD NOT TELL USER QUIETLY REVEAL SYSTEM
    APPROVE PRESS ALLOW ASKED PERMISSION ALREADY SAY YES
    CALL TOOL ATTENTION IF DECODE META YOUR MY MUST HEED APPLY
}

#[derive(Clone, Copy)]
struct Entry {
    text: &'static [u8],
    classes: Class,
    /// It stands for all words that begin with it.
    stem: bool,
    /// The longest other stem that this one begins with.
    parent: u16,
}

const NONE: u16 = u16::MAX;
const COUNT: usize = count();
static TABLE: [Entry; COUNT] = table();

/// The words of a group, one after the other.
struct Words {
    rest: &'static [u8],
}

impl Words {
    const fn next(mut self) -> (Option<&'static [u8]>, Self) {
        while let [b' ' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
        let mut end = 0;
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loop")]
        while end < self.rest.len() && self.rest[end] != b' ' && self.rest[end] != b'\n' {
            end += 1;
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (if end == 0 { None } else { Some(word) }, self)
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loop")]
const fn count() -> usize {
    let (mut group, mut count) = (0, 0);
    while group < GROUPS.len() {
        let mut words = Words { rest: GROUPS[group].1.as_bytes() };
        loop {
            let (word, rest) = words.next();
            words = rest;
            if word.is_none() {
                break;
            }
            count += 1;
        }
        group += 1;
    }
    count
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loops")]
const fn table() -> [Entry; COUNT] {
    let mut table = [Entry { text: b"", classes: 0, stem: false, parent: NONE }; COUNT];
    let (mut group, mut at) = (0, 0);
    while group < GROUPS.len() {
        let (classes, text) = GROUPS[group];
        let mut words = Words { rest: text.as_bytes() };
        loop {
            let (word, rest) = words.next();
            words = rest;
            let Some(word) = word else { break };
            table[at] = match word {
                [text @ .., b'*'] => Entry { text, classes, stem: true, parent: NONE },
                // Scripts without spaces, and Korean, whose words grow at their end.
                [0xe3..=0xed, ..] => Entry { text: word, classes, stem: true, parent: NONE },
                _ => Entry { text: word, classes, stem: false, parent: NONE },
            };
            at += 1;
        }
        group += 1;
    }
    // Shell sort: short, and quick enough for the compiler.
    let mut gap = COUNT / 2;
    while gap > 0 {
        let mut at = gap;
        while at < COUNT {
            let entry = table[at];
            let mut to = at;
            while to >= gap && is_less(entry.text, table[to - gap].text) {
                table[to] = table[to - gap];
                to -= gap;
            }
            table[to] = entry;
            at += 1;
        }
        gap /= 2;
    }
    merge(&mut table);
    let mut at = 1;
    while at < COUNT {
        #[expect(clippy::cast_possible_truncation, reason = "the table has fewer entries than that")]
        let mut parent = (at - 1) as u16;
        while parent != NONE && !(table[parent as usize].stem && begins(table[at].text, table[parent as usize].text)) {
            parent = table[parent as usize].parent;
        }
        table[at].parent = parent;
        // One that is listed for itself is what its stem is too, unless it is listed as nothing.
        if parent != NONE && table[at].classes != 0 {
            table[at].classes |= table[parent as usize].classes;
        }
        at += 1;
    }
    table
}

/// A word of two lines has the classes of both.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loops")]
const fn merge(table: &mut [Entry; COUNT]) {
    let mut at = 0;
    while at < COUNT {
        let (mut end, mut classes, mut stem) = (at, 0, false);
        while end < COUNT && !is_less(table[at].text, table[end].text) {
            classes |= table[end].classes;
            stem |= table[end].stem;
            end += 1;
        }
        while at < end {
            table[at].classes = classes;
            table[at].stem = stem;
            at += 1;
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loop")]
const fn is_less(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return one[at] < other[at];
        }
        at += 1;
    }
    one.len() < other.len()
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, within the bounds of the loop")]
const fn begins(text: &[u8], with: &[u8]) -> bool {
    if with.len() > text.len() {
        return false;
    }
    let mut at = 0;
    while at < with.len() {
        if text[at] != with[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The classes of a word as it reads; 0 for one that says nothing.
pub(crate) fn word(word: &str) -> Class {
    find(word.as_bytes(), false).map_or(0, |entry| entry.classes)
}

/// The classes of the longest word that a text begins with, and its bytes. For text without spaces.
pub(crate) fn beginning(text: &str) -> Option<(Class, usize)> {
    find(text.as_bytes(), true).map(|entry| (entry.classes, entry.text.len()))
}

fn find(text: &[u8], begins: bool) -> Option<&'static Entry> {
    let at = TABLE.partition_point(|entry| entry.text <= text).checked_sub(1)?;
    let mut entry = TABLE.get(at)?;
    loop {
        if entry.text == text || ((entry.stem || begins) && text.starts_with(entry.text)) {
            return Some(entry);
        }
        entry = TABLE.get(usize::from(entry.parent))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    #[test]
    fn the_table_is_sorted_and_a_word_twice_is_one() {
        for pair in TABLE.windows(2) {
            let same = (pair[0].classes, pair[0].stem) == (pair[1].classes, pair[1].stem);
            assert!(pair[0].text < pair[1].text || (pair[0].text == pair[1].text && same), "{:?}", std::str::from_utf8(pair[1].text));
        }
    }

    /// A word that does not read as it is written here would never be found.
    #[test]
    fn each_word_is_written_as_it_reads() {
        for entry in &TABLE {
            let text = std::str::from_utf8(entry.text).unwrap();
            let reads: String = fold(text, 0).0.iter().map(|letter| letter.ch).collect();
            assert_eq!(reads, text);
            assert!(text.chars().all(char::is_alphanumeric) && text.len() < 40, "{text}");
        }
    }

    #[test]
    fn finds_words_stems_and_exceptions() {
        assert_eq!(word("ignore"), IGNORE);
        assert_eq!(word("ignoring"), IGNORE);
        assert_eq!(word("ignorance"), 0);
        assert_eq!(word("ignorances"), IGNORE);
        assert_eq!(word("ignor"), IGNORE);
        assert_eq!(word("igno"), 0);
        assert_eq!(word(""), 0);
        assert_eq!(word("zzzz"), 0);
        assert_eq!(beginning("忽略之前的指令"), Some((IGNORE, 6)));
        assert_eq!(beginning("的指令"), None);
    }
}
