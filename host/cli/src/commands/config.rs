//! `wirken config`: whether the configuration is right, and its schema.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use wirken_engine::{Engine, Options};
use wirken_plugin::ProviderPlugin;
use wirken_types::chat::{Message, Part};
use wirken_types::provider::ChatRequest;

use crate::args::Config;
use crate::environment::Environment;
use crate::network::Network;
use crate::output::{self, Format};
use crate::shelf::Shelf;
use crate::{channels, parts, policies, provider};

pub(crate) fn run(environment: &Environment, args: Config) -> anyhow::Result<ExitCode> {
    match args {
        Config::Schema => output::line(wirken_config::schema().trim_end())?,
        Config::Check { report } => {
            let folder = parts::folder(environment)?;
            let checked = check(&folder);
            let problem = checked.err().map(|error| format!("{error:#}"));
            let answer = json!({ "file": folder.config().to_string_lossy(), "ok": problem.is_none(), "problem": problem });
            match (&problem, report.format) {
                (None, _) => output::report(report.format, &answer, |_| format!("{} is right.", folder.config().display()))?,
                (Some(_), Format::Json) => output::report(Format::Json, &answer, |_| String::new())?,
                (Some(problem), Format::Text) => anyhow::bail!("{problem}"),
            }
            return Ok(ExitCode::from(u8::from(problem.is_some())));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The file itself, and what it says about components.
fn check(folder: &wirken_gateway::folder::Folder) -> anyhow::Result<()> {
    let config = parts::config(folder)?;
    let shelf = Shelf::of(folder);
    let found = provider::find(&shelf, &config)?;
    let settings = found.manifest.settings(&config.provider.settings)?;
    found.manifest.network_origins(&settings)?;
    parts::workspace(folder, &config)?;
    Network::read(&config)?;
    for (account, channel) in &config.channels {
        let manifest = channels::find(&shelf, &config, account, channel).with_context(|| format!("channels.{account}"))?.manifest;
        let settings = manifest.settings(&channel.settings).with_context(|| format!("channels.{account}"))?;
        manifest.network_origins(&settings).with_context(|| format!("channels.{account}"))?;
    }
    // The provider alone knows its options: it describes a request, which nobody sends.
    let engine = Engine::new(&Options { cache: Some(folder.cache()), cache_read_only: true, ..Options::default() })?;
    policies::load(&engine, &shelf, &config, &mut BTreeMap::new())?;
    let provider = ProviderPlugin::load(&engine, found.into_package())?;
    let messages = vec![Message::User(vec![Part::text("Is this right?")])];
    let request = ChatRequest { model: config.provider.model.clone(), messages, tools: Vec::new(), options: config.options() };
    let target = parts::target(&settings);
    match parts::small_runtime()?.block_on(provider.encode(&target, &request))? {
        Ok(_) => Ok(()),
        Err(error) => anyhow::bail!("{} does not take this configuration: {}", config.provider.component, error.message),
    }
}
