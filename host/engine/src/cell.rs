//! One store with its limits armed, for one instance of one component.
//!
//! Every call is bracketed: [`Cell::begin`] waits for a permit and arms fuel and deadline, [`Running::watch`] holds a
//! wall clock over the call, [`Cell::end`] turns whatever came back into a typed result.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{ResourceLimiter, Store, Trap, UpdateDeadline, WasmCoreDump};

use crate::clock::Clock;
use crate::error::CallError;
use crate::limits::Limits;
use crate::ticker::{TICK, Ticking};
use crate::{CORE_INSTANCES_PER_COMPONENT, Engine};

/// Precedes the panic message in a guest's memory; the guest SDK writes it and documents the layout: these sixteen
/// bytes, a little-endian `u32` length, that many bytes of UTF-8.
pub(crate) const PANIC_MARKER: [u8; 16] = *b"\xf7wirken-panic\x00\x01\xf7";

/// A guest may leave at most this much of a panic message.
const PANIC_BYTES: usize = 1024;

/// Past a guest's deadline by this much, a call is dropped even when it is inside a host function.
const GRACE: Duration = Duration::from_millis(500);

/// Handles that a guest may hold at once.
const HANDLES: usize = 10_000;

/// What a linker sees: the data of the capabilities, and behind it the limits that guard the store.
#[derive(Debug)]
pub struct State<T> {
    pub data: T,
    guard: Guard,
}

#[derive(Debug)]
struct Guard {
    limits: Limits,
    memory_bytes: usize,
    clock: Clock,
    refused: Option<CallError>,
}

/// A store for one instance.
pub struct Cell<T: 'static> {
    engine: Engine,
    limits: Limits,
    store: Store<State<T>>,
    /// Where it takes its room from.
    places: Arc<Semaphore>,
    /// Its room in the pool, from the first call on; given back last, once the store has left it.
    place: Option<OwnedSemaphorePermit>,
}

/// A call under way: its permit and its clock. Dropping it ends both.
pub struct Running {
    clock: Clock,
    _ticking: Ticking,
}

impl<T> State<T> {
    /// For a host function that waits for something outside.
    pub fn clock(&self) -> Clock {
        self.guard.clock.clone()
    }
}

impl<T: Send + 'static> Cell<T> {
    pub(crate) fn new(engine: Engine, data: T, limits: Limits, places: Arc<Semaphore>) -> Self {
        let guard = Guard { limits, memory_bytes: 0, clock: Clock::new(engine.permits()), refused: None };
        let mut store = Store::new(engine.wasmtime(), State { data, guard });
        store.limiter(|state| &mut state.guard);
        store.set_hostcall_fuel(limits.output_bytes);
        store.set_max_component_handles(HANDLES);
        store.epoch_deadline_callback(|context| {
            if context.data().guard.clock.tick() { Ok(UpdateDeadline::Interrupt) } else { Ok(UpdateDeadline::Yield(1)) }
        });
        Self { engine, limits, store, places, place: None }
    }

    /// Waits for room for the instance, where it has none yet.
    pub async fn take_place(&mut self) -> Result<(), CallError> {
        if self.place.is_none() {
            self.place = Some(acquire(&self.places).await?);
        }
        Ok(())
    }

    /// Waits for room for the instance, where it has none yet, and for one of the engine's permits; then arms this call's
    /// fuel and deadline. Room comes first: who has a permit never waits for it.
    pub async fn begin(&mut self) -> Result<Running, CallError> {
        self.take_place().await?;
        let permit = acquire(self.engine.permits()).await?;
        let ticking = self.engine.ticker().start();
        self.store.set_fuel(self.limits.fuel).map_err(|error| CallError::Host { message: error.to_string() })?;
        self.store.set_epoch_deadline(1);
        let clock = self.clock();
        clock.start(permit, self.limits.deadline);
        Ok(Running { clock, _ticking: ticking })
    }

    /// Of the calls into this instance.
    pub fn clock(&self) -> Clock {
        self.store.data().clock()
    }

    pub fn store(&mut self) -> &mut Store<State<T>> {
        &mut self.store
    }

    /// Fuel that the last call used.
    pub fn fuel_used(&self) -> u64 {
        self.limits.fuel.saturating_sub(self.store.get_fuel().unwrap_or(0))
    }

    /// Says why a call ended early, where it did.
    pub fn end<R>(&mut self, result: Result<wasmtime::Result<R>, Overdue>) -> Result<R, CallError> {
        let error = match result {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(Overdue) => return Err(self.overdue()),
        };
        if let Some(refused) = self.store.data_mut().guard.refused.take() {
            return Err(refused);
        }
        Err(match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => CallError::Fuel { limit: self.limits.fuel },
            Some(Trap::Interrupt) => self.overdue(),
            Some(trap) => CallError::Trap { code: trap_code(*trap), panic: self.panic_message(&error) },
            // Wasmtime keeps the type of this one to itself; a test holds the text.
            None if error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls")) => {
                CallError::Output { limit: self.limits.output_bytes }
            }
            None => CallError::Host { message: format!("{error:#}").chars().take(PANIC_BYTES).collect() },
        })
    }

    fn overdue(&self) -> CallError {
        CallError::Deadline { millis: u64::try_from(self.limits.deadline.as_millis()).unwrap_or(u64::MAX) }
    }

    fn panic_message(&self, error: &wasmtime::Error) -> Option<String> {
        let dump = error.downcast_ref::<WasmCoreDump>()?;
        dump.memories().iter().find_map(|memory| panic_message_in(memory.data(&self.store)))
    }
}

