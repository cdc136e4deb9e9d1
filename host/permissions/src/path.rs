//! What a path leads to: the workspace, somewhere else, or what nobody is given without being asked each time.
//!
//! Paths are read as the sandbox reads them, `/` between their parts. Nothing here looks at a file; where links lead is
//! what [`Surroundings::resolve`] says, and a path that it does not know is never one of the workspace.

use wirken_types::approval::Tier;

use crate::action::WORKSPACE;
use crate::judge::{Resolved, Surroundings};
use crate::shown::{fold, is_visible};

mod credentials;

/// Linux takes no longer path.
pub const MAX_PATH_BYTES: usize = 4096;

/// What the kernel tells of itself to everybody, of all that stands in `/proc` and `/dev`.
const KERNEL_READABLE: &[&str] =
    &["/proc/cpuinfo", "/proc/filesystems", "/proc/loadavg", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/version", "/dev/null"];

/// Where people keep files: below these, after so many more parts. Elsewhere outside of the workspace a written file is
/// part of a system.
const WRITABLE: &[(&[&str], usize)] = &[(&["tmp"], 0), (&["var", "tmp"], 0), (&["home"], 1), (&["mnt"], 1), (&["media"], 1), (&["srv"], 1)];

/// Parts of a workspace's path below which a file is run or obeyed by programs outside of the sandbox, without anybody
/// asking for it.
const OBEYED: &[&str] = &[".git", ".hg", ".svn", ".husky", ".vscode", ".idea", ".devcontainer", ".cargo", ".direnv", ".gitmodules"];

/// A path, judged.
pub(crate) struct Judged {
    pub(crate) tier: Tier,
    pub(crate) reason: Option<String>,
    /// Where it leads, without `.`, `..` and links. Meaningless where it is tier 3.
    pub(crate) real: String,
}

/// Absolute, without `.` and doubled slashes. `..` stays, and so does a path that names nothing or somebody's home.
pub(crate) fn absolute(path: &str) -> String {
    if path.is_empty() || path.starts_with('~') {
        return path.to_owned();
    }
    let mut out = String::new();
    if !path.starts_with('/') {
        out.push_str(WORKSPACE);
    }
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        out.push('/');
        out.push_str(part);
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

/// The same without `..`: right where no link stands on the way.
fn lexical(absolute: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in absolute.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.join("/"))
}

/// The folder that a real path stands in; itself for the root.
pub(crate) fn folder(real: &str) -> &str {
    match real.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

/// Judges a path as written, relative to the workspace.
pub(crate) fn judge(path: &str, write: bool, surroundings: &Surroundings<'_>) -> Judged {
    let never = |reason: &str| Judged { tier: Tier::EveryTime, reason: Some(reason.to_owned()), real: String::new() };
    if path.is_empty() {
        return never("It names no file.");
    }
    if path.len() > MAX_PATH_BYTES {
        return never("Its path is longer than any path can be.");
    }
    if !is_visible(path) {
        return never("Its path holds characters that cannot be seen.");
    }
    if path.starts_with('~') {
        return never("`~` is somebody's home to a shell, and a file's name to everybody else.");
    }
    let written = absolute(path);
    let plain = lexical(&written);
    let real = match (surroundings.resolve)(&written) {
        Resolved::Itself => plain.clone(),
        Resolved::Elsewhere(real) if real.starts_with('/') => lexical(&real),
        Resolved::Elsewhere(_) | Resolved::Unknown => {
            return match place(&plain, write, surroundings) {
                (Tier::EveryTime, Some(reason)) => never(&reason),
                _ => never("Where its path leads cannot be seen from here: a link on it may lead anywhere."),
            };
        }
    };
    let (as_written, as_led) = (place(&plain, write, surroundings), place(&real, write, surroundings));
    // A link counts by its own place too: to write it, or to learn of it, may be as private as what it leads to.
    let (tier, reason) = if as_written.0 > as_led.0 { as_written } else { as_led };
    Judged { tier, reason, real }
}

/// A real path's tier, and why where that is not plain.
fn place(real: &str, write: bool, surroundings: &Surroundings<'_>) -> (Tier, Option<String>) {
    let never = |reason: &str| (Tier::EveryTime, Some(reason.to_owned()));
    let folded = fold(real);
    let parts: Vec<&str> = folded.split('/').filter(|part| !part.is_empty()).collect();
    if !write && let Some(below) = surroundings.readable.iter().find_map(|folder| below(real, folder)) {
        let folded = fold(below);
        let parts: Vec<&str> = folded.split('/').filter(|part| !part.is_empty()).collect();
        if credentials::named_by(&parts) {
            return never("Files of this name or in this folder hold credentials, or what is as private.");
        }
        return (Tier::Always, None);
    }
    if surroundings.private.iter().any(|folder| is_within(&folded, &fold(folder))) {
        return never("It is in the gateway's own folder, where its credentials and its record are.");
    }
    if credentials::named_by(&parts) {
        return never("Files of this name or in this folder hold credentials, or what is as private.");
    }
    if matches!(parts.as_slice(), ["proc" | "sys" | "dev" | "run", ..] | ["var", "run", ..]) && (write || !KERNEL_READABLE.contains(&real))
    {
        return never("It belongs to the kernel or to running programs, and is no ordinary file.");
    }
    if surroundings.workspace.is_some_and(|workspace| is_within(real, workspace)) {
        if write && parts.iter().any(|part| OBEYED.contains(part)) {
            return never("Programs outside of the sandbox run or obey what stands there.");
        }
        return (Tier::Always, None);
    }
    if parts.iter().any(|part| part.starts_with('.')) {
        return never("It is hidden and outside of the workspace: such files hold settings, and often credentials.");
    }
    if write && !WRITABLE.iter().any(|(top, more)| parts.starts_with(top) && parts.len() > top.len() + more) {
        return never("It is outside of the workspace, in a part of the system.");
    }
    (Tier::Remembered, Some("It is outside of the workspace.".to_owned()))
}

/// Whether a real path is a folder or below it.
fn is_within(real: &str, folder: &str) -> bool {
    below(real, folder).is_some()
}

/// What follows a folder in a real path that is it or below it.
fn below<'a>(real: &'a str, folder: &str) -> Option<&'a str> {
    real.strip_prefix(folder.trim_end_matches('/')).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}
