//! Files that only their owner may see: created so, replaced atomically, and refused when they are not so any more.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::error::VaultError;

const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The largest file that is read, in bytes: thousands of records fit, and a wrong file does not fill the memory.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Makes the folder if it is missing, and checks it if it is not.
pub(crate) fn prepare_dir(dir: &Path) -> Result<(), VaultError> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir).map_err(io_error("create", dir))?;
    check_dir(dir)?;
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => Ok(()),
    }
}

/// Refuses a folder in which others could read, or replace files.
pub(crate) fn check_dir(dir: &Path) -> Result<(), VaultError> {
    let metadata = fs::metadata(dir).map_err(io_error("open", dir))?;
    if !metadata.is_dir() {
        return Err(VaultError::Damaged { path: dir.to_owned(), what: "it is not a folder" });
    }
    check_access(dir, &metadata, DIR_MODE)
}

/// Whether a file of this name is there, be it only a dangling link.
pub(crate) fn is_there(path: &Path) -> Result<bool, VaultError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(io_error("open", path)(error)),
    }
}

/// Reads a file, unless others could have read or written it.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path).map_err(io_error("open", path))?;
    // Of the open file, so that it cannot be exchanged between the check and the read.
    let metadata = file.metadata().map_err(io_error("open", path))?;
    if !metadata.is_file() {
        return Err(VaultError::Damaged { path: path.to_owned(), what: "it is not a file" });
    }
    check_access(path, &metadata, FILE_MODE)?;
    if metadata.len() > MAX_FILE_BYTES {
        return Err(VaultError::Damaged { path: path.to_owned(), what: "it is far too large" });
    }
    // At its final size from the start: a growing buffer would leave unwiped copies of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1));
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(io_error("read", path))?;
    Ok(bytes)
}

/// Replaces a file in one step: after a crash it holds either the old bytes or the new ones.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(VaultError::Damaged { path: path.to_owned(), what: "it names no file" });
    };
    let mut temporary = name.to_owned();
    // One name, not a random one: the lock allows one writer, and what a crash leaves behind is replaced, not gathered.
    temporary.push(".new");
    let temporary = dir.join(temporary);
    let result = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path).map_err(io_error("replace", path)));
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
        return result;
    }
    sync_dir(dir)
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("replace", path)(error)),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path).map_err(io_error("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io_error("write", path))
}

fn sync_dir(dir: &Path) -> Result<(), VaultError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error("write", dir))
}

fn check_access(path: &Path, metadata: &Metadata, wanted: u32) -> Result<(), VaultError> {
    refuse_others(path, metadata.mode() & 0o7777, wanted, metadata.uid(), rustix::process::geteuid().as_raw())
}

fn refuse_others(path: &Path, mode: u32, wanted: u32, owner: u32, me: u32) -> Result<(), VaultError> {
    if owner != me {
        return Err(VaultError::ForeignOwner { path: path.to_owned(), owner, me });
    }
    if mode & !wanted != 0 {
        return Err(VaultError::Unprotected { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VaultError {
    let path: PathBuf = path.to_owned();
    move |source| VaultError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn refuses_every_bit_beyond_the_owners_own() {
        let path = Path::new("key");
        for mode in [0o600, 0o400, 0o200, 0] {
            assert!(refuse_others(path, mode, FILE_MODE, 7, 7).is_ok(), "{mode:o}");
        }
        for bit in [0o001, 0o002, 0o004, 0o010, 0o020, 0o040, 0o100, 0o1000, 0o2000, 0o4000] {
            let error = refuse_others(path, 0o600 | bit, FILE_MODE, 7, 7).unwrap_err();
            assert!(matches!(error, VaultError::Unprotected { .. }), "{bit:o}");
            assert!(error.to_string().contains("chmod 0600"), "{error}");
        }
        assert!(refuse_others(path, 0o700, DIR_MODE, 7, 7).is_ok());
        assert!(refuse_others(path, 0o710, DIR_MODE, 7, 7).is_err());
    }

    #[test]
    fn refuses_the_files_of_another_user_even_for_root() {
        for (owner, me) in [(7, 8), (8, 0), (0, 8)] {
            let error = refuse_others(Path::new("key"), 0o600, FILE_MODE, owner, me).unwrap_err();
            assert!(matches!(error, VaultError::ForeignOwner { .. }), "{error}");
        }
    }

    #[test]
    fn looks_at_the_file_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write(&path, b"one").unwrap();
        assert_eq!(*read(&path).unwrap(), b"one");

        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&path), Err(VaultError::Unprotected { mode: 0o640, .. })));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();

        // Only a privileged user can give a file away.
        if std::os::unix::fs::chown(&path, Some(rustix::process::geteuid().as_raw() + 1), None).is_ok() {
            assert!(matches!(read(&path), Err(VaultError::ForeignOwner { .. })));
        }

        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(read(&link), Err(VaultError::Io { action: "open", .. })));
    }

    #[test]
    fn writes_private_files_from_the_start_and_replaces_what_a_crash_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records.json");
        let temporary = dir.path().join("records.json.new");
        fs::write(&temporary, b"half").unwrap();
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(*read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert!(!temporary.exists());
    }

    #[test]
    fn a_failed_write_leaves_the_old_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records.json");
        write(&path, b"one").unwrap();
        fs::create_dir(dir.path().join("records.json.new")).unwrap();
        assert!(matches!(write(&path, b"two"), Err(VaultError::Io { .. })));
        assert_eq!(*read(&path).unwrap(), b"one");
    }
}
