//! Text in lines: headings, paragraphs, lists, tables, code and links, much as in Markdown.
//!
//! Line ends, spaces and marks are written when text follows them, so that what is empty leaves no trace.

use super::elements::Kind;

/// How deep lists and quotes are drawn. Deeper ones stand as deep.
const MAX_LEVELS: usize = 6;
/// Empty lines of a program text that are kept at once, with one more for the line's own end.
const MAX_PRE_LINES: usize = 3;
/// More text than a page that is no attack can make.
const MAX_BYTES: usize = 16 * 1024 * 1024;
const FENCE: &str = "```";

#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: String,
    /// Line ends to write before the next text: one, or two for an empty line.
    lines: usize,
    space: bool,
    /// The line has its beginning.
    begun: bool,
    /// What the next line begins with.
    marker: String,
    marks_item: bool,
    quotes: usize,
    /// Of each list, the number of its next item.
    lists: Vec<Option<u64>>,
    items: usize,
    tables: Vec<Table>,
    rows: Vec<Row>,
    cells: usize,
    link: Option<Link>,
    code: usize,
    in_code: bool,
    raised: bool,
    pre: usize,
    /// A program text has begun, and so many of its lines have ended since.
    in_pre: bool,
    pre_lines: usize,
}

#[derive(Debug, Default)]
struct Table {
    /// Not data, but a way to put things side by side.
    is_layout: bool,
    has_rows: bool,
}

#[derive(Debug)]
struct Row {
    start: usize,
    cells: usize,
    heads: usize,
    has_text: bool,
}

#[derive(Debug)]
struct Link {
    address: String,
    /// Where its text begins.
    start: Option<usize>,
}

impl Writer {
    pub(crate) fn text(&mut self, text: &str) {
        if self.pre > 0 {
            return self.preformatted(text);
        }
        for character in text.chars() {
            if character.is_whitespace() {
                self.space = true;
            } else if !is_unseen(character) {
                self.put(character);
            }
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.end_link();
        self.end_code();
        self.out
    }

    pub(crate) fn open_link(&mut self, address: String) {
        self.end_link();
        self.link = Some(Link { address, start: None });
    }

    pub(crate) fn open_numbered(&mut self, start: u64) {
        self.open_list(Some(start));
    }

    pub(crate) fn open_table(&mut self, is_layout: bool) {
        self.lines(2);
        self.tables.push(Table { is_layout, has_rows: false });
    }

    pub(crate) fn open(&mut self, kind: Kind) {
        match kind {
            Kind::Block => self.soft(1),
            Kind::Paragraph => self.soft(2),
            Kind::Heading(level) => {
                self.lines(2);
                let hashes = "#".repeat(level.into());
                self.mark(&format!("{hashes} "), self.marks_item);
            }
            Kind::Pre => {
                self.lines(2);
                self.pre += 1;
            }
            Kind::Code => self.code += 1,
            Kind::Raised => self.raised = true,
            Kind::Quoted => self.text("\""),
            Kind::List => self.open_list(None),
            Kind::Item => self.open_item(),
            Kind::Term => self.lines(1),
            Kind::Meaning => {
                self.lines(1);
                self.mark(": ", false);
            }
            Kind::Quote => {
                self.lines(2);
                self.quotes += 1;
            }
            Kind::Row => self.open_row(),
            Kind::Cell => self.open_cell(false),
            Kind::HeadCell => self.open_cell(true),
            Kind::LineEnd => self.line_end(),
            Kind::Rule => {
                self.lines(2);
                self.text("---");
                self.lines(2);
            }
            Kind::Numbered | Kind::Table | Kind::Link | Kind::Inline | Kind::Title | Kind::Void | Kind::Dropped => {}
        }
    }

    pub(crate) fn close(&mut self, kind: Kind) {
        match kind {
            Kind::Block => self.soft(1),
            Kind::Paragraph => self.soft(2),
            Kind::Heading(_) => {
                self.unmark();
                self.lines(2);
            }
            Kind::Pre => self.close_pre(),
            Kind::Code => {
                self.code = self.code.saturating_sub(1);
                if self.code == 0 {
                    self.end_code();
                }
            }
            Kind::Link => self.end_link(),
            Kind::Raised => self.raised = false,
            Kind::Quoted => {
                let space = std::mem::take(&mut self.space);
                self.text("\"");
                self.space = space;
            }
            Kind::List | Kind::Numbered => {
                self.lists.pop();
                self.lines(if self.lists.is_empty() { 2 } else { 1 });
            }
            Kind::Item => {
                self.unmark();
                self.lines(1);
                self.items = self.items.saturating_sub(1);
            }
            Kind::Term => self.lines(1),
            Kind::Meaning => {
                self.unmark();
                self.lines(1);
            }
            Kind::Quote => {
                self.lines(2);
                self.quotes = self.quotes.saturating_sub(1);
            }
            Kind::Table => {
                self.tables.pop();
                self.lines(2);
            }
            Kind::Row => self.close_row(),
            Kind::Cell | Kind::HeadCell => {
                if !self.is_layout() {
                    self.end_code();
                    self.end_link();
                    self.cells = self.cells.saturating_sub(1);
                }
            }
            Kind::LineEnd | Kind::Rule | Kind::Inline | Kind::Title | Kind::Void | Kind::Dropped => {}
        }
    }

    fn open_list(&mut self, start: Option<u64>) {
        self.lines(if self.lists.is_empty() { 2 } else { 1 });
        self.lists.push(start);
    }

    fn open_item(&mut self) {
        self.lines(1);
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => "- ".to_owned(),
        };
        self.items += 1;
        self.unmark();
        self.mark(&marker, true);
    }

