//! Writes text and keeps track of what is marked in it. Line ends between blocks are owed until there is more text, so
//! that neither a text nor an entity ends with one.

use crate::entity::{Entity, Formatted, Kind, units};

/// How much more than its source a text may become: tables are padded. Beyond, the source itself is shown.
const GROWTH: usize = 8;
const GROWTH_BYTES: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Writer {
    written: Formatted,
    /// Of what is written.
    units: usize,
    /// Line ends that are due before more text.
    owed: usize,
    /// From the outside in.
    open: Vec<Open>,
    limit: usize,
}

#[derive(Debug)]
struct Open {
    kind: Kind,
    /// Where it began to hold text.
    begin: Option<usize>,
}

impl Writer {
    pub(super) fn new(source_bytes: usize) -> Self {
        let limit = source_bytes.saturating_mul(GROWTH).saturating_add(GROWTH_BYTES);
        Self { written: Formatted::default(), units: 0, owed: 0, open: Vec::new(), limit }
    }

    pub(super) fn overflows(&self) -> bool {
        self.written.text.len() > self.limit
    }

    pub(super) fn units(&self) -> usize {
        self.units
    }

    /// A new block begins after so many line ends, 1 or 2.
    pub(super) fn block(&mut self, line_ends: usize) {
        self.owed = self.owed.max(line_ends);
    }

    /// What follows stands on the line that was begun.
    pub(super) fn hold(&mut self) {
        self.owed = HELD;
    }

    /// What follows stands on a line of its own, even if the one that was begun is bare.
    pub(super) fn end_line(&mut self) {
        self.owed = 1;
    }

    pub(super) fn text(&mut self, text: &str) {
        if text.is_empty() || (self.written.text.is_empty() && text.trim().is_empty()) {
            return;
        }
        self.settle();
        let at = self.units;
        for open in &mut self.open {
            open.begin.get_or_insert(at);
        }
        self.push(text);
    }

    /// Text with a mark that can neither hold others nor stand in them; those that are open go on behind it.
    pub(super) fn exclusive(&mut self, kind: Kind, text: &str) {
        if text.is_empty() {
            return;
        }
        self.settle();
        let at = self.units;
        // A quote may hold anything but a quote.
        for open in &mut self.open {
            if open.kind == Kind::Blockquote {
                open.begin.get_or_insert(at);
            } else if let Some(begin) = open.begin.take() {
                mark(&mut self.written.entities, open.kind.clone(), begin, at);
            }
        }
        self.push(text);
        mark(&mut self.written.entities, kind, at, self.units);
    }

    pub(super) fn open(&mut self, kind: Kind) {
        self.open.push(Open { kind, begin: None });
    }

    /// Ends the innermost that is open of this kind. Bold in bold is one bold.
    pub(super) fn close(&mut self, kind: &Kind) {
        let Some(at) = self.open.iter().rposition(|open| open.kind == *kind) else { return };
        let outer = self.open.iter().take(at).any(|open| open.kind == *kind);
        if let Some(begin) = self.open.remove(at).begin.filter(|_| !outer) {
            mark(&mut self.written.entities, kind.clone(), begin, self.units);
        }
    }

    pub(super) fn finish(mut self) -> Formatted {
        while let Some(Open { kind, begin }) = self.open.pop() {
            if let Some(begin) = begin {
                mark(&mut self.written.entities, kind, begin, self.units);
            }
        }
        let kept = self.written.text.trim_end().len();
        self.written.text.truncate(kept);
        let end = units(&self.written.text);
        self.written.entities.retain_mut(|entity| {
            entity.length = entity.end().min(end).saturating_sub(entity.offset);
            entity.length > 0
        });
        self.written.sort();
        self.written.entities.dedup();
        self.written
    }

    fn settle(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        if owed != HELD && !self.written.text.is_empty() {
            let there = self.written.text.chars().rev().take_while(|character| *character == '\n').count();
            for _ in there..owed {
                self.push("\n");
            }
        }
    }

    fn push(&mut self, text: &str) {
        self.written.text.push_str(text);
        self.units += units(text);
    }
}

/// Stands for: the blocks that begin now begin on this line.
const HELD: usize = usize::MAX;

fn mark(entities: &mut Vec<Entity>, kind: Kind, begin: usize, end: usize) {
    if end > begin {
        entities.push(Entity { kind, offset: begin, length: end - begin });
    }
}
