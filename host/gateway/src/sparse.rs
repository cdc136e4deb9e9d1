//! What anybody can cause as often as he likes is recorded now and then: a stranger must not fill the ledger.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets so many pass within a time, and no more.
#[derive(Debug)]
pub struct Sparse {
    most: usize,
    within: Duration,
    passed: Mutex<VecDeque<Instant>>,
}

impl Sparse {
    pub fn new(most: usize, within: Duration) -> Self {
        Self { most, within, passed: Mutex::default() }
    }

    pub fn passes(&self) -> bool {
        self.passes_at(Instant::now())
    }

    fn passes_at(&self, now: Instant) -> bool {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        while passed.front().is_some_and(|at| now.duration_since(*at) >= self.within) {
            passed.pop_front();
        }
        let passes = passed.len() < self.most;
        if passes {
            passed.push_back(now);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_so_many_pass_within_the_time_and_no_more() {
        let (sparse, now) = (Sparse::new(2, Duration::from_secs(60)), Instant::now());
        let after = |millis| sparse.passes_at(now + Duration::from_millis(millis));
        assert!(after(0) && after(1));
        assert!(!after(2) && !after(59_999));
        assert!(after(60_000) && !after(60_000) && after(60_001));
    }
}
