//! The clock of one call, and the permit that it holds while it computes. Both rest while a host function waits for
//! something that is not the guest's doing: a program that runs for minutes takes neither the guest's time nor another
//! guest's turn to compute.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often a call whose clock rests is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Of the calls into one instance, one after the other. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    permits: Arc<Semaphore>,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug)]
struct Held {
    permit: Option<OwnedSemaphorePermit>,
    deadline: Instant,
    /// What is left of the time, while it rests. Between two calls it rests too.
    resting: Option<Duration>,
    /// The engine's own clock found the guest computing.
    is_long: bool,
}

impl Clock {
    pub(crate) fn new(permits: &Arc<Semaphore>) -> Self {
        let held = Held { permit: None, deadline: Instant::now(), resting: Some(Duration::ZERO), is_long: false };
        Self { permits: Arc::clone(permits), held: Arc::new(Mutex::new(held)) }
    }

    /// A call begins.
    pub(crate) fn start(&self, permit: OwnedSemaphorePermit, limit: Duration) {
        *self.held() = Held { permit: Some(permit), deadline: Instant::now() + limit, resting: None, is_long: false };
    }

    /// It ended.
    pub(crate) fn stop(&self) {
        let mut held = self.held();
        (held.permit, held.resting) = (None, Some(Duration::ZERO));
    }

    /// Whether the time was up so long ago.
    pub(crate) fn is_over(&self, grace: Duration) -> bool {
        let held = self.held();
        held.resting.is_none() && Instant::now() >= held.deadline + grace
    }

    /// The engine's clock found the guest computing. Whether its time is up.
    pub(crate) fn tick(&self) -> bool {
        self.held().is_long = true;
        self.is_over(Duration::ZERO)
    }

    /// Whether the call under way has computed for longer than a moment: past that, whoever shares a thread with it waits.
    pub fn is_long(&self) -> bool {
        self.held().is_long
    }

    /// Returns when the time was up so long ago.
    pub async fn over(&self, grace: Duration) {
        while !self.is_over(grace) {
            let look = {
                let held = self.held();
                if held.resting.is_some() { LOOK } else { (held.deadline + grace).saturating_duration_since(Instant::now()) }
            };
            tokio::time::sleep(look).await;
        }
    }

    /// Waits for something outside, with the clock at rest and the permit given back meanwhile.
    pub async fn rest<R>(&self, outside: impl Future<Output = R>) -> R {
        {
            let mut held = self.held();
            held.resting = Some(held.deadline.saturating_duration_since(Instant::now()));
            held.permit = None;
        }
        let result = outside.await;
        // An engine that shuts down has no permits, and the guest ends by itself.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        let mut held = self.held();
        if let Some(left) = held.resting.take() {
            held.deadline = Instant::now() + left;
        }
        held.permit = permit;
        result
    }

    /// Waits for something outside on the guest's own time, with the permit given back meanwhile.
    pub async fn wait<R>(&self, outside: impl Future<Output = R>) -> R {
        self.held().permit = None;
        let result = outside.await;
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        self.held().permit = permit;
        result
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn neither_time_nor_the_permit_is_taken_while_something_outside_is_waited_for() {
        let permits = Arc::new(Semaphore::new(1));
        let clock = Clock::new(&permits);
        clock.start(Arc::clone(&permits).acquire_owned().await.unwrap(), Duration::from_millis(80));
        assert_eq!(permits.available_permits(), 0);
        assert!(!clock.is_long() && !clock.tick() && clock.is_long());
        let outside = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(permits.available_permits(), 1, "others compute meanwhile");
            assert!(!clock.is_over(Duration::ZERO));
            7
        };
        assert_eq!(clock.rest(outside).await, 7);
        assert_eq!(permits.available_permits(), 0);
        assert!(!clock.is_over(Duration::ZERO), "it has what was left");
        let waited = async {
            clock.over(Duration::ZERO).await;
            assert_eq!(permits.available_permits(), 1, "others compute meanwhile");
        };
        clock.wait(waited).await;
        assert_eq!(permits.available_permits(), 0);
        assert!(clock.is_over(Duration::ZERO) && !clock.is_over(Duration::from_secs(60)));
        assert!(clock.tick());
        clock.stop();
        assert_eq!(permits.available_permits(), 1);
        clock.start(Arc::clone(&permits).acquire_owned().await.unwrap(), Duration::from_secs(60));
        assert!(!clock.is_long(), "this is another call");
    }
}
