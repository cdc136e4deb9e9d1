//! The timers of one component.

use std::collections::HashMap;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;

/// Timers that may be set at once.
pub(crate) const TIMERS: usize = 256;
/// No timer is set for sooner: a component that sets one for now, again and again, leaves time for others.
const SHORTEST: Duration = Duration::from_millis(1);
/// Nor for later: a year, which a clock can still hold.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: DelayQueue<u32>,
    keys: HashMap<u32, Key>,
}

impl Timers {
    /// False where too many are set.
    pub(crate) fn set(&mut self, id: u32, millis: u64) -> bool {
        let after = Duration::from_millis(millis).clamp(SHORTEST, LONGEST);
        if let Some(key) = self.keys.get(&id) {
            self.queue.reset(key, after);
            return true;
        }
        if self.keys.len() >= TIMERS {
            return false;
        }
        let key = self.queue.insert(id, after);
        self.keys.insert(id, key);
        true
    }

    pub(crate) fn cancel(&mut self, id: u32) {
        if let Some(key) = self.keys.remove(&id) {
            self.queue.remove(&key);
        }
    }

    /// The next whose time has come; never, where none is set.
    pub(crate) async fn next(&mut self) -> u32 {
        poll_fn(|context| match self.queue.poll_expired(context) {
            Poll::Ready(Some(expired)) => {
                let id = expired.into_inner();
                self.keys.remove(&id);
                Poll::Ready(id)
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn timers_come_in_their_order_once_and_can_be_moved_and_unset() {
        let mut timers = Timers::default();
        assert!(timers.set(1, 30) && timers.set(2, 10) && timers.set(3, 20) && timers.set(1, 5));
        timers.cancel(3);
        assert_eq!((timers.next().await, timers.next().await), (1, 2));
        assert!(tokio::time::timeout(Duration::from_secs(1), timers.next()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_and_no_more() {
        let mut timers = Timers::default();
        let count = u32::try_from(TIMERS).unwrap();
        assert!((0..count).all(|id| timers.set(id, 1000)));
        assert!(!timers.set(count, 1000));
        assert!(timers.set(0, u64::MAX), "one that is set may be set again");
        timers.cancel(1);
        assert!(timers.set(count, 1000));
    }
}
