//! The components that were loaded in this process: whoever loads the same bytes again is handed the same code, and nothing is
//! read, authenticated or compiled a second time. Those that are in use are here for as long as they are, and of those that
//! nobody uses any more the last ones, as far as there is room.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use wirken_types::Digest;

use crate::Compiled;

pub(crate) struct Known {
    /// Compiled code that is kept although nobody may use it, in bytes.
    room: usize,
    codes: Mutex<Codes>,
}

#[derive(Default)]
struct Codes {
    all: HashMap<Digest, Weak<Compiled>>,
    /// Those that were loaded last, the newest in front.
    last: VecDeque<Arc<Compiled>>,
}

impl Known {
    pub(crate) fn new(room: usize) -> Self {
        Self { room, codes: Mutex::default() }
    }

    pub(crate) fn get(&self, digest: Digest) -> Option<Arc<Compiled>> {
        let mut codes = self.codes();
        let code = codes.all.get(&digest)?.upgrade()?;
        codes.keep(&code, self.room);
        Some(code)
    }

    pub(crate) fn add(&self, code: &Arc<Compiled>) {
        let mut codes = self.codes();
        codes.keep(code, self.room);
        codes.all.retain(|_, code| code.strong_count() > 0);
        codes.all.insert(code.digest, Arc::downgrade(code));
    }

    fn codes(&self) -> MutexGuard<'_, Codes> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Codes {
    fn keep(&mut self, code: &Arc<Compiled>, room: usize) {
        self.last.retain(|kept| kept.digest != code.digest);
        self.last.push_front(Arc::clone(code));
        let mut taken = 0;
        // A newer one that has no room keeps none that is older and smaller from having it.
        self.last.retain(|kept| {
            let size = kept.size();
            let fits = taken + size <= room;
            taken += if fits { size } else { 0 };
            fits
        });
    }
}
