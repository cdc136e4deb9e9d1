//! Wasmtime, set up once: how components are compiled, cached, limited and stopped.
//!
//! The engine knows no WIT interface. It hands out [`Code`] (a compiled component) and [`Cell`]s (a store with its
//! limits armed), and turns whatever ends a guest early into a typed [`CallError`]. What a component may reach is
//! decided and linked elsewhere.
//!
//! A cell is for one instance and is thrown away with it: after a trap the instance is dead, and a fresh one costs
//! microseconds from the pool.

mod cache;
mod cell;
mod clock;
mod error;
mod known;
mod limits;
mod sealed;
mod ticker;
mod wasm;

use std::any::Any;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use wasmtime::component::Component;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};
use wirken_types::Digest;

pub use cache::{CacheEvent, CacheOutcome};
pub use cell::{Cell, Overdue, Running, State};
pub use clock::Clock;
pub use error::{CallError, EngineError};
pub use limits::Limits;
pub use wasm::{Files, Wasm};

use cache::Cache;
use known::Known;
use ticker::Ticker;

/// Instances that the pool keeps room for. Each is address space, not memory, until it is used.
/// Whoever wants one more waits.
const POOL_INSTANCES: u32 = 128;

/// The same, for instances that another one waits for while it keeps its own: were they of one kind, as many that wait
/// would wait for ever.
const POOL_BESIDE: u32 = 32;

/// All of them.
const POOL_TOTAL: u32 = POOL_INSTANCES + POOL_BESIDE;

/// Core instances in one component: a plain guest has one, one built with an adapter up to four, JavaScript by componentize-qjs
/// thirteen, and Python by componentize-py some forty, one for each library and each interface. Each costs a number in the pool.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;

/// Tables in one component: those of its libraries are one.
const TABLES_PER_COMPONENT: u32 = 8;

/// Its own, an adapter's, and what componentize-qjs puts in the place of WASI.
const MEMORIES_PER_COMPONENT: u32 = 4;

/// Of a memory, what is cleaned in place for the next instance; the rest is given back to the system, and costs a fault for
/// each page when it is used again. The guests of this tree lie in the first of it, their stack before their data.
const KEPT_BYTES: usize = 384 * 1024;

/// Stack of a guest call, in bytes. Past it a guest gets a stack overflow trap, which ends its call alone.
const GUEST_STACK_BYTES: usize = 512 * 1024;

/// The stack that a guest call runs on, host functions that it calls included.
const CALL_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Compiled code that is kept for the next load although nobody uses it any more: one component in Python, or a hundred in
/// Rust. It is memory.
const KEPT_CODE_BYTES: usize = 64 * 1024 * 1024;

/// How the engine is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of compiled components; none compiles each time.
    pub cache: Option<PathBuf>,
    /// The folder is read, and left as it is: for a command that only looks.
    pub cache_read_only: bool,
    /// No component gets more than this, whatever its manifest asks for.
    pub maximum: Limits,
    /// Compiled code that is kept for the next load although nobody uses it any more, in bytes.
    pub kept_code_bytes: usize,
    /// Guest calls that run at the same time; the others wait.
    pub concurrent_calls: usize,
    /// Whether it can compile. One that cannot takes what another engine sealed, and keeps no pool: it is for a process
    /// that hosts one component.
    pub compiles: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache: None,
            cache_read_only: false,
            maximum: Limits::MAXIMUM,
            kept_code_bytes: KEPT_CODE_BYTES,
            concurrent_calls: 64,
            compiles: true,
        }
    }
}

/// The one Wasmtime engine of this process. Clones share it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    maximum: Limits,
    cache: Option<Cache>,
    known: Known,
    permits: Arc<Semaphore>,
    /// Of the pool: a decoder keeps its instance for as long as its response takes.
    places: Arc<Semaphore>,
    /// Of the pool: for what is asked beside another instance.
    beside: Arc<Semaphore>,
    ticker: Ticker,
}

/// A compiled component and the digest of the bytes that it was made from. Clones share it, and for as long as one of them is
/// there, whoever loads the same bytes shares it too.
#[derive(Clone)]
pub struct Code {
    compiled: Arc<Compiled>,
}

struct Compiled {
    component: Component,
    digest: Digest,
    /// What a caller found in the bytes.
    found: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Compiled {
    /// Of its native code and what belongs to that, in bytes.
    fn size(&self) -> usize {
        let image = self.component.image_range();
        image.end.addr() - image.start.addr()
    }
}

impl Engine {
    /// Starts no thread: the first call does.
    pub fn new(options: &Options) -> Result<Self, EngineError> {
        let mut config = config(&options.maximum);
        if !options.compiles {
            config.enable_compiler(false).allocation_strategy(InstanceAllocationStrategy::OnDemand);
        }
        let wasmtime = wasmtime::Engine::new(&config).map_err(EngineError::Setup)?;
        let cache = match &options.cache {
            Some(folder) => {
                let opened = if options.cache_read_only {
                    Cache::open_read_only(folder, &wasmtime)
                } else {
                    Cache::open(folder, &wasmtime).map(Some)
                };
                opened.map_err(|source| EngineError::Cache { folder: folder.clone(), source })?
            }
            None => None,
        };
        let ticker = Ticker::new(wasmtime.clone());
        let permits = Arc::new(Semaphore::new(options.concurrent_calls));
        let places = Arc::new(Semaphore::new(POOL_INSTANCES as usize));
        let beside = Arc::new(Semaphore::new(POOL_BESIDE as usize));
        Ok(Self {
            inner: Arc::new(Inner {
                wasmtime,
                maximum: options.maximum,
                cache,
                known: Known::new(options.kept_code_bytes),
                permits,
                places,
                beside,
                ticker,
            }),
        })
    }

