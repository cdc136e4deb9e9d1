//! The notes in the store: one key each, and what must hold when two calls work at once.
//!
//! A new note is one write. A new version of one is a write and then the removal of the old key: a call that is cut off
//! between the two leaves both, of which the later counts, and nothing is lost.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::key::{Key, PREFIX};
use crate::note::{MAX_NOTES, Note};
use crate::problem::Problem;

/// Of an id that this tool chooses, as hexadecimal digits.
const ID_BYTES: usize = 5;
/// How many other ids are tried where one is another note's.
const ID_ROUNDS: u8 = 8;

/// What keeps values by key, and tells the time.
pub(crate) trait Shelf {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal>;
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Refusal>;
    fn delete(&self, key: &str) -> Result<(), Refusal>;
    fn keys(&self, prefix: &str) -> Result<Vec<String>, Refusal>;
    fn now_millis(&self) -> u64;
}

/// Why the store did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// All notes there are, by their ids. A note that was replaced while somebody looked is there once.
pub(crate) struct Catalogue {
    notes: BTreeMap<String, Key>,
    /// Keys that a later version has replaced.
    stale: Vec<Key>,
}

impl Catalogue {
    pub(crate) fn load(shelf: &dyn Shelf) -> Result<Self, Problem> {
        let mut catalogue = Self { notes: BTreeMap::new(), stale: Vec::new() };
        for key in shelf.keys(PREFIX)?.iter().filter_map(|key| Key::parse(key)) {
            match catalogue.notes.get_mut(&key.id) {
                Some(known) if rank(known) >= rank(&key) => catalogue.stale.push(key),
                Some(known) => catalogue.stale.push(std::mem::replace(known, key)),
                None => {
                    catalogue.notes.insert(key.id.clone(), key);
                }
            }
        }
        Ok(catalogue)
    }

    pub(crate) fn len(&self) -> usize {
        self.notes.len()
    }

    /// The latest first.
    pub(crate) fn latest_first(&self) -> Vec<&Key> {
        let mut keys: Vec<_> = self.notes.values().collect();
        keys.sort_unstable_by(|a, b| (b.millis, &a.id).cmp(&(a.millis, &b.id)));
        keys
    }

    /// Every key of a note, those that were replaced too.
    fn keys_of(&self, id: &str) -> Vec<String> {
        self.notes.get(id).into_iter().chain(self.stale.iter().filter(|key| key.id == id)).map(Key::render).collect()
    }
}

/// Which of two versions counts: any order will do that all agree on.
fn rank(key: &Key) -> (u64, String) {
    (key.millis, key.render())
}

/// What became of a note that was saved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) id: String,
    pub(crate) replaced: bool,
    /// How many there are now.
    pub(crate) of: usize,
}

pub(crate) fn read(shelf: &dyn Shelf, key: &Key) -> Result<Option<Note>, Problem> {
    Ok(shelf.get(&key.render())?.and_then(|bytes| Note::decode(&bytes)))
}

pub(crate) fn save(shelf: &dyn Shelf, note: &Note, id: Option<&str>) -> Result<Saved, Problem> {
    let catalogue = Catalogue::load(shelf)?;
    let id = match id {
        Some(id) => id.to_owned(),
        None => free_id(shelf, &catalogue, &note.text)?,
    };
    let old = catalogue.notes.get(&id);
    if old.is_none() && catalogue.len() >= MAX_NOTES {
        return Err(Problem::Failed(format!(
            "there are {MAX_NOTES} notes, which is the most: forget one that is not needed, or replace one by its id"
        )));
    }
    // A clock that was set back must not make the old version the one that counts.
    let millis = old.map_or(0, |old| old.millis.saturating_add(1)).max(shelf.now_millis());
    let key = Key::of(&id, millis, &note.words(), &note.tags);
    shelf.set(&key.render(), &note.encode())?;
    for replaced in catalogue.keys_of(&id) {
        shelf.delete(&replaced)?;
    }
    Ok(Saved { replaced: old.is_some(), of: catalogue.len() + usize::from(old.is_none()), id })
}

