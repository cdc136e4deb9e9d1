//! What a person or a program reads: text or JSON on stdout, remarks and errors on stderr.

use std::fmt::{self, Display};
use std::io::{self, Write};

use serde::Serialize;
use wirken_types::Timestamp;

/// How a command reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// A report in the format that was asked for.
pub(crate) fn report<T: Serialize>(format: Format, value: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
    match format {
        Format::Json => line(&serde_json::to_string_pretty(value)?),
        Format::Text => line(text(value).trim_end()),
    }
}

/// One piece of data on stdout.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// A piece of a stream on stdout, shown at once.
pub(crate) fn piece(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{text}")?;
    Ok(out.flush()?)
}

/// A remark on stderr.
pub(crate) fn note(text: impl Display) {
    // Without a stderr there is nobody to tell.
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// A piece of a stream on stderr, shown at once.
pub(crate) fn remark(text: impl Display) {
    let mut err = io::stderr().lock();
    // As with a note.
    write!(err, "{text}").and_then(|()| err.flush()).ok();
}

pub(crate) fn error(error: &anyhow::Error) {
    // It may repeat what an endpoint or a component said.
    note(format_args!("wirken: {}", Safe(&format!("{error:#}"))));
}

/// Whoever read the output has gone: that is an end, not an error.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

/// A time as people read it, in this machine's zone.
pub(crate) fn time(at: Timestamp) -> String {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => at.0.to_string(),
    }
}

/// Columns as wide as their widest cell; the last is not padded.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    for row in std::iter::once(&head).chain(rows) {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Whether a character turns the direction of text around, and with it what a line seems to say.
fn steers(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of other people's making on one line of a terminal, without control characters.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line: String = text.chars().filter(|c| !steers(*c)).map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    line
}

/// Model-written text for a terminal: line breaks and tabs pass, escape sequences do not.
pub(crate) struct Safe<'a>(pub(crate) &'a str);

impl Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.0.chars() {
            if (!c.is_control() && !steers(c)) || c == '\n' || c == '\t' {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_text_cannot_steer_a_terminal() {
        assert_eq!(Safe("a\u{1b}[31mb\r\n\tc\u{9b}2J\u{7}").to_string(), "a[31mb\n\tc2J");
        assert_eq!(one_line("a\nb\u{1b}c", 10), "a b c");
        assert_eq!(one_line("äöü", 2), "äö…");
        assert_eq!(one_line("a\u{202e}b\u{2066}c", 10), "abc");
        assert_eq!(Safe("a\u{202e}b\u{200f}c").to_string(), "abc");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a".to_owned(), "längst".to_owned(), "x".to_owned()]];
        assert_eq!(table(&["one", "two", "three"], &rows), "one  two     three\na    längst  x\n");
    }
}
