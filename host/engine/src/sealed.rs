//! Compiled code in a memory file that nobody can change any more: what is verified is what is mapped, in this process
//! and in one that it is handed to.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, SealFlags};
use wasmtime::component::Component;

const SEALS: SealFlags = SealFlags::SEAL.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::WRITE);

/// A copy that nobody can change, this process included.
pub(crate) fn sealed(mut from: impl Read) -> io::Result<OwnedFd> {
    let memory = rustix::fs::memfd_create("wirken-component", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut writer = File::from(memory);
    io::copy(&mut from, &mut writer)?;
    rustix::fs::fcntl_add_seals(&writer, SEALS)?;
    Ok(writer.into())
}

/// Maps it as code, where it is sealed. The caller answers for its bytes: they are verified, or their maker is trusted.
pub(crate) fn adopt(engine: &wasmtime::Engine, sealed: &OwnedFd) -> wasmtime::Result<Component> {
    if !rustix::fs::fcntl_get_seals(sealed).is_ok_and(|seals| seals.contains(SEALS)) {
        return Err(wasmtime::Error::msg("its file can still be changed"));
    }
    deserialize(engine, sealed)
}

#[expect(unsafe_code, reason = "mapping compiled code is the point of this file; both blocks say why they are sound")]
mod mapped {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};

    use wasmtime::component::Component;

    /// A read-only view of a sealed memory file.
    pub(crate) struct Mapped {
        address: *mut core::ffi::c_void,
        length: usize,
    }

    impl Mapped {
        pub(crate) fn new(sealed: &OwnedFd) -> io::Result<Self> {
            let length = usize::try_from(rustix::fs::fstat(sealed)?.st_size).map_err(io::Error::other)?;
            if length == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is empty"));
            }
            let flags = (rustix::mm::ProtFlags::READ, rustix::mm::MapFlags::PRIVATE);
            // SAFETY: a new mapping at an address of the kernel's choice; nothing else refers to it.
            let address = unsafe { rustix::mm::mmap(std::ptr::null_mut(), length, flags.0, flags.1, sealed, 0)? };
            Ok(Self { address, length })
        }

        pub(crate) fn bytes(&self) -> &[u8] {
            // SAFETY: the mapping is `length` bytes, readable, and lives as long as `self`; the file is sealed against
            // writing and shrinking, so the bytes neither change nor vanish.
            unsafe { std::slice::from_raw_parts(self.address.cast::<u8>(), self.length) }
        }
    }

    impl Drop for Mapped {
        fn drop(&mut self) {
            // SAFETY: the mapping was made by `new` with this length, and `bytes` cannot outlive `self`.
            unsafe { rustix::mm::munmap(self.address, self.length) }.ok();
        }
    }

    pub(super) fn deserialize(engine: &wasmtime::Engine, sealed: &OwnedFd) -> wasmtime::Result<Component> {
        let path = format!("/proc/self/fd/{}", sealed.as_raw_fd());
        // SAFETY: the file is sealed, and the caller answers for its bytes being what `Component::serialize` of an engine
        // of this version returned.
        unsafe { Component::deserialize_file(engine, path) }
    }
}
pub(crate) use mapped::Mapped;
use mapped::deserialize;
