//! The files that came with messages: each under the digest of its bytes, beside the rows that name them.
//!
//! A row is written only once its file stands: written beside its place, synced, renamed. So a file that no row names is
//! what a stop in between left, or what belonged to a content that was erased since, and the next start removes it. What
//! is read is checked against its name, since a file may have been changed behind the ledger's back.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wirken_types::{Digest, Digester};

/// What all files together may take, in bytes, where the owner says nothing else.
pub const TOTAL_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Read at once.
const PIECE_BYTES: usize = 256 * 1024;
/// The end of the name of a file that is being written.
const UNFINISHED: &str = ".part";

/// Why a file is not kept, or not there.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the files of messages take {total} bytes, and that is the most that is kept: free some, or raise `media.total-mib`")]
    Full { total: u64 },
    #[error("it has more than {most} bytes")]
    TooLarge { most: u64 },
    #[error("the file {} is missing", .0.short())]
    Missing(Digest),
    #[error("the file {} is not the one that was kept", .0.short())]
    Altered(Digest),
    #[error("could not {action} {}: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
}

/// The files of one data folder. Clones share them.
#[derive(Clone, Debug)]
pub struct Blobs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    total: u64,
    used: AtomicU64,
    next: AtomicU64,
}

impl Blobs {
    pub fn path_in(data: &Path) -> PathBuf {
        data.join("ledger").join("files")
    }

