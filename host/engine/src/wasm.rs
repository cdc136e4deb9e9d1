//! A component's bytes, and the digest that they are known by. It is computed here, once, and nobody hands one in: what was
//! allowed, what is loaded and what is recorded are the same bytes.
//!
//! A component in Python has 18 MB. A file is hashed as it is read, and its bytes are kept by nobody: whoever compiles them reads
//! them then, and they are compared with the digest. Where the system says that a file is the same that was hashed before, it
//! is not read at all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use wirken_types::Digest;

/// How long a file has to be left alone before its times are believed: the clocks of some file systems go by two seconds, and
/// what is written within one tick of them looks unchanged.
const SETTLED: Duration = Duration::from_secs(3);

/// Of a file, what is read at once: little enough that it is hashed where the processor has it still.
const PIECE_BYTES: usize = 256 * 1024;

/// Files that are remembered. Past it all are read anew.
const MAX_FILES: usize = 1024;

/// A component's bytes. Clones share them.
#[derive(Clone)]
pub struct Wasm {
    held: Arc<Held>,
}

enum Held {
    Embedded {
        bytes: &'static [u8],
        digest: OnceLock<Digest>,
    },
    Read {
        bytes: Vec<u8>,
        digest: OnceLock<Digest>,
    },
    /// A file that had the bytes of this digest when it was opened.
    File {
        file: File,
        size: u64,
        digest: Digest,
    },
}

impl Wasm {
    /// Bytes that were read or made.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { held: Arc::new(Held::Read { bytes, digest: OnceLock::new() }) }
    }

    /// Bytes of the binary itself.
    pub fn embedded(bytes: &'static [u8]) -> Self {
        Self { held: Arc::new(Held::Embedded { bytes, digest: OnceLock::new() }) }
    }

    /// Computed when it is asked for first.
    pub fn digest(&self) -> Digest {
        match &*self.held {
            Held::Embedded { bytes, digest } => *digest.get_or_init(|| Digest::of(bytes)),
            Held::Read { bytes, digest } => *digest.get_or_init(|| Digest::of(bytes)),
            Held::File { digest, .. } => *digest,
        }
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        match &*self.held {
            Held::Embedded { bytes, .. } => bytes.len() as u64,
            Held::Read { bytes, .. } => bytes.len() as u64,
            Held::File { size, .. } => *size,
        }
    }

    /// The bytes themselves, which may have to be read; fails where the file holds others by now.
    pub fn bytes(&self) -> io::Result<Cow<'_, [u8]>> {
        let (file, size, digest) = match &*self.held {
            Held::Embedded { bytes, .. } => return Ok(Cow::Borrowed(bytes)),
            Held::Read { bytes, .. } => return Ok(Cow::Borrowed(bytes)),
            Held::File { file, size, digest } => (file, *size, *digest),
        };
        let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, 0)?;
        if Digest::of(&bytes) != digest {
            return Err(io::Error::new(ErrorKind::InvalidData, "the file was changed while it was used"));
        }
        Ok(Cow::Owned(bytes))
    }
}

impl std::fmt::Debug for Wasm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasm").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// The files that were hashed, and what was in them.
#[derive(Default)]
pub struct Files {
    known: Mutex<HashMap<PathBuf, (Stamp, Digest)>>,
}

/// What of a file changes with its content. The last two a program cannot set.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
    device: u64,
    node: u64,
    changed: (i64, i64),
}

impl Files {
    /// A component's file, of which no more than one byte past `most` is read.
    pub fn read(&self, path: &Path, most: u64) -> io::Result<Wasm> {
        self.read_at(path, most, SystemTime::now())
    }

    pub(crate) fn read_at(&self, path: &Path, most: u64, now: SystemTime) -> io::Result<Wasm> {
        let file = File::open(path)?;
        let stamp = Stamp::of(&file.metadata()?);
        if let Some((before, digest)) = self.known().get(path)
            && *before == stamp
        {
            let held = Held::File { file, size: stamp.size, digest: *digest };
            return Ok(Wasm { held: Arc::new(held) });
        }
        let (digest, size) = hashed(&file, most)?;
        // Whoever wrote meanwhile may have been read in part.
        if stamp.size == size && stamp.is_settled(now) && Stamp::of(&file.metadata()?) == stamp {
            let mut known = self.known();
            if known.len() >= MAX_FILES {
                known.clear();
            }
            known.insert(path.to_owned(), (stamp, digest));
        }
        Ok(Wasm { held: Arc::new(Held::File { file, size, digest }) })
    }

    fn known(&self) -> MutexGuard<'_, HashMap<PathBuf, (Stamp, Digest)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of a file, and how much of it there is, of which no more is read than one byte past `most`.
fn hashed(file: &File, most: u64) -> io::Result<(Digest, u64)> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut file = file.take(most.saturating_add(1));
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(piece.get(..read).unwrap_or_default());
        size += read as u64;
    }
    Ok((Digest::from_bytes(hash.finalize().into()), size))
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("known", &self.known().len()).finish()
    }
}

impl Stamp {
    fn of(of: &Metadata) -> Self {
        Self {
            size: of.size(),
            modified: (of.mtime(), of.mtime_nsec()),
            device: of.dev(),
            node: of.ino(),
            changed: (of.ctime(), of.ctime_nsec()),
        }
    }

    /// Whether what is written from now on gets another time.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(self.changed.0).is_ok_and(|seconds| Duration::from_secs(seconds) + SETTLED <= now)
    }
}

#[cfg(test)]
mod tests;
