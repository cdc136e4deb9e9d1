//! Parts of a text that say how the words in them are meant: quoted, written as code, or not shown at all.

use crate::fold::Letter;

/// What is longer is no quotation of a phrase. In letters.
const MAX_QUOTE: usize = 300;
/// A tag is not longer.
const MAX_TAG: usize = 600;
/// What a tag hides ends with it, or after so many letters.
const MAX_UNSEEN: usize = 8_000;

/// Styles that hide, as a tag has them without spaces.
const HIDING: [&str; 12] = [
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "font-size:1px",
    "opacity:0;",
    "opacity:0\"",
    "color:white",
    "color:#fff",
    "color:transparent",
    "text-indent:-",
    "left:-9",
    "height:0",
];

/// From a letter to the one behind the last, by number, in order and apart from each other.
type Spans = Vec<(u32, u32)>;

#[derive(Debug, Default)]
pub(crate) struct Regions {
    quoted: Spans,
    code: Spans,
    unseen: Spans,
    pub(crate) work: u64,
}

impl Regions {
    /// Whether the whole of a span is a quotation or code.
    pub(crate) fn is_quoted(&self, first: u32, end: u32) -> bool {
        holds(&self.quoted, first, end) || holds(&self.code, first, end)
    }

    /// Whether a page does not show it.
    pub(crate) fn is_unseen(&self, first: u32, end: u32) -> bool {
        holds(&self.unseen, first, end)
    }
}

fn holds(spans: &Spans, first: u32, end: u32) -> bool {
    let at = spans.partition_point(|(begin, _)| *begin <= first);
    at.checked_sub(1).and_then(|at| spans.get(at)).is_some_and(|(begin, close)| *begin <= first && end <= *close)
}

pub(crate) fn regions(letters: &[Letter]) -> Regions {
    let mut reader = Reader { letters, regions: Regions::default(), quote: None, fence: None, tick: None, comment: None, tag: None };
    for at in 0..letters.len() {
        reader.regions.work += 3;
        reader.quotes(at);
        reader.code(at);
        reader.markup(at);
    }
    let end = letters.len();
    // What is not closed hides all the rest.
    for (open, spans) in [(reader.comment, 0), (reader.tag, 0), (reader.fence, 1)] {
        if let Some(open) = open {
            let spans = if spans == 0 { &mut reader.regions.unseen } else { &mut reader.regions.code };
            close(spans, open, end);
        }
    }
    reader.regions.unseen.sort_unstable();
    reader.regions
}

struct Reader<'a> {
    letters: &'a [Letter],
    regions: Regions,
    quote: Option<(usize, char)>,
    fence: Option<usize>,
    tick: Option<usize>,
    comment: Option<usize>,
    tag: Option<usize>,
}

