//! `wirken permissions`: what is granted, and what the agent waits to be allowed.

use std::fmt::Display;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde::Serialize;
use serde_json::{Value, json};
use wirken_gateway::control::{self, CallFailed, Request};
use wirken_gateway::folder::Folder;
use wirken_ledger::{Approvals, Batch, Chain, KnownApproval, KnownGrant, Ledger};
use wirken_permissions::{choices, code_of, question};
use wirken_types::approval::{Choice, Lasts};
use wirken_types::event::{Event, Place};
use wirken_types::{GrantId, Timestamp};

use crate::args::{Pending, Permissions, Report};
use crate::environment::Environment;
use crate::output::{Format, one_line};
use crate::{output, parts};

/// Characters of a grant's id that tell it from the others.
const SHORT: usize = 8;

pub(crate) fn run(environment: &Environment, args: Permissions) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    match args {
        Permissions::List { report } => output::report(report.format, &Granted { grants: granted(&folder)? }, describe)?,
        Permissions::Approve { account, sender, component, program, arguments, report } => {
            let request = Request::GrantAdd { account, sender, component, program, arguments };
            let answer = ask_gateway(&folder, &request)?;
            let text = |key: &str| one_line(answer.get(key).and_then(Value::as_str).unwrap_or_default(), 200);
            done(report, &answer, format_args!("Granted until {}: {}.", text("until"), text("what")))?;
        }
        Permissions::Revoke { grant, report } => {
            let known = find_grant(&folder, &grant)?;
            revoke(&folder, known.grant.id)?;
            let KnownGrant { grant, .. } = &known;
            let revoked = json!({ "grant": grant.id, "component": grant.component, "key": grant.key });
            let key = one_line(&grant.key, 200);
            done(report, &revoked, format_args!("Revoked: {key}. It counts for nothing from now on."))?;
        }
        Permissions::Pending(args) => pending(&folder, args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn pending(folder: &Folder, args: Pending) -> anyhow::Result<()> {
    match args {
        Pending::List { report } => {
            let listed = Waiting { pending: open(folder)?.into_iter().map(Shown::of).collect() };
            output::report(report.format, &listed, |listed| {
                if listed.pending.is_empty() {
                    return "Nothing waits to be allowed.".into();
                }
                let row = |shown: &Shown| {
                    let Shown { code, place, expires_at, tool, tier, .. } = shown;
                    vec![code.clone(), tier.to_string(), one_line(tool, 40), describe_place(place), output::time(*expires_at)]
                };
                let rows: Vec<Vec<String>> = listed.pending.iter().map(row).collect();
                output::table(&["CODE", "TIER", "TOOL", "WHERE", "UNTIL"], &rows)
                    + "\n`wirken permissions pending show CODE` says what is asked."
            })
        }
        Pending::Show { code, report } => {
            let shown = Shown::of(find(folder, &code)?);
            output::report(report.format, &shown, |shown| {
                let lines: String = shown.lines.iter().map(|(label, text)| format!("{label}: {text}\n")).collect();
                let answers: Vec<&str> = shown.choices.iter().map(|choice| command(*choice)).collect();
                format!(
                    "{}\n{lines}\nIt waits until {}. Answer with:\n{}",
                    describe_place(&shown.place),
                    output::time(shown.expires_at),
                    answers.iter().map(|answer| format!("  {}\n", answer.replace("CODE", &shown.code))).collect::<String>()
                )
            })
        }
        Pending::Approve { code, session, remember, report } => {
            let choice = match (session, remember) {
                (true, _) => Choice::Session,
                (_, true) => Choice::Remember,
                _ => Choice::Once,
            };
            done(report, &answer(folder, &code, choice, None)?, "Allowed.")
        }
        Pending::Deny { code, note, report } => done(report, &answer(folder, &code, Choice::Deny, note)?, "Denied."),
    }
}

/// Says that something was done: a remark for people, a document for programs.
fn done(report: Report, done: &Value, remark: impl Display) -> anyhow::Result<()> {
    match report.format {
        Format::Json => output::report(report.format, done, |_| String::new()),
        Format::Text => {
            output::note(remark);
            Ok(())
        }
    }
}

fn command(choice: Choice) -> &'static str {
    match choice {
        Choice::Once => "wirken permissions pending approve CODE",
        Choice::Session => "wirken permissions pending approve CODE --session",
        Choice::Remember => "wirken permissions pending approve CODE --remember",
        Choice::Deny => "wirken permissions pending deny CODE [--note TEXT]",
    }
}

fn answer(folder: &Folder, code: &str, choice: Choice, note: Option<String>) -> anyhow::Result<Value> {
    let known = find(folder, code)?;
    ask_gateway(folder, &Request::ApprovalAnswer { approval: known.approval, choice, note })
}

fn ask_gateway(folder: &Folder, request: &Request) -> anyhow::Result<Value> {
    Ok(parts::small_runtime()?.block_on(control::call(&folder.control(), request))?)
}

/// Through the gateway where it runs, here otherwise.
fn revoke(folder: &Folder, grant: GrantId) -> anyhow::Result<()> {
    let runtime = parts::small_runtime()?;
    match runtime.block_on(control::call(&folder.control(), &Request::GrantRevoke { grant })) {
        Ok(_) => return Ok(()),
        Err(CallFailed::NotRunning) => {}
        Err(error) => return Err(error.into()),
    }
    let _lock = folder.lock()?;
    let ledger = Ledger::open(&wirken_ledger::path_in(folder.root()), wirken_ledger::Options::default())?;
    runtime.block_on(async {
        ledger.append(Batch::of(Chain::System, [Event::GrantRevoked { grant, by: "owner".into() }])).await?;
        ledger.close().await
    })?;
    Ok(())
}

#[derive(Serialize)]
struct Granted {
    grants: Vec<KnownGrant>,
}

fn granted(folder: &Folder) -> anyhow::Result<Vec<KnownGrant>> {
    let Some(reader) = parts::reader(folder)? else { return Ok(Vec::new()) };
    let now = Timestamp::now();
    let mut grants = reader.grants(None)?;
    grants.retain(|known| !matches!(known.grant.lasts, Lasts::Until(until) if until <= now));
    Ok(grants)
}

fn find_grant(folder: &Folder, text: &str) -> anyhow::Result<KnownGrant> {
    let unknown = || anyhow!("there is no grant {:?}; `wirken permissions list` names those there are", one_line(text, 64));
    if text.len() < 4 {
        bail!("{:?} is too little of a grant's id: give the last 4 characters of it, or more", one_line(text, 64));
    }
    let mut grants = granted(folder)?;
    grants.retain(|known| known.grant.id.to_string().ends_with(&text.to_lowercase()));
    match grants.pop() {
        Some(known) if grants.is_empty() => Ok(known),
        Some(_) => bail!("more than one grant ends in {:?}: give more of its id", one_line(text, 64)),
        None => Err(unknown()),
    }
}

fn describe(granted: &Granted) -> String {
    if granted.grants.is_empty() {
        return "Nothing is granted: the agent asks for everything that needs it.".into();
    }
    let row = |known: &KnownGrant| {
        let KnownGrant { grant, .. } = known;
        let id = grant.id.to_string();
        let lasts = match grant.lasts {
            Lasts::Until(until) => output::time(until),
            Lasts::Session(session) => {
                let session = session.to_string();
                format!("the end of session {}", session.get(session.len().saturating_sub(SHORT)..).unwrap_or(&session))
            }
        };
        vec![
            id.get(id.len().saturating_sub(SHORT)..).unwrap_or(&id).to_owned(),
            one_line(&format!("{} at {}", grant.holder.sender, grant.holder.account), 60),
            one_line(&grant.component, 40),
            lasts,
            one_line(&grant.key, 200),
        ]
    };
    let rows: Vec<Vec<String>> = granted.grants.iter().map(row).collect();
    output::table(&["ID", "WHO", "COMPONENT", "UNTIL", "WHAT"], &rows)
}

#[derive(Serialize)]
struct Waiting {
    pending: Vec<Shown>,
}

/// A question as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Shown {
    code: String,
    approval: String,
    tier: u8,
    place: Place,
    tool: String,
    asked_at: Timestamp,
    expires_at: Timestamp,
    choices: Vec<Choice>,
    /// Label and text: what the host says first, what the component claims last.
    lines: Vec<(String, String)>,
}

