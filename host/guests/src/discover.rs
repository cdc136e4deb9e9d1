//! Which guests there are: every folder with a manifest, in the order of their paths.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::Error;

/// The folders that hold guests. Components of all but the last are shipped.
pub(crate) const GROUPS: [&str; 5] = ["providers", "channels", "tools", "policies", "fixtures"];

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) world: String,
    /// What it asks for.
    pub(crate) asks: Asks,
    /// The manifest, as it is copied.
    pub(crate) manifest: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Provider,
    Channel,
    Tool,
    Policy,
}

/// What a manifest asks for, of what a component may import.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asks {
    /// The workspace.
    pub(crate) workspace: bool,
    /// To run programs.
    pub(crate) programs: bool,
    /// To send requests.
    pub(crate) network: bool,
    /// To keep state.
    pub(crate) store: bool,
    /// To send messages.
    pub(crate) messages: bool,
    /// For credentials.
    pub(crate) credentials: bool,
}

impl Guest {
    /// Its folder below `components`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// What is shipped keeps to its kind, a pure one to types; a fixture may be otherwise, to show that it is refused.
    pub(crate) fn is_fixture(&self) -> bool {
        self.group == "fixtures"
    }
}

/// The part of a manifest that a build must know. The rest is the host's.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    kind: Kind,
    world: String,
    #[serde(default)]
    filesystem: Filesystem,
    #[serde(default)]
    exec: Exec,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    store: Store,
    #[serde(default)]
    messages: Messages,
    #[serde(default)]
    credentials: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Filesystem {
    workspace: Option<String>,
}

#[derive(Default, Deserialize)]
struct Exec {
    #[serde(default)]
    run: bool,
}

#[derive(Default, Deserialize)]
struct Network {
    #[serde(default)]
    origins: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Store {
    #[serde(default)]
    keep: bool,
}

#[derive(Default, Deserialize)]
struct Messages {
    #[serde(default)]
    send: bool,
}

pub(crate) fn guests(components: &Path) -> Result<Vec<Guest>, Error> {
    let mut guests = Vec::new();
    for group in GROUPS {
        for folder in folders(&components.join(group))? {
            let file = folder.join("component.toml");
            if file.is_file() {
                guests.push(guest(group, &folder, &file)?);
            } else if folder.join("Cargo.toml").is_file() {
                return Err(Error::Manifest { file, message: "missing: each guest has a manifest beside its Cargo.toml".into() });
            }
        }
    }
    if guests.is_empty() { Err(Error::NoGuests { components: components.to_owned() }) } else { Ok(guests) }
}

fn guest(group: &'static str, folder: &Path, file: &Path) -> Result<Guest, Error> {
    let wrong = |message: String| Error::Manifest { file: file.to_owned(), message };
    let text = std::fs::read_to_string(file).map_err(Error::at(file))?;
    let manifest: Manifest = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
    if folder.file_name().and_then(|name| name.to_str()) != Some(manifest.name.as_str()) {
        return Err(wrong(format!("the name {:?} is not that of the folder", manifest.name)));
    }
    let asks = Asks {
        workspace: manifest.filesystem.workspace.is_some_and(|access| access != "none"),
        programs: manifest.exec.run,
        network: !manifest.network.origins.is_empty(),
        store: manifest.store.keep,
        messages: manifest.messages.send,
        credentials: !manifest.credentials.is_empty(),
    };
    Ok(Guest { group, name: manifest.name, kind: manifest.kind, world: manifest.world, asks, manifest: text })
}

/// The folders in a folder, sorted; none where it does not exist.
pub(crate) fn folders(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::at(path)(error)),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::at(path))?.path();
        if entry.is_dir() {
            folders.push(entry);
        }
    }
    folders.sort();
    Ok(folders)
}
