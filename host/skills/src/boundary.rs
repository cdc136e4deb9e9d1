//! A folder that reading does not leave: a path below it is opened one name after another, and no name may be a link. So
//! whoever swaps a folder for a link while it is read gets an error and not a file from elsewhere.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat, openat2, statat};

/// An open folder and its path, in which no name is a link.
pub(crate) struct Boundary {
    folder: OwnedFd,
    pub(crate) path: PathBuf,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, u64),
    /// When the system saw the last change. No program sets it.
    pub(crate) changed: (i64, u64),
}

/// What is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Link,
    Other,
}

impl Boundary {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let folder = open(&path, FOLDER, Mode::empty())?;
        Ok(Self { folder, path })
    }

    /// Opens what is below, for reading. It never waits for the other end of a pipe.
    pub(crate) fn file(&self, below: &Path) -> io::Result<File> {
        let (Some(parent), Some(name)) = (below.parent(), below.file_name()) else { return Err(io::ErrorKind::InvalidInput.into()) };
        let folder = self.folder(parent)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(openat(&folder, name, flags, Mode::empty())?))
    }

    /// Opens a folder below, or itself.
    pub(crate) fn folder(&self, below: &Path) -> io::Result<OwnedFd> {
        let mut folder = openat(&self.folder, ".", FOLDER, Mode::empty())?;
        for component in below.components() {
            let Component::Normal(name) = component else { return Err(io::ErrorKind::InvalidInput.into()) };
            folder = openat(&folder, name, FOLDER, Mode::empty())?;
        }
        Ok(folder)
    }

    /// What is below, no link followed at the end.
    pub(crate) fn look(&self, below: &Path) -> io::Result<(Kind, Stamp)> {
        let path = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        Ok(known(&statat(&self.folder, path, AtFlags::SYMLINK_NOFOLLOW)?))
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a folder for reading, by an absolute path on which no name is a link.
pub fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat2(CWD, path, FOLDER, Mode::empty(), ResolveFlags::NO_SYMLINKS)?)
}

/// A file's text, if it is a file and no larger than this. Bytes that are no UTF-8 are replaced.
pub(crate) fn read(mut file: File, most: u64) -> io::Result<Result<(String, Stamp), String>> {
    let (kind, stamp) = known(&fstat(&file)?);
    if kind != Kind::File {
        return Ok(Err("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    (&mut file).take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Ok(Err(format!("it has more than {most} bytes")));
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Ok((text, stamp)))
}

/// The fields of this structure have other widths on other systems.
#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::cast_lossless, reason = "the types differ by system")]
fn known(stat: &Stat) -> (Kind, Stamp) {
    let kind = match rustix::fs::FileType::from_raw_mode(stat.st_mode as _) {
        rustix::fs::FileType::RegularFile => Kind::File,
        rustix::fs::FileType::Directory => Kind::Folder,
        rustix::fs::FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    };
    let stamp = Stamp {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        size: stat.st_size as u64,
        modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u64),
        changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u64),
    };
    (kind, stamp)
}
