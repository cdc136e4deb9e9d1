//! Compiled components on disk.
//!
//! A compiled component is native code: whoever can write one of these files unnoticed runs code in this process. So
//! each carries a keyed hash over the component's digest, the engine's version and settings, and the compiled bytes.
//! The key is the folder's own (`key`, 0600), outside the vault, so that a locked vault does not mean slow starts.
//! A file is copied into a sealed memory file first; that copy, which nobody can change any more, is verified, and
//! that copy is mapped. What does not verify is deleted, recorded by the caller, and compiled again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::component::Component;
use wirken_types::Digest;
use zeroize::Zeroizing;

use crate::error::EngineError;
use crate::sealed::{self, Mapped};

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;
const DOMAIN: &[u8] = b"wirken-aot-2";

/// No compiled component is larger; a larger file is not read.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// Compiled code is hashed in pieces of so many bytes, at the same time where there is more than one.
pub(crate) const PIECE_BYTES: usize = 4 * 1024 * 1024;

/// Threads that hash.
const MAX_HASHING: usize = 8;

/// What the cache did for one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheEvent {
    /// Taken from the cache, or in use in this process.
    Hit,
    /// Compiled, and kept where there is a cache.
    Compiled,
    /// There was a file that this engine did not write for these bytes. It was removed and the component compiled.
    Rejected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheOutcome {
    pub event: CacheEvent,
    /// Why a file was rejected, or why a new one could not be kept.
    pub detail: Option<String>,
}

pub(crate) struct Cache {
    folder: PathBuf,
    key: Zeroizing<[u8; KEY_BYTES]>,
    /// Of the engine: its version, settings and target.
    settings: Digest,
    /// Whether files may be written and removed.
    keeps: bool,
}

