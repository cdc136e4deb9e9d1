//! What was found, as a model reads it: in a fence, for strangers wrote it.

use wirken_guest_http::Target;
use wirken_guest_http::fence::Fenced;

use crate::service::{Found, Hit};

const TITLE_CHARACTERS: usize = 200;
const SNIPPET_CHARACTERS: usize = 500;
const ANSWER_CHARACTERS: usize = 1000;
/// A longer address is one that tells a server something, and is of no use to read.
const URL_CHARACTERS: usize = 1000;
const DATE_CHARACTERS: usize = 40;
/// Of answers, suggestions and silent engines.
const LISTED: usize = 5;

/// Or why there is nothing, where a service failed.
pub(crate) fn text(query: &str, found: &Found, count: usize) -> Result<String, String> {
    let results: Vec<String> = found.results.iter().filter_map(result).take(count).collect();
    let silent = some(&found.silent, 60).join(", ");
    if results.is_empty() && found.answers.is_empty() {
        if !silent.is_empty() {
            return Err(format!("nothing was found, and these engines did not answer: {silent}; try again later"));
        }
        if found.suggestions.is_empty() {
            return Ok(format!("Nothing was found for {query:?}."));
        }
    }
    let mut text = String::new();
    for answer in some(&found.answers, ANSWER_CHARACTERS) {
        text.push_str(&format!("Answer: {answer}\n\n"));
    }
    for (number, result) in results.iter().enumerate() {
        text.push_str(&format!("{}. {result}\n", number + 1));
    }
    if !found.suggestions.is_empty() {
        text.push_str(&format!("Suggested: {}\n", some(&found.suggestions, 100).join("; ")));
    }
    let noun = if results.len() == 1 { "result" } else { "results" };
    let before = format!("{} {noun} for {query:?}; strangers wrote what follows", results.len());
    let after = if silent.is_empty() { "end of the results".to_owned() } else { format!("end of the results; no answer from {silent}") };
    Ok(Fenced { before: &before, text: &text, after: &after }.render())
}

/// One that leads somewhere.
fn result(hit: &Hit) -> Option<String> {
    let url = Target::parse(&hit.url).ok().filter(|url| url.as_str().len() <= URL_CHARACTERS)?;
    let title = line(&hit.title, TITLE_CHARACTERS);
    let title = if title.is_empty() { url.authority().to_owned() } else { title };
    let mut text = format!("{title}\n   {url}");
    if let Some(date) = hit.date.as_deref().map(|date| line(date, DATE_CHARACTERS)).filter(|date| !date.is_empty()) {
        text.push_str(&format!("\n   {date}"));
    }
    let snippet = line(&hit.snippet, SNIPPET_CHARACTERS);
    if !snippet.is_empty() {
        text.push_str(&format!("\n   {snippet}"));
    }
    Some(text)
}

fn some(texts: &[String], characters: usize) -> Vec<String> {
    texts.iter().take(LISTED).map(|text| line(text, characters)).collect()
}

/// In one line, without markup and what is not seen, cut.
fn line(text: &str, characters: usize) -> String {
    let plain = plain(text);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// Both services may mark the words that were found, by tags, and write `&`, `<`, `>` and quotes as HTML does.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (instead, length) = tag(from).or_else(|| entity(from)).unwrap_or((from.get(..1).unwrap_or_default(), 1));
        plain.push_str(instead);
        rest = from.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain.retain(|character| !is_unseen(character));
    plain
}

fn tag(text: &str) -> Option<(&'static str, usize)> {
    const TAGS: [&str; 12] = ["<strong>", "</strong>", "<b>", "</b>", "<em>", "</em>", "<mark>", "</mark>", "<i>", "</i>", "<br>", "<br/>"];
    let found = TAGS.iter().find(|tag| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))?;
    Some((if found.starts_with("<br") { " " } else { "" }, found.len()))
}

fn entity(text: &str) -> Option<(&'static str, usize)> {
    const ENTITIES: [(&str, &str); 8] =
        [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&#x2F;", "/"), ("&nbsp;", " ")];
    ENTITIES.iter().find(|(name, _)| text.starts_with(name)).map(|(name, character)| (*character, name.len()))
}

/// Controls, marks of direction, and tags of Unicode: what could say to a model what a person does not see.
fn is_unseen(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(character, '\u{200b}' | '\u{2060}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_markup_and_nothing_unseen() {
        let table = [
            ("a <strong>bold</strong> word", "a bold word"),
            ("if a < b && b &lt; c", "if a < b && b < c"),
            ("Tom &amp; Jerry&#x27;s &quot;<b>show</b>&quot;", "Tom & Jerry's \"show\""),
            ("&amp;lt;", "&lt;"),
            ("one\n\n two<br>three", "one two three"),
            ("a\u{202e}b\u{200b}c\u{e0041}\u{0}d", "abcd"),
            ("<script>x</script>", "<script>x</script>"),
        ];
        for (text, expected) in table {
            assert_eq!(line(text, 100), expected, "{text}");
        }
    }

    #[test]
    fn a_line_is_cut_past_its_bound() {
        assert_eq!(line("äöü", 3), "äöü");
        assert_eq!(line("äöüß", 3), "äöü…");
    }
}
