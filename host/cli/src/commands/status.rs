//! `wirken status`: what is running and how.

use std::process::ExitCode;

use serde_json::{Value, json};
use wirken_gateway::channel::ChannelStatus;
use wirken_gateway::control::{self, CallFailed, Request};
use wirken_types::Timestamp;

use crate::args::Report;
use crate::commands::channel::describe_state;
use crate::environment::Environment;
use crate::output::one_line;
use crate::restart::Changed;
use crate::{output, parts};

pub(crate) fn run(environment: &Environment, args: Report) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    let mut status = match parts::small_runtime()?.block_on(control::call(&folder.control(), &Request::Status)) {
        Ok(status) => status,
        Err(CallFailed::NotRunning) => json!({ "running": false }),
        Err(error) => return Err(error.into()),
    };
    if let Some(object) = status.as_object_mut() {
        object.insert("data-folder".into(), json!(folder.root().to_string_lossy()));
        object.insert("set-up".into(), json!(folder.config().is_file()));
        if object.get("running") == Some(&Value::Bool(false)) {
            object.insert("locked".into(), json!(folder.is_locked()));
        }
    }
    output::report(args.format, &status, describe)?;
    Ok(ExitCode::SUCCESS)
}

fn describe(status: &Value) -> String {
    let text = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is = |key: &str| status.get(key).and_then(Value::as_bool).unwrap_or_default();
    let folder = text("data-folder");
    if is("running") {
        let since = output::time(Timestamp(status.get("since").and_then(Value::as_u64).unwrap_or_default()));
        let pid = status.get("pid").and_then(Value::as_u64).unwrap_or_default();
        let mut described = format!(
            "The gateway runs (process {pid}, since {since}).\n  browser chat  {}\n  answers       {}\n  data folder   {folder}\n",
            text("webchat"),
            text("provider")
        );
        let policies = status.get("policies").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let policies: Vec<&str> = policies.iter().filter_map(Value::as_str).collect();
        let policies = if policies.is_empty() { "none".to_owned() } else { policies.join(", ") };
        described.push_str(&format!("  policies      {policies}\n"));
        if let Ok(Some(changed)) = serde_json::from_value::<Option<Changed>>(status.get("config").cloned().unwrap_or_default()) {
            described.push_str(&format!("  config.toml   {}\n", one_line(&changed.to_string(), 400)));
        }
        for (name, why) in status.get("resting").and_then(Value::as_object).into_iter().flatten() {
            described.push_str(&format!("  not in use    {name}: {}\n", one_line(why.as_str().unwrap_or_default(), 400)));
        }
        let channels = status.get("channels").cloned().unwrap_or_default();
        for channel in serde_json::from_value::<Vec<ChannelStatus>>(channels).unwrap_or_default() {
            described.push_str(&format!("  channel       {}: {}\n", channel.account, describe_state(&channel)));
        }
        return described;
    }
    let next = match (is("set-up"), is("locked")) {
        (_, true) => "Another command is using the data folder.",
        (true, false) => "Start it with `wirken run`.",
        (false, false) => "Set it up with `wirken setup`.",
    };
    format!("The gateway does not run. {next}\n  data folder   {folder}")
}
