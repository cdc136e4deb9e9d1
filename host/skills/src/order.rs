//! The order of names: that of `localeCompare` with "en", which is the root of Unicode's collation. Only the root's data
//! is in the binary.

use std::cmp::Ordering;

use icu_collator::CollatorBorrowed;
use icu_collator::options::CollatorOptions;

static COLLATOR: CollatorBorrowed<'static> = CollatorBorrowed::new_root(CollatorOptions::default());

/// Names that it takes for the same stay in their order.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    COLLATOR.compare(a, b)
}
