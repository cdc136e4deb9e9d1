//! `files_search`: the lines that hold a text, in a file or in all files of a folder, in the order of their paths.

use serde::Deserialize;

use crate::path::Path;
use crate::problem::{Fault, Problem};
use crate::text::{count, head, is_binary};
use crate::workspace::{Kind, Workspace, read_all, sorted};

/// What one answer holds, and what is looked at for it.
const MAX_RESULTS: usize = 200;
const MAX_LINE_BYTES: usize = 240;
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 32;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    query: String,
    pub(crate) path: Option<String>,
}

pub(crate) fn run(workspace: &dyn Workspace, arguments: &Arguments) -> Result<String, Problem> {
    let path = Path::parse(arguments.path.as_deref().unwrap_or("."))?;
    let query = arguments.query.as_str();
    if query.is_empty() || query.contains(['\n', '\r']) {
        return Err(Problem::Arguments("query is to be a text within one line".into()));
    }
    let mut search = Search::new(workspace, query);
    let kind = workspace.stat(&path).map_err(|fault| fault.at(&path))?.kind;
    match kind {
        Kind::Folder => search.folder(&path, 0).map_err(|fault| fault.at(&path))?,
        _ => search.file(&path),
    }
    Ok(search.text(&path))
}

struct Search<'a> {
    workspace: &'a dyn Workspace,
    query: &'a str,
    lines: Vec<String>,
    files: usize,
    /// Binary, too large, or not to be read.
    skipped: usize,
    /// Whether a limit ended it.
    ended: Option<&'static str>,
}

impl<'a> Search<'a> {
    fn new(workspace: &'a dyn Workspace, query: &'a str) -> Self {
        Self { workspace, query, lines: Vec::new(), files: 0, skipped: 0, ended: None }
    }

