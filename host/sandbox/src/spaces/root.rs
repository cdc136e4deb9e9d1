//! The files that a program finds: a root of its own, with the system's programs to read, and its workspace to write.
//!
//! Every folder is opened before anything is covered, and mounted by its descriptor: no path is walked twice.

use std::ffi::{CStr, CString};
use std::io::{Error, Result};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, mkdirat, open, openat, openat2, readlink, stat, symlinkat};
use rustix::process::{chdir, fchdir, umask};

use super::enter::{USER, failed};
use super::lacks::{Lack, lacks};
use super::raw;
use super::request::{Outcome, Request};

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | NO_RIGHTS;
/// No file gives whoever runs it the rights of its owner, and none is a device.
const NO_RIGHTS: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// The system's programs, and what they need. Links are made as they are on the system; what is not there is left out.
const SYSTEM: &[&str] = &["usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32", "nix"];
const SETTINGS: &[&str] = &["alternatives", "ld.so.cache", "localtime"];
const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom"];

/// What /proc tells of the whole system beyond its size: covered as container engines cover it.
const COVERED_FILES: &[&str] = &[
    "config.gz",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "latency_stats",
    "modules",
    "sched_debug",
    "sysrq-trigger",
    "timer_list",
];
const COVERED_FOLDERS: &[&str] = &["acpi", "asound", "bus", "driver", "fs", "irq", "scsi"];

/// What no folder of a skill may cover.
const TAKEN: &[&str] = &["usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32", "nix", "etc", "dev", "proc", "workspace"];

/// How many files and folders the temporary ones may be: each takes memory of the kernel's, which their size does not count.
const TEMPORARY_FILES: &CStr = c"16384";

/// A /proc that shows every process here, for the first process to count what they use. It is in nobody's tree.
pub(super) type Processes = OwnedFd;

/// Makes the root, and moves there.
pub(super) fn enter(request: &Request) -> std::result::Result<Processes, Outcome> {
    let mounts = |error: Error| lacks(Lack::Mounts, &error);
    umask(Mode::from_raw_mode(0o022));
    raw::keep_mounts_private().map_err(mounts)?;
    let proc = |options: &[(&CStr, &CStr)]| {
        let attributes = READ_ONLY | libc::MOUNT_ATTR_NOEXEC;
        raw::new_mount(c"proc", options, attributes).map_err(|error| lacks(Lack::Proc, &error))
    };
    let (all, own) = (proc(&[])?, proc(&[(c"hidepid", c"invisible")])?);
    let options = [(c"size", c"4194304"), (c"nr_inodes", c"1024"), (c"mode", c"755")];
    let root = raw::new_mount(c"tmpfs", &options, NO_RIGHTS).map_err(mounts)?;
    let system = copied(SYSTEM.iter().map(|name| format!("/{name}"))).map_err(mounts)?;
    let settings = copied(SETTINGS.iter().map(|name| format!("/etc/{name}"))).map_err(mounts)?;
    let devices = copied(DEVICES.iter().map(|name| format!("/dev/{name}"))).map_err(mounts)?;
    let workspace = folder(&request.workspace, "workspace", NO_RIGHTS)?;
    let skill = match &request.skill {
        None => None,
        Some((path, inside)) => {
            check_place(inside)?;
            Some((inside, folder(path, "folder of the skill", READ_ONLY)?))
        }
    };

    // Everything is open: what this covers is of no more use.
    raw::attach(&root, CWD, c"/usr").map_err(mounts)?;
    fchdir(&root).map_err(|error| mounts(error.into()))?;
    raw::take_root().map_err(mounts)?;
    chdir("/").map_err(|error| mounts(error.into()))?;

    let root = Root(root);
    let fill = |error: Error| failed("make its folders", &error);
    root.attach_all(&system, READ_ONLY).map_err(fill)?;
    root.settings().map_err(fill)?;
    root.attach_all(&settings, READ_ONLY).map_err(fill)?;
    root.devices(&devices).map_err(fill)?;
    root.proc(&own).map_err(fill)?;
    let size = CString::new(request.temporary.to_string()).map_err(|error| fill(error.into()))?;
    root.temporary(&size).map_err(fill)?;
    root.put(Path::new("workspace"), &workspace).map_err(fill)?;
    if let Some((path, skill)) = &skill {
        root.put(path, skill).map_err(fill)?;
    }
    raw::restrict_mount(&root.0, READ_ONLY).map_err(mounts)?;
    // What a mount is named by cannot be listed.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(&all, ".", flags, Mode::empty()).map_err(|error| lacks(Lack::Proc, &error.into()))
}

/// A folder of the host's with all that is mounted below, for the program to find.
fn folder(path: &Path, what: &str, attributes: u64) -> std::result::Result<OwnedFd, Outcome> {
    let missing =
        |error: Error| Outcome::Unavailable(format!("the {what} cannot be opened ({error}): see that it is there, and this user's"));
    // The path was judged as one that no link leads through. One that was put in its way since is not followed.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).map_err(|error| missing(error.into()))?;
    let copy = raw::copy_mounts(&opened).map_err(missing)?;
    raw::restrict_mounts(&copy, attributes).map_err(missing)?;
    Ok(copy)
}

/// A skill's folder keeps its path: it must not be where something else is.
fn check_place(path: &Path) -> std::result::Result<(), Outcome> {
    let mut parts = path.components().skip(1);
    let first = parts.next().map(|part| part.as_os_str().to_owned());
    let plain = path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
    let is_taken = first.is_none_or(|first| TAKEN.iter().any(|name| first == *name) || (first == "tmp" && parts.next().is_none()));
    if is_taken || !plain {
        return Err(Outcome::Unavailable(
            "the folder of the skill is where the sandbox has something else: keep skills elsewhere".to_owned(),
        ));
    }
    Ok(())
}

