//! The tools on offer: every loaded component's, under names that the model uses.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use wirken_plugin::{Network, Ports, ToolEnd, ToolPlugin};
use wirken_turn::ToolOrigin;
use wirken_types::Digest;
use wirken_types::chat::{Part, ToolCall, ToolDefinition};
use wirken_types::event::ToolOutcome;
use wirken_types::tool::CallPlan;

/// What a session can run.
pub trait Tools: Send + Sync {
    fn definitions(&self) -> Vec<ToolDefinition>;
    fn origins(&self) -> BTreeMap<String, ToolOrigin>;
    /// The component that a tool is from.
    fn about(&self, tool: &str) -> Option<About>;
    /// What a call would do, by its component's account.
    fn plan(&self, call: &ToolCall) -> Pin<Box<dyn Future<Output = Result<CallPlan, String>> + Send>>;
    fn call(&self, call: ToolCall, ports: Ports) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>>;
}

/// What is told of a tool's component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub component: String,
    pub version: String,
    pub digest: Digest,
    /// Whether a call can change a file without asking.
    pub writes: bool,
    /// Whether a call can ask for what a person may have to allow.
    pub gated: bool,
    /// Where its requests may go.
    pub network: Network,
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

    fn about(&self, _tool: &str) -> Option<About> {
        None
    }

    fn plan(&self, call: &ToolCall) -> Pin<Box<dyn Future<Output = Result<CallPlan, String>> + Send>> {
        Box::pin(std::future::ready(Err(format!("there is no tool named {:?}", call.name))))
    }

    fn call(&self, call: ToolCall, _ports: Ports) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
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
    /// Leaves out every tool that the owner does not offer.
    pub fn keep(&mut self, offered: impl Fn(&str) -> bool) {
        self.tools.retain(|name, _| offered(name));
    }

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
        let origin = |plugin: &ToolPlugin| {
            let info = plugin.info();
            ToolOrigin { component: info.name.clone(), digest: info.digest, gated: plugin.is_gated() }
        };
        self.tools.iter().map(|(name, (_, plugin))| (name.clone(), origin(plugin))).collect()
    }

    fn about(&self, tool: &str) -> Option<About> {
        let (_, plugin) = self.tools.get(tool)?;
        let info = plugin.info();
        Some(About {
            component: info.name.clone(),
            version: info.version.clone(),
            digest: info.digest,
            writes: plugin.writes(),
            gated: plugin.is_gated(),
            network: plugin.authority().network.clone(),
        })
    }

    fn plan(&self, call: &ToolCall) -> Pin<Box<dyn Future<Output = Result<CallPlan, String>> + Send>> {
        match self.tools.get(&call.name) {
            Some((_, plugin)) => {
                let (plugin, call) = (plugin.clone(), call.clone());
                Box::pin(async move { plugin.plan(call.name, call.arguments).await })
            }
            None => DenyTools.plan(call),
        }
    }

    fn call(&self, call: ToolCall, ports: Ports) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
        match self.tools.get(&call.name) {
            Some((_, plugin)) => {
                let plugin = plugin.clone();
                Box::pin(async move { plugin.call(call.name, call.arguments, ports).await })
            }
            None => DenyTools.call(call, ports),
        }
    }
}

/// Crashes of one component, one after the other, after which it is called no more.
pub const CRASHES: u32 = 5;

/// What becomes of a component that is called no more: by name, with the reason.
pub type Quarantine = Box<dyn Fn(&str, &str) + Send + Sync>;

/// The tools on offer, which may be exchanged for others at any time: a call that is under way ends with what it began
/// with. A component that crashes again and again is taken out.
pub struct Catalogue {
    tools: RwLock<Arc<ToolSet>>,
    /// Crashes in a row, by the digest of the component.
    crashes: Arc<Mutex<BTreeMap<Digest, u32>>>,
    quarantine: Arc<OnceLock<Quarantine>>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").finish_non_exhaustive()
    }
}

impl Catalogue {
    pub fn new(tools: ToolSet) -> Self {
        Self { tools: RwLock::new(Arc::new(tools)), crashes: Arc::default(), quarantine: Arc::default() }
    }

    /// Offers these from now on. What crashed before may crash anew.
    pub fn replace(&self, tools: ToolSet) {
        let mut now = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        self.crashes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *now = Arc::new(tools);
    }

    /// Who is told of a component that is called no more. Once.
    pub fn on_quarantine(&self, quarantine: Quarantine) {
        self.quarantine.set(quarantine).ok();
    }

    fn tools(&self) -> Arc<ToolSet> {
        Arc::clone(&self.tools.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tools for Catalogue {
    fn definitions(&self) -> Vec<ToolDefinition> {
        self.tools().definitions()
    }

    fn origins(&self) -> BTreeMap<String, ToolOrigin> {
        self.tools().origins()
    }

    fn about(&self, tool: &str) -> Option<About> {
        self.tools().about(tool)
    }

    fn plan(&self, call: &ToolCall) -> Pin<Box<dyn Future<Output = Result<CallPlan, String>> + Send>> {
        self.tools().plan(call)
    }

    fn call(&self, call: ToolCall, ports: Ports) -> Pin<Box<dyn Future<Output = ToolEnd> + Send>> {
        let tools = self.tools();
        let Some(about) = tools.about(&call.name) else { return tools.call(call, ports) };
        let (crashes, quarantine) = (Arc::clone(&self.crashes), Arc::clone(&self.quarantine));
        // Whoever takes it out may not have come to that yet.
        if count(&crashes, about.digest, |_| ()) >= CRASHES {
            return Box::pin(std::future::ready(ToolEnd::denied(&called_no_more(&about.component))));
        }
        let calling = tools.call(call, ports);
        Box::pin(async move {
            let mut end = calling.await;
            let crashed = end.outcome == ToolOutcome::Crashed;
            // Once it is out, a call that had begun before changes nothing.
            let count = count(&crashes, about.digest, |count| match (crashed, *count) {
                (true, _) => *count = count.saturating_add(1),
                (false, 0..CRASHES) => *count = 0,
                (false, _) => {}
            });
            if crashed && count == CRASHES {
                end.content.push(Part::text(called_no_more(&about.component)));
                if let Some(quarantine) = quarantine.get() {
                    let by = end.code.unwrap_or("an error");
                    let why = format!("it crashed {CRASHES} times, one after the other; the last time by {by}");
                    quarantine(&about.component, &why);
                }
            }
            end
        })
    }
}

/// The crashes of a component in a row, after a change of them.
fn count(crashes: &Mutex<BTreeMap<Digest, u32>>, digest: Digest, change: impl FnOnce(&mut u32)) -> u32 {
    let mut crashes = crashes.lock().unwrap_or_else(PoisonError::into_inner);
    let count = crashes.entry(digest).or_default();
    change(count);
    *count
}

/// For the model.
fn called_no_more(component: &str) -> String {
    format!("The component {component} crashed {CRASHES} times, one after the other, and is called no more. Go on without it.")
}
