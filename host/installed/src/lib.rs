//! The components that the owner added: a folder for each, with what it is and what was allowed to it.
//!
//! `components/NAME/` in the data folder holds `component.toml` and `component.wasm`, as they came, and `consent.toml`, in
//! which stands what the owner allowed, to exactly these two files. Where one of them differs from what was allowed, the
//! component waits: nothing of it runs. A change is made beside and put in place by one rename, so that whoever is
//! interrupted leaves the old component or the new one.

mod consent;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wirken_engine::{Files, Wasm};
use wirken_manifest::{Manifest, ManifestError, is_name};
use wirken_types::Digest;

pub use consent::{Consent, wants_more};

const MANIFEST: &str = "component.toml";
const WASM: &str = "component.wasm";
const CONSENT: &str = "consent.toml";

/// A component's code, in bytes. One written in Python has 18 MB.
pub const MAX_WASM_BYTES: u64 = 128 * 1024 * 1024;
/// Components that are added.
pub const MAX_COMPONENTS: usize = 256;

/// A component as its folder has it.
#[derive(Clone, Debug)]
pub struct Installed {
    pub name: String,
    pub manifest: Manifest,
    pub manifest_text: String,
    pub wasm: Wasm,
    pub consent: Consent,
}

/// Why one is not in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// The owner said so.
    Disabled,
    /// It crashed again and again.
    Quarantined(String),
    /// Its files are not those that the owner allowed.
    Changed,
    /// The owner has not been asked yet.
    Unasked,
}

impl Installed {
    /// Why it rests, if it does.
    pub fn rests(&self) -> Option<Rest> {
        let Consent { manifest, component, disabled, quarantined, .. } = &self.consent;
        if component.is_none() {
            return Some(Rest::Unasked);
        }
        let same = *manifest == Some(Digest::of(self.manifest_text.as_bytes())) && *component == Some(self.wasm.digest());
        if !same {
            return Some(Rest::Changed);
        }
        if let Some(why) = quarantined {
            return Some(Rest::Quarantined(why.clone()));
        }
        disabled.then_some(Rest::Disabled)
    }
}

impl std::fmt::Display for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disabled => f.write_str("disabled"),
            Self::Quarantined(why) => write!(f, "quarantined: {why}"),
            Self::Changed => f.write_str("changed since it was allowed"),
            Self::Unasked => f.write_str("not allowed yet"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no added component named {0:?}: `wirken component list` names them")]
    Unknown(String),
    #[error("{0:?} is no component's name: it has {names}", names = wirken_manifest::NAME_IN_WORDS)]
    Name(String),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path} has more than {most} bytes")]
    TooLarge { path: PathBuf, most: u64 },
    #[error("{path} is not right: {problem}")]
    Manifest { path: PathBuf, problem: ManifestError },
    #[error("{path} is not right: {problem}")]
    Consent { path: PathBuf, problem: String },
    #[error("{MAX_COMPONENTS} components are added already: remove one with `wirken component remove`")]
    TooMany,
    #[error("the folder {0:?} is not the name that its manifest has: rename one of them")]
    Misnamed(String),
}

/// The components of one data folder. Clones know the same files.
#[derive(Clone, Debug)]
pub struct Components {
    root: PathBuf,
    /// Their code, as far as it was read.
    files: Arc<Files>,
}

