//! `wirken credentials`: the keys that components' requests carry. A value comes in and never goes out again.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde::Serialize;
use serde_json::json;
use wirken_config::{Config, NETWORK};
use wirken_gateway::control::{self, Request};
use wirken_gateway::folder::Folder;
use wirken_ledger::{Batch, Chain, Ledger};
use wirken_manifest::{Kind, Manifest};
use wirken_secret::Secret;
use wirken_types::Timestamp;
use wirken_types::credential::{OriginPattern, Place};
use wirken_types::event::Event;
use wirken_vault::{Age, NewRecord, ROTATE_AFTER_DAYS, RecordInfo, Rotation, Vault};

use crate::args::{Credentials, Unlock};
use crate::environment::Environment;
use crate::shelf::{self, Shelf};
use crate::{network, output, parts};

const KEY_FILE_IDLE: &str = "there is a vault already, so --key-file changes nothing: leave it out";
/// The gateway, and with it each channel, would have to learn of a vault that was not there when it was started.
pub(crate) const NO_VAULT: &str = "there is no vault yet, and the gateway runs without one: stop it, add the credential, start it again";

/// What the ledger calls another value of a credential.
pub(crate) const ROTATED: &str = "credential-rotated";

#[derive(Serialize)]
struct Listed {
    credentials: Vec<Aged>,
}

#[derive(Serialize)]
struct Aged {
    #[serde(flatten)]
    record: RecordInfo,
    #[serde(flatten)]
    age: Age,
}

