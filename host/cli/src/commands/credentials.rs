//! `wirken credentials`: the keys that components' requests carry. A value comes in and never goes out again.

use std::io;
use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;
use serde_json::json;
use wirken_gateway::folder::Folder;
use wirken_ledger::{Batch, Chain, Ledger};
use wirken_manifest::{Kind, Manifest};
use wirken_secret::Secret;
use wirken_types::credential::{OriginPattern, Place};
use wirken_types::event::Event;
use wirken_vault::{NewRecord, RecordInfo, Vault};

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
            // Before a vault is made for it.
            let instead = "use --stdin or --value-file";
            let secret = match value_file {
                Some(path) => parts::credential(&parts::read_secret_file(&path)?)?,
                None if stdin => parts::read_credential(io::stdin().lock(), "stdin")?,
                None => parts::credential(&parts::prompt_secret(&format!("Value of {component}/{name}: "), instead)?)?,
            };
            let mut vault = match parts::open_vault(&folder, &unlock)? {
                Some(_) if key_file => bail!("there is a vault already, so --key-file changes nothing: leave it out"),
                Some(vault) => vault,
                None => parts::create_vault(&folder, key_file, &unlock)?,
            };
            add(&folder, &mut vault, record, &secret)?;
        }
        Credentials::List { unlock, report } => {
            let credentials = parts::open_vault(&folder, &unlock)?.map(|vault| vault.list()).unwrap_or_default();
            output::report(report.format, &Listed { credentials }, |listed| describe(&listed.credentials))?;
        }
        Credentials::Remove { component, name, unlock } => {
            let _lock = lock(&folder)?;
            let vault = parts::open_vault(&folder, &unlock)?;
            let Some(mut vault) = vault.filter(|vault| vault.holds(&component, &name)) else {
                bail!("there is no credential {component}/{name}: `wirken credentials list` names those there are");
            };
            recorded(&folder, "credential-removed", &component, json!({ "name": name }), || Ok(vault.remove(&component, &name)?))?;
            output::note(format_args!("Removed {component}/{name}."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps a credential and records that, without its value.
pub(crate) fn add(folder: &Folder, vault: &mut Vault, record: NewRecord, secret: &Secret) -> anyhow::Result<()> {
    let NewRecord { component, name, origins, places } = &record;
    let (component, name, origins, places) = (component.clone(), name.clone(), texts(origins), texts(places));
    let (action, verb) = if vault.holds(&component, &name) { ("credential-replaced", "Replaced") } else { ("credential-added", "Kept") };
    let detail = json!({ "name": name, "origins": origins, "places": places });
    recorded(folder, action, &component, detail, || Ok(vault.add(record, secret)?))?;
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
    record_for(manifest, &settings(folder, manifest)?, name, &origins, &places)
}

/// The same, for a component whose settings are known.
pub(crate) fn record_for(
    manifest: &Manifest,
    settings: &serde_json::Map<String, serde_json::Value>,
    name: &str,
    origins: &[OriginPattern],
    places: &[Place],
) -> anyhow::Result<NewRecord> {
    let component = manifest.name.clone();
    let Some(wanted) = manifest.credentials.iter().find(|credential| credential.name == name) else {
        let names: Vec<&str> = manifest.credentials.iter().map(|credential| credential.name.as_str()).collect();
        let known = if names.is_empty() { "it asks for none".into() } else { format!("it asks for {}", names.join(", ")) };
        bail!("{component} asks for no credential named {name:?}; {known}");
    };
    let asked = manifest.resolve(&wanted.origins, settings)?;
    let origins = if origins.is_empty() { asked.clone() } else { origins.to_vec() };
    if let Some(idle) = origins.iter().find(|origin| !asked.contains(origin)) {
        let asked = texts(&asked).join(", ");
        output::note(format_args!("{component} asks for {name} at {asked}: at {idle} it is used only once that is so there too."));
    }
    let places = if places.is_empty() { vec![wanted.place()?] } else { places.to_vec() };
    Ok(NewRecord { component, name: name.to_owned(), origins, places })
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
    parts::lock(folder, "stop it, change the credential, start it again")
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
