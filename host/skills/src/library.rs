//! All roots together, looked at again when a turn begins.
//!
//! Nothing watches: looking costs one question to the system for each skill, works on every file system, and cannot miss
//! a change. What changed a moment ago may be half written, so the list stays as it was until that has settled.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::roots::{Root, Source};
use crate::skill::{Diagnostic, Skill};
use crate::walk::{Candidate, Known, walk};

/// Candidates of one root that may be in the prompt. From the contract.
pub const MAX_CANDIDATES: usize = 300;
/// Skills of one root that may be in the prompt. From the contract.
pub const MAX_LOADED: usize = 200;

/// A skill and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub skill: Arc<Skill>,
    pub source: Source,
    /// Its root has so many before it that it has no place in a prompt.
    pub beyond_source: bool,
}

/// Everything that is in the roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The highest precedence first; a name may be there more than once.
    pub found: Vec<Found>,
    /// Files that are no skills, and why.
    pub unloadable: Vec<Diagnostic>,
    /// What is odd about the folders.
    pub odd: Vec<Diagnostic>,
}

/// The roots, and what was in them.
#[derive(Debug)]
pub struct Library {
    roots: Vec<(Root, Known)>,
    targets: Vec<PathBuf>,
    settle: Duration,
    current: Option<Arc<Inventory>>,
}

impl Library {
    /// `targets` are the folders that links may lead to; `settle` is how long a change must have rested.
    pub fn new(roots: Vec<Root>, targets: Vec<PathBuf>, settle: Duration) -> Self {
        Self { roots: roots.into_iter().map(|root| (root, Known::default())).collect(), targets, settle, current: None }
    }

    /// What there is, from the disk where it changed.
    pub fn look(&mut self) -> Arc<Inventory> {
        let mut inventory = Inventory::default();
        let mut youngest: Option<Duration> = None;
        for (root, known) in &mut self.roots {
            let walked = walk(&root.path, &self.targets, known);
            inventory.odd.extend(walked.odd);
            let mut loaded = 0;
            for (index, candidate) in walked.candidates.into_iter().enumerate() {
                match candidate {
                    Candidate::Unloadable(diagnostic) => inventory.unloadable.push(diagnostic),
                    Candidate::Skill(skill) => {
                        let beyond_source = index >= MAX_CANDIDATES || loaded >= MAX_LOADED;
                        loaded += 1;
                        inventory.found.push(Found { skill, source: root.source, beyond_source });
                    }
                }
            }
            youngest = [youngest, known.take_youngest()].into_iter().flatten().min();
        }
        match &self.current {
            Some(current) if **current == inventory => Arc::clone(current),
            Some(current) if youngest.is_some_and(|age| age < self.settle) => Arc::clone(current),
            _ => {
                let inventory = Arc::new(inventory);
                self.current = Some(Arc::clone(&inventory));
                inventory
            }
        }
    }

    /// What the last look found, without another one.
    pub fn last(&self) -> Option<Arc<Inventory>> {
        self.current.clone()
    }
}
