//! Where a link may go, and which words of a text are web addresses.

use url::Url;

/// Characters of the longest address that is found in a text.
const ADDRESS_CHARS: usize = 2048;

/// Characters that end a sentence rather than an address.
const TRAILING: &[char] = &['.', ',', ';', ':', '!', '?', '\'', '"', ')', ']', '}', '*', '_', '~'];

/// The address in its normal form, if a person may be led there: nothing that runs, embeds or reads local data, and no
/// user name, whose only use in a link is to look like another host.
pub(super) fn allowed(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => Some(url.into()),
        "mailto" => Some(url.into()),
        _ => None,
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Link { shown: &'a str, href: String },
}

/// The text in pieces; together they are the text.
pub(super) fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut plain = 0;
    while let Some((before, from_scheme)) = scheme(rest, plain).and_then(|at| rest.split_at_checked(at)) {
        let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '`' | '|');
        let end: usize = from_scheme.chars().take(ADDRESS_CHARS).take_while(|c| !ends(*c)).map(char::len_utf8).sum();
        #[cfg(test)]
        tests::LOOKED_AT.set(tests::LOOKED_AT.get() + end);
        let word = trimmed(from_scheme.get(..end).unwrap_or_default());
        let starts_a_word = !before.ends_with(|c: char| c.is_alphanumeric());
        match allowed(word).filter(|_| starts_a_word) {
            Some(href) => {
                if !before.is_empty() {
                    pieces.push(Piece::Text(before));
                }
                pieces.push(Piece::Link { shown: word, href });
                rest = from_scheme.get(word.len()..).unwrap_or_default();
                plain = 0;
            }
            // No address begins within a word.
            None => plain = before.len() + end,
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Where the next address may begin, from here on.
fn scheme(text: &str, from: usize) -> Option<usize> {
    let tail = text.get(from..)?;
    let begins = |at: &usize| tail.get(*at..).is_some_and(|tail| tail.starts_with("http://") || tail.starts_with("https://"));
    tail.match_indices("http").map(|(at, _)| at).find(begins).map(|at| from + at)
}

/// Without what ends the sentence around it; a bracket stays where its partner is within.
fn trimmed(word: &str) -> &str {
    let count = |bracket: char| word.matches(bracket).count();
    // Only closing ones are dropped below: what opens stays as it is counted here.
    let (round, square) = (count('('), count('['));
    let (mut rounds, mut squares) = (count(')'), count(']'));
    let mut word = word;
    while let Some(last) = word.chars().next_back() {
        match last {
            ')' if rounds <= round => break,
            ']' if squares <= square => break,
            ')' => rounds -= 1,
            ']' => squares -= 1,
            _ if !TRAILING.contains(&last) => break,
            _ => {}
        }
        word = word.get(..word.len() - last.len_utf8()).unwrap_or_default();
    }
    word
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// Bytes of words that were looked at.
        pub(super) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn trims_what_ends_a_sentence_and_keeps_brackets_in_pairs() {
        for (word, left) in [
            ("http://a/b.", "http://a/b"),
            ("http://a/(b)", "http://a/(b)"),
            ("http://a/(b)),", "http://a/(b)"),
            ("http://a/[b])]", "http://a/[b]"),
            ("http://a/b)?!", "http://a/b"),
            (")]", ""),
        ] {
            assert_eq!(trimmed(word), left, "{word}");
        }
    }

    #[test]
    fn looks_at_each_word_once() {
        for word in [format!("({}{} ", "http://a@".repeat(113), ")".repeat(1031)), "http://a@ ".into(), "xhttp://a.example ".into()] {
            let text = word.repeat(64);
            LOOKED_AT.set(0);
            assert_eq!(split(&text), [Piece::Text(&text)]);
            assert!(LOOKED_AT.get() <= text.len(), "{} bytes of {} were looked at", LOOKED_AT.get(), text.len());
        }
    }
}
