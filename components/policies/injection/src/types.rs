//! The values of `wirken:policy`, as plain Rust, as far as this policy uses them. `component` converts.

/// What is known of the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    pub tainted: bool,
    /// A JSON object.
    pub settings: String,
}

/// One thing that a call asks of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub action: String,
    pub target: String,
    /// A JSON object.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    Ask(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Pass,
    Refuse(String),
}

/// How much a finding weighs: the scale of `wirken:policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Low = 1,
    Medium = 2,
    High = 3,
}

impl Severity {
    pub(crate) fn raised(self) -> Self {
        if self == Self::Low { Self::Medium } else { Self::High }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: Severity,
    pub excerpt: String,
}

/// Whose words a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The sender's own. Whoever may speak may instruct: only what he hides or imitates is held against him.
    Person,
    /// A tool's result, something passed on, or anything else.
    Stranger,
}

impl Source {
    /// From the word in a passage.
    pub fn of(word: &str) -> Self {
        if word == "person" { Self::Person } else { Self::Stranger }
    }
}
