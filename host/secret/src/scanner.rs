//! The search for any of several secrets in any of their forms.
//!
//! A table of the first four bytes of every pattern passes over nearly all positions; the few that remain are compared
//! in full, by a binary search. So the cost of a byte hardly depends on the number of secrets. Ready-made searchers for many
//! patterns copy them into memory that is never wiped, so this one keeps them sorted in buffers that are.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::encoding;
use crate::secret::{Secret, SecretError};

/// The bytes of a pattern that the table looks at; no pattern is shorter than [`crate::MIN_SECRET_BYTES`].
const KEY: usize = 4;

/// The table's size, as a power of two of bits: 8 KiB stay in the first-level cache, and 500 patterns fill under 1 %.
const FILTER_BITS: u32 = 16;

/// Finds secrets in bytes.
pub struct Scanner {
    /// Sorted by bytes, without duplicates.
    patterns: Vec<Pattern>,
    filter: Zeroizing<Vec<u64>>,
    longest: usize,
    secrets: usize,
}

struct Pattern {
    bytes: Zeroizing<Vec<u8>>,
    label: Arc<str>,
    encoding: &'static str,
    /// The longest other pattern that this one begins with, as its index.
    inner: Option<usize>,
}

/// That a secret was found, and which. It never holds the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value of {label} ({encoding})")]
pub struct Leak {
    pub label: String,
    pub encoding: &'static str,
}

impl Scanner {
    /// A scanner for these secrets. A value that stands under two labels is reported under the first.
    ///
    /// Fails on a secret below [`crate::MIN_SECRET_BYTES`], which would be found everywhere; to leave it out
    /// silently would let it pass.
    pub fn new(secrets: impl IntoIterator<Item = (String, Arc<Secret>)>) -> Result<Self, SecretError> {
        let mut scanner = Self::empty();
        for (label, secret) in secrets {
            secret.validate()?;
            let label: Arc<str> = label.into();
            let forms = encoding::forms(secret.expose()).into_iter();
            scanner.patterns.extend(forms.map(|(encoding, bytes)| Pattern { bytes, label: Arc::clone(&label), encoding, inner: None }));
            scanner.secrets += 1;
        }
        if scanner.secrets > 0 {
            scanner.filter.resize(1 << (FILTER_BITS - 6), 0);
        }
        // Stable: of equal patterns the first label and the plainest form stay.
        scanner.patterns.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        scanner.patterns.dedup_by(|later, earlier| later.bytes == earlier.bytes);
        let mut begun: Vec<(usize, &[u8])> = Vec::new();
        let mut inner = Vec::with_capacity(scanner.patterns.len());
        for (index, pattern) in scanner.patterns.iter().enumerate() {
            while begun.pop_if(|(_, shorter)| !pattern.bytes.starts_with(shorter)).is_some() {}
            inner.push(begun.last().map(|(index, _)| *index));
            begun.push((index, &pattern.bytes));
            scanner.longest = scanner.longest.max(pattern.bytes.len());
            if let Some(key) = pattern.bytes.first_chunk() {
                let (word, bit) = slot(*key);
                if let Some(word) = scanner.filter.get_mut(word) {
                    *word |= bit;
                }
            }
        }
        for (pattern, inner) in scanner.patterns.iter_mut().zip(inner) {
            pattern.inner = inner;
        }
        Ok(scanner)
    }

