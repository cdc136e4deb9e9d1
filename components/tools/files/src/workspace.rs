//! A folder of files, as far as the tools need one.

#[cfg(test)]
pub(crate) mod memory;
pub(crate) mod wasi;

use std::ops::ControlFlow;

use crate::path::Path;
use crate::problem::{Fault, Problem};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    /// A socket, a device: never opened, for that may wait without end.
    Special,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    /// Its names, which may stand in folders that are none of this workspace.
    pub(crate) names: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

pub(crate) trait Workspace {
    /// What is at the end of a path, links followed.
    fn stat(&self, path: &Path) -> Result<Stat, Fault>;

    /// What is at a path, a link being a link.
    fn stat_link(&self, path: &Path) -> Result<Stat, Fault>;

    /// The entries of a folder, in any order.
    fn entries(&self, path: &Path) -> Result<Vec<Entry>, Fault>;

    /// Hands out a file piece by piece, until its end or until it has been enough.
    fn read(&self, path: &Path, piece: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), Fault>;

    fn create_folder(&self, path: &Path) -> Result<(), Fault>;

    /// A file that was not there before; where it fails, none is left.
    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), Fault>;

    /// Other bytes in a file that is there, which stays the same file otherwise: its mode above all.
    fn overwrite(&self, path: &Path, bytes: &[u8]) -> Result<(), Fault>;

    /// Puts a file in another's place.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), Fault>;

    fn remove(&self, path: &Path) -> Result<(), Fault>;
}

/// The size of a file that may be read as one.
pub(crate) fn file_size(workspace: &dyn Workspace, path: &Path) -> Result<u64, Problem> {
    let stat = workspace.stat(path).map_err(|fault| fault.at(path))?;
    match stat.kind {
        Kind::File => Ok(stat.size),
        Kind::Folder => Err(Fault::IsFolder.at(path)),
        Kind::Link | Kind::Special => Err(Problem::Failed(format!("{path} is not a regular file"))),
    }
}

/// A whole file, unless it grows past this many bytes; the bytes past them are cut off.
pub(crate) fn read_all(workspace: &dyn Workspace, path: &Path, limit: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    workspace.read(path, &mut |piece| {
        bytes.extend_from_slice(piece);
        if bytes.len() > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    bytes.truncate(limit);
    Ok(bytes)
}

/// A folder's entries by name.
pub(crate) fn sorted(workspace: &dyn Workspace, path: &Path) -> Result<Vec<Entry>, Fault> {
    let mut entries = workspace.entries(path)?;
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}
