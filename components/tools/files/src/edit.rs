//! `files_edit`: one text in a file for another.

use serde::Deserialize;

use crate::path::Path;
use crate::problem::Problem;
use crate::text::count;
use crate::workspace::{Workspace, file_size, read_all};
use crate::write::put;

/// A file larger than this is not edited: it is in memory twice.
const MAX_BYTES: usize = 8 * 1024 * 1024;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    pub(crate) path: String,
    old_text: String,
    new_text: String,
    #[serde(default)]
    replace_all: bool,
}

pub(crate) fn run(workspace: &dyn Workspace, arguments: &Arguments) -> Result<String, Problem> {
    let path = Path::parse(&arguments.path)?;
    let (old, new) = (arguments.old_text.as_str(), arguments.new_text.as_str());
    if old.is_empty() {
        return Err(Problem::Arguments("old_text is empty; use files_write to write a new file".into()));
    }
    if old == new {
        return Err(Problem::Arguments("old_text and new_text are the same".into()));
    }
    let size = file_size(workspace, &path)?;
    let bytes = read_all(workspace, &path, MAX_BYTES + 1).map_err(|fault| fault.at(&path))?;
    if bytes.len() > MAX_BYTES {
        return Err(Problem::Failed(format!("{path} has {size} bytes; files up to {MAX_BYTES} bytes can be edited")));
    }
    let text = String::from_utf8(bytes).map_err(|_| Problem::Failed(format!("{path} is a binary file of {size} bytes, not UTF-8 text")))?;
    let matches = matches(&text, old);
    if matches == 0 {
        return Err(Problem::Failed(missing(&path, &text, old)));
    }
    if matches > 1 && !arguments.replace_all {
        return Err(Problem::Failed(format!(
            "old_text occurs {matches} times in {path}: quote more of the text around it, or set replace_all"
        )));
    }
    let replaced = text.matches(old).count();
    put(workspace, &path, text.replace(old, new).as_bytes())?;
    Ok(format!("Replaced {} in {path}.", count(replaced, "occurrence", "occurrences")))
}

/// Every place where it begins, overlapping ones too: which of them is meant cannot be known.
fn matches(text: &str, old: &str) -> usize {
    let Some(first) = old.chars().next().map(char::len_utf8) else { return 0 };
    let (mut found, mut rest) = (0, text);
    while let Some(at) = rest.find(old) {
        found += 1;
        rest = rest.get(at + first..).unwrap_or_default();
    }
    found
}

fn missing(path: &Path, text: &str, old: &str) -> String {
    let hint = if text.contains("\r\n") && !old.contains('\r') && old.contains('\n') {
        ": its lines end with \\r\\n"
    } else if text.contains(old.trim()) && !old.trim().is_empty() {
        ": it does without the white space at the ends of old_text"
    } else {
        "; read it again and quote it exactly"
    };
    format!("old_text occurs 0 times in {path}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::memory::Memory;

    fn edit(memory: &Memory, old: &str, new: &str, replace_all: bool) -> Result<String, Problem> {
        run(memory, &Arguments { path: "a".into(), old_text: old.into(), new_text: new.into(), replace_all })
    }

    #[test]
    fn replaces_the_one_occurrence() {
        let memory = Memory::with(&[("a", "eins zwei drei")]);
        assert_eq!(edit(&memory, "zwei", "zwö", false).unwrap(), "Replaced 1 occurrence in a.");
        assert_eq!(memory.text("a").as_deref(), Some("eins zwö drei"));
        assert_eq!(edit(&memory, " zwö", "", false).unwrap(), "Replaced 1 occurrence in a.");
        assert_eq!(memory.text("a").as_deref(), Some("eins drei"));
    }

    #[test]
    fn says_how_many_there_are_and_changes_nothing() {
        let memory = Memory::with(&[("a", "aaa ü ü")]);
        let table = [("ü", "occurs 2 times"), ("aa", "occurs 2 times"), ("a", "occurs 3 times"), ("b", "occurs 0 times")];
        for (old, message) in table {
            assert!(edit(&memory, old, "x", false).unwrap_err().to_string().contains(message), "{old}");
        }
        assert_eq!(memory.text("a").as_deref(), Some("aaa ü ü"));
        assert_eq!(edit(&memory, "ü", "x", true).unwrap(), "Replaced 2 occurrences in a.");
        assert_eq!(memory.text("a").as_deref(), Some("aaa x x"));
    }

    #[test]
    fn hints_at_the_white_space_that_differs() {
        let memory = Memory::with(&[("a", "one\r\ntwo")]);
        assert!(edit(&memory, "one\ntwo", "x", false).unwrap_err().to_string().ends_with("\\r\\n"));
        assert!(edit(&memory, " two ", "x", false).unwrap_err().to_string().contains("white space"));
    }

    #[test]
    fn refuses_what_cannot_be_meant() {
        let memory = Memory::with(&[("a", "x")]);
        assert!(matches!(edit(&memory, "", "y", true), Err(Problem::Arguments(_))));
        assert!(matches!(edit(&memory, "x", "x", true), Err(Problem::Arguments(_))));
        memory.put("a", b"x\xff");
        assert!(edit(&memory, "x", "y", true).unwrap_err().to_string().contains("binary"));
    }

    #[test]
    fn a_file_of_the_largest_size_is_edited_and_a_larger_one_is_not() {
        let memory = Memory::with(&[("a", &format!("y{}", "x".repeat(MAX_BYTES - 1)))]);
        assert!(edit(&memory, "yx", "zx", false).is_ok());
        memory.put("a", format!("y{}", "x".repeat(MAX_BYTES)).as_bytes());
        assert!(edit(&memory, "yx", "zx", false).unwrap_err().to_string().contains("can be edited"));
    }
}
