//! Paths as a model writes them: relative to the workspace, with `/`, and never out of it.
//!
//! The host confines paths, links included, whatever is checked here: this is for errors that say what is wrong.

use std::fmt;

use crate::problem::Problem;

/// A path longer than this is a mistake (Linux: PATH_MAX).
const MAX_BYTES: usize = 4096;

/// The workspace, as programs see it.
pub(crate) const WORKSPACE: &str = "/workspace";

/// The steps from the workspace; none is the workspace itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(Vec<String>);

impl Path {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = |what: &str| Err(Problem::Arguments(what.to_owned()));
        if text.len() > MAX_BYTES {
            return wrong("the path is longer than 4096 bytes");
        }
        if text.is_empty() {
            return wrong("the path is empty; '.' is the workspace itself");
        }
        if text.contains('\0') {
            return wrong("the path holds a NUL character");
        }
        let text = match text.strip_prefix(WORKSPACE) {
            Some(below) if below.is_empty() || below.starts_with('/') => below.trim_start_matches('/'),
            _ => text,
        };
        if text.starts_with('/') {
            return wrong("the path is absolute; paths are relative to the workspace, such as notes/today.md");
        }
        if text.split('/').any(|step| step == "..") {
            return wrong("the path holds '..'; paths are relative to the workspace and stay inside it");
        }
        Ok(Self(text.split('/').filter(|step| !matches!(*step, "" | ".")).map(str::to_owned).collect()))
    }

    pub(crate) fn join(&self, step: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.to_owned());
        Self(steps)
    }

    /// The folders on the way to it, the nearest to the workspace first.
    pub(crate) fn folders(&self) -> impl Iterator<Item = Self> {
        (1..self.0.len()).filter_map(|steps| self.0.get(..steps)).map(|steps| Self(steps.to_vec()))
    }

    pub(crate) fn parent(&self) -> Self {
        let steps = self.0.split_last().map(|(_, parent)| parent).unwrap_or_default();
        Self(steps.to_vec())
    }

    pub(crate) fn is_workspace(&self) -> bool {
        self.0.is_empty()
    }

    /// How far below a folder it is.
    pub(crate) fn depth_below(&self, folder: &Self) -> usize {
        self.0.len().saturating_sub(folder.0.len())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_workspace() { f.write_str(".") } else { f.write_str(&self.0.join("/")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_inside_and_drops_what_says_nothing() {
        for (text, shown) in [
            (".", "."),
            ("a", "a"),
            ("./a//b/./c/", "a/b/c"),
            ("ü/🦀", "ü/🦀"),
            ("..a/b..", "..a/b.."),
            ("a\\b", "a\\b"),
            ("/workspace/a//b", "a/b"),
            ("/workspace", "."),
            ("/workspace//", "."),
        ] {
            assert_eq!(Path::parse(text).map(|path| path.to_string()).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_path() {
        let long = "a".repeat(MAX_BYTES + 1);
        for (text, word) in [
            ("/etc/passwd", "absolute"),
            ("/workspaces", "absolute"),
            ("..", "'..'"),
            ("a/../../b", "'..'"),
            ("", "empty"),
            ("a\0", "NUL"),
            (&long, "longer"),
        ] {
            assert!(Path::parse(text).is_err_and(|problem| problem.to_string().contains(word)), "{text}");
        }
        assert!(Path::parse(&"a".repeat(MAX_BYTES)).is_ok());
    }

    #[test]
    fn knows_the_folders_on_its_way() {
        let path = Path::parse("a/b/c").unwrap();
        assert_eq!(path.folders().map(|path| path.to_string()).collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(path.parent().to_string(), "a/b");
        assert_eq!(Path::default().parent(), Path::default());
        assert_eq!(path.depth_below(&Path::parse("a").unwrap()), 2);
    }
}
