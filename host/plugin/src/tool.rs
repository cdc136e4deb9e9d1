//! A tool that has been loaded, with the authority that it was granted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wirken_bindings::{PlainPre, ToolPre};
use wirken_engine::{CallError, Cell, Clock, Code, Engine, EngineError, Limits, Wasm};
use wirken_manifest::Manifest;
use wirken_reflect::{Outcome, Reflected};
use wirken_types::chat::{Part, ToolDefinition};
use wirken_types::event::ToolOutcome;
use wirken_types::tool::{CallPlan, ToolFailure};

use crate::authority::{Access, Asked, Authority, Ceiling, Grant, effective};
use crate::capability::{self, Fixed, Host, OFFERS, Offers};
use crate::error::{LoadError, Problem};
use crate::package::{Fit, Info, Kind, Package, check_kind, inspect, read};
use crate::ports::Ports;

/// What a manifest says of a component that exports plain functions and knows no world of this host.
const REFLECTED: &str = "reflected";

/// Tools that one component may define.
const MAX_DEFINITIONS: usize = 64;

/// A description and schema of one tool, in bytes: they are part of every request to the model.
const MAX_DEFINITION_BYTES: usize = 16 * 1024;

/// Calls of one component under way; the next waits for its turn. Fewer than the engine computes at once, so that none takes all
/// the room that there is: calls of the others find some.
const CALLS_AT_ONCE: usize = 48;

/// How long past its deadline a call is waited for that hangs in a file.
const STUCK: Duration = Duration::from_secs(2);

/// How a call of a tool ended, in the words that the model is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolEnd {
    pub outcome: ToolOutcome,
    /// Of a crash: which limit was exhausted, or which trap ended it.
    pub code: Option<&'static str>,
    pub content: Vec<Part>,
}

/// What the owner decided about a component.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    pub grant: Grant,
    pub ceiling: Ceiling,
    /// The owner's values, without the manifest's defaults.
    pub settings: Map<String, Value>,
}

/// A tool component, ready to be called.
#[derive(Clone, Debug)]
pub struct ToolPlugin {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    info: Info,
    manifest: Manifest,
    engine: Engine,
    limits: Limits,
    fixed: Fixed,
    authority: Authority,
    callee: Callee,
    definitions: Vec<ToolDefinition>,
    /// Room for its calls.
    room: Arc<Semaphore>,
    /// Whoever loads the component again shares it.
    _code: Code,
}

/// What is called.
#[derive(Debug)]
pub(crate) enum Callee {
    /// A component that knows this host.
    Tool(ToolPre<Host>),
    /// One that does not: its plain functions are the tools.
    Plain(PlainPre<Host>, Arc<Reflected>),
}

/// A tool of any version that is offered, linked to what it imports, at the versions at which it does.
pub(crate) fn fit(engine: &Engine, package: &Package, offers: &Offers) -> Result<Fit<Callee>, Problem> {
    let mut linker = Linker::new(engine.wasmtime());
    if package.manifest.world == REFLECTED {
        check_kind(&package.manifest, Kind::Tool)?;
        let reflected = reflected(engine, &package.wasm)?;
        let (info, code) = read(engine, package)?;
        code.keep(&reflected);
        offers.validate(&info.imports, &package.manifest)?;
        let linked = offers.link(&mut linker, &info.imports).and_then(|()| linker.instantiate_pre(code.component()));
        let pre = linked.map_err(|error| Problem::Shape { world: REFLECTED.to_owned(), reason: format!("{error:#}") })?;
        return Ok(Fit { info, pre: Callee::Plain(PlainPre::new(pre), reflected), code });
    }
    let (info, code, version) = inspect(engine, package, Kind::Tool, offers.worlds)?;
    offers.validate(&info.imports, &package.manifest)?;
    let linked = offers.link(&mut linker, &info.imports).and_then(|()| linker.instantiate_pre(code.component()));
    let pre = linked.and_then(|pre| ToolPre::new(version, pre)).map_err(|error| info.misfit(version, &error))?;
    Ok(Fit { info, pre: Callee::Tool(pre), code })
}

/// The plain functions in a component's bytes, which are looked at before they are compiled. They are found once, for as long
/// as the code is there.
fn reflected(engine: &Engine, wasm: &Wasm) -> Result<Arc<Reflected>, Problem> {
    if let Some(found) = engine.loaded(wasm).and_then(|code| code.kept()) {
        return Ok(found);
    }
    let bytes = wasm.bytes().map_err(EngineError::Bytes)?;
    Ok(Arc::new(Reflected::of(&bytes)?))
}

