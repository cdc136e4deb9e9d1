//! A tool: definitions for the model, a plan for the person, a call.

mod v0_1;

use wasmtime::Store;
use wasmtime::component::InstancePre;
use wirken_engine::{CallError, Cell, State};
use wirken_types::chat::{Part, ToolDefinition};
use wirken_types::tool::{CallPlan, ToolFailure};

use crate::version::{Called, Linked, Version};

/// What is called of a tool, whatever its version.
pub trait ToolExports<T: 'static>: Send + Sync {
    fn definitions<'a>(&'a self, store: &'a mut Store<State<T>>) -> Called<'a, Vec<ToolDefinition>>;

    fn plan<'a>(&'a self, store: &'a mut Store<State<T>>, name: &'a str, arguments: &'a str) -> Called<'a, Result<CallPlan, ToolFailure>>;

    fn call<'a>(&'a self, store: &'a mut Store<State<T>>, name: &'a str, arguments: &'a str) -> Called<'a, Result<Vec<Part>, ToolFailure>>;
}

/// A version of the world of tools.
pub type ToolVersion<T> = Version<T, dyn ToolExports<T>>;

/// A tool component, linked and ready to be instantiated.
pub struct ToolPre<T: 'static> {
    linked: Linked<T, dyn ToolExports<T>>,
}

impl<T: Send + 'static> ToolPre<T> {
    /// Newest first.
    pub const VERSIONS: &'static [ToolVersion<T>] = &[v0_1::version()];

    pub fn new(version: &ToolVersion<T>, pre: InstancePre<State<T>>) -> wasmtime::Result<Self> {
        Ok(Self { linked: (version.link)(pre)? })
    }

    pub async fn instantiate(&self, mut cell: Cell<T>) -> Result<Tool<T>, CallError> {
        let running = cell.begin().await?;
        let result = running.watch(self.linked.instantiate(cell.store())).await;
        let exports = cell.end(result)?;
        Ok(Tool { cell, exports })
    }
}

impl<T> std::fmt::Debug for ToolPre<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToolPre").finish_non_exhaustive()
    }
}

/// An instance of a tool. One serves one call.
pub struct Tool<T: 'static> {
    cell: Cell<T>,
    exports: Box<dyn ToolExports<T>>,
}

impl<T: Send + 'static> Tool<T> {
    pub async fn definitions(&mut self) -> Result<Vec<ToolDefinition>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.definitions(self.cell.store())).await;
        self.cell.end(result)
    }

    pub async fn plan(&mut self, name: &str, arguments: &str) -> Result<Result<CallPlan, ToolFailure>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.plan(self.cell.store(), name, arguments)).await;
        self.cell.end(result)
    }

    pub async fn call(&mut self, name: &str, arguments: &str) -> Result<Result<Vec<Part>, ToolFailure>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.exports.call(self.cell.store(), name, arguments)).await;
        self.cell.end(result)
    }

    /// The capabilities' data, to read what they did.
    pub fn data(&mut self) -> &mut T {
        &mut self.cell.store().data_mut().data
    }

    /// Fuel that the last call used.
    pub fn fuel_used(&self) -> u64 {
        self.cell.fuel_used()
    }
}

impl<T> std::fmt::Debug for Tool<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tool").finish_non_exhaustive()
    }
}