impl Components {
    /// Looks at nothing yet.
    pub fn of(data: &Path) -> Self {
        Self { root: data.join("components"), files: Arc::default() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The names of those that are there, in order, whether or not they can be read.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::Io { path: self.root.clone(), source }),
        };
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| is_name(name)).collect();
        names.sort();
        Ok(names)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.folder(name).is_ok_and(|folder| folder.is_dir())
    }

    /// What one says of itself; its code is not looked at.
    pub fn manifest(&self, name: &str) -> Result<Manifest, Error> {
        self.manifest_in(name).map(|(manifest, _)| manifest)
    }

    fn manifest_in(&self, name: &str) -> Result<(Manifest, String), Error> {
        let folder = self.folder(name)?;
        if !folder.is_dir() {
            return Err(Error::Unknown(name.to_owned()));
        }
        let manifest_text = text(&folder.join(MANIFEST), wirken_manifest::MAX_BYTES as u64)?;
        let manifest = Manifest::parse(&manifest_text).map_err(|problem| Error::Manifest { path: folder.join(MANIFEST), problem })?;
        if manifest.name != name {
            return Err(Error::Misnamed(name.to_owned()));
        }
        Ok((manifest, manifest_text))
    }

    /// One of them.
    pub fn read(&self, name: &str) -> Result<Installed, Error> {
        let (manifest, manifest_text) = self.manifest_in(name)?;
        let path = self.folder(name)?.join(WASM);
        let wasm = self.files.read(&path, MAX_WASM_BYTES).map_err(|source| Error::Io { path: path.clone(), source })?;
        if wasm.size() > MAX_WASM_BYTES {
            return Err(Error::TooLarge { path, most: MAX_WASM_BYTES });
        }
        let consent = self.consent(name)?;
        Ok(Installed { name: name.to_owned(), manifest, manifest_text, wasm, consent })
    }

    /// What was allowed to one; its code is not looked at.
    pub fn consent(&self, name: &str) -> Result<Consent, Error> {
        let path = self.folder(name)?.join(CONSENT);
        match text(&path, wirken_manifest::MAX_BYTES as u64) {
            Ok(text) => Consent::parse(&text).map_err(|problem| Error::Consent { path, problem }),
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(Consent::default()),
            Err(error) => Err(error),
        }
    }

    /// Puts a component in place, or in the place of an earlier one.
    pub fn put(&self, manifest_text: &str, wasm: &Wasm, consent: &Consent) -> Result<(), Error> {
        let problem = |problem| Error::Manifest { path: PathBuf::from(MANIFEST), problem };
        let manifest = Manifest::parse(manifest_text).map_err(problem)?;
        let folder = self.folder(&manifest.name)?;
        if wasm.size() > MAX_WASM_BYTES {
            return Err(Error::TooLarge { path: PathBuf::from(WASM), most: MAX_WASM_BYTES });
        }
        let names = self.names()?;
        if names.len() >= MAX_COMPONENTS && !names.contains(&manifest.name) {
            return Err(Error::TooMany);
        }
        self.make_root()?;
        let beside = self.beside(&manifest.name)?;
        make_folder(&beside)?;
        write(&beside.join(MANIFEST), manifest_text.as_bytes())?;
        let bytes = wasm.bytes().map_err(|source| Error::Io { path: PathBuf::from(WASM), source })?;
        write(&beside.join(WASM), &bytes)?;
        write(&beside.join(CONSENT), consent.render().as_bytes())?;
        sync(&beside)?;
        if folder.exists() {
            // Both names change places at once: at no time is neither there.
            exchange(&beside, &folder)?;
            fs::remove_dir_all(&beside).map_err(|source| Error::Io { path: beside, source })?;
        } else {
            fs::rename(&beside, &folder).map_err(|source| Error::Io { path: folder, source })?;
        }
        sync(&self.root)
    }

    /// Changes what is allowed to one.
    pub fn allow(&self, name: &str, change: impl FnOnce(&mut Consent)) -> Result<Consent, Error> {
        self.manifest_in(name)?;
        let mut consent = self.consent(name)?;
        change(&mut consent);
        let folder = self.folder(name)?;
        let beside = folder.join(format!(".{CONSENT}.{}", random()?));
        write(&beside, consent.render().as_bytes())?;
        fs::rename(&beside, folder.join(CONSENT)).map_err(|source| Error::Io { path: folder.join(CONSENT), source })?;
        sync(&folder)?;
        Ok(consent)
    }

    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let folder = self.folder(name)?;
        if !folder.is_dir() {
            return Err(Error::Unknown(name.to_owned()));
        }
        let beside = self.beside(name)?;
        fs::rename(&folder, &beside).map_err(|source| Error::Io { path: folder, source })?;
        fs::remove_dir_all(&beside).map_err(|source| Error::Io { path: beside, source })?;
        sync(&self.root)
    }

    fn folder(&self, name: &str) -> Result<PathBuf, Error> {
        if is_name(name) { Ok(self.root.join(name)) } else { Err(Error::Name(name.chars().take(80).collect())) }
    }

    /// A name that no component has.
    fn beside(&self, name: &str) -> Result<PathBuf, Error> {
        Ok(self.root.join(format!(".{name}.{}", random()?)))
    }

    /// Makes the folder of all, and clears away what an interrupted change left.
    fn make_root(&self) -> Result<(), Error> {
        make_folder(&self.root)?;
        let entries = fs::read_dir(&self.root).map_err(|source| Error::Io { path: self.root.clone(), source })?;
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with('.')) {
            // What cannot be removed is in nobody's way.
            fs::remove_dir_all(entry.path()).ok();
        }
        Ok(())
    }
}

fn make_folder(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn sync(folder: &Path) -> Result<(), Error> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| Error::Io { path: folder.to_owned(), source })
}

#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> Result<(), Error> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).map_err(|error| Error::Io { path: other.to_owned(), source: error.into() })
}

/// Elsewhere one goes before the other comes.
#[cfg(not(target_os = "linux"))]
fn exchange(one: &Path, other: &Path) -> Result<(), Error> {
    let failed = |source| Error::Io { path: other.to_owned(), source };
    let away = one.with_extension("old");
    fs::rename(other, &away).map_err(failed)?;
    fs::rename(one, other).map_err(failed)?;
    fs::rename(&away, one).map_err(failed)
}

fn text(path: &Path, most: u64) -> Result<String, Error> {
    let source = |error| Error::Io { path: path.to_owned(), source: io::Error::new(ErrorKind::InvalidData, error) };
    String::from_utf8(bytes(path, most)?).map_err(source)
}

fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    read.map_err(|source| Error::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > most { Err(Error::TooLarge { path: path.to_owned(), most }) } else { Ok(bytes) }
}

fn random() -> Result<String, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| Error::Io { path: PathBuf::new(), source: io::Error::other(error.to_string()) })?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests;
