//! `wirken channel`: accounts on messaging platforms, and who may write through them.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde::Serialize;
use serde_json::{Map, Value, json};
use wirken_config::{Channel as Configured, Config};
use wirken_gateway::channel::{ChannelStatus, ProcessState};
use wirken_gateway::control::{self, CallFailed, Request};
use wirken_gateway::folder::Folder;
use wirken_ledger::{Batch, Chain, Ledger, OutboxEntry, OutboxState, Pairing, SessionFilter};
use wirken_manifest::Kind;
use wirken_types::Timestamp;
use wirken_types::event::{Delivery, Event};

use crate::args::{Channel, ChannelAdd, Unlock};
use crate::commands::credentials;
use crate::environment::Environment;
use crate::output::one_line;
use crate::questions::{self, Answers};
use crate::shelf::{self, Shelf};
use crate::{output, parts};

const STOP_FIRST: &str = "stop it, change the channel, start it again";

pub(crate) fn run(environment: &Environment, args: Channel) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    match args {
        Channel::Add(args) => {
            let _lock = parts::lock(&folder, STOP_FIRST)?;
            if !args.non_interactive && !io::stdin().is_terminal() {
                bail!("there is no terminal to ask on: use --non-interactive with what the channel needs");
            }
            let answers = Answers { interactive: !args.non_interactive };
            add(&answers, &folder, args)?;
        }
        Channel::List { report } => {
            let listed = list(&folder)?;
            output::report(report.format, &listed, describe)?;
        }
        Channel::Remove { account, unlock } => {
            let _lock = parts::lock(&folder, STOP_FIRST)?;
            remove(&folder, &account, &unlock)?;
        }
        Channel::Approve { account, code } => {
            let answer = ask_gateway(&folder, &Request::ChannelApprove { account, code })?;
            let sender = answer.get("sender").and_then(Value::as_str).unwrap_or_default();
            let told = answer.get("told").and_then(Value::as_bool).unwrap_or_default();
            let told = if told { ", and is told so" } else { ": say so, since the code was given before the gateway was last started" };
            output::note(format_args!("{} may write now{told}.", one_line(sender, 80)));
        }
        Channel::Revoke { account, sender } => {
            ask_gateway(&folder, &Request::ChannelRevoke { account, sender: sender.clone() })?;
            output::note(format_args!("{} may not write any more.", one_line(&sender, 80)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn ask_gateway(folder: &Folder, request: &Request) -> anyhow::Result<Value> {
    Ok(parts::small_runtime()?.block_on(control::call(&folder.control(), request))?)
}

/// The step of `wirken setup` that connects a messenger, where the person wants one.
pub(crate) fn offer(answers: &Answers, folder: &Folder, unlock: &Unlock) -> anyhow::Result<()> {
    let shelf = Shelf::of(folder);
    let manifests = shelf.manifests(Kind::Channel)?;
    if manifests.is_empty() {
        return Ok(());
    }
    for manifest in &manifests {
        output::note(format_args!("  {:<10} {}", manifest.name, manifest.description));
    }
    let component = answers.ask_until("Messenger to connect now", Some("none"), |text| match text {
        "none" => Ok(None),
        name => shelf.find(Kind::Channel, name).map(|found| Some(found.manifest.name)),
    })?;
    let Some(component) = component else { return Ok(()) };
    let args = ChannelAdd {
        component,
        account: None,
        settings: Vec::new(),
        allow: Vec::new(),
        non_interactive: false,
        credential_stdin: false,
        key_file: false,
        unlock: unlock.clone(),
    };
    add(answers, folder, args)
}

fn add(answers: &Answers, folder: &Folder, args: ChannelAdd) -> anyhow::Result<()> {
    let mut config = parts::config(folder)?;
    let shelf = Shelf::of(folder);
    let manifest = shelf.find(Kind::Channel, &args.component)?.manifest;
    let account = args.account.unwrap_or_else(|| manifest.name.clone());
    if config.channels.contains_key(&account) {
        bail!("there is a channel named {account} already: choose another name with --account, or remove it first");
    }
    if account != manifest.name && (shelf::is_bundled(&account)? || shelf.added().contains(&account)) {
        bail!("{account} is the name of a component, whose credentials are kept under it: choose another with --account");
    }
    // Everything is asked and checked before anything is written.
    let settings = questions::settings(answers, &manifest, &args.settings)?;
    let configured = Configured {
        component: manifest.name.clone(),
        agent: None,
        allow: args.allow,
        groups: wirken_config::Groups::default(),
        settings: settings.clone(),
        limits: wirken_config::ChannelLimits::default(),
        shared_workspace: false,
        approvals: wirken_config::ChannelApprovals::default(),
    };
    shelf.whole(Kind::Channel, &manifest.name, &config, &settings)?;
    config.channels.insert(account.clone(), configured);
    let text = config.render()?;
    Config::parse(&text)?;
    let resolved = manifest.settings(&settings)?;
    if manifest.credentials.is_empty() && (args.credential_stdin || args.key_file) {
        bail!("the channel {} takes no credential: leave --credential-stdin and --key-file out", manifest.name);
    }
    let mut secrets = Vec::new();
    for credential in manifest.own_credentials() {
        if let Some(secret) = questions::value(answers, &account, credential, args.credential_stdin)? {
            secrets.push((credentials::record_for(&account, &manifest, &resolved, &credential.name)?, secret));
        }
    }
    // The state that a channel keeps is encrypted under the vault, so that there has to be one.
    let mut vault = match parts::open_vault(folder, &args.unlock)? {
        Some(_) if args.key_file => bail!("there is a vault already, so --key-file changes nothing: leave it out"),
        Some(vault) => vault,
        None => parts::create_vault(folder, questions::key_file(answers, args.key_file, &args.unlock)?, &args.unlock)?,
    };
    for (record, secret) in secrets {
        credentials::add(folder, &mut vault, record, &secret)?;
    }
    let detail = json!({ "component": manifest.name, "settings": settings });
    credentials::recorded(folder, "channel-added", &account, detail, || questions::write(&folder.config(), &text))?;
    output::note(format_args!("Connected {account}: start the gateway with `wirken run`, then write to it."));
    output::note(format_args!("Whoever writes first gets a code; let them in with `wirken channel approve {account} CODE`."));
    Ok(())
}

fn remove(folder: &Folder, account: &str, unlock: &Unlock) -> anyhow::Result<()> {
    let mut config = parts::config(folder)?;
    let Some(removed) = config.channels.remove(account) else { return Err(unknown(&config, account)) };
    let text = config.render()?;
    if let Some(mut vault) = parts::open_vault(folder, unlock)? {
        // Whatever its component asked for, which may be gone by now.
        for record in vault.list().into_iter().filter(|record| record.component == account) {
            let detail = json!({ "name": record.name });
            credentials::recorded(folder, "credential-removed", account, detail, || Ok(vault.remove(account, &record.name)?))?;
        }
    }
    forget(folder, account)?;
    let detail = json!({ "component": removed.component });
    credentials::recorded(folder, "channel-removed", account, detail, || questions::write(&folder.config(), &text))?;
    output::note(format_args!("Removed {account} and its credential. What was said stays: `wirken sessions list --all`."));
    Ok(())
}

/// What an account of this name that is added later must not inherit: who may write, what its component remembers, and
/// what waited to be sent.
fn forget(folder: &Folder, account: &str) -> anyhow::Result<()> {
    let Some(reader) = parts::reader(folder)? else { return Ok(()) };
    let mut batch = Batch::new();
    for pairing in reader.pairings(Some(account))? {
        batch = batch.with(Chain::System, [Event::PairingRevoked { account: account.into(), sender: pairing.sender }]);
    }
    for entry in reader.outbox(Some(account))? {
        let delivery = match entry.state {
            OutboxState::Queued => Delivery::Failed,
            OutboxState::Attempted => Delivery::InDoubt,
            OutboxState::Failed | OutboxState::InDoubt => continue,
        };
        let (turn, outbound, detail) = (entry.turn, entry.outbound, "its channel was removed".to_owned());
        batch = batch.with(entry.session, [Event::OutboundOutcome { turn, outbound, delivery, detail, shown: Vec::new() }]);
    }
    for prompt in reader.prompts(Some(account))? {
        let (turn, approval, detail) = (prompt.turn, prompt.approval, "its channel was removed".to_owned());
        batch = batch.with(prompt.session, [Event::PromptClosed { turn, approval, delivery: Delivery::Failed, detail }]);
    }
    let filter = SessionFilter { account: Some(account.into()), open_only: true, ..SessionFilter::default() };
    let open = reader.open_turns()?;
    for session in reader.sessions(&filter)? {
        let turns = open.iter().filter(|turn| turn.session == session.id);
        let interrupted = turns.map(|turn| Event::TurnInterrupted { turn: turn.turn, reason: "its channel was removed".into() });
        let closed = Event::SessionClosed { by: "owner".into() };
        batch = batch.with(session.id, interrupted.chain([closed]).collect::<Vec<_>>());
    }
    let state = reader.channel_state(account)?.into_iter().map(|(key, _)| (key, None)).collect();
    drop(reader);
    let ledger = Ledger::open(&wirken_ledger::path_in(folder.root()), wirken_ledger::Options::default())?;
    let runtime = parts::small_runtime()?;
    runtime.block_on(async {
        ledger.append(batch.with_state(account, state)).await?;
        ledger.close().await
    })?;
    Ok(())
}

fn unknown(config: &Config, account: &str) -> anyhow::Error {
    let names: Vec<&str> = config.channels.keys().map(String::as_str).collect();
    match wirken_manifest::nearest(account, names.iter().copied()) {
        Some(name) => anyhow!("there is no channel named {account:?}; did you mean {name}?"),
        None if names.is_empty() => anyhow!("no channel is configured: `wirken channel add COMPONENT` connects one"),
        None => anyhow!("there is no channel named {account:?}; there are {}", names.join(", ")),
    }
}

#[derive(Debug, Serialize)]
struct Listed {
    running: bool,
    channels: Vec<One>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct One {
    account: String,
    component: String,
    settings: Map<String, Value>,
    allow: Vec<String>,
    /// None while the gateway does not run.
    status: Option<ChannelStatus>,
    people: Vec<Pairing>,
    /// Answers that did not arrive, or of which nobody knows.
    undelivered: Vec<OutboxEntry>,
}

fn list(folder: &Folder) -> anyhow::Result<Listed> {
    let config = parts::config(folder)?;
    let (running, mut statuses) = match ask_gateway(folder, &Request::Status) {
        Ok(status) => {
            let channels = status.get("channels").cloned().unwrap_or_default();
            (true, serde_json::from_value::<Vec<ChannelStatus>>(channels)?)
        }
        Err(error) if matches!(error.downcast_ref(), Some(CallFailed::NotRunning)) => (false, Vec::new()),
        Err(error) => return Err(error),
    };
    let reader = parts::reader(folder)?;
    let mut channels = Vec::new();
    for (account, channel) in config.channels {
        let status = statuses.iter().position(|status| status.account == account).map(|at| statuses.swap_remove(at));
        let (people, undelivered) = match &reader {
            Some(reader) => (reader.pairings(Some(&account))?, reader.outbox(Some(&account))?),
            None => (Vec::new(), Vec::new()),
        };
        let Configured { component, settings, allow, .. } = channel;
        channels.push(One { account, component, settings, allow, status, people, undelivered });
    }
    Ok(Listed { running, channels })
}

fn describe(listed: &Listed) -> String {
    if listed.channels.is_empty() {
        return "No channel is connected. Connect one with `wirken channel add COMPONENT`; `wirken component list` names the components."
            .into();
    }
    let mut text = String::new();
    for one in &listed.channels {
        let state = match &one.status {
            Some(status) => describe_state(status),
            None if listed.running => "added after the gateway was started: start it again".into(),
            None => "the gateway does not run".into(),
        };
        text.push_str(&format!("{} ({}): {state}\n", one.account, one.component));
        for lacking in one.status.iter().flat_map(|status| &status.not_confined) {
            text.push_str(&format!("  not confined: {}\n", one_line(lacking, 400)));
        }
        for sender in &one.allow {
            text.push_str(&format!("  {:<20} may write (configuration)\n", one_line(sender, 80)));
        }
        let now = Timestamp::now();
        for person in &one.people {
            let name = person.name.as_deref().map(|name| format!(" ({})", one_line(name, 80))).unwrap_or_default();
            let what = match (person.approved_at, person.expires_at) {
                (Some(at), _) => format!("may write since {}", output::time(at)),
                (None, Some(at)) if at > now => {
                    format!("waits for `wirken channel approve {} CODE` until {}", one.account, output::time(at))
                }
                (None, _) => "had a code, which is not good any more".into(),
            };
            text.push_str(&format!("  {:<20} {what}\n", format!("{}{name}", one_line(&person.sender, 80))));
        }
        text.push_str(&describe_undelivered(&one.undelivered));
    }
    text
}

/// One line: what it does, and why where that is not what one would wish.
pub(crate) fn describe_state(status: &ChannelStatus) -> String {
    let mut text = match status.process {
        ProcessState::Running => status.health.clone(),
        ProcessState::Starting => "starting".into(),
        ProcessState::Waiting if status.restarts == 0 && status.detail.is_empty() => "not started yet".into(),
        ProcessState::Waiting => "waits to be started again".into(),
        ProcessState::Stopped => "stopped".into(),
    };
    if !status.detail.is_empty() {
        text.push_str(&format!(": {}", one_line(&status.detail, 400)));
    }
    if status.waiting > 0 {
        text.push_str(&format!("; {} to be sent", status.waiting));
    }
    if status.restarts > 0 {
        text.push_str(&format!("; started again {} times", status.restarts));
    }
    text
}

fn describe_undelivered(entries: &[OutboxEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let what = match entry.state {
            OutboxState::Queued | OutboxState::Attempted => continue,
            OutboxState::Failed => "was not delivered",
            OutboxState::InDoubt => "may have been delivered",
        };
        let at = output::time(entry.queued_at);
        text.push_str(&format!("  an answer of {at} {what}: `wirken sessions show {}`\n", entry.session));
    }
    text
}