    /// The engine itself, for linkers.
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    /// Compiles a component, or takes it from the cache when that holds what this very engine made of these bytes. What was
    /// loaded before in this process is there already.
    pub fn load(&self, wasm: &Wasm) -> Result<(Code, CacheOutcome), EngineError> {
        if let Some(code) = self.loaded(wasm) {
            return Ok((code, CacheOutcome { event: CacheEvent::Hit, detail: None }));
        }
        let digest = wasm.digest();
        let (component, outcome) = match &self.inner.cache {
            Some(cache) => cache.load(&self.inner.wasmtime, digest, || self.compile(wasm))?,
            None => (self.compile(wasm)?, CacheOutcome { event: CacheEvent::Compiled, detail: None }),
        };
        let code = Code::new(component, digest);
        self.inner.known.add(&code.compiled);
        Ok((code, outcome))
    }

    /// The code of these bytes, where they were loaded before.
    pub fn loaded(&self, wasm: &Wasm) -> Option<Code> {
        self.inner.known.get(wasm.digest()).map(|compiled| Code { compiled })
    }

    /// A component that an engine of this very version compiled and [`Code::seal`] sealed. Compiled code is native code:
    /// whoever made the descriptor is trusted with this process.
    pub fn adopt(&self, sealed: &OwnedFd, digest: Digest) -> Result<Code, EngineError> {
        let component = sealed::adopt(&self.inner.wasmtime, sealed).map_err(EngineError::Adopt)?;
        Ok(Code::new(component, digest))
    }

    /// A store for one instance, its limits capped by the engine's maximum.
    pub fn cell<T: Send + 'static>(&self, data: T, limits: &Limits) -> Cell<T> {
        Cell::new(self.clone(), data, limits.capped(&self.inner.maximum), Arc::clone(&self.inner.places))
    }

    /// The same, with room of another kind: for what is asked while another instance is kept, and waits for nothing itself.
    pub fn cell_beside<T: Send + 'static>(&self, data: T, limits: &Limits) -> Cell<T> {
        Cell::new(self.clone(), data, limits.capped(&self.inner.maximum), Arc::clone(&self.inner.beside))
    }

    /// How long a call under these limits may take.
    pub fn deadline(&self, limits: &Limits) -> std::time::Duration {
        limits.capped(&self.inner.maximum).deadline
    }

    fn compile(&self, wasm: &Wasm) -> Result<Component, EngineError> {
        let bytes = wasm.bytes().map_err(EngineError::Bytes)?;
        Component::from_binary(&self.inner.wasmtime, &bytes).map_err(EngineError::Compile)
    }

    fn permits(&self) -> &Arc<Semaphore> {
        &self.inner.permits
    }

    fn ticker(&self) -> &Ticker {
        &self.inner.ticker
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("maximum", &self.inner.maximum).finish_non_exhaustive()
    }
}

impl Code {
    fn new(component: Component, digest: Digest) -> Self {
        Self { compiled: Arc::new(Compiled { component, digest, found: OnceLock::new() }) }
    }

    pub fn component(&self) -> &Component {
        &self.compiled.component
    }

    /// The compiled component in a memory file that nobody can change any more, for another process.
    pub fn seal(&self) -> Result<OwnedFd, EngineError> {
        let bytes = self.compiled.component.serialize().map_err(EngineError::Seal)?;
        sealed::sealed(bytes.as_slice()).map_err(|error| EngineError::Seal(error.into()))
    }

    /// Keeps what a caller found in the component's bytes, for as long as the code is there. It is one thing, the first.
    pub fn keep<T: Any + Send + Sync>(&self, found: &Arc<T>) {
        // Whoever found it meanwhile found the same.
        self.compiled.found.set(Arc::clone(found) as _).ok();
    }

    /// What is kept.
    pub fn kept<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(self.compiled.found.get()?).downcast().ok()
    }

    /// Of the component's own bytes, not of the compiled ones.
    pub fn digest(&self) -> Digest {
        self.compiled.digest
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("digest", &self.digest()).finish_non_exhaustive()
    }
}

fn config(maximum: &Limits) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .coredump_on_trap(true)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(CALL_STACK_BYTES)
        // Relaxed SIMD may differ from machine to machine: deterministic replay rules it out.
        .wasm_relaxed_simd(false)
        .wasm_memory64(false);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOL_TOTAL)
        .total_core_instances(POOL_TOTAL * CORE_INSTANCES_PER_COMPONENT)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .total_memories(POOL_TOTAL * MEMORIES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .total_tables(POOL_TOTAL * TABLES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .total_stacks(POOL_TOTAL)
        .table_elements(maximum.table_elements)
        .max_memory_size(maximum.memory_bytes)
        // What stays mapped of a slot between two instances: enough that a small guest costs no page faults. Linux could be
        // asked which pages were written, and clean those alone; but it does not name those that it swapped out meanwhile,
        // and the next instance would find them as they were.
        .linear_memory_keep_resident(KEPT_BYTES)
        .table_keep_resident(16 * 1024)
        .async_stack_keep_resident(32 * 1024);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

#[cfg(test)]
mod tests;