impl ToolPlugin {
    pub async fn load(engine: &Engine, package: Package, owner: &Owner) -> Result<Self, LoadError> {
        Self::load_from(engine, package, owner, &OFFERS).await
    }

    pub(crate) async fn load_from(engine: &Engine, package: Package, owner: &Owner, offers: &Offers) -> Result<Self, LoadError> {
        let component = package.manifest.name.clone();
        Self::try_load(engine, package, owner, offers).await.map_err(|problem| LoadError { component, problem })
    }

    async fn try_load(engine: &Engine, package: Package, owner: &Owner, offers: &Offers) -> Result<Self, Problem> {
        let Fit { info, pre: callee, code } = fit(engine, &package, offers)?;
        let settings = package.manifest.settings(&owner.settings)?;
        let asked = Asked::of(&package.manifest, &settings)?;
        let authority = effective(capability::imported(&info.imports), &asked, &owner.grant, &owner.ceiling);
        let fixed = Fixed { component: info.name.as_str().into(), settings: Value::Object(settings).to_string().into() };
        let limits = Limits::asked(&package.manifest.limits);
        let manifest = package.manifest;
        let (engine, definitions, room) = (engine.clone(), Vec::new(), Arc::new(Semaphore::new(CALLS_AT_ONCE)));
        let mut inner = Inner { info, manifest, engine, limits, fixed, authority, callee, definitions, room, _code: code };
        inner.definitions = inner.read_definitions().await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn info(&self) -> &Info {
        &self.inner.info
    }

    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// The tools that it defines, as it named them.
    pub fn definitions(&self) -> &[ToolDefinition] {
        &self.inner.definitions
    }

    /// Whether a call of it can do what a person may have to allow, so that its plan is to be asked for first: run a program,
    /// send something out, or reach files, of which some are keys and some are obeyed by programs outside.
    pub fn is_gated(&self) -> bool {
        let authority = &self.inner.authority;
        authority.exec || authority.messages || authority.network.is_open() || authority.workspace.is_some()
    }

    /// What is in force.
    pub fn authority(&self) -> &Authority {
        &self.inner.authority
    }

    /// Whether a call can change a file of the workspace.
    pub fn writes(&self) -> bool {
        self.inner.authority.workspace.as_ref().is_some_and(|(_, access)| *access == Access::ReadWrite)
    }

    /// What a call with these arguments would do, by its own account. Nothing is done meanwhile.
    pub async fn plan(&self, name: String, arguments: String) -> Result<CallPlan, String> {
        let plugin = Arc::clone(&self.inner);
        // One that does not know this host plans nothing: what it asks for is judged as it comes.
        let Callee::Tool(_) = &self.inner.callee else { return Ok(CallPlan { purpose: String::new(), intents: Vec::new() }) };
        let planned = self.apart(Host::idle(&self.inner.fixed), move |inner, cell| async move {
            let Callee::Tool(pre) = &inner.callee else { return Err(CallError::Host { message: "it has no plan".into() }) };
            let mut tool = pre.instantiate(cell).await?;
            tool.plan(&name, &arguments).await
        });
        match planned.await {
            Ok(Ok(Ok(plan))) => Ok(plan),
            Ok(Ok(Err(failure))) => Err(failure.to_string()),
            Ok(Err(error)) => Err(format!("the component {} did not say what it would do: {error}", plugin.info.name)),
            Err(message) => Err(message),
        }
    }

    /// Runs one call. What `ports` leaves out of its authority is not there.
    pub async fn call(&self, name: String, arguments: String, ports: Ports) -> ToolEnd {
        let mut authority = self.inner.authority.clone();
        authority.workspace = authority.workspace.map(|(folder, access)| (folder, access.min(ports.workspace)));
        let host = match Host::prepare(&self.inner.fixed, &authority, ports) {
            Ok(host) => host,
            Err(message) => return ToolEnd { outcome: ToolOutcome::Failed, code: None, content: vec![Part::text(message)] },
        };
        let called = self.apart(host, move |inner, cell| async move {
            match &inner.callee {
                Callee::Tool(pre) => {
                    let mut tool = pre.instantiate(cell).await?;
                    tool.call(&name, &arguments).await
                }
                Callee::Plain(pre, reflected) => call_plain(pre, reflected, cell, &name, &arguments).await,
            }
        });
        let failed = |message: String| ToolEnd::crashed(&self.inner.info.name, &CallError::Host { message });
        match called.await {
            // A blob is named by what the host keeps, and this host has handed none out.
            Ok(Ok(Ok(content))) if content.iter().any(|part| matches!(part, Part::Blob(_))) => {
                let text = "The tool returned a blob that the host does not keep. What the call did stands.";
                ToolEnd { outcome: ToolOutcome::Failed, code: None, content: vec![Part::text(text)] }
            }
            Ok(Ok(Ok(content))) => ToolEnd { outcome: ToolOutcome::Ok, code: None, content },
            Ok(Ok(Err(failure))) => ToolEnd::from(failure),
            Ok(Err(error)) => ToolEnd::crashed(&self.inner.info.name, &error),
            Err(message) => failed(message),
        }
    }

    /// Does something with a fresh instance. Dropping the future ends it.
    ///
    /// It begins where it is asked for: most calls are over before another thread would have woken. One that computes for
    /// longer goes on on a thread of its own, and one that was given files begins there: it waits for a disk inside a host
    /// function. So neither holds up anybody else. A guest is stopped at its deadline; a disk that hangs is not, and is left
    /// to itself.
    async fn apart<R, F>(&self, host: Host, what: impl FnOnce(Arc<Inner>, Cell<Host>) -> F) -> Result<R, String>
    where
        R: Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        let room = Arc::clone(&self.inner.room).acquire_owned().await.map_err(|error| error.to_string())?;
        let may_block = host.may_block();
        let mut cell = self.inner.engine.cell(host, &self.inner.limits);
        // Before a thread is taken: there are not so many that each could wait on one of its own.
        cell.take_place().await.map_err(|error| error.to_string())?;
        let clock = cell.clock();
        let mut call = Box::pin(what(Arc::clone(&self.inner), cell));
        if !may_block && let Some(end) = while_quick(&clock, call.as_mut()).await {
            return end;
        }
        let runtime = tokio::runtime::Handle::current();
        // Closed when this future is dropped.
        let (_wanted, mut unwanted) = tokio::sync::oneshot::channel::<()>();
        let mut call = tokio::task::spawn_blocking(move || {
            // For as long as the thread is taken, and not only as somebody waits for it.
            let _room = room;
            runtime.block_on(async move {
                tokio::select! {
                    end = call => Some(end),
                    _ = &mut unwanted => None,
                }
            })
        });
        tokio::select! {
            biased;
            end = &mut call => match end {
                Ok(Some(end)) => Ok(end),
                Ok(None) => Err("it was given up".into()),
                Err(error) => Err(error.to_string()),
            },
            // What waits for its turn is not on the clock.
            () = clock.over(STUCK) => Err("a file that it works on does not answer".into()),
        }
    }
}