/// What is at a path on the system.
enum Found {
    Link(CString),
    Mounts { folder: bool, copy: OwnedFd },
}

/// What is at these paths, each with its path. What is not there is left out.
fn copied(paths: impl Iterator<Item = String>) -> Result<Vec<(String, Found)>> {
    let mut found = Vec::new();
    for path in paths {
        // Below the root a link is part of what a system is; elsewhere what it leads to is wanted.
        let is_top = path.rfind('/') == Some(0);
        if is_top && let Ok(target) = readlink(&path, Vec::new()) {
            found.push((path, Found::Link(target)));
            continue;
        }
        let Ok(opened) = open(&path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) else { continue };
        let folder = FileType::from_raw_mode(fstat(&opened)?.st_mode).is_dir();
        found.push((path, Found::Mounts { folder, copy: raw::copy_mounts(&opened)? }));
    }
    Ok(found)
}

/// The new root, while it is filled. Nothing runs here yet, so that every path means what it says.
struct Root(OwnedFd);

impl Root {
    fn attach_all(&self, found: &[(String, Found)], attributes: u64) -> Result<()> {
        for (path, found) in found {
            let path = path.trim_start_matches('/');
            match found {
                Found::Link(target) => symlinkat(target.as_c_str(), &self.0, path)?,
                Found::Mounts { folder, copy } => {
                    raw::restrict_mounts(copy, attributes)?;
                    if *folder {
                        self.put(Path::new(path), copy)?;
                    } else {
                        self.write(path, "")?;
                        raw::attach(copy, &self.0, &CString::new(path)?)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Mounts at a path, whose folders are made.
    fn put(&self, path: &Path, mount: &OwnedFd) -> Result<()> {
        let path = path.strip_prefix("/").unwrap_or(path);
        let mut above: Vec<_> = path.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
        above.reverse();
        for folder in above {
            self.folder(folder)?;
        }
        raw::attach(mount, &self.0, &CString::new(path.as_os_str().as_bytes())?)
    }

    fn folder(&self, path: &Path) -> Result<()> {
        match mkdirat(&self.0, path, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(&self.0, path, flags, Mode::from_raw_mode(0o644))?;
        std::io::Write::write_all(&mut std::fs::File::from(file), text.as_bytes())
    }

    fn settings(&self) -> Result<()> {
        self.folder(Path::new("etc"))?;
        self.write(
            "etc/passwd",
            &format!(
                "root:x:0:0:root:/:/usr/sbin/nologin\nsandbox:x:{USER}:{USER}:sandbox:/tmp:/bin/sh\n\
                nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
            ),
        )?;
        self.write("etc/group", &format!("root:x:0:\nsandbox:x:{USER}:\nnogroup:x:65534:\n"))?;
        self.write("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")?;
        self.write("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
    }

    fn devices(&self, devices: &[(String, Found)]) -> Result<()> {
        self.folder(Path::new("dev"))?;
        self.attach_all(devices, libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC)?;
        let streams = [("/proc/self/fd/0", "dev/stdin"), ("/proc/self/fd/1", "dev/stdout"), ("/proc/self/fd/2", "dev/stderr")];
        for (target, path) in [("/proc/self/fd", "dev/fd"), ("/tmp", "dev/shm")].into_iter().chain(streams) {
            symlinkat(target, &self.0, path)?;
        }
        Ok(())
    }

    fn proc(&self, own: &OwnedFd) -> Result<()> {
        self.put(Path::new("proc"), own)?;
        for name in COVERED_FILES {
            if stat(format!("/proc/{name}")).is_ok() {
                let nothing = raw::copy_mounts(&open("/dev/null", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)?;
                raw::attach(&nothing, &self.0, &CString::new(format!("proc/{name}"))?)?;
            }
        }
        for name in COVERED_FOLDERS {
            if stat(format!("/proc/{name}")).is_ok() {
                let nothing = raw::new_mount(c"tmpfs", &[(c"size", c"4096"), (c"nr_inodes", c"2")], READ_ONLY)?;
                raw::attach(&nothing, &self.0, &CString::new(format!("proc/{name}"))?)?;
            }
        }
        Ok(())
    }

    fn temporary(&self, size: &CStr) -> Result<()> {
        let options = [(c"size", size), (c"nr_inodes", TEMPORARY_FILES), (c"mode", c"1777")];
        let temporary = raw::new_mount(c"tmpfs", &options, NO_RIGHTS)?;
        self.put(Path::new("tmp"), &temporary)?;
        self.folder(Path::new("run"))?;
        self.folder(Path::new("var"))?;
        symlinkat("/tmp", &self.0, "var/tmp")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, check_place};

    #[test]
    fn a_skill_covers_nothing_of_the_sandbox() {
        for taken in ["/", "/usr", "/usr/share/skill", "/etc", "/proc/self", "/workspace/skill", "/tmp", "/dev/shm/x", "/home/../usr/x"] {
            assert!(check_place(Path::new(taken)).is_err(), "{taken}");
        }
        for free in ["/home/somebody/skills/one", "/tmp/x/skill", "/data", "/var/lib/wirken/skills/a"] {
            assert!(check_place(Path::new(free)).is_ok(), "{free}");
        }
    }
}
