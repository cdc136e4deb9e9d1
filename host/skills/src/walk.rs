//! Every SKILL.md below a root.
//!
//! A folder that holds one is a skill, and nothing below it is. A second walk asks the system once for each skill and each
//! folder whether it changed, and reads only what did. A file or folder that changed a moment before it was read is read
//! again: its next change might bear the same time.

mod known;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{Dir, FileType};

use crate::boundary::{self, Boundary, Kind, Stamp};
use crate::skill::{Diagnostic, FILE, MAX_FILE_BYTES, Skill};

pub(crate) use known::Known;
use known::Listing;

/// Folders within each other, below a root. From the contract.
pub const MAX_DEPTH: usize = 6;
/// Folders below one root that are looked at.
pub const MAX_FOLDERS: usize = 20_000;

/// A SKILL.md, in the order of the paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Candidate {
    Skill(Arc<Skill>),
    Unloadable(Diagnostic),
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) candidates: Vec<Candidate>,
    /// What is odd and is no skill: a link that leads away, a folder that cannot be read.
    pub(crate) odd: Vec<Diagnostic>,
}

/// Walks a root. `targets` are the folders outside it that links may lead to.
pub(crate) fn walk(root: &Path, targets: &[PathBuf], known: &mut Known) -> Walked {
    let mut walk = Walk { walked: Walked::default(), known, seen: HashSet::new(), links: VecDeque::new(), folders: 0 };
    let boundary = match Boundary::open(root) {
        Ok(boundary) => boundary,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return walk.walked,
        Err(error) => {
            walk.odd(root, format!("the folder cannot be read: {error}"));
            return walk.walked;
        }
    };
    let called = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    walk.folder(&boundary, Path::new(""), &called, 0);
    walk.follow(&boundary, targets);
    let Walk { walked, known, seen, .. } = walk;
    known.keep_only(&seen);
    walked
}

struct Walk<'a> {
    walked: Walked,
    known: &'a mut Known,
    /// The folders that were looked at, by paths without a link.
    seen: HashSet<PathBuf>,
    /// Links to look at when all real folders are done, with their depth.
    links: VecDeque<(PathBuf, usize)>,
    folders: usize,
}

