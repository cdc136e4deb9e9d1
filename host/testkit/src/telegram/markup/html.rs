//! The HTML of the Bot API: a few tags, and four named characters.

use super::{Formatted, Output};

const TAGS: [&str; 16] =
    ["a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike", "strong", "tg-emoji", "tg-spoiler", "u"];

struct Open {
    tag: String,
    /// The one attribute that means something: an address, a language, a class.
    argument: String,
    offset: usize,
    text_at: usize,
}

/// The source, and how far it was read.
struct Reader<'a> {
    source: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn at(&self) -> usize {
        self.source.len().saturating_sub(self.rest.len())
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !wanted(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or(("", self.rest));
        self.rest = rest;
        taken
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// A character, or what an entity stands for; one that is unknown stands for itself.
    fn decoded(&mut self) -> Option<char> {
        if self.rest.starts_with('&')
            && let Some((character, length)) = entity(self.rest)
        {
            self.rest = self.rest.get(length..).unwrap_or_default();
            return Some(character);
        }
        self.next()
    }
}

/// What an entity at the beginning of a text stands for, and its bytes.
fn entity(text: &str) -> Option<(char, usize)> {
    let name_end = text.char_indices().skip(1).find(|(_, character)| !character.is_ascii_alphanumeric() && *character != '#');
    let end = name_end.map_or(text.len(), |(at, _)| at);
    let character = match text.get(1..end)? {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|character| *character != '\0')?
        }
    };
    Some((character, end.saturating_add(usize::from(text.get(end..)?.starts_with(';')))))
}

pub(super) fn parse(source: &str) -> Result<Formatted, String> {
    let mut output = Output::default();
    let mut open: Vec<Open> = Vec::new();
    let mut reader = Reader { source, rest: source };
    while !reader.rest.is_empty() {
        if !reader.rest.starts_with('<') {
            reader.decoded().into_iter().for_each(|character| output.push(character));
        } else if reader.rest.starts_with("</") {
            let ended = end_tag(&mut reader, &mut open)?;
            close(&mut output, &ended);
        } else {
            let (tag, argument) = start_tag(&mut reader)?;
            open.push(Open { tag, argument, offset: output.at, text_at: output.formatted.text.len() });
        }
    }
    match open.last() {
        Some(open) => Err(format!("Can't find end tag corresponding to start tag \"{}\"", open.tag)),
        None => {
            // A language counts only within a block.
            output.formatted.entities.iter_mut().filter(|entity| entity.kind == "code").for_each(|entity| entity.detail = None);
            Ok(output.formatted)
        }
    }
}

fn start_tag(reader: &mut Reader<'_>) -> Result<(String, String), String> {
    let begin = reader.at();
    reader.next();
    let tag = reader.take_while(|character| !character.is_whitespace() && character != '>').to_ascii_lowercase();
    if reader.rest.is_empty() {
        return Err(format!("Unclosed start tag at byte offset {begin}"));
    }
    if !TAGS.contains(&tag.as_str()) {
        return Err(format!("Unsupported start tag \"{tag}\" at byte offset {begin}"));
    }
    let mut argument = String::new();
    loop {
        reader.skip_space();
        if reader.rest.starts_with('>') {
            reader.next();
            break;
        }
        let name = reader.take_while(|character| !character.is_whitespace() && !matches!(character, '=' | '>'));
        if name.is_empty() {
            let what = if reader.rest.is_empty() { "Unclosed start tag" } else { "Empty attribute name in the tag" };
            return Err(format!("{what} \"{tag}\" at byte offset {begin}"));
        }
        reader.skip_space();
        // An attribute may stand without a value.
        let value = if reader.rest.starts_with('=') { attribute_value(reader, &tag, begin)? } else { String::new() };
        match (tag.as_str(), name.to_ascii_lowercase().as_str()) {
            ("a", "href") => argument = value,
            ("code", "class") => argument = value.strip_prefix("language-").unwrap_or_default().to_owned(),
            ("span", "class") => argument = value,
            _ => {}
        }
    }
    if tag == "span" && argument != "tg-spoiler" {
        return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
    }
    Ok((tag, argument))
}

fn attribute_value(reader: &mut Reader<'_>, tag: &str, begin: usize) -> Result<String, String> {
    reader.next();
    reader.skip_space();
    let unclosed = || format!("Unclosed start tag at byte offset {begin}");
    match reader.rest.chars().next() {
        None => Err(format!("Unclosed start tag \"{tag}\" at byte offset {begin}")),
        Some(quote @ ('"' | '\'')) => {
            reader.next();
            let mut value = String::new();
            while !reader.rest.starts_with(quote) {
                value.push(reader.decoded().ok_or_else(unclosed)?);
            }
            reader.next();
            if reader.rest.is_empty() { Err(unclosed()) } else { Ok(value) }
        }
        Some(_) => {
            let at = reader.at();
            let value = reader.take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-'));
            if !reader.rest.starts_with(|next: char| next.is_whitespace() || next == '>') {
                return Err(format!("Unexpected end of name token at byte offset {at}"));
            }
            Ok(value.to_ascii_lowercase())
        }
    }
}

fn end_tag(reader: &mut Reader<'_>, open: &mut Vec<Open>) -> Result<Open, String> {
    let begin = reader.at();
    let ended = open.pop().ok_or_else(|| format!("Unexpected end tag at byte offset {begin}"))?;
    reader.next();
    reader.next();
    let tag = reader.take_while(|character| !character.is_whitespace() && character != '>').to_ascii_lowercase();
    reader.skip_space();
    if reader.next() != Some('>') {
        return Err(format!("Unclosed end tag at byte offset {begin}"));
    }
    if !tag.is_empty() && tag != ended.tag {
        return Err(format!("Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{tag}>\"", ended.tag));
    }
    Ok(ended)
}

fn close(output: &mut Output, ended: &Open) {
    match ended.tag.as_str() {
        "a" => {
            let inside = output.formatted.text.get(ended.text_at..).unwrap_or_default().to_owned();
            let url = if ended.argument.is_empty() { &inside } else { &ended.argument };
            output.link(url, ended.offset);
        }
        // A block with one language in it is one entity.
        "pre" => {
            let at = output.at;
            let code = output.formatted.entities.pop_if(|last| last.kind == "code" && last.offset == ended.offset && last.end() == at);
            match code.and_then(|code| code.detail) {
                Some((name, language)) => output.mark("pre", ended.offset, language.as_str().map(|text| (name.as_str(), text.to_owned()))),
                None => output.mark("pre", ended.offset, None),
            }
        }
        "code" => {
            let language = Some(("language", ended.argument.clone())).filter(|(_, language)| !language.is_empty());
            output.mark("code", ended.offset, language);
        }
        // Hardly a bot may send these: people see the character within.
        "tg-emoji" => {}
        tag => output.mark(entity_of(tag), ended.offset, None),
    }
}

fn entity_of(tag: &str) -> &'static str {
    match tag {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "blockquote" => "blockquote",
        _ => "spoiler",
    }
}
