//! `wirken component run`: one call from the shell, with what is granted by flags, and nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::{Map, Value};
use wirken_egress::{Authority, Egress, Error, Response};
use wirken_manifest::Kind;
use wirken_plugin::ports::{Answering, Log, Requests};
use wirken_plugin::{Access, Asked, Ceiling, Grant, Owner, Ports, ToolEnd, ToolPlugin};
use wirken_types::chat::{ToolDefinition, plain_text};
use wirken_types::credential::{Origin, OriginPattern};
use wirken_types::event::ToolOutcome;
use wirken_types::http::Request;

use super::source::Source;
use crate::{output, parts};

/// What a call is given.
pub(super) struct Given {
    pub(super) workspace: Option<PathBuf>,
    pub(super) read_only: bool,
    pub(super) network: bool,
    pub(super) settings: Map<String, Value>,
}

#[derive(Serialize)]
struct Tools {
    tools: Vec<ToolDefinition>,
}

#[derive(Serialize)]
struct Answered {
    outcome: ToolOutcome,
    text: String,
}

pub(super) async fn run(
    engine: &wirken_engine::Engine,
    source: &Source,
    tool: Option<String>,
    arguments: String,
    given: Given,
    format: output::Format,
) -> anyhow::Result<bool> {
    if source.manifest.kind != Kind::Tool {
        bail!("{} is a {}: only tools can be called", source.manifest.name, source.manifest.kind.word());
    }
    let Given { workspace, read_only, network, settings } = given;
    let filled = source.manifest.settings(&settings)?;
    let asked = Asked::of(&source.manifest, &filled)?;
    let access = if read_only { Access::ReadOnly } else { Access::ReadWrite };
    let workspace =
        workspace.map(|folder| folder.canonicalize().with_context(|| format!("there is no folder {}", folder.display()))).transpose()?;
    let whole = Grant::whole(&asked, None);
    let grant = Grant {
        workspace: workspace.map(|folder| (folder, access)),
        network: if network { whole.network } else { Default::default() },
        ..Grant::default()
    };
    let owner = Owner { grant, ceiling: Ceiling::default(), settings: settings.clone() };
    let plugin = ToolPlugin::load(engine, source.package(), &owner).await?;
    let Some(tool) = tool else {
        let listed = Tools { tools: plugin.definitions().to_vec() };
        output::report(format, &listed, |listed| {
            let lines: Vec<String> = listed
                .tools
                .iter()
                .map(|tool| format!("{}: {}\n  arguments: {}", tool.name, tool.description, tool.input_schema))
                .collect();
            lines.join("\n")
        })?;
        return Ok(true);
    };
    if !plugin.definitions().iter().any(|definition| definition.name == tool) {
        let names: Vec<&str> = plugin.definitions().iter().map(|definition| definition.name.as_str()).collect();
        bail!("{} has no tool named {tool:?}; it has {}", source.manifest.name, names.join(", "));
    }
    let authority = parts::hold(&source.manifest.name, &source.manifest, &settings, &filled, None)?;
    let shell = Arc::new(Shell { egress: Egress::new(wirken_egress::Options::default()), authority });
    let ports = Ports { requests: Arc::clone(&shell) as _, log: shell, ..Ports::default() };
    let ToolEnd { outcome, content, .. } = plugin.call(tool, arguments, ports).await;
    output::report(format, &Answered { outcome, text: plain_text(&content) }, |answered| answered.text.clone())?;
    Ok(outcome == ToolOutcome::Ok)
}

/// Sends what the flags allowed, and prints what is logged.
struct Shell {
    egress: Egress,
    authority: Authority,
}

impl Requests for Shell {
    fn send(&self, request: Request) -> Answering<'_, Result<Response, Error>> {
        Box::pin(async move {
            let url = url::Url::parse(&request.url).map_err(|error| Error::Invalid(format!("the URL cannot be read: {error}")))?;
            let origin = Origin::of(&url).map_err(|error| Error::Denied(error.to_string()))?;
            let authority = Authority { origins: vec![OriginPattern::Literal(origin)], ..self.authority.clone() };
            let sent = self.egress.send(request, authority).await;
            if let Err(error) = &sent {
                output::note(format_args!("The host refused a request: {error}."));
            }
            sent
        })
    }
}

impl Log for Shell {
    fn log(&self, level: &'static str, message: &str) {
        output::note(format_args!("{level}: {}", output::one_line(message, 1000)));
    }
}