/// Returns whether there was one.
pub(crate) fn forget(shelf: &dyn Shelf, id: &str) -> Result<bool, Problem> {
    let mut keys = Catalogue::load(shelf)?.keys_of(id);
    // The one that counts is the first, and goes last: what is left of a call that was cut off is still the same note.
    keys.reverse();
    for key in &keys {
        shelf.delete(key)?;
    }
    Ok(!keys.is_empty())
}

/// An id made of the text: what is saved twice is one note, and no two calls at once choose the same for two texts.
fn free_id(shelf: &dyn Shelf, catalogue: &Catalogue, text: &str) -> Result<String, Problem> {
    for round in 0..ID_ROUNDS {
        let digest = Sha256::new_with_prefix([round]).chain_update(text).finalize();
        let id: String = digest.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
        match catalogue.notes.get(&id) {
            None => return Ok(id),
            Some(key) if read(shelf, key)?.is_some_and(|note| note.text == text) => return Ok(id),
            Some(_) => {}
        }
    }
    Err(Problem::Failed("no id could be found for this note: give it one".into()))
}

#[cfg(test)]
pub(crate) mod memory {
    //! A store in memory, which counts what is asked of it and may refuse.

    use std::cell::{Cell, RefCell};

    use super::*;

    #[derive(Default)]
    pub(crate) struct Memory {
        pub(crate) values: RefCell<BTreeMap<String, Vec<u8>>>,
        pub(crate) reads: Cell<usize>,
        pub(crate) writes: Cell<usize>,
        pub(crate) now: Cell<u64>,
        /// The kind of error that the next calls of this name give.
        pub(crate) refusing: RefCell<Option<(&'static str, &'static str)>>,
    }

    impl Memory {
        fn check(&self, call: &str) -> Result<(), Refusal> {
            match *self.refusing.borrow() {
                Some((name, kind)) if name == call || name == "all" => {
                    Err(Refusal { kind: kind.to_owned(), message: "as told".to_owned() })
                }
                _ => Ok(()),
            }
        }
    }

    impl Shelf for Memory {
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
            self.check("get")?;
            self.reads.set(self.reads.get() + 1);
            Ok(self.values.borrow().get(key).cloned())
        }

        fn set(&self, key: &str, value: &[u8]) -> Result<(), Refusal> {
            self.check("set")?;
            assert!(!key.is_empty() && key.len() <= 256 && value.len() <= 1024 * 1024);
            self.writes.set(self.writes.get() + 1);
            self.values.borrow_mut().insert(key.to_owned(), value.to_vec());
            Ok(())
        }

        fn delete(&self, key: &str) -> Result<(), Refusal> {
            self.check("delete")?;
            self.writes.set(self.writes.get() + 1);
            self.values.borrow_mut().remove(key);
            Ok(())
        }

