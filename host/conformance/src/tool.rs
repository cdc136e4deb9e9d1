//! Tools: definitions that a model can be told, a failure in words for arguments that do not fit, a plan that names all that a
//! call asks for.
//!
//! That definitions and plans are the same at each time needs no trial: they are asked of an instance whose clocks stand still,
//! whose random bytes are fixed, and to which nothing is granted.

mod arguments;
mod recording;
mod witness;

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Map, Value};
use wirken_engine::Engine;
use wirken_manifest::{Manifest, WorkspaceAccess};
use wirken_plugin::{Asked, Grant, Owner, Package, Ports, ToolEnd, ToolPlugin};
use wirken_types::chat::{ToolDefinition, plain_text};
use wirken_types::event::ToolOutcome;
use wirken_types::tool::{CallPlan, Intent, ToolFailure};

use crate::report::{Report, Rule};
use crate::traffic::{File, Traffic};
use recording::Call;
use witness::Witness;

const LOADS: Rule = Rule { name: "loads", words: "it loads, and lists its tools as a host takes them" };
const READS: Rule = Rule { name: "recording", words: "the recording can be read" };
const SCHEMA: Rule = Rule { name: "schema", words: "its description says something, and its schema is one" };
const UNFIT: Rule = Rule { name: "unfit", words: "arguments that do not fit are `invalid-arguments`" };
const HUGE: Rule = Rule { name: "huge", words: "huge arguments crash nothing" };
const UNKNOWN: Rule = Rule { name: "unknown", words: "a tool that it does not have is `invalid-arguments`" };
const PLAN: Rule = Rule { name: "plan", words: "its plan names only what its manifest asks for" };
const PLANNED: Rule = Rule { name: "planned", words: "a call asks its host for nothing that its plan did not name" };
const CALL: Rule = Rule { name: "call", words: "the recorded call has the recorded answer" };

/// No component has a tool of this name: it is none that a name can be.
const NO_TOOL: &str = "no such tool";

/// Everything that a tool has to do.
pub(crate) async fn conform(engine: &Engine, package: &Package, traffic: &Traffic, report: &mut Report) {
    let mut calls = Vec::new();
    for file in traffic.files() {
        match file.parse::<Call>() {
            Ok(call) => calls.push((file, call)),
            Err(why) => report.add(READS, &file.name, Err(why)),
        }
    }
    // One that needs settings is given those of a recording.
    let settings = calls.first().map(|(_, call)| call.settings.clone()).unwrap_or_default();
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => return report.add(LOADS, "", Err(format!("there is no folder for its trial: {error}"))),
    };
    let folder = folder.path();
    let plugin = match load(engine, package, settings, folder).await {
        Ok(plugin) => plugin,
        Err(why) => return report.add(LOADS, "", Err(why)),
    };
    report.add(LOADS, "", Ok(()));
    let mut fitting = None;
    for definition in plugin.definitions() {
        let recorded = calls.iter().filter(|(_, call)| call.tool == definition.name).map(|(_, call)| call.arguments());
        let tried = Subject { plugin: &plugin, definition }.conform(recorded.collect(), report).await;
        fitting = fitting.or(tried);
    }
    report.add(UNKNOWN, "", unknown(&plugin, &fitting.unwrap_or_else(|| "{}".into())).await);
    for (file, call) in calls {
        report.add(CALL, &file.name, recorded(engine, package, file, &call, folder).await);
    }
}

/// With all that it asks for, and a folder of nobody's where it asks for one.
async fn load(engine: &Engine, package: &Package, settings: Map<String, Value>, folder: &Path) -> Result<ToolPlugin, String> {
    let filled = package.manifest.settings(&settings).map_err(|error| error.to_string())?;
    let asked = Asked::of(&package.manifest, &filled).map_err(|error| error.to_string())?;
    let owner = Owner { grant: Grant::whole(&asked, Some(folder.to_owned())), settings, ..Owner::default() };
    ToolPlugin::load(engine, package.clone(), &owner).await.map_err(|error| error.problem.to_string())
}

