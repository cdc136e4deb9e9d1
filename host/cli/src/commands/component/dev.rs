//! `wirken component dev`: builds a component and puts it to use each time that a source is saved.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use wirken_gateway::folder::Folder;
use wirken_installed::{Components, wants_more};
use wirken_types::Digest;

use super::author::make;
use super::change::Change;
use super::source::{Bare, Source};
use crate::environment::Environment;
use crate::output;

/// How often the sources are looked at.
const LOOK: Duration = Duration::from_millis(400);
/// Folders in which an author's tools keep what they made, beside those whose names begin with a dot.
const MADE: [&str; 4] = ["target", "node_modules", "__pycache__", "dist"];
/// Files that a build writes beside the sources.
const WRITTEN: [&str; 3] = ["component.wasm", "Cargo.lock", "package-lock.json"];

/// Builds, adds and builds again, for as long as nobody stops it.
pub(super) fn dev(environment: &Environment, home: &Folder, folder: &Path) -> anyhow::Result<()> {
    let (mut seen, mut built) = (Vec::new(), None);
    loop {
        // As it was before the build: what is saved meanwhile is built next.
        let found = sources(folder);
        if found != seen {
            let content = content(&found);
            // Some tools write the same file anew with each build, which is no change.
            if built != Some(content) {
                if let Err(error) = put_to_use(environment, home, folder) {
                    // What is being written is often wrong; the version before stays in use.
                    output::error(&error);
                }
                output::note("Waiting for a change. Stop with Ctrl-C.");
                built = Some(content);
            }
            seen = found;
        }
        std::thread::sleep(LOOK);
    }
}

fn put_to_use(environment: &Environment, home: &Folder, folder: &Path) -> anyhow::Result<()> {
    make(environment, folder)?;
    let source = Source::read(folder, &Bare::default())?;
    let before = Components::of(home.root()).read(&source.manifest.name).ok();
    let more = match &before {
        Some(before) => wants_more(&before.consent, &source.manifest),
        None => vec!["to be added".to_owned()],
    };
    if !more.is_empty() {
        // Nothing is allowed on the way: it is asked for as at any other time.
        return super::add(home, &source, false, output::Format::Text);
    }
    let change = Change::Add { manifest: &source.manifest_text, wasm: &source.path, digest: source.wasm.digest() };
    super::changed(home, &change, output::Format::Text)
}

/// A source: when it was saved, and how long it was then.
type Found = (PathBuf, Option<SystemTime>, u64);

/// Every source below a folder, in order.
fn sources(folder: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
            let Ok(data) = entry.metadata() else { continue };
            // Hidden files, and those of editors that keep what was there before.
            if name.starts_with('.') || name.ends_with('~') || name.contains(".partial-") {
                continue;
            }
            if data.is_dir() && !MADE.contains(&name.as_str()) {
                folders.push(path);
            } else if data.is_file() && !WRITTEN.contains(&name.as_str()) {
                found.push((path, data.modified().ok(), data.len()));
            }
        }
    }
    found.sort();
    found
}

/// What they hold.
fn content(sources: &[Found]) -> Digest {
    let mut all = Vec::new();
    for (path, ..) in sources {
        let digest = std::fs::read(path).map_or(Digest::ZERO, |bytes| Digest::of(&bytes));
        all.extend(format!("{}\0{digest}\n", path.display()).into_bytes());
    }
    Digest::of(&all)
}

#[cfg(test)]
mod tests {
    use std::fs::write;

    use super::*;

    #[test]
    fn a_change_is_what_an_author_saved_and_nothing_that_a_tool_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("src")).unwrap();
        std::fs::create_dir_all(path("target/debug")).unwrap();
        write(path("src/lib.rs"), "a").unwrap();
        let before = sources(folder.path());
        assert_eq!(before.len(), 1);
        let held = content(&before);
        for name in ["component.wasm", "Cargo.lock", "target/debug/x", ".lib.rs.swp", "src/lib.rs~", "component.partial-7"] {
            write(path(name), "x").unwrap();
        }
        assert_eq!(sources(folder.path()), before);
        write(path("src/more.rs"), "b").unwrap();
        let more = sources(folder.path());
        assert_ne!(content(&more), held);
        std::fs::remove_file(path("src/more.rs")).unwrap();
        assert_eq!(content(&sources(folder.path())), held);
        write(path("src/lib.rs"), "b").unwrap();
        assert_ne!(content(&sources(folder.path())), held);
    }
}
