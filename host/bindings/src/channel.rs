//! A channel: a state machine between one messaging platform and the neutral model.

mod v0_1;

use wasmtime::Store;
use wasmtime::component::{InstancePre, Linker, ResourceAny};
use wirken_engine::{CallError, Cell, Code, Engine, Limits, State};
use wirken_types::channel::{self, Effect, Event};

use crate::version::{Called, Linked, Version};

/// With what a connection begins.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// A JSON document.
    pub settings: &'a str,
    pub state: &'a [channel::State],
    pub random: &'a [u8; 32],
    /// Take one update at a time.
    pub recovering: bool,
}

/// What is called of a channel, whatever its version.
pub trait ChannelExports: Send + Sync {
    /// The resource that is the one connection of its instance.
    fn connection<'a>(&'a self, store: &'a mut Store<State<()>>, beginning: Beginning<'a>) -> Called<'a, ResourceAny>;

    fn start<'a>(&'a self, store: &'a mut Store<State<()>>, connection: ResourceAny, now_millis: u64) -> Called<'a, Vec<Effect>>;

    fn handle<'a>(
        &'a self,
        store: &'a mut Store<State<()>>,
        connection: ResourceAny,
        now_millis: u64,
        event: &'a Event,
    ) -> Called<'a, Vec<Effect>>;
}

/// A version of the world of channels.
pub type ChannelVersion = Version<(), dyn ChannelExports>;

/// A channel component, ready to be instantiated. It is linked to nothing: one that imports a function does not get here.
pub struct ChannelPre {
    engine: Engine,
    linked: Linked<(), dyn ChannelExports>,
}

impl ChannelPre {
    /// Newest first.
    pub const VERSIONS: &'static [ChannelVersion] = &[v0_1::version()];

    pub fn new(version: &ChannelVersion, engine: &Engine, code: &Code) -> wasmtime::Result<Self> {
        let pre: InstancePre<State<()>> = Linker::new(engine.wasmtime()).instantiate_pre(code.component())?;
        Ok(Self { engine: engine.clone(), linked: (version.link)(pre)? })
    }

    /// A fresh instance with its one connection.
    pub async fn connect(&self, limits: &Limits, beginning: Beginning<'_>) -> Result<Connection, CallError> {
        let mut cell = self.engine.cell((), limits);
        let running = cell.begin().await?;
        let result = running.watch(self.linked.instantiate(cell.store())).await;
        let exports = cell.end(result)?;
        drop(running);
        let running = cell.begin().await?;
        let result = running.watch(exports.connection(cell.store(), beginning)).await;
        let resource = cell.end(result)?;
        Ok(Connection { cell, exports, resource })
    }
}

impl std::fmt::Debug for ChannelPre {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelPre").finish_non_exhaustive()
    }
}

/// One account on a platform, in an instance of its own.
pub struct Connection {
    cell: Cell<()>,
    exports: Box<dyn ChannelExports>,
    resource: ResourceAny,
}

impl Connection {
    pub async fn start(&mut self, now_millis: u64) -> Result<Vec<Effect>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.start(self.cell.store(), self.resource, now_millis)).await;
        self.cell.end(result)
    }

    pub async fn handle(&mut self, now_millis: u64, event: &Event) -> Result<Vec<Effect>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.handle(self.cell.store(), self.resource, now_millis, event)).await;
        self.cell.end(result)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