impl Cache {
    pub(crate) fn open(folder: &Path, engine: &wasmtime::Engine) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let key = load_or_create_key(&folder.join("key"))?;
        Ok(Self { folder: folder.to_owned(), key, settings: settings_digest(engine), keeps: true })
    }

    /// A cache that is only read; none where there is no key to read it with.
    pub(crate) fn open_read_only(folder: &Path, engine: &wasmtime::Engine) -> io::Result<Option<Self>> {
        let key = load_key(&folder.join("key"))?;
        Ok(key.map(|key| Self { folder: folder.to_owned(), key, settings: settings_digest(engine), keeps: false }))
    }

    pub(crate) fn load(
        &self,
        engine: &wasmtime::Engine,
        digest: Digest,
        compile: impl FnOnce() -> Result<Component, EngineError>,
    ) -> Result<(Component, CacheOutcome), EngineError> {
        let path = self.path(digest);
        let mut rejected = None;
        match self.read(engine, &path, digest) {
            Ok(Some(component)) => return Ok((component, CacheOutcome { event: CacheEvent::Hit, detail: None })),
            Ok(None) => {}
            Err(reason) => {
                rejected = Some(reason);
                if self.keeps {
                    // A file that cannot be removed is rejected again next time.
                    fs::remove_file(&path).ok();
                }
            }
        }
        let component = compile()?;
        let event = if rejected.is_some() { CacheEvent::Rejected } else { CacheEvent::Compiled };
        if !self.keeps {
            return Ok((component, CacheOutcome { event, detail: rejected }));
        }
        let kept = component
            .serialize()
            .map_err(|error| error.to_string())
            .and_then(|bytes| self.write(&path, digest, &bytes).map_err(|error| error.to_string()));
        let detail = rejected.or_else(|| kept.err().map(|error| format!("it could not be kept: {error}")));
        Ok((component, CacheOutcome { event, detail }))
    }

    fn path(&self, digest: Digest) -> PathBuf {
        let name = Digest::of_parts("wirken-aot-name-2", &[digest.as_bytes(), self.settings.as_bytes()]);
        self.folder.join(format!("{name}.cwasm"))
    }

    fn read(&self, engine: &wasmtime::Engine, path: &Path, digest: Digest) -> Result<Option<Component>, String> {
        let mut file = match OpenOptions::new().read(true).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("it could not be opened: {error}")),
        };
        let mut tag = [0; TAG_BYTES];
        file.read_exact(&mut tag).map_err(|_| "it is too short".to_owned())?;
        if file.metadata().is_ok_and(|meta| meta.len() > MAX_FILE_BYTES) {
            return Err("it is larger than any compiled component".into());
        }
        let sealed = sealed::sealed(file.take(MAX_FILE_BYTES)).map_err(|error| format!("it could not be copied: {error}"))?;
        let code = Mapped::new(&sealed).map_err(|error| format!("it could not be mapped: {error}"))?;
        self.mac(digest, code.bytes())
            .verify_slice(&tag)
            .map_err(|_| "it was not written by this installation for this component".to_owned())?;
        drop(code);
        sealed::adopt(engine, &sealed).map(Some).map_err(|error| format!("it could not be loaded: {error:#}"))
    }

    fn write(&self, path: &Path, digest: Digest, code: &[u8]) -> io::Result<()> {
        let tag = self.mac(digest, code).finalize().into_bytes();
        let partial = path.with_extension(format!("{}.partial", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        let written = file.write_all(&tag).and_then(|()| file.write_all(code));
        // Not synced: a torn file fails its check and is made again.
        written.and_then(|()| fs::rename(&partial, path)).inspect_err(|_| {
            fs::remove_file(&partial).ok();
        })
    }

    pub(crate) fn mac(&self, digest: Digest, code: &[u8]) -> Hmac<Sha256> {
        // HMAC pads a key to its block of 64 bytes with zeros; done here, the constructor cannot fail.
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(self.key.iter()) {
            *to = *from;
        }
        let mut mac = Hmac::<Sha256>::new(&(*block).into());
        for part in [DOMAIN, digest.as_bytes(), self.settings.as_bytes()] {
            mac.update(part);
        }
        mac.update(&(code.len() as u64).to_be_bytes());
        for piece in pieces(code) {
            mac.update(piece.as_bytes());
        }
        mac
    }
}

/// The digest of each piece, in their order.
fn pieces(code: &[u8]) -> Vec<Digest> {
    let pieces: Vec<&[u8]> = code.chunks(PIECE_BYTES).collect();
    let hashed = |pieces: &[&[u8]]| pieces.iter().map(|piece| Digest::of(piece)).collect::<Vec<_>>();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_HASHING);
    let (here, elsewhere) = pieces.split_at(pieces.len().div_ceil(threads));
    if elsewhere.is_empty() {
        return hashed(here);
    }
    std::thread::scope(|scope| {
        let others: Vec<_> = elsewhere.chunks(here.len()).map(|pieces| scope.spawn(move || hashed(pieces))).collect();
        let mut all = hashed(here);
        for other in others {
            // A thread that panicked has this one panic too.
            all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    })
}

/// None where there is none, or a torn one, which a crash or a full disk left: nothing can have been written with it.
fn load_key(path: &Path) -> io::Result<Option<Zeroizing<[u8; KEY_BYTES]>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let meta = file.metadata()?;
    let private = meta.permissions().mode() & 0o077 == 0 && meta.uid() == rustix::process::geteuid().as_raw();
    if !private {
        let text = format!("{} must belong to you and be readable by nobody else: delete it, and a new one is made", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    if meta.len() != KEY_BYTES as u64 {
        return Ok(None);
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    file.read_exact(&mut *key)?;
    Ok(Some(key))
}

fn load_or_create_key(path: &Path) -> io::Result<Zeroizing<[u8; KEY_BYTES]>> {
    if let Some(key) = load_key(path)? {
        return Ok(key);
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *key).map_err(|error| io::Error::other(error.to_string()))?;
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    let written = file.write_all(&*key).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&partial, path));
    written.inspect_err(|_| {
        fs::remove_file(&partial).ok();
    })?;
    // Another process may have put its own there meanwhile.
    load_key(path)?.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "its key is written by something else at the same time"))
}

/// Two engines agree on this exactly when compiled code of one may run in the other.
fn settings_digest(engine: &wasmtime::Engine) -> Digest {
    #[derive(Default)]
    struct Bytes(Vec<u8>);
    impl std::hash::Hasher for Bytes {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
    }
    let mut bytes = Bytes::default();
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut bytes);
    Digest::of_parts("wirken-aot-settings-1", &[&bytes.0])
}
