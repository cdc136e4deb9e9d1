//! The block that tells a model which skills there are: byte for byte the contract's, but for the name of the command
//! that it tells to run.
//!
//! A block has a budget. What does not fit is shortened in the contract's order: as many skills as possible first, then as
//! much of their descriptions as possible; and who asks is told which skills are not in it.

mod budget;
mod catalog;
mod small;

use std::path::{Path, PathBuf};

use crate::order;

pub use small::fit_context;

/// Skills in a block.
pub const MAX_SKILLS: usize = 150;
/// The block's length in UTF-16 code units.
pub const MAX_LENGTH: usize = 18_000;
/// The longest that a shortened description gets, in UTF-16 code units.
const MAX_DESCRIPTION: usize = 220;
/// The shortest one that is worth its place.
const MIN_DESCRIPTION: usize = 4;

/// A skill as the block shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    pub name: &'a str,
    pub description: &'a str,
    /// Where its SKILL.md is read: see [`location`].
    pub location: String,
    /// What else is to know about reading it.
    pub note: Option<&'a str>,
}

/// A block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Empty where no skill is.
    pub text: String,
    /// How many of the skills, in the order of their names, are in it.
    pub included: usize,
    /// The names of the others.
    pub left_out: Vec<String>,
}

/// What a block may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub skills: usize,
    pub length: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { skills: MAX_SKILLS, length: MAX_LENGTH }
    }
}

/// Renders the block of these skills, in any order. `more` skills were left out before and count as not included.
pub fn render(mut skills: Vec<Listed<'_>>, more: usize, limits: Limits) -> Block {
    skills.sort_by(|a, b| order::compare(a.name, b.name));
    let (text, included) = budget::fit(&skills, skills.len().saturating_add(more), limits);
    let left_out = skills.iter().skip(included).map(|skill| skill.name.to_owned()).collect();
    Block { text, included, left_out }
}

/// What a path on this machine is to the agent's tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The home folder, in whose path no name is a link.
    pub home: Option<PathBuf>,
    /// The agent's workspace, likewise, and the path by which tools know it.
    pub workspace: Option<(PathBuf, &'static str)>,
}

impl Seen {
    /// The absolute path by which tools know a file; none where its name is no text.
    pub fn path(&self, path: &Path) -> Option<String> {
        let inside = self.workspace.as_ref().and_then(|(folder, name)| Some(Path::new(name).join(path.strip_prefix(folder).ok()?)));
        inside.as_deref().unwrap_or(path).to_str().map(str::to_owned)
    }

    /// A file as the block shows it.
    pub fn location(&self, path: &Path) -> String {
        match self.path(path) {
            Some(seen) if Path::new(&seen) != path => seen,
            _ => location(path, self.home.as_deref()),
        }
    }
}

/// A path as the block shows it: the home folder is `~`.
pub fn location(path: &Path, home: Option<&Path>) -> String {
    let below = home.filter(|home| home.parent().is_some()).and_then(|home| path.strip_prefix(home).ok());
    match below {
        Some(below) => Path::new("~").join(below).to_string_lossy().into_owned(),
        None => path.to_string_lossy().into_owned(),
    }
}
