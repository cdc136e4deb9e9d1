//! MarkdownV2, and the Markdown that came before it.

use super::{Formatted, Output, after};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Code,
    Pre,
    PreCode,
    TextUrl,
    BlockQuote,
}

impl Kind {
    /// As entities call it; the name of the variant is what errors call it.
    fn entity(self) -> &'static str {
        match self {
            Self::Bold => "bold",
            Self::Italic => "italic",
            Self::Underline => "underline",
            Self::Strikethrough => "strikethrough",
            Self::Spoiler => "spoiler",
            Self::Code => "code",
            Self::Pre | Self::PreCode => "pre",
            Self::TextUrl => "text_link",
            Self::BlockQuote => "blockquote",
        }
    }

    /// What ends it, if it stands at the beginning of this.
    fn end(self, rest: &str) -> Option<usize> {
        let ends = match self {
            Self::Bold => rest.starts_with('*'),
            Self::Italic => rest.starts_with('_') && !rest.starts_with("__"),
            Self::Underline => rest.starts_with("__"),
            Self::Strikethrough => rest.starts_with('~'),
            Self::Spoiler => rest.starts_with("||"),
            Self::Code => rest.starts_with('`'),
            Self::Pre | Self::PreCode => rest.starts_with("```"),
            Self::TextUrl => rest.starts_with(']'),
            Self::BlockQuote => false,
        };
        let length = match self {
            Self::Underline | Self::Spoiler => 2,
            Self::Pre | Self::PreCode => 3,
            _ => 1,
        };
        ends.then_some(length)
    }
}

struct Open {
    kind: Kind,
    language: String,
    /// Where its text begins: in UTF-16, and in the text.
    offset: usize,
    text_at: usize,
    /// Where its markup begins in what was sent.
    byte: usize,
}

pub(super) fn parse(source: &str) -> Result<Formatted, String> {
    let mut output = Output::default();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = source;
    let mut line_begins = true;
    while let Some(character) = rest.chars().next() {
        let byte = source.len().saturating_sub(rest.len());
        let at_line_begin = std::mem::replace(&mut line_begins, false);
        if character == '\\'
            && let Some(escaped) = after(rest, 1).chars().next().filter(|next| (1..=126).contains(&u32::from(*next)))
        {
            output.push(escaped);
            rest = after(rest, 2);
            continue;
        }
        let verbatim = open.last().is_some_and(|open| matches!(open.kind, Kind::Code | Kind::Pre | Kind::PreCode));
        let reserved = if verbatim { "`" } else { "_*[]()~`>#+-=|{}.!\n" };
        if !reserved.contains(character) {
            output.push(character);
            rest = after(rest, 1);
            continue;
        }
        if character == '\n' {
            output.push('\n');
            rest = after(rest, 1);
            line_begins = true;
            let quoted = open.iter().any(|open| open.kind == Kind::BlockQuote);
            if quoted && !rest.starts_with('>') {
                close_quote(&mut output, &mut open)?;
            }
            continue;
        }
        if character == '>' && at_line_begin {
            rest = after(rest, 1);
            if !open.iter().any(|open| open.kind == Kind::BlockQuote) {
                open.push(Open::new(Kind::BlockQuote, byte, &output));
            }
            continue;
        }
        if let Some(length) = open.last().and_then(|open| open.kind.end(rest)) {
            rest = after(rest, length);
            if let Some(ended) = open.pop() {
                rest = close(&mut output, &ended, source, rest)?;
            }
            continue;
        }
        let (begun, length) = begin(rest, character, byte, &output)?;
        open.push(begun);
        rest = after(rest, length);
    }
    if open.last().is_some_and(|open| open.kind == Kind::BlockQuote) {
        close_quote(&mut output, &mut open)?;
    }
    match open.last() {
        Some(open) => Err(open.unfinished()),
        None => Ok(output.formatted),
    }
}

impl Open {
    fn new(kind: Kind, byte: usize, output: &Output) -> Self {
        Self { kind, language: String::new(), offset: output.at, text_at: output.formatted.text.len(), byte }
    }

    fn unfinished(&self) -> String {
        format!("Can't find end of {:?} entity at byte offset {}", self.kind, self.byte)
    }
}