impl Walk<'_> {
    fn folder(&mut self, boundary: &Boundary, below: &Path, called: &str, depth: usize) {
        self.folders += 1;
        if self.folders > MAX_FOLDERS {
            if self.folders == MAX_FOLDERS + 1 {
                self.odd(&boundary.path, format!("there are more than {MAX_FOLDERS} folders: the rest is not looked at"));
            }
            return;
        }
        if !self.seen.insert(boundary.path.join(below)) {
            return;
        }
        let file = below.join(FILE);
        match boundary.look(&file) {
            Ok((Kind::File, stamp)) => return self.skill(boundary, below, called, stamp),
            Ok((Kind::Link, _)) => return self.linked_skill(boundary, below, called),
            Ok(_) => return self.unloadable(&boundary.path.join(file), "it is no file".to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return self.unloadable(&boundary.path.join(file), format!("it cannot be read: {error}")),
        }
        if depth >= MAX_DEPTH {
            return;
        }
        let listing = match self.listing(boundary, below) {
            Ok(listing) => listing,
            Err(error) => return self.odd(&boundary.path.join(below), format!("the folder cannot be read: {error}")),
        };
        if listing.misspelt {
            self.odd(&boundary.path.join(below), format!("there is a `skill.md` here: call it `{FILE}`"));
        }
        if listing.nameless > 0 {
            let why = format!("{} names in this folder are no UTF-8 and are passed over", listing.nameless);
            self.odd(&boundary.path.join(below), why);
        }
        for name in &listing.folders {
            self.folder(boundary, &below.join(name), name, depth + 1);
        }
        self.links.extend(listing.links.iter().map(|name| (boundary.path.join(below).join(name), depth + 1)));
    }

    /// The links, after everything else: what one leads to may have been seen under its own name.
    fn follow(&mut self, root: &Boundary, targets: &[PathBuf]) {
        let targets: Vec<PathBuf> = targets.iter().filter_map(|target| target.canonicalize().ok()).collect();
        while let Some((link, depth)) = self.links.pop_front() {
            let Ok(to) = link.canonicalize() else {
                self.odd(&link, "the link leads nowhere".to_owned());
                continue;
            };
            if !to.is_dir() || self.seen.contains(&to) {
                continue;
            }
            let called = link.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Ok(below) = to.strip_prefix(&root.path) {
                self.folder(root, below, &called, depth);
                continue;
            }
            let Some(target) = targets.iter().find(|target| to.starts_with(target)) else {
                let why = format!(
                    "the link leads to {}, out of its root: add that to `allow-symlink-targets` under `[skills.load]` if it is meant",
                    to.display()
                );
                self.odd(&link, why);
                continue;
            };
            match Boundary::open(target) {
                Ok(boundary) => self.folder(&boundary, to.strip_prefix(target).unwrap_or(Path::new("")), &called, depth),
                Err(error) => self.odd(target, format!("the folder cannot be read: {error}")),
            }
        }
    }

    /// A SKILL.md that is a link: to a file within the same boundary.
    fn linked_skill(&mut self, boundary: &Boundary, below: &Path, called: &str) {
        let link = boundary.path.join(below).join(FILE);
        let to = match link.canonicalize() {
            Ok(to) => to,
            Err(_) => return self.unloadable(&link, "the link leads nowhere".to_owned()),
        };
        let Ok(file) = to.strip_prefix(&boundary.path) else {
            return self.unloadable(&link, format!("the link leads to {}, out of its root", to.display()));
        };
        let candidate = match read(boundary, file) {
            Ok((text, _)) => parse(&text, &boundary.path.join(below), called),
            Err(why) => Candidate::Unloadable(Diagnostic { file: link, line: None, why }),
        };
        self.walked.candidates.push(candidate);
    }

    fn skill(&mut self, boundary: &Boundary, below: &Path, called: &str, stamp: Stamp) {
        let folder = boundary.path.join(below);
        if let Some(candidate) = self.known.skill(&folder, called, stamp) {
            return self.walked.candidates.push(candidate);
        }
        let candidate = match read(boundary, &below.join(FILE)) {
            Ok((text, stamp)) => {
                let candidate = parse(&text, &folder, called);
                self.known.keep_skill(&folder, called, stamp, &candidate);
                candidate
            }
            Err(why) => Candidate::Unloadable(Diagnostic { file: folder.join(FILE), line: None, why }),
        };
        self.walked.candidates.push(candidate);
    }

    fn listing(&mut self, boundary: &Boundary, below: &Path) -> io::Result<Arc<Listing>> {
        let path = boundary.path.join(below);
        let (_, stamp) = boundary.look(below)?;
        if let Some(listing) = self.known.listing(&path, stamp) {
            return Ok(listing);
        }
        let listing = Arc::new(list(boundary, below)?);
        self.known.keep_listing(&path, stamp, &listing);
        Ok(listing)
    }

    fn unloadable(&mut self, file: &Path, why: String) {
        self.walked.candidates.push(Candidate::Unloadable(Diagnostic { file: file.to_owned(), line: None, why }));
    }

    fn odd(&mut self, file: &Path, why: String) {
        self.walked.odd.push(Diagnostic { file: file.to_owned(), line: None, why });
    }
}

fn read(boundary: &Boundary, below: &Path) -> Result<(String, Stamp), String> {
    let read = boundary.file(below).and_then(|file| boundary::read(file, MAX_FILE_BYTES));
    read.map_err(|error| format!("it cannot be read: {error}")).flatten()
}

fn parse(text: &str, folder: &Path, called: &str) -> Candidate {
    match Skill::parse(text, folder, called) {
        Ok(skill) => Candidate::Skill(Arc::new(skill)),
        Err(diagnostic) => Candidate::Unloadable(diagnostic),
    }
}

/// The folders in a folder, sorted. Hidden ones hold no skills, nor do the packages of scripts.
fn list(boundary: &Boundary, below: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in Dir::new(boundary.folder(below)?)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else {
            listing.nameless += 1;
            continue;
        };
        if name.starts_with('.') || name == "node_modules" {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            FileType::Unknown => boundary.look(&below.join(name)).map_or(Kind::Other, |(kind, _)| kind),
            _ => Kind::File,
        };
        match kind {
            Kind::Folder => listing.folders.push(name.to_owned()),
            Kind::Link => listing.links.push(name.to_owned()),
            _ => listing.misspelt |= name.eq_ignore_ascii_case(FILE),
        }
    }
    listing.folders.sort();
    listing.links.sort();
    Ok(listing)
}

/// How long ago a change was.
pub(crate) fn since((seconds, nanoseconds): (i64, u64)) -> Option<Duration> {
    let at = UNIX_EPOCH.checked_add(Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?))?;
    SystemTime::now().duration_since(at).ok()
}