        fn keys(&self, prefix: &str) -> Result<Vec<String>, Refusal> {
            self.check("keys")?;
            Ok(self.values.borrow().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
        }

        fn now_millis(&self) -> u64 {
            self.now.set(self.now.get() + 1);
            self.now.get()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::memory::Memory;
    use super::*;

    fn note(text: &str) -> Note {
        Note::new(text, &[]).unwrap()
    }

    fn texts(shelf: &dyn Shelf) -> Vec<String> {
        let catalogue = Catalogue::load(shelf).unwrap();
        catalogue.latest_first().into_iter().map(|key| read(shelf, key).unwrap().unwrap().text).collect()
    }

    #[test]
    fn a_note_is_one_write() {
        let shelf = Memory::default();
        let saved = save(&shelf, &note("one"), None).unwrap();
        assert_eq!((saved.replaced, saved.of, shelf.writes.get(), shelf.reads.get()), (false, 1, 1, 0));
        // The same text is the same note.
        assert_eq!(save(&shelf, &note("one"), None).unwrap(), Saved { id: saved.id, replaced: true, of: 1 });
        assert_eq!(save(&shelf, &note("two"), Some("mine")).unwrap(), Saved { id: "mine".into(), replaced: false, of: 2 });
        assert_eq!(texts(&shelf), ["two", "one"]);
        assert!(forget(&shelf, "mine").unwrap() && !forget(&shelf, "mine").unwrap());
        assert_eq!(texts(&shelf), ["one"]);
    }

    #[test]
    fn two_calls_at_once_lose_nothing() {
        // Both looked before either wrote.
        let (first, second) = (Memory::default(), Memory::default());
        save(&first, &note("one"), None).unwrap();
        save(&second, &note("two"), None).unwrap();
        let both = Memory::default();
        both.values.borrow_mut().extend(first.values.take());
        both.values.borrow_mut().extend(second.values.take());
        let mut found = texts(&both);
        found.sort_unstable();
        assert_eq!(found, ["one", "two"]);
    }

    #[test]
    fn a_call_that_is_cut_off_leaves_the_new_version() {
        let shelf = Memory::default();
        save(&shelf, &note("old"), Some("a")).unwrap();
        // A clock that was set back.
        shelf.now.set(0);
        shelf.refusing.replace(Some(("delete", "unavailable")));
        assert!(save(&shelf, &note("new"), Some("a")).is_err());
        shelf.refusing.replace(None);
        assert_eq!(shelf.values.borrow().len(), 2);
        assert_eq!(texts(&shelf), ["new"]);
        // The next one that touches it tidies up.
        save(&shelf, &note("newer"), Some("a")).unwrap();
        assert_eq!((shelf.values.borrow().len(), texts(&shelf)), (1, vec!["newer".to_owned()]));
    }

    #[test]
    fn forgetting_takes_every_version() {
        let shelf = Memory::default();
        for millis in [5, 7, 6] {
            let key = Key::of("a", millis, &[], &[]).render();
            shelf.values.borrow_mut().insert(key, note(&millis.to_string()).encode());
        }
        assert_eq!(texts(&shelf), ["7"]);
        assert!(forget(&shelf, "a").unwrap());
        assert!(shelf.values.borrow().is_empty());
    }

    #[test]
    fn an_id_of_another_note_is_not_taken() {
        let shelf = Memory::default();
        let id = save(&shelf, &note("one"), None).unwrap().id;
        save(&shelf, &note("edited since"), Some(&id)).unwrap();
        let other = save(&shelf, &note("one"), None).unwrap();
        assert!(other.id != id && !other.replaced);
        let mut found = texts(&shelf);
        found.sort_unstable();
        assert_eq!(found, ["edited since", "one"]);
    }

    #[test]
    fn there_are_so_many_notes_and_no_more() {
        let shelf = Memory::default();
        for number in 0..MAX_NOTES {
            let key = Key::of(&format!("n{number}"), 1, &[], &[]);
            shelf.values.borrow_mut().insert(key.render(), note("x").encode());
        }
        let full = save(&shelf, &note("one more"), None).unwrap_err().to_string();
        assert!(full.contains("2000 notes") && full.contains("forget"), "{full}");
        assert_eq!(shelf.values.borrow().len(), MAX_NOTES);
        assert_eq!(save(&shelf, &note("instead"), Some("n7")).unwrap(), Saved { id: "n7".into(), replaced: true, of: MAX_NOTES });
        forget(&shelf, "n8").unwrap();
        assert_eq!(save(&shelf, &note("one more"), None).unwrap().of, MAX_NOTES);
    }

    #[test]
    fn a_refusal_is_told_and_loses_nothing() {
        let shelf = Memory::default();
        save(&shelf, &note("kept"), Some("a")).unwrap();
        shelf.refusing.replace(Some(("set", "limit")));
        let full = save(&shelf, &note("new"), Some("a")).unwrap_err();
        assert!(matches!(&full, Problem::Failed(text) if text.contains("no room") && text.contains("forget")), "{full}");
        shelf.refusing.replace(Some(("all", "denied")));
        assert!(matches!(save(&shelf, &note("new"), None), Err(Problem::Denied(text)) if text.contains("no notes")));
        shelf.refusing.replace(None);
        assert_eq!(texts(&shelf), ["kept"]);
    }

    #[test]
    fn what_is_not_a_note_is_left_alone() {
        let shelf = Memory::default();
        shelf.values.borrow_mut().insert("n1/strange".into(), b"x".to_vec());
        shelf.values.borrow_mut().insert("other".into(), b"y".to_vec());
        save(&shelf, &note("one"), None).unwrap();
        assert_eq!((texts(&shelf), shelf.values.borrow().len()), (vec!["one".to_owned()], 3));
    }
}