    fn open_row(&mut self) {
        if self.is_layout() {
            return self.soft(1);
        }
        self.lines(1);
        self.rows.push(Row { start: self.out.len(), cells: 0, heads: 0, has_text: false });
    }

    fn open_cell(&mut self, head: bool) {
        if self.is_layout() {
            return self.soft(1);
        }
        self.space = false;
        if self.rows.last().is_none_or(|row| row.cells == 0) || self.lines > 0 {
            self.begin();
            self.push("|");
        } else {
            self.push(" |");
        }
        self.space = true;
        self.cells += 1;
        if let Some(row) = self.rows.last_mut() {
            row.cells += 1;
            row.heads += usize::from(head);
        }
    }

    fn close_row(&mut self) {
        if self.is_layout() {
            return self.soft(1);
        }
        let Some(row) = self.rows.pop() else { return };
        if !row.has_text {
            self.out.truncate(row.start);
            self.begun = false;
            self.lines = usize::from(!self.out.is_empty());
            return;
        }
        (self.lines, self.space) = (0, false);
        self.push(" |");
        let first = self.tables.last_mut().is_some_and(|table| !std::mem::replace(&mut table.has_rows, true));
        if first && row.heads == row.cells {
            self.begun = false;
            self.lines = 1;
            self.begin();
            self.push("|");
            (0..row.cells).for_each(|_| self.push(" --- |"));
        }
        if let Some(outer) = self.rows.last_mut() {
            outer.has_text = true;
        }
        self.lines(1);
    }

    fn is_layout(&self) -> bool {
        self.tables.last().is_none_or(|table| table.is_layout)
    }

    fn line_end(&mut self) {
        if self.pre > 0 {
            self.preformatted("\n");
        } else if self.cells > 0 || self.link.as_ref().is_some_and(|link| link.start.is_some()) {
            self.space = true;
        } else {
            self.lines((self.lines + 1).min(2));
        }
    }

    /// A line end that a cell of a table has no room for.
    fn soft(&mut self, lines: usize) {
        if self.cells > 0 { self.space = true } else { self.lines(lines) }
    }