impl Shown {
    fn of(known: KnownApproval) -> Self {
        let KnownApproval { approval, place, tier, asked_at, expires_at, question: asked, .. } = known;
        let (tool, lines) = match &asked {
            Some(asked) => (asked.tool.clone(), question::render(asked, tier)),
            None => ("[erased]".into(), Vec::new()),
        };
        let choices = if asked.is_some() { choices(tier).to_vec() } else { vec![Choice::Deny] };
        Self {
            code: code_of(approval),
            approval: approval.to_string(),
            tier: tier.into(),
            place,
            tool,
            asked_at,
            expires_at,
            choices,
            lines,
        }
    }
}

fn describe_place(place: &Place) -> String {
    one_line(&format!("{} in {}", place.conversation, place.account), 60)
}

fn open(folder: &Folder) -> anyhow::Result<Vec<KnownApproval>> {
    let Some(reader) = parts::reader(folder)? else { return Ok(Vec::new()) };
    let Approvals { open, damaged } = reader.approvals()?;
    for error in damaged {
        let error = one_line(&error.to_string(), 300);
        output::note(format_args!("A question is left out, since it cannot be believed ({error}): `wirken audit verify` says more."));
    }
    Ok(open)
}

/// The open question of this code, or whose id begins so.
fn find(folder: &Folder, code: &str) -> anyhow::Result<KnownApproval> {
    let wanted = code.trim().to_lowercase();
    if wanted.len() < wirken_permissions::CODE_DIGITS {
        bail!("{:?} is no code: it has {} characters", one_line(code, 64), wirken_permissions::CODE_DIGITS);
    }
    let mut open = open(folder)?;
    open.retain(|known| known.approval.to_string().starts_with(&wanted));
    match open.pop() {
        Some(known) if open.is_empty() => Ok(known),
        Some(_) => bail!("more than one question begins with {:?}: give more of its id, which `--format json` shows", one_line(code, 64)),
        None => bail!("there is no open question {:?}; `wirken permissions pending list` names those there are", one_line(code, 64)),
    }
}