/// One tool of a component.
struct Subject<'a> {
    plugin: &'a ToolPlugin,
    definition: &'a ToolDefinition,
}

impl Subject<'_> {
    /// Arguments that fit, where some are known.
    async fn conform(&self, recorded: Vec<String>, report: &mut Report) -> Option<String> {
        let name = self.definition.name.as_str();
        let (schema, validator) = match self.schema() {
            Ok(schema) => schema,
            Err(why) => {
                report.add(SCHEMA, name, Err(why));
                return None;
            }
        };
        report.add(SCHEMA, name, Ok(()));
        let document = recorded.first().and_then(|arguments| serde_json::from_str(arguments).ok());
        let fitting = document.filter(|document| validator.is_valid(document)).or_else(|| arguments::fitting(&schema, &validator));
        report.add(UNFIT, name, self.unfit(&arguments::unfit(fitting.as_ref(), &validator)).await);
        report.add(HUGE, name, self.huge(&arguments::huge(fitting.as_ref())).await);
        let tried: Vec<String> = recorded.into_iter().chain(fitting.map(|fitting| fitting.to_string())).collect();
        report.add(PLAN, name, self.plans(&tried).await);
        report.add(PLANNED, name, self.planned(&tried).await);
        tried.into_iter().next()
    }

    fn schema(&self) -> Result<(Value, Validator), String> {
        if self.definition.description.trim().is_empty() {
            return Err("it has no description: a model does not know when to call it".into());
        }
        let schema: Value = serde_json::from_str(&self.definition.input_schema).map_err(|error| error.to_string())?;
        if schema.get("type").is_some_and(|kind| kind != "object") {
            return Err("its schema is not that of an object".into());
        }
        let validator = jsonschema::validator_for(&schema).map_err(|error| format!("its schema is none: {error}"))?;
        Ok((schema, validator))
    }

    async fn call(&self, arguments: &str, ports: Ports) -> ToolEnd {
        self.plugin.call(self.definition.name.clone(), arguments.to_owned(), ports).await
    }

    async fn plan(&self, arguments: &str) -> Result<CallPlan, String> {
        self.plugin.plan(self.definition.name.clone(), arguments.to_owned()).await
    }

    async fn unfit(&self, all: &[String]) -> Result<(), String> {
        for arguments in all {
            let end = self.call(arguments, Witness::default().ports()).await;
            is_invalid(&end).map_err(|why| format!("called with {}, {why}", shown(arguments)))?;
            if let Err(why) = self.plan(arguments).await
                && has_crashed(&why)
            {
                return Err(format!("asked for its plan of {}: {why}", shown(arguments)));
            }
        }
        Ok(())
    }

    async fn huge(&self, all: &[String]) -> Result<(), String> {
        for arguments in all {
            let end = self.call(arguments, Witness::default().ports()).await;
            if end.outcome == ToolOutcome::Crashed {
                return Err(format!("called with {} bytes, {}: {}", arguments.len(), shown(arguments), plain_text(&end.content)));
            }
            if let Err(why) = self.plan(arguments).await
                && has_crashed(&why)
            {
                return Err(format!("asked for its plan of {} bytes: {why}", arguments.len()));
            }
        }
        Ok(())
    }

    async fn plans(&self, all: &[String]) -> Result<(), String> {
        for arguments in all {
            match self.plan(arguments).await {
                Ok(plan) => {
                    let wrong = plan.intents.iter().find_map(|intent| beyond(intent, self.plugin.manifest()));
                    if let Some(why) = wrong {
                        return Err(format!("planning {}, {why}", shown(arguments)));
                    }
                }
                Err(why) if has_crashed(&why) => return Err(format!("planning {}: {why}", shown(arguments))),
                Err(_) => {}
            }
        }
        Ok(())
    }

    async fn planned(&self, all: &[String]) -> Result<(), String> {
        for arguments in all {
            let witness = Witness::default();
            let end = self.call(arguments, witness.ports()).await;
            if end.outcome == ToolOutcome::Crashed {
                return Err(format!("called with {}, {}", shown(arguments), plain_text(&end.content)));
            }
            let intents = self.plan(arguments).await.map(|plan| plan.intents).unwrap_or_default();
            let named =
                |(action, target): &(&str, String)| intents.iter().any(|intent| intent.action == *action && intent.target == *target);
            if let Some((action, target)) = witness.asked().iter().find(|asked| !named(asked)) {
                return Err(format!(
                    "called with {}, it asks for {action} of {target:?}, and its plan names no such intent: a person is asked in the middle of the call",
                    shown(arguments)
                ));
            }
        }
        Ok(())
    }
}

