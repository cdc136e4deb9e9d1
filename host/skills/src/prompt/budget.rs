//! What of the skills fits into the block.

use super::catalog::{Form, catalog};
use super::{Limits, Listed, MAX_DESCRIPTION, MIN_DESCRIPTION};
use crate::text;

/// The block of the longest prefix of the skills that fits, and how long that is. `total` is how many there would be.
pub(super) fn fit(skills: &[Listed<'_>], total: usize, limits: Limits) -> (String, usize) {
    let first = |count: usize| skills.get(..count).unwrap_or(skills);
    let most = skills.len().min(limits.skills);
    let fits = |count: usize, form: Form, noted: bool| -> Option<String> {
        let text = block(first(count), total, form, noted);
        (text::length(&text) <= limits.length).then_some(text)
    };
    if let Some(text) = fits(most, Form::Full, true) {
        return (text, most);
    }
    let names = Form::Compact(0);
    let mut count = largest(0, most, |count| fits(count, names, true).is_some());
    if count == 0 && most > 0 {
        // No room for the note beside even one skill: then without it.
        if let Some(text) = fits(most, Form::Full, false) {
            return (text, most);
        }
        count = largest(0, most, |count| fits(count, names, false).is_some());
    }
    let noted = fits(count, names, true).is_some();
    let shortened = |length: usize| fits(count, Form::Compact(length), noted).is_some();
    let length = match count > 0 && shortened(MIN_DESCRIPTION) {
        true => largest(MIN_DESCRIPTION, MAX_DESCRIPTION, shortened),
        false => 0,
    };
    match fits(count, Form::Compact(length), noted) {
        Some(text) if !text.is_empty() => (text, count),
        _ => (String::new(), 0),
    }
}

/// The largest value up to `high` that fits, found by halving; `low` where none above it does.
fn largest(mut low: usize, mut high: usize, fits: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

fn block(skills: &[Listed<'_>], total: usize, form: Form, noted: bool) -> String {
    let list = catalog(skills, form);
    match note(skills.len(), total, form).filter(|_| noted) {
        Some(note) if list.is_empty() => note,
        Some(note) => format!("{note}\n{list}"),
        None => list,
    }
}

fn note(included: usize, total: usize, form: Form) -> Option<String> {
    const AUDIT: &str = "Run `wirken skill check` to audit.";
    match (included < total, form.in_words()) {
        (true, Some(words)) => Some(format!("⚠️ Skills truncated: included {included} of {total} (compact format, {words}). {AUDIT}")),
        (true, None) => Some(format!("⚠️ Skills truncated: included {included} of {total}. {AUDIT}")),
        (false, Some(words)) => Some(format!("⚠️ Skills catalog using compact format ({words}). {AUDIT}")),
        (false, None) => None,
    }
}
