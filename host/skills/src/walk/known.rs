//! What earlier walks read, by path and stamp.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Candidate, since};
use crate::boundary::Stamp;

/// A change that was read sooner after it was made may be followed by one with the same time: file systems count in
/// steps of up to two seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// The folders in a folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) folders: Vec<String>,
    pub(super) links: Vec<String>,
    /// There is a `skill.md` in other letters.
    pub(super) misspelt: bool,
    /// Names that are no UTF-8.
    pub(super) nameless: usize,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    skills: HashMap<PathBuf, (Stamp, String, Candidate)>,
    listings: HashMap<PathBuf, (Stamp, Arc<Listing>)>,
    /// The last change of what was read since this was taken.
    youngest: Option<(i64, u64)>,
}

impl Known {
    pub(super) fn skill(&self, folder: &Path, called: &str, now: Stamp) -> Option<Candidate> {
        let (stamp, name, candidate) = self.skills.get(folder)?;
        (*stamp == now && name == called).then(|| candidate.clone())
    }

    pub(super) fn keep_skill(&mut self, folder: &Path, called: &str, stamp: Stamp, candidate: &Candidate) {
        self.read(stamp);
        if settled(stamp) {
            self.skills.insert(folder.to_owned(), (stamp, called.to_owned(), candidate.clone()));
        } else {
            self.skills.remove(folder);
        }
    }

    pub(super) fn listing(&self, folder: &Path, now: Stamp) -> Option<Arc<Listing>> {
        let (stamp, listing) = self.listings.get(folder)?;
        (*stamp == now).then(|| Arc::clone(listing))
    }

    pub(super) fn keep_listing(&mut self, folder: &Path, stamp: Stamp, listing: &Arc<Listing>) {
        self.read(stamp);
        if settled(stamp) {
            self.listings.insert(folder.to_owned(), (stamp, Arc::clone(listing)));
        } else {
            self.listings.remove(folder);
        }
    }

    /// Forgets what is not there any more.
    pub(super) fn keep_only(&mut self, seen: &HashSet<PathBuf>) {
        self.skills.retain(|folder, _| seen.contains(folder));
        self.listings.retain(|folder, _| seen.contains(folder));
    }

    fn read(&mut self, stamp: Stamp) {
        self.youngest = self.youngest.max(Some(stamp.changed));
    }

    /// How long ago the last change was, of what was read since this was asked last.
    pub(crate) fn take_youngest(&mut self) -> Option<Duration> {
        self.youngest.take().map(|changed| since(changed).unwrap_or_default())
    }
}

/// A time in the future settles nothing.
fn settled(stamp: Stamp) -> bool {
    since(stamp.changed).is_some_and(|age| age >= SETTLED)
}
