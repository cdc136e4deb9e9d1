//! `files_write`: a whole file, new or in place of the old.
//!
//! It is written beside its place first. A new one is then put there at once, so that nobody reads half of it. One that is
//! there keeps its mode, which a file put in its place would not have: the bytes are written into it, and the whole of them
//! stays beside it if that fails.

use serde::Deserialize;

use crate::path::Path;
use crate::problem::{Fault, Problem};
use crate::text::count;
use crate::workspace::{Kind, Workspace};

/// Names for the file beside: others write at the same time, and a call that was stopped leaves one behind.
const PARTIAL_NAMES: u32 = 64;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    pub(crate) path: String,
    pub(crate) content: String,
}

pub(crate) fn run(workspace: &dyn Workspace, arguments: &Arguments) -> Result<String, Problem> {
    let path = Path::parse(&arguments.path)?;
    if arguments.path.ends_with('/') && !path.is_workspace() {
        return Err(Problem::Arguments(format!("{} names a folder; folders are created with the files in them", arguments.path)));
    }
    let replaced = put(workspace, &path, arguments.content.as_bytes())?;
    let bytes = count(arguments.content.len(), "byte", "bytes");
    Ok(if replaced {
        format!("Wrote {bytes} to {path}, in place of what it held.")
    } else {
        format!("Wrote {bytes} to {path}, a new file.")
    })
}

/// Whether there was such a file before.
pub(crate) fn put(workspace: &dyn Workspace, path: &Path, bytes: &[u8]) -> Result<bool, Problem> {
    let mut keeps = false;
    let replaces = match workspace.stat_link(path) {
        Ok(stat) => match stat.kind {
            // One that has another name elsewhere is not written into: that name may stand outside of the workspace.
            Kind::File => {
                keeps = stat.names == 1;
                true
            }
            Kind::Folder => return Err(Fault::IsFolder.at(path)),
            Kind::Link => return Err(Problem::Failed(format!("{path} is a symbolic link; name the file that it leads to"))),
            Kind::Special => return Err(Problem::Failed(format!("{path} is not a regular file"))),
        },
        Err(Fault::Missing) => false,
        Err(fault) => return Err(fault.at(path)),
    };
    for folder in path.folders() {
        match workspace.create_folder(&folder) {
            Ok(()) | Err(Fault::Exists) => {}
            // Where writing is refused, a folder that exists is no matter.
            Err(_) if workspace.stat(&folder).is_ok_and(|stat| stat.kind == Kind::Folder) => {}
            Err(fault) => return Err(fault.at(&folder)),
        }
    }
    let partial = beside(workspace, path, bytes)?;
    let placed = if keeps { workspace.overwrite(path, bytes) } else { workspace.rename(&partial, path) };
    match placed {
        Err(fault) if keeps => {
            return Err(Problem::Failed(format!("{}; all that was to be written is in {partial}", fault.at(path))));
        }
        // The failures that matter are the first.
        Err(fault) => {
            let _ = workspace.remove(&partial);
            return Err(fault.at(path));
        }
        Ok(()) if keeps => drop(workspace.remove(&partial)),
        Ok(()) => {}
    }
    Ok(replaces)
}

fn beside(workspace: &dyn Workspace, path: &Path, bytes: &[u8]) -> Result<Path, Problem> {
    for number in 0..PARTIAL_NAMES {
        let partial = path.parent().join(&format!(".partial-{number}"));
        match workspace.create(&partial, bytes) {
            Ok(()) => return Ok(partial),
            Err(Fault::Exists) => {}
            Err(fault) => return Err(fault.at(path)),
        }
    }
    Err(Problem::Failed(format!("{}: remove the files .partial-0 and on there, which earlier calls left behind", path.parent())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::memory::Memory;

    fn write(memory: &Memory, path: &str, content: &str) -> Result<String, Problem> {
        run(memory, &Arguments { path: path.into(), content: content.into() })
    }

    #[test]
    fn writes_a_new_file_and_the_folders_on_its_way() {
        let memory = Memory::default();
        assert_eq!(write(&memory, "a/b/c.txt", "Grüße").unwrap(), "Wrote 7 bytes to a/b/c.txt, a new file.");
        assert_eq!(memory.text("a/b/c.txt").as_deref(), Some("Grüße"));
        assert_eq!(memory.paths(), ["a", "a/b", "a/b/c.txt"]);
    }

    #[test]
    fn replaces_what_was_there() {
        let memory = Memory::with(&[("a", "old")]);
        assert_eq!(write(&memory, "./a", "n").unwrap(), "Wrote 1 byte to a, in place of what it held.");
        assert_eq!((memory.text("a").as_deref(), memory.paths().len()), (Some("n"), 1));
    }

    #[test]
    fn a_failure_loses_neither_the_old_file_nor_the_new_bytes() {
        let memory = Memory { stuck: true, ..Memory::with(&[("a", "old")]) };
        let error = write(&memory, "a", "new").unwrap_err().to_string();
        assert!(error.contains("all that was to be written is in .partial-0"), "{error}");
        assert_eq!((memory.text("a").as_deref(), memory.text(".partial-0").as_deref()), (Some("old"), Some("new")));
        assert!(write(&memory, "b", "new").is_err());
        assert_eq!(memory.paths(), [".partial-0", "a"]);
    }

    #[test]
    fn a_file_with_another_name_elsewhere_is_not_written_into() {
        let memory = Memory { shared: true, stuck: true, ..Memory::with(&[("a", "old")]) };
        // The rename fails, and not the writing into it.
        assert!(!write(&memory, "a", "new").unwrap_err().to_string().contains("all that was to be written"));
        let memory = Memory { shared: true, ..Memory::with(&[("a", "old")]) };
        write(&memory, "a", "new").unwrap();
        assert_eq!(memory.text("a").as_deref(), Some("new"));
    }

    #[test]
    fn steps_around_what_a_stopped_call_left() {
        let memory = Memory::with(&[(".partial-0", "half")]);
        assert!(write(&memory, "a", "new").is_ok());
        assert_eq!((memory.text("a").as_deref(), memory.text(".partial-0").as_deref()), (Some("new"), Some("half")));
        for number in 0..PARTIAL_NAMES {
            memory.put(&format!(".partial-{number}"), b"");
        }
        assert!(write(&memory, "a", "newer").unwrap_err().to_string().contains("remove the files"));
    }

    #[test]
    fn refuses_what_is_not_a_file_of_the_workspace() {
        let memory = Memory::with(&[("a/b", "")]);
        memory.put_link("link");
        memory.put_special("pipe");
        for path in ["a", ".", "a/b/c", "link", "pipe", "new/", "/etc/passwd", "../x", ""] {
            assert!(write(&memory, path, "x").is_err(), "{path}");
        }
        assert_eq!(memory.paths(), ["a", "a/b", "link", "pipe"]);
    }

    #[test]
    fn says_when_the_workspace_is_for_reading_only() {
        let memory = Memory { read_only: true, ..Memory::with(&[("a/b", "old")]) };
        for path in ["a/b", "a/c", "d/e"] {
            assert_eq!(write(&memory, path, "x"), Err(Problem::Denied("the workspace is granted for reading only".into())), "{path}");
        }
    }
}
