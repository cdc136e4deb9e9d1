//! Addresses that carry text out once they are loaded: pictures and links with a query that a model is to fill in.

use crate::fold::Letter;
use crate::rule::{EXFILTRATION, Hit};
use crate::types::Severity::{self, Low, Medium};

/// An address is read no further.
const MAX_ADDRESS: usize = 2_000;
/// A longer query of a picture is no size or number of a version.
const LONG_QUERY: usize = 100;
/// What stands in front of it is read so far back.
const LOOK_BACK: usize = 200;
/// The most that are told of one piece of text.
const MAX: usize = 16;

/// Marks of a place that is to be filled in.
const PLACEHOLDERS: [&str; 14] =
    ["{", "%7b", "<", "$(", "${", "[data", "[secret", "[conv", "[chat", "[insert", "[user", "[base64", "%5b", "…"];

/// Parameters that say what they carry.
const TELLING: [&str; 12] =
    ["secret=", "password=", "conversation=", "history=", "leak=", "exfil=", "chat=", "memory=", "stolen=", "apikey=", "prompt=", "dump="];

pub(crate) fn find(letters: &[Letter], work: &mut u64) -> Vec<Hit> {
    let mut hits = Vec::new();
    let ch = |at: usize| letters.get(at).map_or('\0', |letter| letter.ch);
    let mut at = 0;
    while at < letters.len() && hits.len() < MAX {
        *work += 1;
        if !(ch(at) == ':' && ch(at + 1) == '/' && ch(at + 2) == '/') {
            at += 1;
            continue;
        }
        let before = before(letters, at);
        *work += LOOK_BACK as u64;
        let mut end = at;
        let mut address = String::new();
        // A placeholder may have spaces; the address ends where its brackets do.
        while end - at < MAX_ADDRESS && !matches!(ch(end), '\0' | '\n' | '"' | '\'' | '`' | ')') && (ch(end) != ' ' || is_open(&address)) {
            address.push(ch(end));
            end += 1;
        }
        *work += u64::try_from(end - at).unwrap_or(0);
        if let Some(severity) = weigh(&address, before) {
            let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
            hits.push(Hit { rule: EXFILTRATION, severity, first: number(at.saturating_sub(5)), end: number(end), evades: false });
        }
        at = end.max(at + 1);
    }
    hits
}

/// Where an address stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Picture,
    Link,
    Text,
}

/// `![…](` or `src="` before an address loads it; `](` and `href="` only show it. Looks back a little.
fn before(letters: &[Letter], at: usize) -> Before {
    let text: String = letters.get(at.saturating_sub(LOOK_BACK)..at).unwrap_or_default().iter().map(|letter| letter.ch).collect();
    let text = text.trim_end_matches(|ch: char| ch.is_ascii_alphabetic());
    let open = text.trim_end_matches(['"', '\'', ' ', '<']);
    if let Some(label) = open.strip_suffix("](") {
        let from = label.rfind('[').unwrap_or(0);
        return if label.get(..from).is_some_and(|text| text.ends_with('!')) { Before::Picture } else { Before::Link };
    }
    // A reference is written at the beginning of a line, and loaded from elsewhere.
    if open.ends_with("]:") || open.ends_with("href=") {
        return Before::Link;
    }
    if open.ends_with("src=") || open.ends_with("url(") { Before::Picture } else { Before::Text }
}

fn is_open(address: &str) -> bool {
    let count = |ch| address.matches(ch).count();
    count('{') > count('}') || count('<') > count('>') || count('[') > count(']')
}

fn weigh(address: &str, before: Before) -> Option<Severity> {
    let query = address.split_once(['?', '#']).map(|(_, query)| query);
    let filled = PLACEHOLDERS.iter().any(|mark| query.unwrap_or(address).contains(mark));
    let telling = query.is_some_and(|query| TELLING.iter().any(|name| query.contains(name)));
    match before {
        _ if telling && filled => Some(Medium),
        Before::Picture if query.is_some() && (filled || telling) => Some(Medium),
        Before::Picture if query.is_some_and(|query| query.len() > LONG_QUERY) || filled => Some(Low),
        Before::Link if filled && query.is_some() => Some(Low),
        _ => None,
    }
}
