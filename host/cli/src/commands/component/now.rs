//! What is in use now.

use std::collections::BTreeMap;

use serde_json::Value;
use wirken_gateway::control::{self, Request};
use wirken_gateway::folder::Folder;

use crate::parts;
use crate::shelf::{self, Shelf};
use crate::uses::{State, Uses};

/// Who uses what, and what rests: as the gateway says that runs, and else as it would be.
pub(super) struct Now {
    pub(super) uses: Uses,
    resting: BTreeMap<String, String>,
}

impl Now {
    pub(super) fn of(folder: &Folder) -> anyhow::Result<Self> {
        match parts::small_runtime()?.block_on(control::call(&folder.control(), &Request::Status)) {
            Ok(status) => Self::told(&status),
            // One that does not answer keeps nobody from looking.
            Err(_) => {
                let uses = parts::config(folder).map(|config| Uses::of(&config)).unwrap_or_default();
                Ok(Self { uses, resting: BTreeMap::new() })
            }
        }
    }

    /// As a gateway answers that was asked, or has made a change.
    pub(super) fn told(answer: &Value) -> anyhow::Result<Self> {
        let of = |key: &str| answer.get(key).cloned().unwrap_or_default();
        Ok(Self { uses: serde_json::from_value(of("uses"))?, resting: serde_json::from_value(of("resting"))? })
    }

    pub(super) fn resting(&self, name: &str) -> Option<&str> {
        self.resting.get(name).map(String::as_str)
    }

    /// Of a component of this name, bundled or added.
    pub(super) fn state(&self, shelf: &Shelf, name: &str) -> anyhow::Result<Option<State>> {
        if let Some(found) = shelf::bundled()?.into_iter().find(|found| found.manifest.name == name) {
            return Ok(Some(self.uses.bundled(&found.manifest, self.resting(name))));
        }
        if !shelf.added().contains(name) {
            return Ok(None);
        }
        self.uses.added(&shelf.added().read(name)?, self.resting(name)).map(Some)
    }
}