    fn folder(&mut self, path: &Path, depth: usize) -> Result<(), Fault> {
        for entry in sorted(self.workspace, path)? {
            if self.ended.is_some() {
                return Ok(());
            }
            let path = path.join(&entry.name);
            match entry.kind {
                Kind::File => self.file(&path),
                // A folder that cannot be read ends no search of the others. A link may lead in a circle.
                Kind::Folder if depth < MAX_DEPTH && self.folder(&path, depth + 1).is_ok() => {}
                Kind::Folder | Kind::Link | Kind::Special => self.skipped += 1,
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) {
        if self.files == MAX_FILES {
            self.ended = Some("so many files are looked at in one search; name a folder or a file");
            return;
        }
        self.files += 1;
        let small = self.workspace.stat(path).is_ok_and(|stat| stat.kind == Kind::File && stat.size <= MAX_FILE_BYTES);
        let limit = usize::try_from(MAX_FILE_BYTES).unwrap_or(usize::MAX);
        let bytes = if small { read_all(self.workspace, path, limit).ok() } else { None };
        match bytes.filter(|bytes| !is_binary(bytes)) {
            Some(bytes) => self.text_file(path, &String::from_utf8_lossy(&bytes)),
            None => self.skipped += 1,
        }
    }

    fn text_file(&mut self, path: &Path, text: &str) {
        for (number, line) in text.lines().enumerate() {
            let Some(at) = line.find(self.query) else { continue };
            if self.lines.len() == MAX_RESULTS {
                self.ended = Some("there are more; search for a longer text, or in one folder or file");
                return;
            }
            self.lines.push(format!("{path}:{}: {}", number + 1, excerpt(line, at)));
        }
    }

    fn text(&self, path: &Path) -> String {
        let mut text = self.lines.join("\n");
        if self.lines.is_empty() {
            text = format!("No line in {path} holds {:?}.", self.query);
        }
        if let Some(why) = self.ended {
            let (lines, files) = (count(self.lines.len(), "line", "lines"), count(self.files, "file", "files"));
            text.push_str(&format!("\n[{lines} in the first {files}: {why}]"));
        }
        if self.skipped > 0 {
            let skipped = count(self.skipped, "entry was", "entries were");
            text.push_str(&format!("\n[{skipped} skipped: binary files, files over 1 MiB, links, what cannot be read]"));
        }
        text
    }
}

/// The part of a line around a place in it.
fn excerpt(line: &str, at: usize) -> String {
    if line.len() <= MAX_LINE_BYTES {
        return line.to_owned();
    }
    let start = line.floor_char_boundary(at.saturating_sub(MAX_LINE_BYTES / 4));
    let rest = line.get(start..).unwrap_or_default();
    let shown = head(rest, MAX_LINE_BYTES);
    let (before, after) = (if start > 0 { "…" } else { "" }, if shown.len() < rest.len() { "…" } else { "" });
    format!("{before}{shown}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::memory::Memory;

    fn search(memory: &Memory, query: &str, path: Option<&str>) -> Result<String, Problem> {
        run(memory, &Arguments { query: query.into(), path: path.map(Into::into) })
    }

    #[test]
    fn names_file_and_line_in_the_order_of_paths() {
        let memory = Memory::with(&[("b.txt", "Grüße\nzwei\nGrüße an B"), ("a/c.txt", "x Grüße"), ("d", "nichts")]);
        assert_eq!(search(&memory, "Grüße", None).unwrap(), "a/c.txt:1: x Grüße\nb.txt:1: Grüße\nb.txt:3: Grüße an B");
        assert_eq!(search(&memory, "Grüße", Some("a")).unwrap(), "a/c.txt:1: x Grüße");
        assert_eq!(search(&memory, "zwei", Some("b.txt")).unwrap(), "b.txt:2: zwei");
        assert_eq!(search(&memory, "three", None).unwrap(), "No line in . holds \"three\".");
    }

    #[test]
    fn skips_what_is_not_text_or_too_large_and_says_so() {
        let memory = Memory::default();
        memory.put("binary", b"needle\0");
        memory.put("large", format!("needle{}", "x".repeat(1024 * 1024 - 5)).as_bytes());
        memory.put_link("link");
        assert_eq!(
            search(&memory, "needle", None).unwrap(),
            "No line in . holds \"needle\".\n[3 entries were skipped: binary files, files over 1 MiB, links, what cannot be read]"
        );
        memory.put("large", format!("needle{}", "x".repeat(1024 * 1024 - 6)).as_bytes());
        assert!(search(&memory, "needle", None).unwrap().starts_with("large:1: needlex"));
    }

    #[test]
    fn results_are_bounded_on_both_sides() {
        let memory = Memory::with(&[("a", &"x\n".repeat(MAX_RESULTS))]);
        assert_eq!(search(&memory, "x", None).unwrap().lines().count(), MAX_RESULTS);
        memory.put("b", b"x");
        let answer = search(&memory, "x", None).unwrap();
        assert!(answer.ends_with("or in one folder or file]") && answer.lines().count() == MAX_RESULTS + 1);
    }

    #[test]
    fn files_are_bounded() {
        let memory = Memory::default();
        for index in 0..=MAX_FILES {
            memory.put(&format!("{index:05}"), b"");
        }
        assert!(search(&memory, "x", None).unwrap().contains("so many files"));
    }

    #[test]
    fn long_lines_are_cut_around_the_find_between_characters() {
        let line = format!("{}needle{}", "ü".repeat(500), "🦀".repeat(500));
        let shown = excerpt(&line, 1000);
        assert!(shown.starts_with("…ü") && shown.contains("needle") && shown.ends_with("🦀…") && shown.len() <= MAX_LINE_BYTES + 6);
        assert_eq!(excerpt("short", 0), "short");
    }

    #[test]
    fn a_query_is_within_one_line() {
        for query in ["", "a\nb"] {
            assert!(matches!(search(&Memory::default(), query, None), Err(Problem::Arguments(_))));
        }
        assert!(search(&Memory::default(), "x", Some("none")).is_err());
    }
}
