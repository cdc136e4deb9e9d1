//! The elements that are open, and whether what comes next is seen.
//!
//! Every question is answered without a walk through the stack: for each name, and for what bounds a search, the places of
//! those that are open are kept apart.

use std::collections::BTreeMap;

use super::elements::{self, Kind};
use super::style::Look;

/// More names than that are taken for one: no page has as many.
const MAX_NAMES: usize = 10_000;

/// How far an end tag is looked for among what lingers.
const RECENT: usize = 16;

const SHOWN: u8 = 1;
const GONE: u8 = 2;
/// It is what hides: around it one would see.
const HIDES: u8 = 4;
const SPECIAL: u8 = 8;
const BOUNDARY: u8 = 16;
const MARKER: u8 = 32;
const FORMATTING: u8 = 64;
const LOOKS: u8 = 128;

#[derive(Clone, Copy, Debug)]
struct Element {
    name: u32,
    kind: Kind,
    flags: u8,
}

/// What is to be opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(crate) kind: Kind,
    /// All of it is hidden.
    pub(crate) gone: bool,
    pub(crate) look: Look,
}

#[derive(Debug, Default)]
pub(crate) struct Open {
    elements: Vec<Element>,
    names: BTreeMap<String, u32>,
    /// By name, the places of those that are open.
    places: Vec<Vec<usize>>,
    specials: Vec<usize>,
    boundaries: Vec<usize>,
    /// How many are gone.
    gone: usize,
    /// The looks that differ from those around them.
    looks: Vec<Look>,
    /// Formatting that hides and was closed without its end tag: it goes on until that comes.
    lingering: Vec<u32>,
    /// How many of these there were where a marker was opened.
    markers: Vec<usize>,
    root: Look,
}

impl Open {
    pub(crate) fn is_hidden(&self) -> bool {
        self.gone > 0 || !self.lingering.is_empty() || self.look().hides()
    }

    pub(crate) fn look(&self) -> Look {
        self.looks.last().copied().unwrap_or(self.root)
    }

    /// What the page as a whole looks like. That it hides is not taken from it: scripts show such pages.
    pub(crate) fn set_root(&mut self, look: Look) {
        if !look.hides() {
            self.root = look;
        }
    }

    /// The place of the innermost open one of a name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(usize::try_from(*self.names.get(name)?).ok()?)?.last().copied()
    }

    /// The innermost of several names.
    pub(crate) fn place_of_any(&self, names: &[&str]) -> Option<usize> {
        names.iter().filter_map(|name| self.place(name)).max()
    }

    pub(crate) fn last_special(&self) -> Option<usize> {
        self.specials.last().copied()
    }

    pub(crate) fn last_boundary(&self) -> Option<usize> {
        self.boundaries.last().copied()
    }

    pub(crate) fn top(&self) -> Option<Kind> {
        self.elements.last().map(|element| element.kind)
    }

    pub(crate) fn len(&self) -> usize {
        self.elements.len()
    }

    /// Returns whether it is seen.
    pub(crate) fn push(&mut self, name: &str, opening: Opening) -> bool {
        let around = self.look();
        let place = self.elements.len();
        let id = self.id(name);
        let mut flags = 0;
        let mut set = |flag: u8, is: bool| flags |= if is { flag } else { 0 };
        set(GONE, opening.gone);
        set(HIDES, opening.gone || opening.look.hides() && !around.hides());
        set(SPECIAL, elements::is_special(name));
        set(BOUNDARY, elements::is_boundary(name));
        set(MARKER, elements::is_marker(name));
        set(FORMATTING, elements::is_formatting(name));
        set(LOOKS, opening.look != around);
        self.gone += usize::from(opening.gone);
        if flags & SPECIAL != 0 {
            self.specials.push(place);
        }
        if flags & BOUNDARY != 0 {
            self.boundaries.push(place);
        }
        if flags & MARKER != 0 {
            self.markers.push(self.lingering.len());
        }
        if flags & LOOKS != 0 {
            self.looks.push(opening.look);
        }
        if let Some(places) = usize::try_from(id).ok().and_then(|id| self.places.get_mut(id)) {
            places.push(place);
        }
        let shown = !self.is_hidden();
        self.elements.push(Element { name: id, kind: opening.kind, flags: flags | if shown { SHOWN } else { 0 } });
        shown
    }

    /// Closes all from a place on, the innermost first. The one at the place itself is closed by its end tag, or by what
    /// stands for one.
    pub(crate) fn close_from(&mut self, place: usize, closed: &mut dyn FnMut(Kind)) {
        while self.elements.len() > place {
            let Some(element) = self.elements.pop() else { return };
            let is = |flag: u8| element.flags & flag != 0;
            self.gone -= usize::from(is(GONE));
            if is(SPECIAL) {
                self.specials.pop();
            }
            if is(BOUNDARY) {
                self.boundaries.pop();
            }
            if is(LOOKS) {
                self.looks.pop();
            }
            if let Some(places) = usize::try_from(element.name).ok().and_then(|id| self.places.get_mut(id)) {
                places.pop();
            }
            if is(MARKER) {
                let before = self.markers.pop().unwrap_or(0);
                self.lingering.truncate(before);
            }
            if is(FORMATTING) && is(HIDES) && self.elements.len() > place {
                self.lingering.push(element.name);
            }
            if is(SHOWN) {
                closed(element.kind);
            }
        }
    }

    /// The end tag of formatting that is open outside of the block where it comes: the block stays, and what follows is
    /// no longer formatted. Returns whether there was something that is shown.
    pub(crate) fn end_formatting(&mut self, name: &str, place: Option<usize>) -> bool {
        if let Some(element) = place.and_then(|place| self.elements.get_mut(place)) {
            if element.flags & FORMATTING == 0 {
                return false;
            }
            let shown = element.flags & SHOWN != 0;
            self.gone -= usize::from(element.flags & GONE != 0);
            element.flags &= !(GONE | HIDES | SHOWN);
            return shown;
        }
        if let Some(id) = self.names.get(name) {
            let recent = self.lingering.len().saturating_sub(RECENT);
            let found = self.lingering.iter().skip(recent).rposition(|lingering| lingering == id);
            if let Some(at) = found {
                self.lingering.remove(recent + at);
            }
        }
        false
    }

    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let name = if self.names.len() < MAX_NAMES { name } else { "" };
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Vec::new());
        self.names.insert(name.to_owned(), id);
        id
    }
}