impl Reader<'_> {
    fn ch(&self, at: usize) -> char {
        self.letters.get(at).map_or('\0', |letter| letter.ch)
    }

    fn before(&self, at: usize) -> char {
        at.checked_sub(1).map_or('\0', |at| self.ch(at))
    }

    fn begins(&self, at: usize, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, ch)| self.ch(at + offset) == ch)
    }

    fn quotes(&mut self, at: usize) {
        let ch = self.ch(at);
        if let Some((open, closing)) = self.quote {
            let paragraph = ch == '\n' && self.ch(at + 1) == '\n';
            let closes = ch == closing && (ch != '\'' || !self.ch(at + 1).is_alphanumeric());
            if closes {
                close(&mut self.regions.quoted, open, at + 1);
            }
            if closes || paragraph || at - open > MAX_QUOTE {
                self.quote = None;
            }
            return;
        }
        let closing = match ch {
            '"' => '"',
            '\'' if !self.before(at).is_alphanumeric() && self.ch(at + 1).is_alphanumeric() => '\'',
            // German opens with what English opens with, and closes with what English opens with.
            '„' if self.closes_with(at, '“') => '“',
            '„' => '”',
            '“' => '”',
            '«' => '»',
            '»' => '«',
            '「' => '」',
            '『' => '』',
            '《' => '》',
            _ => return,
        };
        self.quote = Some((at, closing));
    }

    fn closes_with(&mut self, at: usize, closing: char) -> bool {
        self.regions.work += MAX_QUOTE as u64;
        self.letters.iter().skip(at).take(MAX_QUOTE).find(|letter| matches!(letter.ch, '“' | '”')).is_some_and(|found| found.ch == closing)
    }

    fn code(&mut self, at: usize) {
        if self.ch(at) == '\n' {
            self.tick = None;
        }
        if self.ch(at) != '`' || self.before(at) == '`' {
            return;
        }
        if self.begins(at, "```") {
            match self.fence.take() {
                Some(open) => close(&mut self.regions.code, open, at + 3),
                None => self.fence = Some(at),
            }
        } else if self.fence.is_none() {
            match self.tick.take() {
                Some(open) => close(&mut self.regions.code, open, at + 1),
                None => self.tick = Some(at),
            }
        }
    }

    fn markup(&mut self, at: usize) {
        let ch = self.ch(at);
        if let Some(open) = self.comment {
            if ch == '>' && self.before(at) == '-' {
                close(&mut self.regions.unseen, open, at + 1);
                self.comment = None;
            }
            return;
        }
        if let Some(open) = self.tag.filter(|open| at > *open && (self.begins(at, "</") || at - open > MAX_UNSEEN)) {
            close(&mut self.regions.unseen, open, at);
            self.tag = None;
        }
        if ch == '<' && self.begins(at, "<!--") {
            self.comment = Some(at);
        } else if ch == '[' && self.begins(at, "[//]:") {
            let length = self.letters.iter().skip(at).take(MAX_UNSEEN).take_while(|letter| letter.ch != '\n').count();
            close(&mut self.regions.unseen, at, at + length);
        } else if ch == '<' && self.ch(at + 1).is_ascii_alphabetic() && self.tag.is_none() {
            self.tag = self.hiding(at);
        }
    }

    /// Where a tag that hides what it holds ends.
    fn hiding(&mut self, at: usize) -> Option<usize> {
        let mut tag = String::new();
        let mut end = at + 1;
        // Up to the next tag, so that all tags together are read once.
        while !matches!(self.ch(end), '>' | '<' | '\0') {
            let ch = self.ch(end);
            if !ch.is_whitespace() {
                tag.push(ch);
            } else if !tag.ends_with(' ') && self.ch(end + 1).is_alphabetic() && self.begins(end + 1, "hidden") {
                tag.push_str(" hidden");
            }
            end += 1;
            self.regions.work += 1;
            if end - at > MAX_TAG {
                return None;
            }
        }
        let hides = tag.contains(" hidden") || HIDING.iter().any(|style| tag.contains(style)) || tag.starts_with("template");
        (hides && self.ch(end) == '>').then_some(end)
    }
}

fn close(spans: &mut Spans, open: usize, end: usize) {
    let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
    spans.push((number(open), number(end)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn span(text: &str, part: &str) -> (Regions, u32, u32) {
        let letters = fold(text, 0).0;
        let reads: String = letters.iter().map(|letter| letter.ch).collect();
        let first = u32::try_from(reads[..reads.find(part).unwrap()].chars().count()).unwrap();
        (regions(&letters), first, first + u32::try_from(part.chars().count()).unwrap())
    }

    #[test]
    fn knows_what_is_quoted() {
        for text in [
            "a \"x y\" b",
            "a 'x y' b",
            "a “x y” b",
            "a „x y“ b",
            "a „x y” b",
            "a «x y» b",
            "a 「x y」 b",
            "a `x y` b",
            "```\nx y\n```",
            "```\nx y",
        ] {
            let (regions, first, end) = span(text, "x y");
            assert!(regions.is_quoted(first, end), "{text}");
        }
        for text in ["a \" b \n\n x y\"", "it's x y don't", "a x y \"b\"", "\"a\" x y \"b\"", "a `b\n x y` c"] {
            let (regions, first, end) = span(text, "x y");
            assert!(!regions.is_quoted(first, end), "{text}");
        }
    }

    #[test]
    fn a_quotation_has_an_end() {
        for (length, quoted) in [(MAX_QUOTE - 6, true), (MAX_QUOTE + 6, false)] {
            let (regions, first, end) = span(&format!("\"x y {}\"", "z".repeat(length)), "x y");
            assert_eq!(regions.is_quoted(first, end), quoted);
        }
    }

    #[test]
    fn knows_what_is_not_shown() {
        for text in [
            "a <!-- x y --> b",
            "a <!-- x y",
            "<div style=\"display: none\">x y</div>",
            "<p hidden>x y</p>",
            "<span style='color:#fff'>x y</span>",
            "[//]: # (x y)\nb",
            "<template>x y</template>",
        ] {
            let (regions, first, end) = span(text, "x y");
            assert!(regions.is_unseen(first, end), "{text}");
        }
        for text in ["<!-- a --> x y", "<div style=\"display: none\">a</div> x y", "<p>x y</p>", "<p style=\"display:block\">x y</p>"] {
            let (regions, first, end) = span(text, "x y");
            assert!(!regions.is_unseen(first, end), "{text}");
        }
    }
}
