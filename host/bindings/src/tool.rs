//! A tool: definitions for the model, a plan for the person, a call.

use wasmtime::component::InstancePre;
use wirken_engine::{CallError, Cell, State};
use wirken_types::chat::{Part, ToolDefinition};
use wirken_types::tool::{CallPlan, ToolFailure};

use crate::convert;
use crate::raw::tool as raw;

/// A tool component, linked and ready to be instantiated.
pub struct ToolPre<T: 'static> {
    pre: raw::ToolPre<State<T>>,
}

impl<T: Send + 'static> ToolPre<T> {
    pub fn new(pre: InstancePre<State<T>>) -> wasmtime::Result<Self> {
        Ok(Self { pre: raw::ToolPre::new(pre)? })
    }

    pub async fn instantiate(&self, mut cell: Cell<T>) -> Result<Tool<T>, CallError> {
        let running = cell.begin().await?;
        let result = running.watch(self.pre.instantiate_async(cell.store())).await;
        let bindings = cell.end(result)?;
        Ok(Tool { cell, bindings })
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
    bindings: raw::Tool,
}

impl<T: Send + 'static> Tool<T> {
    pub async fn definitions(&mut self) -> Result<Vec<ToolDefinition>, CallError> {
        let running = self.cell.begin().await?;
        let result = running.watch(self.bindings.wirken_tool_tools().call_definitions(self.cell.store())).await;
        Ok(self.cell.end(result)?.into_iter().map(convert::definition_in).collect())
    }

    pub async fn plan(&mut self, name: &str, arguments: &str) -> Result<Result<CallPlan, ToolFailure>, CallError> {
        let running = self.cell.begin().await?;
        let arguments = arguments.to_owned();
        let result = running.watch(self.bindings.wirken_tool_tools().call_plan(self.cell.store(), name, &arguments)).await;
        Ok(self.cell.end(result)?.map(convert::plan_in).map_err(convert::tool_failure_in))
    }

    pub async fn call(&mut self, name: &str, arguments: &str) -> Result<Result<Vec<Part>, ToolFailure>, CallError> {
        let running = self.cell.begin().await?;
        let arguments = arguments.to_owned();
        let result = running.watch(self.bindings.wirken_tool_tools().call_call(self.cell.store(), name, &arguments)).await;
        let result = self.cell.end(result)?;
        Ok(result.map(|parts| parts.into_iter().map(convert::part_in).collect()).map_err(convert::tool_failure_in))
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