/// What begins here, and how many characters its markup has.
fn begin(rest: &str, character: char, byte: usize, output: &Output) -> Result<(Open, usize), String> {
    let (kind, length) = match character {
        '_' if rest.starts_with("__") => (Kind::Underline, 2),
        '_' => (Kind::Italic, 1),
        '*' => (Kind::Bold, 1),
        '~' => (Kind::Strikethrough, 1),
        '|' if rest.starts_with("||") => (Kind::Spoiler, 2),
        '[' => (Kind::TextUrl, 1),
        '`' if rest.starts_with("```") => {
            let (language, length) = code_head(after(rest, 3));
            let kind = if language.is_empty() { Kind::Pre } else { Kind::PreCode };
            let open = Open { language: language.to_owned(), ..Open::new(kind, byte, output) };
            return Ok((open, length.saturating_add(3)));
        }
        '`' => (Kind::Code, 1),
        _ => return Err(format!("Character '{character}' is reserved and must be escaped with the preceding '\\'")),
    };
    Ok((Open::new(kind, byte, output), length))
}

/// The language of a block of code, and the characters before its first line.
fn code_head(rest: &str) -> (&str, usize) {
    let end = rest.find(|character: char| character.is_whitespace() || character == '`').unwrap_or(rest.len());
    let (word, tail) = rest.split_at_checked(end).unwrap_or(("", rest));
    let (language, tail) = if tail.is_empty() || tail.starts_with('`') { ("", rest) } else { (word, tail) };
    let newline = if tail.starts_with("\r\n") || tail.starts_with("\n\r") { 2 } else { usize::from(tail.starts_with(['\n', '\r'])) };
    (language, language.chars().count().saturating_add(newline))
}

/// Marks what ended, and gives the rest: a link goes on with its address.
fn close<'a>(output: &mut Output, ended: &Open, source: &str, rest: &'a str) -> Result<&'a str, String> {
    if ended.kind != Kind::TextUrl {
        let language = Some(("language", ended.language.clone())).filter(|(_, language)| !language.is_empty());
        output.mark(ended.kind.entity(), ended.offset, language);
        return Ok(rest);
    }
    let Some(mut inside) = rest.strip_prefix('(') else {
        let url = output.formatted.text.get(ended.text_at..).unwrap_or_default().to_owned();
        output.link(&url, ended.offset);
        return Ok(rest);
    };
    let begin = source.len().saturating_sub(inside.len());
    let mut url = String::new();
    loop {
        let mut characters = inside.chars();
        match characters.next() {
            None => return Err(format!("Can't find end of a URL at byte offset {begin}")),
            Some(')') => {
                output.link(&url, ended.offset);
                return Ok(characters.as_str());
            }
            Some('\\') => url.extend(characters.next()),
            Some(character) => url.push(character),
        }
        inside = characters.as_str();
    }
}

/// A quote ends with its last line, and nothing that began in it goes on.
fn close_quote(output: &mut Output, open: &mut Vec<Open>) -> Result<(), String> {
    match open.pop() {
        Some(quote) if quote.kind == Kind::BlockQuote => {
            let newline = usize::from(output.formatted.text.ends_with('\n'));
            output.at = output.at.saturating_sub(newline);
            output.mark("blockquote", quote.offset, None);
            output.at = output.at.saturating_add(newline);
            Ok(())
        }
        Some(other) => Err(other.unfinished()),
        None => Ok(()),
    }
}

/// The old Markdown: nothing nests, and little is escaped.
pub(super) fn parse_legacy(source: &str) -> Result<Formatted, String> {
    let mut output = Output::default();
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        let byte = source.len().saturating_sub(rest.len());
        let unfinished = || format!("Can't find end of the entity starting at byte offset {byte}");
        let next = after(rest, 1);
        if character == '\\' && next.starts_with(['_', '*', '`', '[']) {
            next.chars().take(1).for_each(|escaped| output.push(escaped));
            rest = after(rest, 2);
            continue;
        }
        let (kind, end, inside, language) = match character {
            '_' => ("italic", "_", next, ""),
            '*' => ("bold", "*", next, ""),
            '[' => ("text_link", "]", next, ""),
            '`' if rest.starts_with("```") => {
                let body = after(rest, 3);
                let (language, head) = code_head(body);
                ("pre", "```", after(body, head), language)
            }
            '`' => ("code", "`", next, ""),
            _ => {
                output.push(character);
                rest = next;
                continue;
            }
        };
        let offset = output.at;
        let (text, tail) = inside.split_once(end).ok_or_else(unfinished)?;
        text.chars().for_each(|character| output.push(character));
        rest = tail;
        if character == '[' {
            let (url, tail) = tail.strip_prefix('(').and_then(|inside| inside.split_once(')')).unwrap_or((text, tail));
            output.link(url, offset);
            rest = tail;
        } else {
            output.mark(kind, offset, Some(("language", language.to_owned())).filter(|_| !language.is_empty()));
        }
    }
    Ok(output.formatted)
}
