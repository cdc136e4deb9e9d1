//! `wirken webchat login`: a new address to log in with, from the gateway that runs.

use std::process::ExitCode;

use wirken_gateway::control::{self, Request};

use crate::args::Webchat;
use crate::environment::Environment;
use crate::{output, parts};

pub(crate) fn run(environment: &Environment, args: Webchat) -> anyhow::Result<ExitCode> {
    let Webchat::Login { report } = args;
    let folder = parts::folder(environment)?;
    let answer = parts::small_runtime()?.block_on(control::call(&folder.control(), &Request::WebchatLogin))?;
    output::report(report.format, &answer, |answer| answer.get("url").and_then(|url| url.as_str()).unwrap_or_default().to_owned())?;
    Ok(ExitCode::SUCCESS)
}
