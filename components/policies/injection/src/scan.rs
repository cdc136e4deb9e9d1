//! A text, from its bytes to its findings: in pieces, so that its size bounds the time and a piece bounds the memory.

use crate::fold::{Letter, fold};
use crate::rule::{ENCODED, HIDDEN, Hit, MIXED, OVERRIDE, ROLE, UNSEEN};
use crate::tokens::{Word, words};
use crate::types::{Finding, Severity, Source};
use crate::words::{CALL, DECODE, FOLLOW};
use crate::{address, encoded, judge, markup, phrase, regions, shell};

/// The most that are told of one text.
pub const MAX_FINDINGS: usize = 32;
/// The most of a text that one of them shows, in characters.
pub const MAX_EXCERPT: usize = 200;

/// A piece, in bytes, and how much of it the next one has too.
const PIECE: usize = 128 * 1024;
const OVERLAP: usize = 4 * 1024;
/// A text in a text in a text is read no further.
const DEPTH: usize = 2;
/// The most that are told of one rule.
const OF_ONE_RULE: usize = 5;
/// So many words that mix alphabets are no accident.
const MIXED_WORDS: usize = 3;

/// What a text holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The most severe first, and then in the order of the text.
    pub findings: Vec<Finding>,
    /// It has an encoded text in it of more than a few words.
    pub carries_text: bool,
    /// Steps that it took. A test holds it to the length of the text.
    pub work: u64,
}

/// Something found, with what is to be shown of it.
struct Told {
    hit: Hit,
    start: usize,
    excerpt: String,
}

/// Looks for what instructs a model.
pub fn scan(text: &str, source: Source) -> Report {
    let mut report = Report::default();
    let mut told = read(text, source, 0, &mut report);
    told.sort_by_key(|told| (std::cmp::Reverse(told.hit.severity), told.start));
    for Told { hit, excerpt, .. } in told {
        let same = report.findings.iter().filter(|finding| finding.rule == hit.rule).count();
        if report.findings.len() < MAX_FINDINGS && same < OF_ONE_RULE {
            report.findings.push(Finding { rule: hit.rule, severity: hit.severity, excerpt });
        }
    }
    report
}

fn read(text: &str, source: Source, depth: usize, report: &mut Report) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut start = 0_usize;
    loop {
        let end = boundary(text, start.saturating_add(PIECE));
        let Some(piece) = text.get(start..end) else { break };
        for new in read_piece(text, piece, start, source, depth, report) {
            let twice = told.iter_mut().rev().take(256).find(|old| old.hit.rule == new.hit.rule && old.start == new.start);
            match twice {
                Some(old) if old.hit.severity < new.hit.severity => *old = new,
                Some(_) => {}
                None => told.push(new),
            }
        }
        // What is kept is bounded, whatever the text is.
        if told.len() > 1024 {
            told.sort_by_key(|told| (std::cmp::Reverse(told.hit.severity), told.start));
            told.truncate(256);
        }
        if end >= text.len() {
            break;
        }
        start = boundary(text, end - OVERLAP);
    }
    told
}

/// The end of a line or a word at or a little before a byte of a text.
fn boundary(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let at = text.floor_char_boundary(at);
    let from = text.floor_char_boundary(at.saturating_sub(OVERLAP / 4));
    let tail = text.get(from..at).unwrap_or_default();
    let found = tail.rfind('\n').or_else(|| tail.rfind(' '));
    found.map_or(at, |found| from + found + 1)
}

fn read_piece(text: &str, piece: &str, base: usize, source: Source, depth: usize, report: &mut Report) -> Vec<Told> {
    let (letters, hidden) = fold(piece, base);
    let words = words(&letters);
    let regions = regions::regions(&letters);
    let work = &mut report.work;
    *work += words.work + regions.work + u64::try_from(letters.len()).unwrap_or(0);
    let mut hits = phrase::find(words.plain.iter(), work);
    hits.extend(evading(phrase::find(words.turned.iter(), work)));
    hits.extend(evading(backwards(&words.reversed, work)));
    hits.extend(markup::find(&letters, work));
    hits.extend(address::find(&letters, work));
    hits.extend(mixed(&words.mixed));
    hits.extend(commands(&letters));
    judge::judge(&mut hits, &words.plain, &regions, source);
    let mut told: Vec<Told> = Vec::new();
    for hit in hits {
        let (start, end) = bytes(&letters, hit, base + piece.len());
        if regions.is_unseen(hit.first, hit.end) && hit.severity > Severity::Low {
            told.push(Told { hit: Hit { rule: UNSEEN, ..hit }, start, excerpt: excerpt(text, start, end) });
        }
        told.push(Told { hit, start, excerpt: excerpt(text, start, end) });
    }
    for secret in hidden.secrets {
        let within = inner(&secret.decoded, depth, report);
        let severity = if within.is_some() { Severity::High } else { secret.severity };
        let start = usize::try_from(secret.start).unwrap_or(usize::MAX);
        let shown = if secret.decoded.is_empty() {
            excerpt(text, start, usize::try_from(secret.end).unwrap_or(usize::MAX))
        } else {
            excerpt(&secret.decoded, 0, secret.decoded.len())
        };
        told.push(Told { hit: Hit { rule: HIDDEN, severity, first: 0, end: 0, evades: true }, start, excerpt: shown });
    }
    told.extend(carried(&letters, &words.plain, depth, report));
    told
}

