//! What a reader does not see: characters without a shape, and such as turn the order of others around.
//!
//! Most of them have honest uses, each of which is told apart: flags and emoji, the scripts of India and Arabia, soft hyphens,
//! text from right to left. What is left over is decoded in the ways in which text is smuggled, and read like any other.

use crate::letters::is_dense;
use crate::types::Severity;

/// So many invisible characters in a row carry something.
const RUN: usize = 8;
/// So many marks on one letter are no accent.
const MARKS: usize = 5;
/// Kept of what is decoded, in bytes, in each of the ways.
const DECODED: usize = 64 * 1024;
/// The most that are told of one piece of text.
const MAX: usize = 16;

pub(crate) enum Seen {
    Invisible(char),
    Mark,
    Letter(char),
}

/// Something that hides, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) severity: Severity,
    pub(crate) decoded: String,
}

#[derive(Default)]
pub(crate) struct Hidden {
    pub(crate) secrets: Vec<Secret>,
    tags: Run,
    selectors: Run,
    /// One of a few characters for each bit.
    bits: Run,
    /// What is shown from right to left.
    turned: Option<Run>,
    /// Behind the black flag, tags are part of it.
    flag: bool,
    marks: usize,
    last: Option<Kind>,
}

#[derive(Default)]
struct Run {
    start: Option<u32>,
    end: u32,
    count: usize,
    text: String,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tag,
    Selector,
    Bit,
}

impl Run {
    fn push(&mut self, at: u32) {
        self.start.get_or_insert(at);
        self.end = at;
        self.count += 1;
    }

    fn byte(&mut self, byte: u8) {
        if self.bytes.len() < DECODED {
            self.bytes.push(byte);
        }
    }

    fn secret(self, severity: Severity, decoded: String) -> Option<Secret> {
        // The last one has at most four bytes.
        Some(Secret { start: self.start?, end: self.end.saturating_add(4), severity, decoded })
    }
}

impl Hidden {
    /// `last` is the letter before, as it reads.
    pub(crate) fn see(&mut self, seen: Seen, at: u32, last: char) {
        match seen {
            Seen::Mark => {
                self.marks += 1;
                if self.marks == MARKS {
                    self.tell(Some(Secret { start: at, end: at.saturating_add(2), severity: Severity::Low, decoded: String::new() }));
                }
            }
            Seen::Letter(ch) => {
                self.marks = 0;
                self.letter(ch, at);
            }
            Seen::Invisible(ch) => self.invisible(ch, at, last),
        }
    }

    fn letter(&mut self, ch: char, at: u32) {
        self.end_tags();
        self.end_bits();
        self.last = None;
        self.flag = ch == '\u{1f3f4}';
        if let Some(turned) = &mut self.turned {
            turned.push(at);
            if turned.text.len() < DECODED {
                turned.text.push(ch);
            }
            if ch == '\n' {
                self.end_turned();
            }
        }
    }

    fn invisible(&mut self, ch: char, at: u32, last: char) {
        let code = u32::from(ch);
        match code {
            0xe0000..=0xe007f => {
                self.last = Some(Kind::Tag);
                self.tags.push(at);
                if let Some(ascii) = char::from_u32(code - 0xe0000).filter(|_| self.tags.text.len() < DECODED) {
                    self.tags.text.push(ascii);
                }
            }
            0xfe00..=0xfe0f | 0xe0100..=0xe01ef => {
                // One behind a sign or an ideograph chooses how that is drawn. They are counted over the whole piece: one
                // behind each letter of an honest text carries as much as a run of them.
                let follows = self.last == Some(Kind::Selector);
                let draws = if code < 0xe0100 { !last.is_alphabetic() || is_dense(last) } else { is_dense(last) };
                if follows || !draws {
                    self.selectors.push(at);
                    let byte = if code < 0xe0100 { code - 0xfe00 } else { code - 0xe0100 + 16 };
                    self.selectors.byte(u8::try_from(byte).unwrap_or(0));
                }
                self.last = Some(Kind::Selector);
            }
            0x202d | 0x202e => {
                self.end_turned();
                let mut turned = Run::default();
                turned.push(at);
                self.turned = Some(turned);
            }
            0x202c => self.end_turned(),
            0x200b..=0x200f | 0x2060..=0x2064 | 0xfeff | 0x180e | 0x3164 | 0xffa0 | 0x115f | 0x1160 | 0x34f => {
                self.last = Some(Kind::Bit);
                self.bits.push(at);
                self.bits.text.push(ch);
                if self.bits.text.len() > DECODED {
                    self.end_bits();
                }
            }
            _ => {}
        }
    }

