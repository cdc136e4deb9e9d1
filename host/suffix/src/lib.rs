//! The list of public suffixes: the domains under which strangers register names.
//!
//! A crate of its own for one function, because the list is generic code of some ten thousand branches that is compiled
//! anew, for seconds, in each crate that asks it.

/// Whether `name` is itself a public suffix, such as `com`, `co.uk` or `github.io`.
#[inline(never)]
pub fn is_public_suffix(name: &str) -> bool {
    psl::suffix_str(name) == Some(name)
}

#[cfg(test)]
mod tests {
    use super::is_public_suffix;

    #[test]
    fn knows_suffixes_of_one_and_more_labels_and_private_ones() {
        for name in ["com", "co.uk", "github.io"] {
            assert!(is_public_suffix(name), "{name}");
        }
        for name in ["example.com", "example.co.uk", "me.github.io", "uk.co"] {
            assert!(!is_public_suffix(name), "{name}");
        }
    }
}