/// Called with arguments that fit another tool, so that it is the name that is wrong.
async fn unknown(plugin: &ToolPlugin, arguments: &str) -> Result<(), String> {
    let end = plugin.call(NO_TOOL.into(), arguments.to_owned(), Witness::default().ports()).await;
    is_invalid(&end)?;
    match plugin.plan(NO_TOOL.into(), arguments.to_owned()).await {
        Err(why) if has_crashed(&why) => Err(why),
        _ => Ok(()),
    }
}

async fn recorded(engine: &Engine, package: &Package, file: &File, call: &Call, folder: &Path) -> Result<(), String> {
    let plugin = load(engine, package, call.settings.clone(), folder).await?;
    if !plugin.definitions().iter().any(|definition| definition.name == call.tool) {
        return Err(format!("{} calls {:?}, and there is no such tool", file.name, call.tool));
    }
    let end = plugin.call(call.tool.clone(), call.arguments(), Witness::default().ports()).await;
    let text = plain_text(&end.content);
    match (&call.answer, &call.failure) {
        (Some(answer), None) if end.outcome == ToolOutcome::Ok && text == *answer => Ok(()),
        (None, Some(part)) if end.outcome != ToolOutcome::Ok && end.outcome != ToolOutcome::Crashed && text.contains(part) => Ok(()),
        (Some(answer), None) => Err(format!("the answer is {text:?}, and the recording has {answer:?}")),
        (None, Some(part)) => Err(format!("the answer is {text:?}, and the recording has a failure with {part:?}")),
        _ => Err("a recording has either an `answer` or a `failure`".into()),
    }
}

/// Whether a call ended as one does whose arguments do not fit.
fn is_invalid(end: &ToolEnd) -> Result<(), String> {
    let text = plain_text(&end.content);
    match end.outcome {
        ToolOutcome::Crashed => Err(text),
        ToolOutcome::Ok => Err(format!("it answers {}", shown(&text))),
        _ if text.starts_with(&ToolFailure::InvalidArguments(String::new()).to_string()) => Ok(()),
        _ => Err(format!("it fails in another way than by `invalid-arguments`: {}", shown(&text))),
    }
}

/// As the host says of a plan that none came of.
fn has_crashed(why: &str) -> bool {
    why.contains("did not say what it would do")
}

/// What is wrong with an intent, whatever the call is.
fn beyond(intent: &Intent, manifest: &Manifest) -> Option<String> {
    let Intent { action, target, detail } = intent;
    if !serde_json::from_str::<Value>(detail).is_ok_and(|detail| detail.is_object()) {
        return Some(format!("the detail of its intent to {action} {target:?} is no JSON object"));
    }
    let (asked, remedy) = match action.as_str() {
        "read" => (manifest.filesystem.workspace != WorkspaceAccess::None, "[filesystem] workspace = \"read-only\""),
        "write" => (manifest.filesystem.workspace == WorkspaceAccess::ReadWrite, "[filesystem] workspace = \"read-write\""),
        "exec" => (manifest.exec.run, "[exec] run = true"),
        "http" => (!manifest.network.origins.is_empty(), "[network] origins"),
        "send" => (manifest.messages.send, "[messages] send = true"),
        _ => (true, ""),
    };
    (!asked).then(|| format!("it names the intent to {action} {target:?}, and component.toml has no {remedy}"))
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(120).collect();
    format!("{short:?}{}", if short.len() < text.len() { "…" } else { "" })
}
