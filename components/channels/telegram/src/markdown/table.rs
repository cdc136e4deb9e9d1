//! A table as lines of one width, for a font of one width.

use std::fmt::Write as _;

/// A column is padded to at most this many characters; a longer cell stands over.
const MAX_WIDTH: usize = 40;

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    written: usize,
}

impl Table {
    pub(super) fn row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(super) fn cell(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.push(String::new());
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
            cell.extend(text.chars().map(|character| if character == '\n' { ' ' } else { character }));
            self.written += text.len();
        }
    }

    /// How much text it holds.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    pub(super) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default().min(MAX_WIDTH)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        let mut lines = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let separator = if line.is_empty() { "" } else { " │ " };
                // Writing to a string does not fail.
                let _ = write!(line, "{separator}{cell:width$}");
            }
            lines.push_str(line.trim_end_matches([' ', '│']));
            lines.push('\n');
            if number == 0 {
                let rule: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
                lines.push_str(&rule.join("─┼─"));
                lines.push('\n');
            }
        }
        lines.truncate(lines.trim_end().len());
        lines
    }
}
