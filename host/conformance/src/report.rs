//! What was tried, and what came of it.

use serde::Serialize;

/// Something that every component of a kind has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// By which programs and the documentation name it.
    pub name: &'static str,
    /// As a sentence that is true of a component that does it.
    pub words: &'static str,
}

/// One rule, tried on one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The rule's name.
    pub rule: &'static str,
    /// The recording or the tool that it was tried on; empty for the component as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The rule in words.
    pub words: String,
    /// What is wrong, where something is.
    pub problem: Option<String>,
}

/// Everything that was tried, in order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether everything that was tried holds. Where nothing was tried, nothing does.
    pub fn holds(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.problem.is_none())
    }

    /// Writes down what came of a rule. `subject` may be empty.
    pub fn add(&mut self, rule: Rule, subject: &str, result: Result<(), String>) {
        let (rule, words) = (rule.name, rule.words.to_owned());
        self.checks.push(Check { rule, subject: subject.to_owned(), words, problem: result.err() });
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subject = if self.subject.is_empty() { String::new() } else { format!("{}: ", self.subject) };
        match &self.problem {
            None => write!(f, "ok    {subject}{}", self.words),
            Some(problem) => write!(f, "FAIL  {subject}{} ({})\n      {problem}", self.words, self.rule),
        }
    }
}
