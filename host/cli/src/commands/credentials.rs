//! `wirken credentials`: the keys that components' requests carry. A value comes in and never goes out again.

use std::io;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::json;
use wirken_gateway::folder::{Folder, FolderError};
use wirken_ledger::{Batch, Chain, Ledger};
use wirken_manifest::{Kind, Manifest};
use wirken_secret::Secret;
use wirken_types::credential::{OriginPattern, Place};
use wirken_types::event::Event;
use wirken_vault::{Added, NewRecord, RecordInfo, Vault};

use crate::args::Credentials;
use crate::environment::Environment;
use crate::{output, parts};

#[derive(Serialize)]
struct Listed {
    credentials: Vec<RecordInfo>,
}

pub(crate) fn run(environment: &Environment, args: Credentials) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    match args {
        Credentials::Add { component, name, origins, places, stdin, value_file, key_file, unlock } => {
            let _lock = lock(&folder)?;
            let record = record(&folder, &component, &name, &origins, &places)?;
            let mut vault = match parts::open_vault(&folder, &unlock)? {
                Some(vault) => vault,
                None => parts::create_vault(&folder, key_file, &unlock)?,
            };
            let secret = match value_file {
                Some(path) => parts::read_secret_file(&path)?,
                None if stdin => parts::read_secret(io::stdin().lock(), "stdin")?,
                None => parts::prompt_secret(&format!("Value of {component}/{name}: "))?,
            };
            add(&folder, &mut vault, record, &secret)?;
        }
        Credentials::List { unlock, report } => {
            let credentials = parts::open_vault(&folder, &unlock)?.map(|vault| vault.list()).unwrap_or_default();
            output::report(report.format, &Listed { credentials }, |listed| describe(&listed.credentials))?;
        }
        Credentials::Remove { component, name, unlock } => {
            let _lock = lock(&folder)?;
            let removed = match parts::open_vault(&folder, &unlock)? {
                Some(mut vault) => vault.remove(&component, &name)?,
                None => false,
            };
            if !removed {
                bail!("there is no credential {component}/{name}: `wirken credentials list` names those there are");
            }
            note(&folder, "credential-removed", &component, &name, &[], &[])?;
            output::note(format_args!("Removed {component}/{name}."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps a credential and records that, without its value.
pub(crate) fn add(folder: &Folder, vault: &mut Vault, record: NewRecord, secret: &Secret) -> anyhow::Result<()> {
    let NewRecord { component, name, origins, places } = &record;
    let (component, name, origins, places) = (component.clone(), name.clone(), texts(origins), texts(places));
    let added = vault.add(record, secret)?;
    let (action, verb) = match added {
        Added::Added => ("credential-added", "Kept"),
        Added::Replaced => ("credential-replaced", "Replaced"),
    };
    note(folder, action, &component, &name, &origins, &places)?;
    output::note(format_args!("{verb} {component}/{name}: it goes to {} as {}, and nowhere else.", origins.join(", "), places.join(", ")));
    Ok(())
}

/// The record to keep: what the human said, and else what the component asks for under its present settings.
pub(crate) fn record(folder: &Folder, component: &str, name: &str, origins: &[String], places: &[String]) -> anyhow::Result<NewRecord> {
    let origins: Vec<OriginPattern> = origins.iter().map(|text| OriginPattern::parse(text)).collect::<Result<_, _>>()?;
    let places: Vec<Place> = places.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let packages = parts::all_packages()?;
    let manifest = packages.iter().map(|package| &package.manifest).find(|manifest| manifest.name == component);
    let Some(manifest) = manifest else {
        let names: Vec<&str> = packages.iter().map(|package| package.manifest.name.as_str()).collect();
        bail!("there is no component named {component:?}; there are {}", names.join(", "));
    };
    let Some(wanted) = manifest.credentials.iter().find(|credential| credential.name == name) else {
        let names: Vec<&str> = manifest.credentials.iter().map(|credential| credential.name.as_str()).collect();
        let known = if names.is_empty() { "it asks for none".into() } else { format!("it asks for {}", names.join(", ")) };
        bail!("{component} asks for no credential named {name:?}; {known}");
    };
    let origins = if origins.is_empty() { manifest.resolve(&wanted.origins, &settings(folder, manifest)?)? } else { origins };
    let places = if places.is_empty() { vec![wanted.place()?] } else { places };
    Ok(NewRecord { component: component.to_owned(), name: name.to_owned(), origins, places })
}

/// The component's settings as they are configured, or its defaults where another one is configured.
fn settings(folder: &Folder, manifest: &Manifest) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
    let given = match parts::config(folder) {
        Ok(config) if manifest.kind == Kind::Provider && config.provider.component == manifest.name => config.provider.settings,
        _ => serde_json::Map::new(),
    };
    Ok(manifest.settings(&given)?)
}

fn lock(folder: &Folder) -> anyhow::Result<wirken_gateway::folder::Lock> {
    match folder.lock() {
        Err(FolderError::Locked { holder, .. }) => {
            bail!("the gateway runs (process {holder}): stop it, change the credential, start it again")
        }
        other => Ok(other?),
    }
}

fn note(folder: &Folder, action: &str, component: &str, name: &str, origins: &[String], places: &[String]) -> anyhow::Result<()> {
    let ledger = Ledger::open(&wirken_ledger::path_in(folder.root()), wirken_ledger::Options::default())?;
    let detail = json!({ "name": name, "origins": origins, "places": places });
    let event = Event::System { action: action.into(), subject: component.into(), detail };
    parts::small_runtime()?
        .block_on(async {
            ledger.append(Batch::of(Chain::System, [event])).await?;
            ledger.close().await
        })
        .context("the change was made but could not be recorded")
}

fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn describe(credentials: &[RecordInfo]) -> String {
    if credentials.is_empty() {
        return "No credential is kept. Add one with `wirken credentials add COMPONENT NAME`.".into();
    }
    let rows: Vec<Vec<String>> = credentials
        .iter()
        .map(|record| {
            let state = record.problem.clone().unwrap_or_else(|| output::time(record.rotated));
            vec![record.component.clone(), record.name.clone(), record.origins.join(" "), record.places.join(" "), state]
        })
        .collect();
    output::table(&["COMPONENT", "NAME", "ORIGINS", "PLACES", "CHANGED"], &rows)
}