/// The end of a call; none once its guest computes for longer than a moment, and the call is to go on elsewhere. A panic
/// ends the call alone, as it does on a thread of its own.
async fn while_quick<R>(clock: &Clock, mut call: Pin<&mut impl Future<Output = R>>) -> Option<Result<R, String>> {
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
        Ok(Poll::Ready(end)) => Poll::Ready(Some(Ok(end))),
        Ok(Poll::Pending) if clock.is_long() => Poll::Ready(None),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(Some(Err("a function of the host panicked".into()))),
    })
    .await
}

impl Inner {
    async fn read_definitions(&self) -> Result<Vec<ToolDefinition>, Problem> {
        // A component that is only asked what it offers is given nothing.
        let definitions = match &self.callee {
            Callee::Tool(pre) => pre.instantiate(self.engine.cell(Host::idle(&self.fixed), &self.limits)).await?.definitions().await?,
            Callee::Plain(_, reflected) => reflected.functions.iter().map(definition).collect(),
        };
        check_definitions(&definitions).map_err(Problem::Definitions)?;
        Ok(definitions)
    }
}

/// A plain function as a model is told of it.
fn definition(function: &wirken_reflect::Function) -> ToolDefinition {
    ToolDefinition {
        name: function.tool.clone(),
        description: function.description.clone(),
        input_schema: function.arguments_schema.to_string(),
    }
}

