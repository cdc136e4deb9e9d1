//! The data folder: where things are, and that one process at a time changes them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

/// How often, and with what pause, a lock that is held is tried for again.
const LOOKS: u32 = 10;
const LOOK: Duration = Duration::from_millis(10);

/// A data folder of the person who runs this process, closed to everybody else.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("the data folder {} cannot be used", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the data folder {} belongs to another user: name your own with WIRKEN_DATA_DIR", path.display())]
    NotOwned { path: PathBuf },
    #[error("the data folder {} is open to other users (mode {mode:o}): run `chmod 700 {}`", path.display(), path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("another wirken (process {holder}) is using the data folder {}: stop it first", path.display())]
    Locked { path: PathBuf, holder: String },
}

impl Folder {
    /// The folder at `root`, made where there is none.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let io = |source| FolderError::Io { path: root.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(io)?;
        let meta = fs::metadata(root).map_err(io)?;
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(FolderError::NotOwned { path: root.to_owned() });
        }
        let mode = meta.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(FolderError::Open { path: root.to_owned(), mode });
        }
        Ok(Self { root: fs::canonicalize(root).map_err(io)? })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    pub fn vault(&self) -> PathBuf {
        self.root.join("vault")
    }

    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    pub fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }

    /// Where the owner puts skills.
    pub fn skills(&self) -> PathBuf {
        self.root.join("skills")
    }

    /// A folder of its own, so that it can be kept from sandboxes as a whole.
    pub fn control(&self) -> PathBuf {
        self.root.join("control")
    }

    /// Where the processes of channels connect.
    pub fn adapters(&self) -> PathBuf {
        self.root.join("adapters")
    }

    /// Takes the folder for this process; it is given back when the lock is dropped or the process ends, however.
    pub fn lock(&self) -> Result<Lock, FolderError> {
        let path = self.root.join("lock");
        let io = |source| FolderError::Io { path: self.root.clone(), source };
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
        let mut locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
        for _ in 0..LOOKS {
            if locked != Err(rustix::io::Errno::WOULDBLOCK) {
                break;
            }
            // Somebody may only be looking whether it is locked.
            std::thread::sleep(LOOK);
            locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
        }
        match locked {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // Only for the message.
                file.take(32).read_to_string(&mut holder).ok();
                let holder = if holder.trim().is_empty() { "unknown".to_owned() } else { holder.trim().to_owned() };
                return Err(FolderError::Locked { path: self.root.clone(), holder });
            }
            Err(error) => return Err(io(error.into())),
        }
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(io)?;
        Ok(Lock { _file: file })
    }

    /// Whether some process holds the folder.
    pub fn is_locked(&self) -> bool {
        let Ok(file) = File::open(self.root.join("lock")) else { return false };
        flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK)
    }
}

/// The data folder is this process's own.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_names_the_holder_and_ends_with_the_first() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(&temporary.path().join("data")).unwrap();
        assert!(!folder.is_locked());
        let lock = folder.lock().unwrap();
        assert!(folder.is_locked());
        match folder.lock() {
            Err(FolderError::Locked { holder, .. }) => assert_eq!(holder, std::process::id().to_string()),
            other => panic!("{other:?}"),
        }
        drop(lock);
        folder.lock().unwrap();
    }

    #[test]
    fn is_made_closed_and_refused_when_open_to_others() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("data");
        Folder::open(&root).unwrap();
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
        for (mode, open) in [(0o700, false), (0o750, true), (0o701, true)] {
            fs::set_permissions(&root, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(matches!(Folder::open(&root), Err(FolderError::Open { .. })), open, "{mode:o}");
        }
    }
}
