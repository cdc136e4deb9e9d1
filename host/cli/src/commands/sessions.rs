//! `wirken sessions`: conversations listed, shown and closed.

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use wirken_gateway::control::{self, CallFailed, Request};
use wirken_gateway::folder::Folder;
use wirken_ledger::{Batch, Ledger, Reader, Row, Session, SessionFilter};
use wirken_types::SessionId;
use wirken_types::chat::{Part, plain_text};
use wirken_types::event::{Delivery, Event};

use crate::args::Sessions;
use crate::commands::audit::outcome_word;
use crate::environment::Environment;
use crate::output::{self, Safe, one_line};
use crate::parts;

#[derive(Serialize)]
struct Listed {
    sessions: Vec<Session>,
}

#[derive(Serialize)]
struct Shown {
    session: Session,
    rows: Vec<Row>,
}

pub(crate) fn run(environment: &Environment, args: Sessions) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    match args {
        Sessions::List { all, report } => {
            let filter = SessionFilter { open_only: !all, ..SessionFilter::default() };
            let sessions = match parts::reader(&folder)? {
                Some(reader) => reader.sessions(&filter)?,
                None => Vec::new(),
            };
            output::report(report.format, &Listed { sessions }, |listed| list(&listed.sessions, all))?;
        }
        Sessions::Show { session, report } => {
            let reader = parts::reader(&folder)?;
            let session = find(reader.as_ref(), &session)?;
            let rows = reader.map(|reader| reader.rows(session.id, 0)).transpose()?.unwrap_or_default();
            output::report(report.format, &Shown { session, rows }, show)?;
        }
        Sessions::Close { session } => {
            let session = find(parts::reader(&folder)?.as_ref(), &session)?;
            if session.closed_at.is_some() {
                bail!("the session {} is closed already", session.id);
            }
            close(&folder, session.id)?;
            output::note(format_args!("Closed {}.", session.id));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The session of this id, or whose id ends so.
pub(crate) fn find(reader: Option<&Reader>, text: &str) -> anyhow::Result<Session> {
    let unknown = || anyhow!("there is no session {:?}; `wirken sessions list --all` names those there are", one_line(text, 64));
    let reader = reader.ok_or_else(unknown)?;
    let text = text.to_lowercase();
    if let Ok(id) = text.parse::<SessionId>() {
        return reader.session(id)?.ok_or_else(unknown);
    }
    if text.len() < 4 {
        bail!("{:?} is too little of a session's id: give the last 4 characters of it, or more", one_line(&text, 64));
    }
    let mut sessions = reader.sessions(&SessionFilter::default())?;
    sessions.retain(|session| session.id.to_string().ends_with(&text));
    match sessions.pop() {
        Some(session) if sessions.is_empty() => Ok(session),
        Some(_) => bail!("more than one session ends in {text:?}: give more of its id"),
        None => Err(unknown()),
    }
}

/// Through the gateway where it runs, here otherwise.
fn close(folder: &Folder, id: SessionId) -> anyhow::Result<()> {
    let runtime = parts::small_runtime()?;
    match runtime.block_on(control::call(&folder.control(), &Request::SessionClose { session: id.to_string() })) {
        Ok(_) => return Ok(()),
        Err(CallFailed::NotRunning) => {}
        Err(error) => return Err(error.into()),
    }
    let _lock = folder.lock()?;
    let ledger = Ledger::open(&wirken_ledger::path_in(folder.root()), wirken_ledger::Options::default())?;
    // What was under way ends with it, or the next start would take it up.
    let open = parts::reader(folder)?.map(|reader| reader.open_turns()).transpose()?.unwrap_or_default();
    let open = open.into_iter().filter(|turn| turn.session == id);
    let mut events: Vec<Event> =
        open.map(|turn| Event::TurnInterrupted { turn: turn.turn, reason: "the session was closed".into() }).collect();
    events.push(Event::SessionClosed { by: "owner".into() });
    runtime.block_on(async {
        ledger.append(Batch::of(id, events)).await?;
        ledger.close().await.context("the session was closed, but the ledger was not")
    })
}

fn list(sessions: &[Session], all: bool) -> String {
    if sessions.is_empty() {
        return if all { "There is no session yet.".into() } else { "No session is open; `--all` shows closed ones.".into() };
    }
    let rows: Vec<Vec<String>> = sessions
        .iter()
        .map(|session| {
            let state = if session.closed_at.is_some() { "closed" } else { "open" };
            let title = session.title.as_deref().map(|title| one_line(title, 60)).unwrap_or_default();
            vec![session.id.to_string(), output::time(session.last_at), session.place.account.clone(), state.into(), title]
        })
        .collect();
    output::table(&["SESSION", "LAST USED", "ACCOUNT", "STATE", "BEGINS"], &rows)
}

fn show(shown: &Shown) -> String {
    let mut text = String::new();
    let mut unfinished = None;
    for row in &shown.rows {
        let mut add = |who: &str, what: &str| text.push_str(&format!("{who}: {}\n", Safe(what)));
        match &row.event {
            Event::Inbound { sender, content, .. } => {
                add(&one_line(sender, 40), &content.as_deref().map_or_else(|| "[erased]".into(), plain_text))
            }
            Event::MediumFetched { content: Some(Part::Blob(blob)), .. } => add("file", &blob.described()),
            Event::MediumFetched { content: Some(other), .. } => add("file", &plain_text(std::slice::from_ref(other))),
            Event::Commanded { command, .. } => add("command", &one_line(command, 200)),
            Event::OutboundQueued { content, .. } => add("agent", content.as_deref().unwrap_or("[erased]")),
            Event::ToolStarted { tool, content, .. } => {
                let arguments = content.as_ref().map(|call| one_line(&call.arguments, 200)).unwrap_or_default();
                add("tool", &format!("{tool} {arguments}"));
            }
            Event::ToolFinished { tool, outcome, .. } => add("tool", &format!("{tool}: {}", outcome_word(*outcome))),
            Event::OutboundOutcome { delivery: Delivery::InDoubt, detail, .. } => {
                add("delivery", &format!("that may have been delivered, or not ({detail})"));
            }
            Event::OutboundOutcome { delivery: Delivery::Failed, detail, .. } => {
                add("delivery", &format!("that was not delivered ({detail})"))
            }
            Event::TurnInterrupted { reason, .. } => add("interrupted", reason),
            Event::SessionClosed { by } => add("closed", &format!("by {by}")),
            _ => {}
        }
        match &row.event {
            Event::TurnStarted { turn } => unfinished = Some(*turn),
            Event::TurnFinished { .. } | Event::TurnInterrupted { .. } => unfinished = None,
            _ => {}
        }
    }
    if unfinished.is_some() {
        text.push_str("unfinished: an answer is under way, or was cut off; `wirken run` takes it up\n");
    }
    text
}
