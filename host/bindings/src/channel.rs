//! A channel: a state machine between one messaging platform and the neutral model.

mod convert;

use wasmtime::component::{Linker, ResourceAny};
use wirken_engine::{CallError, Cell, Code, Engine, Limits, State};
use wirken_types::channel::{self, Effect, Event};

use crate::raw::channel as raw;
use raw::exports::wirken::channel::adapter as wire;

/// A channel component, ready to be instantiated. It is linked to nothing: one that imports a function does not get here.
pub struct ChannelPre {
    engine: Engine,
    pre: raw::ChannelPre<State<()>>,
}

impl ChannelPre {
    pub fn new(engine: &Engine, code: &Code) -> wasmtime::Result<Self> {
        let pre = Linker::new(engine.wasmtime()).instantiate_pre(code.component()).and_then(raw::ChannelPre::new)?;
        Ok(Self { engine: engine.clone(), pre })
    }

    /// A fresh instance with its one connection.
    pub async fn connect(
        &self,
        limits: &Limits,
        settings: &str,
        state: &[channel::State],
        random: &[u8; 32],
        recovering: bool,
    ) -> Result<Connection, CallError> {
        let mut cell = self.engine.cell((), limits);
        let running = cell.begin().await?;
        let result = running.watch(self.pre.instantiate_async(cell.store())).await;
        let bindings = cell.end(result)?;
        drop(running);
        let state: Vec<wire::State> = state.iter().map(convert::state_out).collect();
        let settings = settings.to_owned();
        let running = cell.begin().await?;
        let adapter = bindings.wirken_channel_adapter().connection();
        let result = running.watch(adapter.call_constructor(cell.store(), &settings, &state, random, recovering)).await;
        let resource = cell.end(result)?;
        Ok(Connection { cell, bindings, resource })
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
    bindings: raw::Channel,
    resource: ResourceAny,
}

impl Connection {
    pub async fn start(&mut self, now_millis: u64) -> Result<Vec<Effect>, CallError> {
        let running = self.cell.begin().await?;
        let connection = self.bindings.wirken_channel_adapter().connection();
        let result = running.watch(connection.call_start(self.cell.store(), self.resource, now_millis)).await;
        Ok(self.cell.end(result)?.into_iter().map(convert::effect_in).collect())
    }

    pub async fn handle(&mut self, now_millis: u64, event: &Event) -> Result<Vec<Effect>, CallError> {
        let running = self.cell.begin().await?;
        let event = convert::event_out(event);
        let connection = self.bindings.wirken_channel_adapter().connection();
        let result = running.watch(connection.call_handle(self.cell.store(), self.resource, now_millis, &event)).await;
        Ok(self.cell.end(result)?.into_iter().map(convert::effect_in).collect())
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