    /// A scanner that finds nothing.
    pub fn empty() -> Self {
        Self { patterns: Vec::new(), filter: Zeroizing::new(Vec::new()), longest: 0, secrets: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The first secret in `bytes`. First is what ends first, so that the answer for a stream does not depend on how
    /// it was cut.
    pub fn find(&self, bytes: &[u8]) -> Option<Leak> {
        let mut first: Option<(usize, &Pattern)> = None;
        for start in self.candidates(bytes) {
            if first.is_some_and(|(end, _)| start + crate::MIN_SECRET_BYTES >= end) {
                break;
            }
            if let Some(pattern) = self.at(bytes, start).last() {
                let end = start + pattern.bytes.len();
                if first.is_none_or(|(earlier, _)| end < earlier) {
                    first = Some((end, pattern));
                }
            }
        }
        first.map(|(_, pattern)| Leak { label: pattern.label.to_string(), encoding: pattern.encoding })
    }

    /// Every stretch of `bytes` that is covered by patterns, with the label of the pattern that begins it.
    pub(crate) fn stretches<'s>(&'s self, bytes: &[u8]) -> Vec<(Range<usize>, &'s str)> {
        let mut stretches: Vec<(Range<usize>, &'s str)> = Vec::new();
        for start in self.candidates(bytes) {
            if let Some(pattern) = self.at(bytes, start).next() {
                let end = start + pattern.bytes.len();
                match stretches.last_mut() {
                    Some((range, _)) if start < range.end => range.end = range.end.max(end),
                    _ => stretches.push((start..end, &pattern.label)),
                }
            }
        }
        stretches
    }

    /// The length of the longest end of `bytes` that begins a pattern. For bytes that hold no whole pattern.
    pub(crate) fn unfinished(&self, bytes: &[u8]) -> usize {
        let from = bytes.len().saturating_sub(self.longest.saturating_sub(1));
        let mut end = bytes.get(from..).unwrap_or_default();
        while let Some((_, shorter)) = end.split_first() {
            if end.first_chunk().is_none_or(|key| self.may_begin(*key)) && self.begins_pattern(end) {
                return end.len();
            }
            end = shorter;
        }
        0
    }

    /// Positions at which a pattern may begin.
    fn candidates(&self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        let windows = if self.is_empty() { [].windows(KEY) } else { bytes.windows(KEY) };
        windows.enumerate().filter(|(_, window)| window.first_chunk().is_some_and(|key| self.may_begin(*key))).map(|(start, _)| start)
    }

    fn may_begin(&self, key: [u8; KEY]) -> bool {
        let (word, bit) = slot(key);
        self.filter.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The patterns that stand at `start`, the longest first. All of them begin the greatest pattern that is not
    /// greater than what stands there, so that one binary search finds them, however many secrets begin alike.
    fn at<'s>(&'s self, bytes: &[u8], start: usize) -> impl Iterator<Item = &'s Pattern> {
        let rest = bytes.get(start..).unwrap_or_default();
        let greatest = self.patterns.partition_point(|pattern| pattern.bytes.as_slice() <= rest).checked_sub(1);
        let get = |index: Option<usize>| index.and_then(|index| self.patterns.get(index));
        std::iter::successors(get(greatest), move |pattern| get(pattern.inner)).filter(move |pattern| rest.starts_with(&pattern.bytes))
    }

    fn begins_pattern(&self, bytes: &[u8]) -> bool {
        let next = self.patterns.partition_point(|pattern| pattern.bytes.as_slice() < bytes);
        self.patterns.get(next).is_some_and(|pattern| pattern.bytes.starts_with(bytes))
    }
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanner").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

/// Where the table keeps this key: a word, and a bit in it.
fn slot(key: [u8; KEY]) -> (usize, u64) {
    // 2³² divided by the golden ratio, which spreads neighbouring keys over the table.
    let hash = u32::from_le_bytes(key).wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanner(secrets: &[(&str, &str)]) -> Scanner {
        Scanner::new(secrets.iter().map(|(label, value)| ((*label).to_owned(), Arc::new(Secret::from_string((*value).to_owned())))))
            .unwrap()
    }

    fn found(scanner: &Scanner, text: &str) -> Option<String> {
        scanner.find(text.as_bytes()).map(|leak| leak.to_string())
    }

    #[test]
    fn names_the_label_and_the_form_and_never_the_secret() {
        let scanner = scanner(&[("mail/password", "hunter2/hunter2")]);
        for (text, answer) in [
            ("x hunter2/hunter2 x", "the value of mail/password (plain)"),
            ("Basic dXNlcjpodW50ZXIyL2h1bnRlcjI=", "the value of mail/password (base64)"),
            ("68756e746572322f68756e74657232", "the value of mail/password (hex)"),
            ("?q=hunter2%2Fhunter2", "the value of mail/password (percent)"),
            (r#"{"a":"hunter2\/hunter2"}"#, "the value of mail/password (json)"),
        ] {
            assert_eq!(found(&scanner, text).as_deref(), Some(answer), "{text}");
        }
        assert_eq!(found(&scanner, "hunter2/hunter"), None);
        assert_eq!(format!("{scanner:?}"), "Scanner { secrets: 1, .. }");
    }

    #[test]
    fn reports_what_ends_first() {
        let scanner = scanner(&[("long", "0123456789abcdefghij"), ("inner", "56789abc"), ("prefix", "0123456789")]);
        assert_eq!(scanner.find(b"0123456789abcdefghij").unwrap().label, "prefix");
        assert_eq!(scanner.find(b"123456789abcdefghij").unwrap().label, "inner");
    }

    #[test]
    fn reports_a_value_of_two_labels_under_the_first() {
        assert_eq!(scanner(&[("b", "same-value"), ("a", "same-value")]).find(b"same-value").unwrap().label, "b");
    }

    #[test]
    fn refuses_a_secret_that_would_be_found_everywhere() {
        assert_eq!(Scanner::new([("x".to_owned(), Arc::new(Secret::new(Vec::new())))]).err(), Some(SecretError::TooShort));
    }

    #[test]
    fn an_empty_scanner_finds_nothing() {
        assert!(Scanner::empty().is_empty() && scanner(&[]).is_empty());
        assert_eq!(Scanner::empty().find(b"anything at all"), None);
        assert_eq!(Scanner::empty().unfinished(b"anything at all"), 0);
    }
}