    /// Opens the folder, which its one writer does, and removes what nothing names. `named` is all that rows name; none
    /// where that could not be read, so that nothing is removed but what was being written.
    pub fn open(folder: &Path, total: u64, named: Option<&BTreeSet<Digest>>) -> Result<Self, BlobError> {
        let failed = |action| move |source| BlobError::File { action, path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("make"))?;
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed("protect"))?;
        let mut used = 0_u64;
        for entry in fs::read_dir(folder).map_err(failed("list"))? {
            let entry = entry.map_err(failed("list"))?;
            let digest: Option<Digest> = entry.file_name().to_str().and_then(|name| name.parse().ok());
            let unfinished = entry.file_name().to_string_lossy().ends_with(UNFINISHED);
            let orphan = digest.is_some_and(|digest| named.is_some_and(|named| !named.contains(&digest)));
            if unfinished || orphan {
                fs::remove_file(entry.path()).map_err(|source| BlobError::File { action: "remove", path: entry.path(), source })?;
            } else if let Ok(metadata) = entry.metadata() {
                used = used.saturating_add(metadata.len());
            }
        }
        Ok(Self { inner: Arc::new(Inner { folder: folder.to_owned(), total, used: AtomicU64::new(used), next: AtomicU64::new(0) }) })
    }

    /// The same for whoever only looks: nothing is made, and nothing removed.
    pub fn look(folder: &Path) -> Self {
        Self { inner: Arc::new(Inner { folder: folder.to_owned(), total: 0, used: AtomicU64::new(0), next: AtomicU64::new(0) }) }
    }

    /// A new file of at most so many bytes. Blocks its thread, as all that follows.
    pub fn begin(&self, most: u64) -> Result<Unfinished, BlobError> {
        let number = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let path = self.inner.folder.join(format!("{}-{number}{UNFINISHED}", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|source| BlobError::File { action: "make", path: path.clone(), source })?;
        Ok(Unfinished { inner: Arc::clone(&self.inner), path, file, digester: Digester::default(), size: 0, most, stands: false })
    }

    /// The bytes of a file, all of them checked.
    pub fn read(&self, digest: Digest) -> Result<Vec<u8>, BlobError> {
        let mut bytes = Vec::new();
        self.pieces(digest, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// The same piece by piece. What was handed out before an error is not the file's.
    pub fn pieces(&self, digest: Digest, mut each: impl FnMut(&[u8])) -> Result<u64, BlobError> {
        let mut pieces = self.open_file(digest)?;
        while let Some(piece) = pieces.next_piece()? {
            each(&piece);
        }
        Ok(pieces.read)
    }

    /// A file that is read piece by piece by its caller.
    pub fn open_file(&self, digest: Digest) -> Result<Pieces, BlobError> {
        let path = self.inner.folder.join(digest.to_hex());
        match File::open(&path) {
            Ok(file) => Ok(Pieces { digest, path, file: Some(file), digester: Digester::default(), read: 0 }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::Missing(digest)),
            Err(source) => Err(BlobError::File { action: "open", path, source }),
        }
    }

    /// How long a file is; none where there is none.
    pub fn size(&self, digest: Digest) -> Option<u64> {
        fs::metadata(self.inner.folder.join(digest.to_hex())).ok().map(|metadata| metadata.len())
    }

    /// What all files take.
    pub fn used(&self) -> u64 {
        self.inner.used.load(Ordering::Relaxed)
    }
}

/// A file on its way out. Its last piece is handed out only where the whole is what its name says.
#[derive(Debug)]
pub struct Pieces {
    digest: Digest,
    path: PathBuf,
    file: Option<File>,
    digester: Digester,
    read: u64,
}

impl Pieces {
    /// None after the last.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, BlobError> {
        let Some(file) = &mut self.file else { return Ok(None) };
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        let limit = PIECE_BYTES as u64;
        let count = file.take(limit).read_to_end(&mut piece);
        count.map_err(|source| BlobError::File { action: "read", path: self.path.clone(), source })?;
        self.digester.update(&piece);
        self.read = self.read.saturating_add(piece.len() as u64);
        if piece.len() < PIECE_BYTES {
            self.file = None;
            if std::mem::take(&mut self.digester).finish() != self.digest {
                return Err(BlobError::Altered(self.digest));
            }
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}

/// A file that is being written. Dropping it removes it.
#[derive(Debug)]
pub struct Unfinished {
    inner: Arc<Inner>,
    path: PathBuf,
    file: File,
    digester: Digester,
    size: u64,
    most: u64,
    stands: bool,
}

impl Unfinished {
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        let count = bytes.len() as u64;
        if self.size.saturating_add(count) > self.most {
            return Err(BlobError::TooLarge { most: self.most });
        }
        // Counted before it is there, so that several at once do not pass the bound together.
        if self.inner.used.fetch_add(count, Ordering::Relaxed).saturating_add(count) > self.inner.total {
            self.inner.used.fetch_sub(count, Ordering::Relaxed);
            return Err(BlobError::Full { total: self.inner.total });
        }
        self.size += count;
        self.digester.update(bytes);
        self.file.write_all(bytes).map_err(|source| BlobError::File { action: "write", path: self.path.clone(), source })
    }

    /// Puts it at its place. It survives a loss of power from here on.
    pub fn finish(mut self) -> Result<(Digest, u64), BlobError> {
        let digest = std::mem::take(&mut self.digester).finish();
        let place = self.inner.folder.join(digest.to_hex());
        let failed = |source| BlobError::File { action: "keep", path: place.clone(), source };
        self.file.sync_all().map_err(failed)?;
        // The same file may have come before. This one is known to be whole, and takes its place.
        let before = fs::metadata(&place).map(|metadata| metadata.len()).unwrap_or_default();
        fs::rename(&self.path, &place).map_err(failed)?;
        self.stands = true;
        self.inner.used.fetch_sub(before, Ordering::Relaxed);
        File::open(&self.inner.folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok((digest, self.size))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.stands {
            return;
        }
        self.inner.used.fetch_sub(self.size, Ordering::Relaxed);
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "an unfinished file could not be removed; the next start does it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(blobs: &Blobs, bytes: &[u8]) -> Result<Digest, BlobError> {
        let mut unfinished = blobs.begin(1_000_000)?;
        bytes.chunks(1000).try_for_each(|piece| unfinished.write(piece))?;
        Ok(unfinished.finish()?.0)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_comes_back_as_it_was_and_is_the_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = Blobs::path_in(home.path());
        let blobs = Blobs::open(&folder, TOTAL_BYTES, None).unwrap();
        for bytes in [&b""[..], b"abc", &vec![7; PIECE_BYTES - 1], &vec![7; PIECE_BYTES], &vec![7; PIECE_BYTES + 1]] {
            let digest = put(&blobs, bytes).unwrap();
            assert_eq!(digest, Digest::of(bytes));
            assert_eq!(blobs.read(digest).unwrap(), bytes);
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder), mode(&folder.join(digest.to_hex()))), (0o700, 0o600));
        }
        assert_eq!(names(&folder).len(), 5, "nothing unfinished is left");
    }

    #[test]
    fn what_was_altered_or_is_gone_is_not_handed_out() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(home.path(), TOTAL_BYTES, None).unwrap();
        let digest = put(&blobs, &vec![1; PIECE_BYTES * 2]).unwrap();
        let path = home.path().join(digest.to_hex());
        let mut bytes = fs::read(&path).unwrap();
        bytes[PIECE_BYTES] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(blobs.read(digest), Err(BlobError::Altered(_))));
        fs::write(&path, vec![1; PIECE_BYTES * 2 - 1]).unwrap();
        assert!(matches!(blobs.read(digest), Err(BlobError::Altered(_))), "shorter");
        // The same once more takes the place of the damaged one.
        assert_eq!(put(&blobs, &vec![1; PIECE_BYTES * 2]).unwrap(), digest);
        blobs.read(digest).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(matches!(blobs.read(digest), Err(BlobError::Missing(_))));
    }

    #[test]
    fn one_file_and_all_together_have_their_bound() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(home.path(), 10, None).unwrap();
        let mut one = blobs.begin(5).unwrap();
        one.write(b"12345").unwrap();
        assert!(matches!(one.write(b"6"), Err(BlobError::TooLarge { most: 5 })));
        let (first, _) = one.finish().unwrap();
        let mut two = blobs.begin(100).unwrap();
        two.write(b"abcde").unwrap();
        assert!(matches!(two.write(b"f"), Err(BlobError::Full { total: 10 })));
        assert_eq!(blobs.used(), 10);
        drop(two);
        assert_eq!((blobs.used(), names(home.path())), (5, vec![first.to_hex()]), "what was given up takes no room");
        put(&blobs, b"12345").unwrap();
        assert_eq!(blobs.used(), 5, "the same file once more takes no room of its own");
        assert_eq!(Blobs::open(home.path(), 10, None).unwrap().used(), 5);
    }

    #[test]
    fn a_start_removes_what_nothing_names() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(home.path(), TOTAL_BYTES, None).unwrap();
        let (named, orphan) = (put(&blobs, b"named").unwrap(), put(&blobs, b"orphan").unwrap());
        fs::write(home.path().join("7-1.part"), b"half").unwrap();
        Blobs::open(home.path(), TOTAL_BYTES, None).unwrap();
        assert_eq!(names(home.path()).len(), 2, "where nobody knows what is named, only what is unfinished goes");
        Blobs::open(home.path(), TOTAL_BYTES, Some(&BTreeSet::from([named]))).unwrap();
        assert_eq!(names(home.path()), [named.to_hex()]);
        assert!(matches!(blobs.read(orphan), Err(BlobError::Missing(_))));
    }
}
