//! Which folders of the host a program may be given: its workspace and, where it belongs to a skill, that skill's folder.
//!
//! [`check`] judges a path that no link leads through, and looks at nothing: [`resolve`] looks. What the owner chose is judged here,
//! not what a program asks for; it guards against a choice that would hand over the machine, and against a link that was put in the
//! way. *Not* held: sockets that other programs put into the workspace, which can be spoken to from inside.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use crate::program::{Program, ProgramError, WORKSPACE};

/// What is at stake on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The gateway's own folder: the vault, the ledger, the control socket.
    pub data: PathBuf,
    /// The one workspace that may be inside of it.
    pub own_workspace: Option<PathBuf>,
    /// Where skills are installed, if that is inside of it.
    pub skills: Option<PathBuf>,
    /// Home folders that are elsewhere than usual.
    pub homes: Vec<PathBuf>,
}

/// What a folder is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Workspace,
    Skill,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    File,
    Socket,
    Device,
    Other,
}

/// The folders of one program, looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Without links. It is mounted at [`WORKSPACE`], to read and to write.
    pub workspace: PathBuf,
    /// User and group who own the workspace.
    pub owner: (u32, u32),
    /// The permission bits of the workspace.
    pub mode: u32,
    /// Without links, and the path that it has inside: the one that it was given by.
    pub skill: Option<(PathBuf, PathBuf)>,
}

/// Folders of the system, with all that is below.
const SYSTEM: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/efi",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/lost+found",
    "/nix",
    "/proc",
    "/run",
    "/sbin",
    "/snap",
    "/sys",
    "/sysroot",
    "/usr",
    "/var",
    "/Applications",
    "/Library",
    "/System",
    "/private",
];
/// What is below those and belongs to users.
const NOT_SYSTEM: &[&str] = &["/usr/home", "/var/home", "/var/lib/wirken", "/var/tmp", "/private/tmp", "/private/var/folders"];
/// Folders that hold other people's, with nothing of their own.
const SHARED: &[&str] =
    &["/home", "/media", "/mnt", "/opt", "/srv", "/tmp", "/usr/home", "/var/home", "/var/tmp", "/Users", "/Volumes", "/private/tmp"];
/// Folders in which each folder is somebody's home.
const HOMES: &[&str] = &["/home", "/usr/home", "/var/home", "/Users"];
/// Inside, these are the sandbox's own.
const INSIDE: &[&str] = &[WORKSPACE, "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"];

/// Looks up what a program is to be given, and judges it.
pub fn resolve(program: &Program, places: &Places) -> Result<Folders, ProgramError> {
    let workspace = canonical(&program.workspace, Role::Workspace)?;
    check(&workspace, look(&workspace)?, Role::Workspace, places)?;
    let found = fs::metadata(&workspace).map_err(|error| unreadable(&workspace, &error))?;
    let skill = match &program.skill {
        None => None,
        Some(given) => {
            let skill = canonical(given, Role::Skill)?;
            check(&skill, look(&skill)?, Role::Skill, places)?;
            check_pair(&workspace, &skill, given)?;
            Some((skill, given.clone()))
        }
    };
    Ok(Folders { workspace, owner: (found.uid(), found.gid()), mode: found.mode() & 0o7777, skill })
}

fn canonical(path: &Path, role: Role) -> Result<PathBuf, ProgramError> {
    if !path.is_absolute() {
        return Err(denied(path, role, "it is not an absolute path"));
    }
    fs::canonicalize(path).map_err(|error| unreadable(path, &error))
}

fn look(path: &Path) -> Result<Kind, ProgramError> {
    let kind = fs::symlink_metadata(path).map_err(|error| unreadable(path, &error))?.file_type();
    Ok(match kind {
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_file() => Kind::File,
        kind if kind.is_socket() => Kind::Socket,
        kind if kind.is_block_device() || kind.is_char_device() => Kind::Device,
        _ => Kind::Other,
    })
}

fn unreadable(path: &Path, error: &io::Error) -> ProgramError {
    ProgramError::Unavailable(format!("the folder {} cannot be used: {error}", path.display()))
}

