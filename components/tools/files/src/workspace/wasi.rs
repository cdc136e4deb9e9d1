//! The folders that the host opens for this component: the workspace first, and then that of a skill.

use std::ops::ControlFlow;

use super::{Entry, Kind, Stat, Workspace};
use crate::bindings::wasi::filesystem::preopens::get_directories;
use crate::bindings::wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};
use crate::path::Path;
use crate::problem::{Fault, Problem};

/// Bytes that go to or come from the host at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Entries of one folder that are looked at.
const MAX_ENTRIES: usize = 50_000;

pub(crate) struct Granted {
    folder: Descriptor,
    writable: bool,
}

impl Granted {
    pub(crate) fn open() -> Result<Self, Problem> {
        let first = get_directories().into_iter().next();
        let (folder, _) = first.ok_or_else(|| Problem::Denied("no workspace is granted".into()))?;
        Ok(Self::of(folder))
    }

    /// The folder of the skill that this call reads, and the path by which the host names it.
    pub(crate) fn skill() -> Option<(String, Self)> {
        let (folder, path) = get_directories().into_iter().nth(1)?;
        Some((path, Self::of(folder)))
    }

    fn of(folder: Descriptor) -> Self {
        let writable = folder.get_flags().is_ok_and(|flags| flags & DescriptorFlags::MUTATE_DIRECTORY == DescriptorFlags::MUTATE_DIRECTORY);
        Self { folder, writable }
    }

    fn open_to_read(&self, path: &Path, flags: OpenFlags) -> Result<Descriptor, Fault> {
        self.folder.open_at(PathFlags::SYMLINK_FOLLOW, &path.to_string(), flags, DescriptorFlags::READ).map_err(fault)
    }

    fn to_write(&self) -> Result<&Descriptor, Fault> {
        if self.writable { Ok(&self.folder) } else { Err(Fault::ReadOnly) }
    }
}

impl Workspace for Granted {
    fn stat(&self, path: &Path) -> Result<Stat, Fault> {
        self.folder.stat_at(PathFlags::SYMLINK_FOLLOW, &path.to_string()).map(stat).map_err(fault)
    }

    fn stat_link(&self, path: &Path) -> Result<Stat, Fault> {
        self.folder.stat_at(PathFlags::empty(), &path.to_string()).map(stat).map_err(fault)
    }

    fn entries(&self, path: &Path) -> Result<Vec<Entry>, Fault> {
        let folder = self.open_to_read(path, OpenFlags::DIRECTORY)?;
        let stream = folder.read_directory().map_err(fault)?;
        let mut entries = Vec::new();
        while let Some(entry) = stream.read_directory_entry().map_err(fault)? {
            if entries.len() == MAX_ENTRIES {
                return Err(Fault::TooManyEntries);
            }
            entries.push(Entry { name: entry.name, kind: kind(entry.type_) });
        }
        Ok(entries)
    }

    fn read(&self, path: &Path, piece: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), Fault> {
        let file = self.open_to_read(path, OpenFlags::empty())?;
        let mut offset = 0;
        loop {
            let (bytes, ended) = file.read(PIECE_BYTES as u64, offset).map_err(fault)?;
            offset += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if bytes.is_empty() || piece(&bytes).is_break() || ended {
                return Ok(());
            }
        }
    }

    fn create_folder(&self, path: &Path) -> Result<(), Fault> {
        self.to_write()?.create_directory_at(&path.to_string()).map_err(fault)
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
        let new = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let file = self.to_write()?.open_at(PathFlags::empty(), &path.to_string(), new, DescriptorFlags::WRITE).map_err(fault)?;
        write_all(&file, bytes).inspect_err(|_| {
            // The failure that matters is the first.
            let _ = self.remove(path);
        })
    }

    fn overwrite(&self, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
        let there = OpenFlags::empty();
        let file = self.to_write()?.open_at(PathFlags::empty(), &path.to_string(), there, DescriptorFlags::WRITE).map_err(fault)?;
        write_all(&file, bytes)?;
        file.set_size(u64::try_from(bytes.len()).unwrap_or(u64::MAX)).map_err(fault)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), Fault> {
        let folder = self.to_write()?;
        folder.rename_at(&from.to_string(), folder, &to.to_string()).map_err(fault)
    }

    fn remove(&self, path: &Path) -> Result<(), Fault> {
        self.to_write()?.unlink_file_at(&path.to_string()).map_err(fault)
    }
}

fn write_all(file: &Descriptor, bytes: &[u8]) -> Result<(), Fault> {
    let mut rest = bytes;
    let mut offset = 0;
    while !rest.is_empty() {
        let piece = rest.get(..PIECE_BYTES).unwrap_or(rest);
        let written = file.write(piece, offset).map_err(fault)?;
        if written == 0 {
            return Err(Fault::Other("the host wrote nothing"));
        }
        offset += written;
        rest = usize::try_from(written).ok().and_then(|written| rest.get(written..)).unwrap_or_default();
    }
    Ok(())
}

fn stat(stat: DescriptorStat) -> Stat {
    Stat { kind: kind(stat.type_), size: stat.size, names: stat.link_count }
}

fn kind(kind: DescriptorType) -> Kind {
    match kind {
        DescriptorType::RegularFile => Kind::File,
        DescriptorType::Directory => Kind::Folder,
        DescriptorType::SymbolicLink => Kind::Link,
        _ => Kind::Special,
    }
}

fn fault(code: ErrorCode) -> Fault {
    match code {
        ErrorCode::NoEntry => Fault::Missing,
        ErrorCode::Exist => Fault::Exists,
        ErrorCode::NotDirectory => Fault::NotFolder,
        ErrorCode::IsDirectory => Fault::IsFolder,
        ErrorCode::Access | ErrorCode::NotPermitted => Fault::Outside,
        ErrorCode::ReadOnly => Fault::ReadOnly,
        ErrorCode::InsufficientSpace | ErrorCode::Quota | ErrorCode::FileTooLarge => Fault::Full,
        ErrorCode::Loop => Fault::Other("its links lead nowhere"),
        ErrorCode::NameTooLong => Fault::Other("a name in it is too long"),
        ErrorCode::IllegalByteSequence => Fault::Other("a name in it is not UTF-8"),
        other => Fault::Other(other.name()),
    }
}
