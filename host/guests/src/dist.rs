//! Which guests there are, and where their components go. A guest is a folder `components/<kind>/<name>` with a manifest;
//! fixtures have a folder of their own, so that nothing but tests finds them.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use wirken_manifest::Manifest;

const FOLDERS: [&str; 5] = ["channels", "fixtures", "policies", "providers", "tools"];
pub(crate) const FIXTURES: &str = "fixtures";
const MANIFEST: &str = "component.toml";
const COMPONENT: &str = "component.wasm";

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) folder: &'static str,
    pub(crate) name: String,
    pub(crate) manifest: Manifest,
    manifest_text: String,
}

impl Guest {
    pub(crate) fn label(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }

    /// The file that cargo makes of the package `wirken-<name>`.
    pub(crate) fn artifact(&self) -> String {
        format!("wirken_{}.wasm", self.name.replace('-', "_"))
    }
}

/// All guests in the order of their folders and names.
pub(crate) fn discover(components: &Path) -> Result<Vec<Guest>> {
    let mut guests = Vec::new();
    for folder in FOLDERS {
        for name in folders_in(&components.join(folder))? {
            if components.join(folder).join(&name).join("Cargo.toml").is_file() {
                guests.push(read(components, folder, name.clone()).with_context(|| format!("{folder}/{name}"))?);
            }
        }
    }
    ensure!(!guests.is_empty(), "there is no guest under {}", components.display());
    Ok(guests)
}

fn read(components: &Path, folder: &'static str, name: String) -> Result<Guest> {
    let path = components.join(folder).join(&name).join(MANIFEST);
    let manifest_text = fs::read_to_string(path).with_context(|| format!("reading {MANIFEST}"))?;
    let manifest = Manifest::parse(&manifest_text).with_context(|| MANIFEST.to_owned())?;
    ensure!(manifest.name == name, "{MANIFEST} names it `{}`", manifest.name);
    ensure!(folder == FIXTURES || manifest.kind.folder() == folder, "its kind belongs under {}/", manifest.kind.folder());
    Ok(Guest { folder, name, manifest, manifest_text })
}

/// Whether any byte changed: an untouched file keeps its time, and what embeds it is not rebuilt.
pub(crate) fn write(components: &Path, guest: &Guest, component: &[u8]) -> Result<bool> {
    let folder = dist(components).join(guest.folder).join(&guest.name);
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let component = write_if_changed(&folder.join(COMPONENT), component)?;
    let manifest = write_if_changed(&folder.join(MANIFEST), guest.manifest_text.as_bytes())?;
    Ok(component || manifest)
}

/// A guest whose source is gone must not be embedded from an earlier build.
pub(crate) fn remove_unknown(components: &Path, guests: &[Guest]) -> Result<()> {
    let known: BTreeSet<(&str, &str)> = guests.iter().map(|guest| (guest.folder, guest.name.as_str())).collect();
    for folder in FOLDERS {
        let parent = dist(components).join(folder);
        for name in folders_in(&parent)? {
            if !known.contains(&(folder, name.as_str())) {
                let path = parent.join(name);
                fs::remove_dir_all(&path).with_context(|| format!("removing {}", path.display()))?;
            }
        }
    }
    Ok(())
}

fn dist(components: &Path) -> PathBuf {
    components.join("dist")
}

fn write_if_changed(path: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))?;
    Ok(true)
}

fn folders_in(path: &Path) -> Result<BTreeSet<String>> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        entries => entries.with_context(|| format!("reading {}", path.display()))?,
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", path.display()))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"a\"\nkind = \"tool\"\nversion = \"0.1.0\"\nworld = \"wirken:tool/tool@0.1.0\"\ndescription = \"A.\"\n";

    fn with_guest(folder: &str, name: &str, manifest: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(folder).join(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("Cargo.toml"), "").unwrap();
        fs::write(path.join(MANIFEST), manifest).unwrap();
        root
    }

    #[test]
    fn finds_a_guest_and_writes_it_only_once() {
        let root = with_guest("tools", "a", TEXT);
        let guests = discover(root.path()).unwrap();
        assert_eq!(guests[0].label(), "tools/a");
        assert_eq!(guests[0].artifact(), "wirken_a.wasm");
        assert!(write(root.path(), &guests[0], b"1").unwrap());
        assert!(!write(root.path(), &guests[0], b"1").unwrap());
        assert!(write(root.path(), &guests[0], b"2").unwrap());
    }

    #[test]
    fn removes_what_has_no_source() {
        let root = with_guest("tools", "a", TEXT);
        let guests = discover(root.path()).unwrap();
        write(root.path(), &guests[0], b"1").unwrap();
        fs::create_dir_all(root.path().join("dist/tools/gone")).unwrap();
        remove_unknown(root.path(), &guests).unwrap();
        assert!(root.path().join("dist/tools/a").is_dir() && !root.path().join("dist/tools/gone").exists());
    }

    #[test]
    fn refuses_a_wrong_name_a_wrong_folder_and_no_manifest() {
        for (folder, name, expected) in [("tools", "b", "names it `a`"), ("providers", "a", "belongs under tools/")] {
            let root = with_guest(folder, name, TEXT);
            let error = format!("{:#}", discover(root.path()).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
        let root = with_guest("tools", "a", TEXT);
        fs::remove_file(root.path().join("tools/a").join(MANIFEST)).unwrap();
        assert!(format!("{:#}", discover(root.path()).unwrap_err()).contains("tools/a: reading component.toml"));
    }
}
