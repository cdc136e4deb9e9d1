//! The components that are in use in this process: whoever loads the same bytes again is handed the same code, and nothing is
//! read, authenticated or compiled a second time. What nobody uses any more is not kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use wirken_types::Digest;

use crate::Compiled;

#[derive(Default)]
pub(crate) struct Known {
    codes: Mutex<HashMap<Digest, Weak<Compiled>>>,
}

impl Known {
    pub(crate) fn get(&self, digest: Digest) -> Option<Arc<Compiled>> {
        self.codes().get(&digest)?.upgrade()
    }

    pub(crate) fn add(&self, code: &Arc<Compiled>) {
        let mut codes = self.codes();
        codes.retain(|_, code| code.strong_count() > 0);
        codes.insert(code.digest, Arc::downgrade(code));
    }

    fn codes(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Compiled>>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