/// JSON in, JSON out; between them the values of the component's own types.
async fn call_plain(
    pre: &PlainPre<Host>,
    reflected: &Reflected,
    cell: Cell<Host>,
    tool: &str,
    arguments: &str,
) -> Result<Result<Vec<Part>, ToolFailure>, CallError> {
    let Some(function) = reflected.function(tool) else {
        return Ok(Err(ToolFailure::InvalidArguments(format!("there is no tool named {tool:?}"))));
    };
    let values = match function.lift(arguments) {
        Ok(values) => values,
        Err(error) => return Ok(Err(ToolFailure::InvalidArguments(error.to_string()))),
    };
    let result = pre.call(cell, function.export.as_deref(), &function.name, function.result.is_some(), values).await?;
    Ok(match function.lower(result) {
        Ok(Outcome::Done(Value::Null)) => Ok(vec![Part::text("Done.")]),
        // A text is a text, and not a document that holds one.
        Ok(Outcome::Done(Value::String(text))) => Ok(vec![Part::text(text)]),
        Ok(Outcome::Done(value)) => Ok(vec![Part::text(value.to_string())]),
        Ok(Outcome::Failed(Value::String(text))) => Err(ToolFailure::Failed(text)),
        Ok(Outcome::Failed(value)) => Err(ToolFailure::Failed(value.to_string())),
        Err(error) => return Err(CallError::Host { message: error.to_string() }),
    })
}

impl ToolEnd {
    /// Of a call that was not made.
    pub fn denied(why: &str) -> Self {
        Self { outcome: ToolOutcome::Denied, code: None, content: vec![Part::text(why)] }
    }

    fn crashed(component: &str, error: &CallError) -> Self {
        tracing::warn!(component, code = error.code(), "a tool call ended early");
        Self {
            outcome: ToolOutcome::Crashed,
            code: Some(error.code()),
            content: vec![Part::text(format!("The component {component} did not finish this call: {error}."))],
        }
    }
}

impl From<ToolFailure> for ToolEnd {
    fn from(failure: ToolFailure) -> Self {
        let outcome = if matches!(failure, ToolFailure::Denied(_)) { ToolOutcome::Denied } else { ToolOutcome::Failed };
        Self { outcome, code: None, content: vec![Part::text(failure.to_string())] }
    }
}

/// Names that every model's API accepts, each once, with a schema that is an object.
fn check_definitions(definitions: &[ToolDefinition]) -> Result<(), String> {
    if definitions.len() > MAX_DEFINITIONS {
        return Err(format!("{} tools; {MAX_DEFINITIONS} are the most", definitions.len()));
    }
    let mut seen = std::collections::BTreeSet::new();
    for tool in definitions {
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if tool.name.is_empty() || tool.name.len() > 64 || !tool.name.chars().all(named) {
            return Err(format!(
                "the name {:?} is not 1 to 64 letters, digits, '_' or '-'",
                tool.name.chars().take(80).collect::<String>()
            ));
        }
        if !seen.insert(&tool.name) {
            return Err(format!("two tools are named {}", tool.name));
        }
        if tool.description.len() + tool.input_schema.len() > MAX_DEFINITION_BYTES {
            return Err(format!("the description and schema of {} are larger than {MAX_DEFINITION_BYTES} bytes", tool.name));
        }
        match serde_json::from_str::<Value>(&tool.input_schema) {
            Ok(Value::Object(_)) => {}
            Ok(_) => return Err(format!("the schema of {} is not a JSON object", tool.name)),
            Err(error) => return Err(format!("the schema of {} is not JSON: {error}", tool.name)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, schema: &str) -> ToolDefinition {
        ToolDefinition { name: name.into(), description: String::new(), input_schema: schema.into() }
    }

    #[test]
    fn definitions_are_bounded_on_both_sides() {
        let longest = "n".repeat(64);
        assert_eq!(check_definitions(&[tool(&longest, "{}"), tool("b", "{}")]), Ok(()));
        assert!(check_definitions(&[tool(&format!("{longest}n"), "{}")]).is_err());
        assert!(check_definitions(&[tool("", "{}")]).is_err());
        assert!(check_definitions(&[tool("näme", "{}")]).is_err());
        assert!(check_definitions(&[tool("a", "{}"), tool("a", "{}")]).is_err());
        assert!(check_definitions(&[tool("a", "[]")]).is_err());
        assert!(check_definitions(&[tool("a", "{")]).is_err());
        let fits = format!("{{\"d\":\"{}\"}}", "x".repeat(MAX_DEFINITION_BYTES - 8));
        assert_eq!(check_definitions(&[tool("a", &fits)]), Ok(()));
        assert!(check_definitions(&[tool("a", &format!("{fits} "))]).is_err());
        let many: Vec<_> = (0..MAX_DEFINITIONS).map(|index| tool(&format!("t{index}"), "{}")).collect();
        assert_eq!(check_definitions(&many), Ok(()));
        assert!(check_definitions(&[many, vec![tool("more", "{}")]].concat()).is_err());
    }
}
