//! `files_list`: what is in a folder.

use serde::Deserialize;

use crate::path::Path;
use crate::problem::Problem;
use crate::text::count;
use crate::workspace::{Entry, Kind, Workspace, sorted};

/// Entries in one answer.
const MAX_ENTRIES: usize = 1_000;

/// Folders below folders that are shown where no depth is asked for, and at most.
pub(crate) const DEFAULT_DEPTH: usize = 3;
pub(crate) const MAX_DEPTH: usize = 16;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    pub(crate) path: Option<String>,
    #[serde(default)]
    recursive: bool,
    depth: Option<usize>,
}

pub(crate) fn run(workspace: &dyn Workspace, arguments: &Arguments) -> Result<String, Problem> {
    let path = Path::parse(arguments.path.as_deref().unwrap_or("."))?;
    let depth = match (arguments.depth, arguments.recursive) {
        (Some(depth), _) if !(1..=MAX_DEPTH).contains(&depth) => {
            return Err(Problem::Arguments(format!("depth is to be a number from 1 to {MAX_DEPTH}")));
        }
        (Some(depth), true) => depth,
        (None, true) => DEFAULT_DEPTH,
        (_, false) => 1,
    };
    let mut listing = Listing { workspace, top: &path, depth, lines: Vec::new(), more: false };
    let entries = sorted(workspace, &path).map_err(|fault| fault.at(&path))?;
    if entries.is_empty() {
        return Ok(format!("{path} is empty."));
    }
    listing.folder(&path, entries);
    Ok(listing.text())
}

struct Listing<'a> {
    workspace: &'a dyn Workspace,
    top: &'a Path,
    depth: usize,
    lines: Vec<String>,
    more: bool,
}

impl Listing<'_> {
    fn folder(&mut self, path: &Path, entries: Vec<Entry>) {
        for entry in entries {
            if self.lines.len() == MAX_ENTRIES {
                self.more = true;
                return;
            }
            self.entry(&path.join(&entry.name), entry.kind);
        }
    }

    fn entry(&mut self, path: &Path, kind: Kind) {
        match kind {
            Kind::File => match self.workspace.stat_link(path) {
                Ok(stat) => self.lines.push(format!("{path} ({} {})", stat.size, if stat.size == 1 { "byte" } else { "bytes" })),
                Err(_) => self.lines.push(path.to_string()),
            },
            Kind::Link => self.lines.push(format!("{path} (symbolic link)")),
            Kind::Special => self.lines.push(format!("{path} (special file)")),
            Kind::Folder if path.depth_below(self.top) >= self.depth => self.lines.push(format!("{path}/")),
            Kind::Folder => match sorted(self.workspace, path) {
                Ok(entries) => {
                    self.lines.push(format!("{path}/"));
                    self.folder(path, entries);
                }
                Err(_) => self.lines.push(format!("{path}/ (cannot be listed)")),
            },
        }
    }

    fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        if self.more {
            let shown = count(self.lines.len(), "entry", "entries");
            text.push_str(&format!("\n[the first {shown}; there are more: list a folder among them to see the rest]"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::memory::Memory;

    fn list(memory: &Memory, arguments: &str) -> Result<String, Problem> {
        run(memory, &serde_json::from_str(arguments).unwrap())
    }

    #[test]
    fn lists_one_folder_in_order_with_sizes() {
        let memory = Memory::with(&[("b.txt", "12"), ("a/c.txt", "x"), ("ü.txt", "")]);
        memory.put_link("link");
        memory.put_special("pipe");
        assert_eq!(list(&memory, "{}").unwrap(), "a/\nb.txt (2 bytes)\nlink (symbolic link)\npipe (special file)\nü.txt (0 bytes)");
        assert_eq!(list(&memory, "{\"path\":\"a\"}").unwrap(), "a/c.txt (1 byte)");
    }

    #[test]
    fn goes_as_deep_as_asked() {
        let memory = Memory::with(&[("a/b/c/d.txt", "x")]);
        assert_eq!(list(&memory, "{\"recursive\":true,\"depth\":2}").unwrap(), "a/\na/b/");
        assert_eq!(list(&memory, "{\"recursive\":true}").unwrap(), "a/\na/b/\na/b/c/");
        assert_eq!(list(&memory, "{\"recursive\":true,\"depth\":16}").unwrap().lines().last(), Some("a/b/c/d.txt (1 byte)"));
        for depth in [0, 17] {
            assert!(list(&memory, &format!("{{\"depth\":{depth}}}")).is_err());
        }
    }

    #[test]
    fn says_when_there_is_more_than_it_shows() {
        let memory = Memory::default();
        for index in 0..MAX_ENTRIES {
            memory.put(&format!("{index:04}"), b"");
        }
        assert!(!list(&memory, "{}").unwrap().contains("there are more"));
        memory.put("one more", b"");
        assert!(list(&memory, "{}").unwrap().ends_with("to see the rest]"));
    }

    #[test]
    fn names_an_empty_folder_and_refuses_a_file() {
        assert_eq!(list(&Memory::default(), "{}").unwrap(), ". is empty.");
        let memory = Memory::with(&[("a", "")]);
        assert!(matches!(list(&memory, "{\"path\":\"a\"}"), Err(Problem::Failed(_))));
        assert_eq!(list(&memory, "{\"path\":\"b\"}").unwrap_err().to_string(), "there is no b in the workspace");
    }
}