    pub(crate) fn end(&mut self) {
        self.end_tags();
        self.end_bits();
        self.end_selectors();
        self.end_turned();
    }

    fn end_tags(&mut self) {
        let run = std::mem::take(&mut self.tags);
        if run.count == 0 {
            return;
        }
        // A flag of a part of a country: at most six, and the sign that ends them.
        let is_flag = self.flag && run.count <= 7 && run.text.ends_with('\u{7f}');
        if !is_flag {
            let severity = if run.count >= RUN { Severity::High } else { Severity::Medium };
            let text = run.text.clone();
            self.tell(run.secret(severity, text));
        }
    }

    fn end_selectors(&mut self) {
        let run = std::mem::take(&mut self.selectors);
        let decoded = printable(&run.bytes).unwrap_or_default();
        let severity = match (run.count, decoded.len()) {
            (RUN.., RUN..) => Severity::High,
            (RUN.., _) => Severity::Medium,
            (2.., _) => Severity::Low,
            _ => return,
        };
        self.tell(run.secret(severity, decoded));
    }

    fn end_bits(&mut self) {
        let run = std::mem::take(&mut self.bits);
        if run.count < RUN {
            return;
        }
        let decoded = from_bits(&run.text).unwrap_or_default();
        let mut kinds: Vec<char> = run.text.chars().take(RUN * 8).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let severity = match (decoded.is_empty(), kinds.len()) {
            (false, _) => Severity::High,
            (true, 2..) => Severity::Medium,
            // The same one again and again says nothing.
            (true, _) => Severity::Low,
        };
        self.tell(run.secret(severity, decoded));
    }

    fn end_turned(&mut self) {
        let Some(run) = self.turned.take() else { return };
        let decoded = run.text.chars().rev().collect();
        let severity = if run.count > 1 { Severity::Medium } else { Severity::Low };
        self.tell(run.secret(severity, decoded));
    }

    fn tell(&mut self, secret: Option<Secret>) {
        if self.secrets.len() < MAX {
            self.secrets.extend(secret);
        }
    }
}

/// Bytes that are text.
pub(crate) fn printable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let strange = text.chars().filter(|ch| ch.is_control() && !matches!(ch, '\n' | '\r' | '\t')).count();
    (strange == 0 && !text.is_empty()).then(|| text.to_owned())
}

/// Text whose bits are written with two characters, the first of which stands for either.
fn from_bits(run: &str) -> Option<String> {
    let mut kinds: Vec<char> = Vec::new();
    for ch in run.chars() {
        if !kinds.contains(&ch) {
            kinds.push(ch);
        }
        if kinds.len() > 3 {
            return None;
        }
    }
    let [first, second, ..] = kinds[..] else { return None };
    [first, second].into_iter().find_map(|one| {
        let (mut bytes, mut byte, mut count) = (Vec::new(), 0_u8, 0);
        // A third character stands between two bytes, and says nothing of its own.
        for ch in run.chars().filter(|ch| *ch == first || *ch == second) {
            byte = byte << 1 | u8::from(ch == one);
            count += 1;
            if count == 8 {
                bytes.push(byte);
                (byte, count) = (0, 0);
            }
        }
        printable(&bytes).filter(|text| text.is_ascii())
    })
}

#[cfg(test)]
mod tests;