/// The worst of a text in a text.
fn inner(decoded: &str, depth: usize, report: &mut Report) -> Option<Hit> {
    if depth >= DEPTH {
        return None;
    }
    let found = read(decoded, Source::Stranger, depth + 1, report);
    found.into_iter().map(|told| told.hit).filter(|hit| hit.severity > Severity::Low).max_by_key(|hit| hit.severity)
}

fn carried(letters: &[Letter], words: &[Word], depth: usize, report: &mut Report) -> Vec<Told> {
    let mut told = Vec::new();
    for carried in encoded::find(letters, &mut report.work) {
        report.carries_text |= carried.opaque && depth == 0 && carried.text.len() >= encoded::CARRIES;
        let within = inner(&carried.text, depth, report).is_some();
        let first = u32::try_from(carried.first).unwrap_or(u32::MAX);
        let runs = carried.opaque && shell::is_command(&carried.text);
        let severity = match (within, runs) {
            (true, _) => Severity::High,
            (false, true) if is_ordered(words, first) => Severity::High,
            (false, true) => Severity::Medium,
            (false, false) => continue,
        };
        let hit = Hit { rule: ENCODED, severity, first, end: first, evades: true };
        let start = letters.get(carried.first).map_or(0, |letter| usize::try_from(letter.at).unwrap_or(0));
        told.push(Told { hit, start, excerpt: excerpt(&carried.text, 0, carried.text.len()) });
    }
    told
}

/// Whether somebody asks for what stands at a letter to be decoded or done.
fn is_ordered(words: &[Word], at: u32) -> bool {
    let from = words.partition_point(|word| word.end.saturating_add(120) < at);
    let near = words.iter().skip(from).take_while(|word| word.first < at.saturating_add(400));
    near.take(64).any(|word| word.classes & (DECODE | CALL | FOLLOW) != 0)
}

fn evading(hits: Vec<Hit>) -> impl Iterator<Item = Hit> {
    // Of words that are found by chance, only the phrases that need several are no chance.
    hits.into_iter().filter(|hit| matches!(hit.rule, OVERRIDE | ROLE) && hit.severity > Severity::Low)
}

/// The words of a line that is written backwards, in the order in which they were meant.
fn backwards(words: &[Word], work: &mut u64) -> Vec<Hit> {
    let last = words.last().map_or(0, |word| word.place);
    let meant: Vec<Word> = words.iter().rev().map(|word| Word { place: last - word.place, ..*word }).collect();
    phrase::find(meant.iter(), work)
}

fn mixed(words: &[(u32, u32)]) -> Option<Hit> {
    let (first, end) = *words.first()?;
    let severity = if words.len() >= MIXED_WORDS { Severity::Medium } else { Severity::Low };
    Some(Hit { rule: MIXED, severity, first, end, evades: false })
}

fn commands(letters: &[Letter]) -> Option<Hit> {
    let reads: String = letters.iter().map(|letter| if letter.ch.is_ascii() { letter.ch } else { ' ' }).collect();
    let (first, end) = shell::concealed(&reads)?;
    let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Some(Hit { rule: ENCODED, severity: Severity::Medium, first: number(first), end: number(end), evades: false })
}

/// Where a finding stands in the text.
fn bytes(letters: &[Letter], hit: Hit, whole: usize) -> (usize, usize) {
    let byte = |at: u32| usize::try_from(at).ok().and_then(|at| letters.get(at)).map_or(whole, |letter| letter.at as usize);
    (byte(hit.first), byte(hit.end))
}

/// What is shown of a text: in one line, and with what nobody sees spelled out.
fn excerpt(text: &str, start: usize, end: usize) -> String {
    let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
    let mut shown = String::new();
    let mut count = 0;
    for ch in text.get(start..end).unwrap_or_default().trim().chars() {
        let told = match ch {
            '\n' | '\r' | '\t' => ' '.to_string(),
            _ if ch.is_control() || crate::letters::is_invisible(ch) => ch.escape_unicode().to_string(),
            _ => ch.to_string(),
        };
        count += told.chars().count();
        if count > MAX_EXCERPT {
            break;
        }
        shown.push_str(&told);
    }
    shown
}
