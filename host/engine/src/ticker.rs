//! The clock that lets a running guest be interrupted: it advances Wasmtime's epoch while any call runs, and sleeps
//! otherwise, so that an idle gateway wakes no processor.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::time::Duration;

/// How often a running guest is looked at: the grain of its deadline and of its turns with other guests.
pub(crate) const TICK: Duration = Duration::from_millis(5);

pub(crate) struct Ticker {
    engine: wasmtime::Engine,
    shared: Arc<Shared>,
    /// The thread was started, or could not be.
    started: Once,
}

struct Shared {
    running: AtomicUsize,
    parked: Mutex<Parked>,
    wake: Condvar,
}

#[derive(Default)]
struct Parked {
    asleep: bool,
    stopped: bool,
}

impl Ticker {
    pub(crate) fn new(engine: wasmtime::Engine) -> Self {
        let shared = Arc::new(Shared { running: AtomicUsize::new(0), parked: Mutex::default(), wake: Condvar::new() });
        Self { engine, shared, started: Once::new() }
    }

    fn begin(&self) {
        let (theirs, engine) = (Arc::clone(&self.shared), self.engine.clone());
        let spawned = std::thread::Builder::new().name("epoch".into()).spawn(move || theirs.run(&engine));
        if let Err(error) = spawned {
            // Fuel still bounds every guest; only wall-clock interruption is lost.
            tracing::error!(%error, "no thread for the epoch clock: guests are bounded by fuel alone");
        }
    }

    /// Keeps the clock going until the guard is dropped.
    pub(crate) fn start(&self) -> Ticking {
        self.started.call_once(|| self.begin());
        if self.shared.running.fetch_add(1, Ordering::SeqCst) == 0 && self.shared.lock().asleep {
            self.shared.wake.notify_one();
        }
        Ticking { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.wake.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Parked> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, engine: &wasmtime::Engine) {
        loop {
            let mut parked = self.lock();
            while self.running.load(Ordering::SeqCst) == 0 && !parked.stopped {
                parked.asleep = true;
                parked = self.wake.wait(parked).unwrap_or_else(PoisonError::into_inner);
                parked.asleep = false;
            }
            if parked.stopped {
                return;
            }
            drop(parked);
            std::thread::sleep(TICK);
            engine.increment_epoch();
        }
    }
}

pub(crate) struct Ticking {
    shared: Arc<Shared>,
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.shared.running.fetch_sub(1, Ordering::SeqCst);
    }
}