pub(crate) fn run(environment: &Environment, args: Credentials) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    match args {
        Credentials::Add { component, name, origins, places, stdin, value_file, key_file, unlock } => {
            let lock = parts::lock_unless_gateway(&folder)?;
            let record = record(&folder, &component, &name, &origins, &places)?;
            if lock.is_none() {
                fits_gateway(&folder, key_file, &unlock)?;
            }
            // Before a vault is made for it.
            let secret = value(&component, &name, stdin, value_file.as_deref())?;
            if lock.is_none() {
                return add_through(&folder, &record, &secret);
            }
            let mut vault = match parts::open_vault(&folder, &unlock)? {
                Some(_) if key_file => bail!(KEY_FILE_IDLE),
                Some(vault) => vault,
                None => parts::create_vault(&folder, key_file, &unlock)?,
            };
            add(&folder, &mut vault, record, &secret)?;
        }
        Credentials::Rotate { component, name, stdin, value_file, unlock } => {
            rotate(&folder, &component, &name, &unlock, || value(&component, &name, stdin, value_file.as_deref()))?;
            output::note(format_args!(
                "Rotated {component}/{name}: it goes where it went. Take the old value back where you got it, once what is under way has ended."
            ));
        }
        Credentials::List { unlock, report } => {
            let now = Timestamp::now();
            let records = parts::open_vault(&folder, &unlock)?.map(|vault| vault.list()).unwrap_or_default();
            let credentials = records.into_iter().map(|record| Aged { age: record.age(now), record }).collect();
            output::report(report.format, &Listed { credentials }, |listed| describe(&listed.credentials))?;
        }
        Credentials::Remove { component, name, unlock } => {
            let lock = parts::lock_unless_gateway(&folder)?;
            if lock.is_some() {
                let vault = parts::open_vault(&folder, &unlock)?;
                let Some(mut vault) = vault.filter(|vault| vault.holds(&component, &name)) else { return Err(unknown(&component, &name)) };
                recorded(&folder, "credential-removed", &component, json!({ "name": name }), || Ok(vault.remove(&component, &name)?))?;
            } else {
                fits_gateway(&folder, false, &unlock)?;
                let request = Request::CredentialRemove { component: component.clone(), name: name.clone() };
                parts::small_runtime()?.block_on(control::call(&folder.control(), &request))?;
            }
            output::note(format_args!("Removed {component}/{name}."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of what a vault holds for a component.
pub(crate) fn held(vault: Option<&Vault>, component: &str) -> Vec<String> {
    let records = vault.map(Vault::list).unwrap_or_default();
    records.into_iter().filter(|record| record.component == component).map(|record| record.name).collect()
}

/// What the person gives as a value: a file, stdin, or what is typed.
fn value(component: &str, name: &str, stdin: bool, file: Option<&Path>) -> anyhow::Result<Secret> {
    match file {
        Some(path) => parts::credential(&parts::read_secret_file(path)?),
        None if stdin => parts::read_credential(io::stdin().lock(), "stdin"),
        None => parts::credential(&parts::prompt_secret(&format!("Value of {component}/{name}: "), "use --stdin or --value-file")?),
    }
}

/// Gives a credential another value: by the gateway where one runs.
fn rotate(
    folder: &Folder,
    component: &str,
    name: &str,
    unlock: &Unlock,
    value: impl FnOnce() -> anyhow::Result<Secret>,
) -> anyhow::Result<()> {
    let lock = parts::lock_unless_gateway(folder)?;
    if lock.is_none() {
        fits_gateway(folder, false, unlock)?;
        let request = Request::CredentialRotate { component: component.to_owned(), name: name.to_owned() };
        let value = value()?;
        parts::small_runtime()?.block_on(control::call_with_value(&folder.control(), &request, &value))?;
        return Ok(());
    }
    let vault = parts::open_vault(folder, unlock)?;
    let Some(mut vault) = vault.filter(|vault| vault.holds(component, name)) else { return Err(unknown(component, name)) };
    let value = value()?;
    recorded(folder, ROTATED, component, json!({ "name": name }), || Ok(vault.rotate(component, name, &value)?))?;
    Ok(())
}

pub(crate) fn unknown(component: &str, name: &str) -> anyhow::Error {
    anyhow!("there is no credential {component}/{name}: `wirken credentials list` names those there are")
}

/// What the options say of the vault, where a gateway has it open.
fn fits_gateway(folder: &Folder, key_file: bool, unlock: &Unlock) -> anyhow::Result<()> {
    if !Vault::exists(&folder.vault())? {
        bail!(NO_VAULT);
    }
    if key_file {
        bail!(KEY_FILE_IDLE);
    }
    // It is not needed, and a wrong one is a mistake all the same.
    if unlock.passphrase_file.is_some() {
        parts::open_vault(folder, unlock)?;
    }
    Ok(())
}

/// The gateway keeps it, and uses it from then on.
fn add_through(folder: &Folder, record: &NewRecord, secret: &Secret) -> anyhow::Result<ExitCode> {
    let NewRecord { component, name, origins, places } = record;
    let (origins, places) = (texts(origins), texts(places));
    let request =
        Request::CredentialAdd { component: component.clone(), name: name.clone(), origins: origins.clone(), places: places.clone() };
    let answer = parts::small_runtime()?.block_on(control::call_with_value(&folder.control(), &request, secret))?;
    let replaced = answer.get("replaced").and_then(serde_json::Value::as_bool).unwrap_or_default();
    kept(replaced, component, name, &origins, &places);
    Ok(ExitCode::SUCCESS)
}

fn kept(replaced: bool, component: &str, name: &str, origins: &[String], places: &[String]) {
    let verb = if replaced { "Replaced" } else { "Kept" };
    let places = places.join(", ");
    match (origins, places.strip_prefix("proxy:")) {
        ([], Some(proxy)) => output::note(format_args!("{verb} {component}/{name}: {proxy} is told it, and nobody else.")),
        _ => output::note(format_args!("{verb} {component}/{name}: it goes to {} as {places}, and nowhere else.", origins.join(", "))),
    }
}

/// Keeps a credential and records that, without its value.
pub(crate) fn add(folder: &Folder, vault: &mut Vault, record: NewRecord, secret: &Secret) -> anyhow::Result<()> {
    let NewRecord { component, name, origins, places } = &record;
    let (component, name, origins, places) = (component.clone(), name.clone(), texts(origins), texts(places));
    let replaced = vault.holds(&component, &name);
    let detail = json!({ "name": name, "origins": origins, "places": places });
    recorded(folder, added(replaced), &component, detail, || Ok(vault.add(record, secret)?))?;
    kept(replaced, &component, &name, &origins, &places);
    Ok(())
}

/// What the ledger calls it.
pub(crate) fn added(replaced: bool) -> &'static str {
    if replaced { "credential-replaced" } else { "credential-added" }
}

/// The record to keep: what the human said, and else what the component asks for under its present settings.
fn record(folder: &Folder, component: &str, name: &str, origins: &[String], places: &[String]) -> anyhow::Result<NewRecord> {
    let record = record_under(&Shelf::of(folder), parts::config(folder).ok().as_ref(), component, name, origins, places)?;
    if let Some(idle) = record.idle.first() {
        let asked = texts(&record.asked).join(", ");
        output::note(format_args!("{component} asks for {name} at {asked}: at {idle} it is used only once that is so there too."));
    }
    Ok(record.record)
}

/// A record, and where it differs from what its component asks for.
pub(crate) struct Checked {
    pub(crate) record: NewRecord,
    asked: Vec<OriginPattern>,
    /// Named by the human, and not asked for.
    idle: Vec<OriginPattern>,
}

/// The same under a configuration. It fails where the component, the account or the binding is not known.
pub(crate) fn record_under(
    shelf: &Shelf,
    config: Option<&Config>,
    component: &str,
    name: &str,
    origins: &[String],
    places: &[String],
) -> anyhow::Result<Checked> {
    if component == NETWORK {
        let record = network::record(config, name, origins, places)?;
        return Ok(Checked { record, asked: Vec::new(), idle: Vec::new() });
    }
    let origins: Vec<OriginPattern> = origins.iter().map(|text| OriginPattern::parse(text)).collect::<Result<_, _>>()?;
    let places: Vec<Place> = places.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let channel = config.and_then(|config| config.channels.get(component));
    // A channel's credentials are its account's: two accounts of one component have two.
    let wanted = channel.map_or(component, |channel| channel.component.as_str());
    let Some(found) = shelf.named(wanted)? else {
        let mut names: Vec<String> = shelf::bundled()?.into_iter().map(|found| found.manifest.name).collect();
        names.extend(shelf.added().names()?);
        bail!("there is no component named {component:?}; there are {}", names.join(", "));
    };
    let manifest = &found.manifest;
    let given = match (channel, config) {
        (Some(channel), _) => channel.settings.clone(),
        (None, _) if manifest.kind == Kind::Channel => {
            bail!("there is no channel named {component:?} yet: `wirken channel add {component}` asks for its credential");
        }
        (None, Some(config)) if config.provider.component == manifest.name => config.provider.settings.clone(),
        (None, Some(config)) => config.components.get(&manifest.name).map(|component| component.settings.clone()).unwrap_or_default(),
        (None, None) => serde_json::Map::new(),
    };
    checked(component, manifest, &manifest.settings(&given)?, name, &origins, &places)
}

/// The same with all that a component asks for, whose settings are known. `owner` is a provider's name, or that of a
/// channel's account.
pub(crate) fn record_for(
    owner: &str,
    manifest: &Manifest,
    settings: &serde_json::Map<String, serde_json::Value>,
    name: &str,
) -> anyhow::Result<NewRecord> {
    Ok(checked(owner, manifest, settings, name, &[], &[])?.record)
}

fn checked(
    owner: &str,
    manifest: &Manifest,
    settings: &serde_json::Map<String, serde_json::Value>,
    name: &str,
    origins: &[OriginPattern],
    places: &[Place],
) -> anyhow::Result<Checked> {
    let component = owner.to_owned();
    let Some(wanted) = manifest.credentials.iter().find(|credential| credential.name == name) else {
        let names: Vec<&str> = manifest.credentials.iter().map(|credential| credential.name.as_str()).collect();
        let known = if names.is_empty() { "it asks for none".into() } else { format!("it asks for {}", names.join(", ")) };
        bail!("{component} asks for no credential named {name:?}; {known}");
    };
    if let Some(own) = &wanted.value_of {
        bail!("{name} of {component} has the value of {own}: `wirken credentials add {component} {own}` keeps it for both");
    }
    let asked = manifest.resolve(&wanted.origins, settings)?;
    let origins = if origins.is_empty() { asked.clone() } else { origins.to_vec() };
    let idle = origins.iter().filter(|origin| !asked.contains(origin)).cloned().collect();
    let places = if places.is_empty() { manifest.places(name)? } else { places.to_vec() };
    Ok(Checked { record: NewRecord { component, name: name.to_owned(), origins, places }, asked, idle })
}

/// Records a change, makes it, and records where that failed.
pub(crate) fn recorded<T>(
    folder: &Folder,
    action: &str,
    component: &str,
    detail: serde_json::Value,
    change: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let ledger = Ledger::open(&wirken_ledger::path_in(folder.root()), wirken_ledger::Options::default())?;
    let runtime = parts::small_runtime()?;
    let row = |action: &str| {
        let event = Event::System { action: action.into(), subject: component.into(), detail: detail.clone() };
        Batch::of(Chain::System, [event])
    };
    runtime.block_on(ledger.append(row(action)))?;
    let changed = change();
    if changed.is_err() {
        runtime.block_on(ledger.append(row(&format!("{action}-failed"))))?;
    }
    runtime.block_on(ledger.close())?;
    changed
}

pub(crate) fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn describe(credentials: &[Aged]) -> String {
    if credentials.is_empty() {
        return "No credential is kept. Add one with `wirken credentials add COMPONENT NAME`.".into();
    }
    let rows: Vec<Vec<String>> = credentials
        .iter()
        .map(|Aged { record, age }| {
            let changed = record.problem.clone().unwrap_or_else(|| output::time(record.rotated));
            let rotate = match age.rotation {
                _ if record.problem.is_some() => String::new(),
                Rotation::Fresh => format!("in {} days", ROTATE_AFTER_DAYS.saturating_sub(age.age_days)),
                Rotation::Soon => format!("soon: in {} days", ROTATE_AFTER_DAYS.saturating_sub(age.age_days)),
                Rotation::Due => format!("now: it is {} days old", age.age_days),
            };
            let RecordInfo { component, name, origins, places, .. } = record;
            vec![component.clone(), name.clone(), origins.join(" "), places.join(" "), changed, rotate]
        })
        .collect();
    output::table(&["COMPONENT", "NAME", "ORIGINS", "PLACES", "CHANGED", "ROTATE"], &rows)
}