async fn acquire(semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, CallError> {
    let permit = Arc::clone(semaphore).acquire_owned().await;
    permit.map_err(|_| CallError::Host { message: "the engine is shutting down".into() })
}

impl<T> std::fmt::Debug for Cell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cell").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A call that outlived its deadline inside a host function.
#[derive(Clone, Copy, Debug)]
pub struct Overdue;

impl Running {
    /// Runs the call, and gives up a little after its deadline wherever it is.
    pub async fn watch<R>(&self, call: impl Future<Output = R>) -> Result<R, Overdue> {
        tokio::select! {
            biased;
            result = call => Ok(result),
            () = self.clock.over(GRACE + TICK) => Err(Overdue),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.clock.stop();
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl ResourceLimiter for Guard {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_sub(current).saturating_add(desired);
        if total > self.limits.memory_bytes {
            self.refused = Some(CallError::Memory { limit: self.limits.memory_bytes });
            return Ok(false);
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.table_elements {
            self.refused = Some(CallError::Table { limit: self.limits.table_elements });
            return Ok(false);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_PER_COMPONENT as usize
    }
}

fn trap_code(trap: Trap) -> &'static str {
    match trap {
        Trap::StackOverflow => "stack-overflow",
        Trap::MemoryOutOfBounds => "memory-out-of-bounds",
        Trap::TableOutOfBounds => "table-out-of-bounds",
        Trap::IndirectCallToNull => "call-to-null",
        Trap::BadSignature => "bad-signature",
        Trap::IntegerOverflow => "integer-overflow",
        Trap::IntegerDivisionByZero => "division-by-zero",
        Trap::BadConversionToInteger => "bad-conversion",
        Trap::UnreachableCodeReached => "unreachable",
        Trap::AllocationTooLarge => "allocation-too-large",
        Trap::CannotEnterComponent | Trap::CannotLeaveComponent => "reentrance",
        _ => "trap",
    }
}

/// The panic message in a guest's memory. The guest controls every byte of it.
fn panic_message_in(memory: &[u8]) -> Option<String> {
    let start = memchr::memmem::rfind(memory, &PANIC_MARKER)? + PANIC_MARKER.len();
    let (length, rest) = memory.get(start..)?.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?.min(PANIC_BYTES);
    let text = String::from_utf8_lossy(rest.get(..length)?);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(length: u32, text: &[u8]) -> Vec<u8> {
        [&[0; 7], &PANIC_MARKER[..], &length.to_le_bytes(), text].concat()
    }

    #[test]
    fn a_panic_message_is_read_as_far_as_it_can_be_trusted_to_be_one() {
        assert_eq!(panic_message_in(&record(5, b"hello world")).as_deref(), Some("hello"));
        assert_eq!(panic_message_in(&record(6, b"a\x1b[1mb")).as_deref(), Some("a [1mb"));
        assert_eq!(panic_message_in(&record(3, b"\xff\xffx")).as_deref(), Some("\u{fffd}\u{fffd}x"));
        assert_eq!(panic_message_in(&record(9, b"short")), None);
        assert_eq!(panic_message_in(&record(0, b"")), None);
        assert_eq!(panic_message_in(&PANIC_MARKER[..9]), None);
        assert_eq!(panic_message_in(&[]), None);
        let long = vec![b'x'; PANIC_BYTES + 1];
        assert_eq!(panic_message_in(&record(u32::MAX, &long)).unwrap().len(), PANIC_BYTES);
        assert_eq!(panic_message_in(&record(PANIC_BYTES as u32, &long)).unwrap().len(), PANIC_BYTES);
    }
}