    fn lines(&mut self, lines: usize) {
        self.end_code();
        // A link that spans lines ends with its first; one that has no text yet waits for it.
        if self.link.as_ref().is_some_and(|link| link.start.is_some()) {
            self.end_link();
        }
        // A cell of a table has no room for empty lines.
        self.lines = self.lines.max(if self.cells > 0 { lines.min(1) } else { lines });
        self.space = false;
    }

    fn mark(&mut self, marker: &str, item: bool) {
        if !item || !self.marks_item {
            self.marker.clear();
        }
        self.marker.push_str(marker);
        self.marks_item = item;
    }

    fn unmark(&mut self) {
        self.marker.clear();
        self.marks_item = false;
    }

    fn put(&mut self, character: char) {
        if self.lines > 0 || self.space || !self.begun {
            self.begin();
        }
        if self.raised {
            self.raised = false;
            self.push("^");
        }
        if let Some(Link { start: start @ None, .. }) = &mut self.link {
            *start = Some(self.out.len());
            self.push("[");
        }
        if self.code > 0 && !self.in_code {
            self.in_code = true;
            self.push("`");
        }
        if let Some(row) = self.rows.last_mut() {
            row.has_text = true;
        }
        self.push(character.encode_utf8(&mut [0; 4]));
    }

    /// Writes the line ends, spaces and marks that wait for text.
    fn begin(&mut self) {
        if self.lines > 0 && !self.out.is_empty() {
            (0..self.lines).for_each(|_| self.push("\n"));
            self.begun = false;
        }
        self.lines = 0;
        if self.begun {
            if self.space {
                self.push(" ");
            }
        } else {
            self.raised = false;
            self.prefix();
            let marker = std::mem::take(&mut self.marker);
            self.push(&marker);
            self.marks_item = false;
            self.begun = true;
        }
        self.space = false;
    }

    /// What every line begins with.
    fn prefix(&mut self) {
        let own = usize::from(self.marks_item && !self.marker.is_empty());
        (0..self.quotes.min(MAX_LEVELS)).for_each(|_| self.push("> "));
        (0..self.items.saturating_sub(own).min(MAX_LEVELS)).for_each(|_| self.push("  "));
    }

    fn preformatted(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '\r' => {}
                '\n' => self.pre_lines += 1,
                character if is_unseen(character) => {}
                character => {
                    self.preformatted_lines();
                    if let Some(row) = self.rows.last_mut() {
                        row.has_text = true;
                    }
                    self.push(character.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// The beginning, or the lines that ended since the last text.
    fn preformatted_lines(&mut self) {
        let lines = if self.in_pre { self.pre_lines.min(MAX_PRE_LINES) } else { 1 };
        if !self.in_pre {
            self.in_pre = true;
            (self.space, self.code) = (false, 0);
            self.begin();
            self.push(FENCE);
        } else if lines == 0 {
            return;
        }
        (0..lines).for_each(|_| self.push("\n"));
        self.prefix();
        self.pre_lines = 0;
    }

    fn close_pre(&mut self) {
        self.pre = self.pre.saturating_sub(1);
        if self.pre == 0 && self.in_pre {
            self.push("\n");
            self.prefix();
            self.push(FENCE);
            self.in_pre = false;
        }
        self.pre_lines = 0;
        self.lines(2);
    }

    fn end_code(&mut self) {
        if self.in_code {
            self.in_code = false;
            self.push("`");
        }
    }

    fn end_link(&mut self) {
        let Some(Link { address, start: Some(start) }) = self.link.take() else { return };
        if self.out.get(start + 1..) == Some(address.as_str()) {
            self.out.remove(start);
        } else {
            self.push(&format!("]({address})"));
        }
    }

    fn push(&mut self, text: &str) {
        if self.out.len() + text.len() <= MAX_BYTES {
            self.out.push_str(text);
        }
    }
}

/// What says to a model something that a person does not see: controls, marks of direction, tags and the like.
pub(crate) fn is_unseen(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || matches!(character,
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
