//! `wirken ask`: one question, answered here and now, in a session of its own.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde::Serialize;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;
use wirken_gateway::{Gateway, Say, Update};
use wirken_manifest::Kind;
use wirken_turn::Shown;
use wirken_types::event::{Event, Place, ToolOutcome};
use wirken_types::{SessionId, TurnId};

use crate::args::Ask;
use crate::environment::Environment;
use crate::output::{self, Format, Safe};
use crate::parts;

/// The only agent that there is.
const AGENT: &str = "default";
/// Where the sessions of this command are.
pub(crate) const ACCOUNT: &str = "cli";
/// Why a question that was not answered is not taken up again.
pub(crate) const GONE: &str = "the command that asked had ended";

#[derive(Debug, Serialize)]
struct Answer {
    session: SessionId,
    text: String,
    tools: Vec<ToolUse>,
    /// Why there is no whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<String>,
    /// The kind of the last request's failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

#[derive(Debug, Serialize)]
struct ToolUse {
    tool: String,
    arguments: Value,
    outcome: Option<ToolOutcome>,
    /// Of a crash.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip)]
    call_id: String,
}

pub(crate) fn run(environment: &Environment, args: &Ask) -> anyhow::Result<ExitCode> {
    if args.agent != AGENT {
        bail!("there is no agent named {:?}; the one there is is named {AGENT}", args.agent);
    }
    let folder = parts::folder(environment)?;
    let config = parts::config(&folder)?;
    let lock = parts::lock(&folder, "ask in the browser (`wirken webchat login`), or stop it first")?;
    if args.report.format == Format::Text {
        output::note(format_args!("Asking {} of {} …", output::one_line(&config.provider.model, 80), config.provider.component));
    }
    let runtime = parts::runtime()?;
    let answer = runtime.block_on(async {
        let assembly = parts::assemble(&folder, &config, &args.unlock).await?;
        let answer = ask(&assembly.gateway, args).await;
        assembly.ledger.close().await?;
        answer
    });
    runtime.shutdown_timeout(parts::SHUTDOWN);
    drop(lock);
    let answer = answer?;
    if args.report.format == Format::Json {
        output::report(Format::Json, &answer, |_| String::new())?;
    }
    match &answer.interrupted {
        Some(reason) => {
            let hint =
                if answer.failed.as_deref() == Some("authentication") { key_hint(&config.provider.component) } else { String::new() };
            bail!("the answer was interrupted: {reason}{hint}")
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

fn key_hint(provider: &str) -> String {
    match parts::package(Kind::Provider, provider).ok().and_then(|package| package.manifest.credentials.into_iter().next()) {
        Some(credential) => format!(" (keep the right key with `wirken credentials add {provider} {}`)", credential.name),
        None => String::new(),
    }
}

/// Asks in a session of its own, which is over with this command, however that ends.
async fn ask(gateway: &Gateway, args: &Ask) -> anyhow::Result<Answer> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    gateway.abandon(ACCOUNT, GONE).await?;
    let conversation = TurnId::generate().to_string();
    let place = Place { agent: AGENT.into(), account: ACCOUNT.into(), conversation: conversation.clone(), thread: None };
    let say = Say { session: None, place, sender: "owner".into(), key: conversation, text: args.message.clone() };
    let accepted = gateway.say(say).await?;
    let answer = tokio::select! {
        answer = follow(gateway, accepted.session, accepted.turn, args.report.format) => answer,
        _ = interrupted.recv() => Err(anyhow!("stopped")),
        _ = terminated.recv() => Err(anyhow!("stopped")),
        _ = hung_up.recv() => Err(anyhow!("stopped")),
    };
    gateway.close_session(accepted.session, "wirken ask").await?;
    answer
}

/// Shows the turn as it goes, and returns what came of it.
async fn follow(gateway: &Gateway, session: SessionId, turn: TurnId, format: Format) -> anyhow::Result<Answer> {
    let mut updates = gateway.watch(session);
    let mut answer = Answer { session, text: String::new(), tools: Vec::new(), interrupted: None, failed: None };
    let mut seen = None;
    let mut streamed = String::new();
    // What was recorded before the watch began.
    for row in gateway.rows(session).await? {
        seen = Some(row.seq);
        if take(&row.event, turn, &mut answer, &mut streamed, format)? {
            return Ok(answer);
        }
    }
    loop {
        match updates.recv().await {
            Ok(Update::Recorded { seq, event, .. }) if seen.is_none_or(|seen| seq > seen) => {
                seen = Some(seq);
                if take(&event, turn, &mut answer, &mut streamed, format)? {
                    return Ok(answer);
                }
            }
            Ok(Update::Recorded { .. }) => {}
            Ok(Update::Glimpse { shown, .. }) if format == Format::Text => match shown {
                Shown::Text { text } => {
                    output::piece(&Safe(&text).to_string())?;
                    streamed.push_str(&text);
                }
                Shown::Waiting { millis, message } => {
                    output::note(format_args!("No answer yet ({}); trying again in {millis} ms …", output::one_line(&message, 200)));
                }
                Shown::Progress { label, done, .. } => output::note(format_args!("{}: {done}", output::one_line(&label, 80))),
                Shown::Reasoning { .. } | Shown::CallBegun { .. } => {}
            },
            Ok(Update::Glimpse { .. }) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => {
                for row in gateway.rows(session).await? {
                    if seen.is_none_or(|seen| row.seq > seen) {
                        seen = Some(row.seq);
                        if take(&row.event, turn, &mut answer, &mut streamed, format)? {
                            return Ok(answer);
                        }
                    }
                }
            }
            Err(broadcast::error::RecvError::Closed) => bail!("the session ended without an answer"),
        }
    }
}

/// Takes one recorded event; true when the turn is over.
fn take(event: &Event, turn: TurnId, answer: &mut Answer, streamed: &mut String, format: Format) -> anyhow::Result<bool> {
    if event.turn() != Some(turn) {
        return Ok(false);
    }
    match event {
        Event::OutboundAttempted { content: Some(text), .. } => {
            if !answer.text.is_empty() {
                answer.text.push('\n');
            }
            answer.text.push_str(text);
            if format == Format::Text {
                // What a glimpse did not show, and the line break that a model seldom ends with.
                let rest = text.strip_prefix(streamed.as_str()).unwrap_or(text);
                output::piece(&Safe(rest).to_string())?;
                if !text.ends_with('\n') {
                    output::piece("\n")?;
                }
            }
            streamed.clear();
        }
        Event::ToolStarted { call_id, tool, content, .. } => {
            let arguments = content.as_ref().map(|call| call.arguments.clone()).unwrap_or_default();
            if format == Format::Text {
                output::note(format_args!("[{} {}]", output::one_line(tool, 64), output::one_line(&arguments, 200)));
            }
            let arguments = serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
            answer.tools.push(ToolUse { tool: tool.clone(), arguments, outcome: None, code: None, call_id: call_id.clone() });
        }
        Event::ToolFinished { call_id, outcome, code, .. } => {
            if let Some(used) = answer.tools.iter_mut().find(|used| used.call_id == *call_id && used.outcome.is_none()) {
                used.outcome = Some(*outcome);
                used.code.clone_from(code);
            }
        }
        Event::RequestFailed { error, .. } => answer.failed = Some(error.clone()),
        Event::Responded { .. } => answer.failed = None,
        Event::TurnFinished { .. } => {
            if answer.text.is_empty() && format == Format::Text {
                output::note("The model answered nothing.");
            }
            return Ok(true);
        }
        Event::TurnInterrupted { reason, .. } => {
            answer.interrupted = Some(reason.clone());
            return Ok(true);
        }
        _ => {}
    }
    Ok(false)
}
