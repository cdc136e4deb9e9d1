//! The tools on offer: every loaded component's, under names that the model uses.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use wirken_plugin::{ToolEnd, ToolPlugin};
use wirken_turn::ToolOrigin;
use wirken_types::chat::{Part, ToolCall, ToolDefinition};
use wirken_types::event::ToolOutcome;

/// What a session can run.
pub trait Tools: Send + Sync {
    fn definitions(&self) -> Vec<ToolDefinition>;
    fn origins(&self) -> BTreeMap<String, ToolOrigin>;
    fn call(&self, call: ToolCall) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>>;
}

/// Offers nothing and runs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct DenyTools;

impl Tools for DenyTools {
    fn definitions(&self) -> Vec<ToolDefinition> {
        Vec::new()
    }

    fn origins(&self) -> BTreeMap<String, ToolOrigin> {
        BTreeMap::new()
    }

    fn call(&self, call: ToolCall) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
        let text = format!("There is no tool named {:?}.", call.name);
        Box::pin(std::future::ready(ToolEnd { outcome: ToolOutcome::Denied, code: None, content: vec![Part::text(text)] }))
    }
}

/// The tools of loaded components.
#[derive(Debug, Default)]
pub struct ToolSet {
    tools: BTreeMap<String, (ToolDefinition, ToolPlugin)>,
}

impl ToolSet {
    /// Adds a component's tools. A name that another component has taken is refused: which of them a model meant must
    /// never depend on the order in which they were loaded.
    pub fn add(&mut self, plugin: &ToolPlugin) -> Result<(), NameTaken> {
        for definition in plugin.definitions() {
            if let Some((_, other)) = self.tools.get(&definition.name) {
                return Err(NameTaken {
                    tool: definition.name.clone(),
                    first: other.info().name.clone(),
                    second: plugin.info().name.clone(),
                });
            }
        }
        for definition in plugin.definitions() {
            self.tools.insert(definition.name.clone(), (definition.clone(), plugin.clone()));
        }
        Ok(())
    }
}

/// Two components define a tool of the same name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the components {first} and {second} both define a tool named {tool}: remove one of them")]
pub struct NameTaken {
    pub tool: String,
    pub first: String,
    pub second: String,
}

impl Tools for ToolSet {
    fn definitions(&self) -> Vec<ToolDefinition> {
        self.tools.values().map(|(definition, _)| definition.clone()).collect()
    }

    fn origins(&self) -> BTreeMap<String, ToolOrigin> {
        let origin = |plugin: &ToolPlugin| ToolOrigin { component: plugin.info().name.clone(), digest: plugin.info().digest };
        self.tools.iter().map(|(name, (_, plugin))| (name.clone(), origin(plugin))).collect()
    }

    fn call(&self, call: ToolCall) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
        match self.tools.get(&call.name) {
            Some((_, plugin)) => {
                let plugin = plugin.clone();
                Box::pin(async move { plugin.call(call.name, call.arguments).await })
            }
            None => DenyTools.call(call),
        }
    }
}
