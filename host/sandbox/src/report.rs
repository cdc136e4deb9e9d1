//! What holds a child and what does not, as a person reads it.

/// What this system offers, or what was enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The version of Landlock's interface that the kernel has.
    pub landlock_abi: Option<u32>,
    /// What is not enforced, a sentence each. Empty where everything is.
    pub lacking: Vec<String>,
}

impl Report {
    /// Whether everything that [`crate::harden`] promises holds.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.lacking.is_empty()
    }
}
