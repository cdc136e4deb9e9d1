//! `wirken:tool@0.1.0`, in the host's own types.

use wasmtime::Store;
use wasmtime::component::InstancePre;
use wirken_engine::State;
use wirken_types::chat::{Part, ToolDefinition};
use wirken_types::tool::{CallPlan, ToolFailure};

use super::{ToolExports, ToolVersion};
use crate::convert;
use crate::raw::v0_1::tool as raw;
use crate::version::{Called, Link, Linked};
use raw::exports::wirken::tool::tools as wire;

pub(super) const fn version<T: Send + 'static>() -> ToolVersion<T> {
    ToolVersion {
        world: "wirken:tool/tool@0.1.0",
        exports: "wirken:tool/tools@0.1.0",
        types: &["wirken:chat/types@0.1.0", "wirken:http/types@0.1.0", "wirken:tool/types@0.1.0"],
        link,
    }
}

fn link<T: Send + 'static>(pre: InstancePre<State<T>>) -> wasmtime::Result<Linked<T, dyn ToolExports<T>>> {
    Ok(Box::new(raw::ToolPre::new(pre)?))
}

impl<T: Send + 'static> Link<T, dyn ToolExports<T>> for raw::ToolPre<State<T>> {
    fn instantiate<'a>(&'a self, store: &'a mut Store<State<T>>) -> Called<'a, Box<dyn ToolExports<T>>> {
        Box::pin(async move { Ok(Box::new(self.instantiate_async(store).await?) as _) })
    }
}

impl<T: Send + 'static> ToolExports<T> for raw::Tool {
    fn definitions<'a>(&'a self, store: &'a mut Store<State<T>>) -> Called<'a, Vec<ToolDefinition>> {
        Box::pin(async move {
            let definitions = self.wirken_tool_tools().call_definitions(store).await?;
            Ok(definitions.into_iter().map(convert::definition_in).collect())
        })
    }

    fn plan<'a>(&'a self, store: &'a mut Store<State<T>>, name: &'a str, arguments: &'a str) -> Called<'a, Result<CallPlan, ToolFailure>> {
        Box::pin(async move {
            let plan = self.wirken_tool_tools().call_plan(store, name, &arguments.to_owned()).await?;
            Ok(plan.map(plan_in).map_err(failure_in))
        })
    }

    fn call<'a>(&'a self, store: &'a mut Store<State<T>>, name: &'a str, arguments: &'a str) -> Called<'a, Result<Vec<Part>, ToolFailure>> {
        Box::pin(async move {
            let result = self.wirken_tool_tools().call_call(store, name, &arguments.to_owned()).await?;
            Ok(result.map(|parts| parts.into_iter().map(convert::part_in).collect()).map_err(failure_in))
        })
    }
}

fn plan_in(plan: wire::CallPlan) -> CallPlan {
    CallPlan { purpose: plan.purpose, intents: plan.intents.into_iter().map(convert::intent_in).collect() }
}

fn failure_in(failure: wire::Failure) -> ToolFailure {
    match failure {
        wire::Failure::InvalidArguments(text) => ToolFailure::InvalidArguments(text),
        wire::Failure::Denied(text) => ToolFailure::Denied(text),
        wire::Failure::Failed(text) => ToolFailure::Failed(text),
        wire::Failure::Other((kind, text)) => ToolFailure::Other(kind, text),
    }
}