fn denied(path: &Path, role: Role, why: &str) -> ProgramError {
    let (what, remedy) = match role {
        Role::Workspace => ("workspace", "choose another workspace"),
        Role::Skill => ("skill's folder", "install the skill elsewhere"),
    };
    ProgramError::Denied(format!("no program is given the {what} {}: {why}; {remedy}", path.display()))
}

/// Whether a folder may be given to a program. The path is one that no link leads through.
pub fn check(path: &Path, kind: Kind, role: Role, places: &Places) -> Result<(), ProgramError> {
    match objection(path, kind, role, places) {
        None => Ok(()),
        Some(why) => Err(denied(path, role, why)),
    }
}

fn objection(path: &Path, kind: Kind, role: Role, places: &Places) -> Option<&'static str> {
    let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !path.is_absolute() || !plain {
        return Some("it is not an absolute path");
    }
    match path.to_str() {
        None => return Some("its name is not UTF-8"),
        Some(name) if name.chars().any(char::is_control) => return Some("its name has control characters"),
        Some(_) => {}
    }
    match kind {
        Kind::Folder => {}
        Kind::Socket => return Some("it is a socket"),
        Kind::Device => return Some("it is a device"),
        Kind::File | Kind::Other => return Some("it is not a folder"),
    }
    if let Some(verdict) = in_data(path, role, places) {
        return verdict;
    }
    let below = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
    let is = |folders: &[&str]| folders.iter().any(|folder| path == Path::new(folder));
    if below(SYSTEM) && !below(NOT_SYSTEM) {
        return Some("it is a folder of the system");
    }
    if is(SHARED) {
        return Some("it holds the folders of others");
    }
    in_a_home(path, places)
}

/// The data folder comes before everything else: a workspace of its own may be in a hidden folder of a home.
fn in_data(path: &Path, role: Role, places: &Places) -> Option<Option<&'static str>> {
    if places.data.starts_with(path) {
        return Some(Some("it holds the gateway's own data"));
    }
    if !path.starts_with(&places.data) {
        return None;
    }
    let allowed = match role {
        Role::Workspace => places.own_workspace.as_deref() == Some(path),
        Role::Skill => places.skills.as_deref().is_some_and(|skills| path.starts_with(skills) && path != skills),
    };
    Some(if allowed { None } else { Some("it is inside the gateway's own data") })
}

/// Homes hold the keys of their owners, most of them in hidden folders.
fn in_a_home(path: &Path, places: &Places) -> Option<&'static str> {
    let usual = HOMES.iter().filter_map(|folder| {
        let name = path.strip_prefix(folder).ok()?.components().next()?;
        Some(Path::new(folder).join(name))
    });
    let homes = usual.chain([PathBuf::from("/root"), PathBuf::from("/var/root")]).chain(places.homes.iter().cloned());
    for home in homes.filter(|home| home.parent().is_some()) {
        if home.starts_with(path) {
            return Some("it is a home folder, or holds one");
        }
        let hidden = path.strip_prefix(&home).ok().and_then(|rest| rest.components().next());
        if hidden.is_some_and(|name| name.as_os_str().as_encoded_bytes().starts_with(b".")) {
            return Some("it is in a hidden folder of a home, where programs keep their keys");
        }
    }
    None
}

/// What is wrong with the two together: a program could change the skill through the workspace, or the skill's place is taken.
fn check_pair(workspace: &Path, skill: &Path, inside: &Path) -> Result<(), ProgramError> {
    if skill.starts_with(workspace) || workspace.starts_with(skill) {
        return Err(denied(skill, Role::Skill, "it could be changed through the workspace"));
    }
    let plain = inside.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !plain || inside.to_str().is_none_or(|name| name.chars().any(char::is_control)) {
        return Err(denied(skill, Role::Skill, "its path inside is not a plain one"));
    }
    // `/tmp` itself would take the place of the temporary files, and `/` of everything.
    let taken = inside == Path::new("/tmp") || inside.parent().is_none() || INSIDE.iter().any(|folder| inside.starts_with(folder));
    if taken { Err(denied(skill, Role::Skill, "the sandbox has something else at its path")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
