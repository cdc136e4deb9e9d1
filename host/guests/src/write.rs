//! `components/dist`: one folder per guest with its component and its manifest, written only where they changed, so that
//! what is built from them is not built again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::discover::{GROUPS, Guest, folders};
use crate::error::Error;

pub(crate) fn package(dist: &Path, guest: &Guest, component: &[u8]) -> Result<(), Error> {
    let folder = folder(dist, guest);
    std::fs::create_dir_all(&folder).map_err(Error::at(&folder))?;
    file(&folder.join("component.wasm"), component)?;
    file(&folder.join("component.toml"), guest.manifest.as_bytes())
}

/// Removes the folders of guests that are gone. What else lies there is another's.
pub(crate) fn prune(dist: &Path, guests: &[Guest]) -> Result<(), Error> {
    let kept: BTreeSet<PathBuf> = guests.iter().map(|guest| folder(dist, guest)).collect();
    for group in GROUPS.map(|group| dist.join(group)) {
        for old in folders(&group)?.into_iter().filter(|old| !kept.contains(old)) {
            std::fs::remove_dir_all(&old).map_err(Error::at(&old))?;
        }
    }
    Ok(())
}

fn folder(dist: &Path, guest: &Guest) -> PathBuf {
    dist.join(guest.group).join(&guest.name)
}

fn file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    // In place at once: a reader never sees half of it.
    let partial = path.with_extension(format!("partial-{}", std::process::id()));
    std::fs::write(&partial, bytes).map_err(Error::at(&partial))?;
    std::fs::rename(&partial, path).map_err(Error::at(path))
}
