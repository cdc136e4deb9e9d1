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
    while let Some((before, from_scheme)) = rest.get(plain..).and_then(|tail| {
        let at = plain + [tail.find("https://"), tail.find("http://")].into_iter().flatten().min()?;
        rest.split_at_checked(at)
    }) {
        let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '`' | '|');
        let word: usize = from_scheme.chars().take(ADDRESS_CHARS).take_while(|c| !ends(*c)).map(char::len_utf8).sum();
        let word = trimmed(from_scheme.get(..word).unwrap_or_default());
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
            None => plain = before.len() + "http".len(),
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Without what ends the sentence around it; a bracket stays where its partner is within.
fn trimmed(word: &str) -> &str {
    let mut word = word;
    while let Some(last) = word.chars().next_back() {
        let balanced = match last {
            ')' => word.matches(')').count() <= word.matches('(').count(),
            ']' => word.matches(']').count() <= word.matches('[').count(),
            _ => false,
        };
        if balanced || !TRAILING.contains(&last) {
            break;
        }
        word = word.get(..word.len() - last.len_utf8()).unwrap_or_default();
    }
    word
}
