//! `wirken setup`: a provider, its credential, a workspace. Asks, or takes everything from its options.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value};
use wirken_config::{Agent, Config, Provider};
use wirken_gateway::folder::Folder;
use wirken_manifest::{Credential, Kind, Manifest};
use wirken_secret::Secret;

use crate::args::Setup;
use crate::commands::credentials;
use crate::environment::Environment;
use crate::{output, parts};

pub(crate) fn run(environment: &Environment, args: Setup) -> anyhow::Result<ExitCode> {
    let folder = parts::folder(environment)?;
    let _lock = folder.lock()?;
    if folder.config().exists() && !args.force {
        bail!("{} is there already: add --force to replace it", folder.config().display());
    }
    if !args.non_interactive && !io::stdin().is_terminal() {
        bail!("there is no terminal to ask on: use --non-interactive with --provider and what it needs");
    }
    let answers = Answers { interactive: !args.non_interactive };
    // Everything is asked and checked before anything is written.
    let manifests: Vec<Manifest> = parts::packages(Kind::Provider)?.into_iter().map(|package| package.manifest).collect();
    let manifest = choose_provider(&answers, &manifests, args.provider.as_deref())?;
    let given = settings(&answers, &manifest, &args.settings)?;
    let model = match args.model {
        Some(model) => model,
        None if answers.interactive => answers
            .ask("Model, as the endpoint names it", Some(&manifest.name).filter(|_| manifest.credentials.is_empty()).map(String::as_str))?,
        None if manifest.credentials.is_empty() => manifest.name.clone(),
        None => bail!("the provider {} needs --model", manifest.name),
    };
    let workspace = workspace(&answers, &folder, args.workspace)?;
    let old = parts::config(&folder).ok();
    let options = old.as_ref().filter(|old| old.provider.component == manifest.name).map(|old| old.provider.options.clone());
    let config = Config {
        provider: Provider { component: manifest.name.clone(), model, settings: given.clone(), options: options.unwrap_or_default() },
        agent: Agent { instructions: old.as_ref().and_then(|old| old.agent.instructions.clone()), workspace },
        webchat: old.map(|old| old.webchat).unwrap_or_default(),
    };
    // Read back as `run` will read it, so that what is written is right.
    let text = config.render()?;
    Config::parse(&text)?;
    parts::workspace(&folder, &config)?;

    if manifest.credentials.is_empty() && (args.credential_stdin || args.key_file) {
        bail!("the provider {} takes no credential: leave --credential-stdin and --key-file out", manifest.name);
    }
    let resolved = manifest.settings(&given)?;
    let mut secrets = Vec::new();
    for credential in &manifest.credentials {
        if let Some(secret) = value(&answers, &manifest, credential, args.credential_stdin)? {
            secrets.push((credentials::record_for(&manifest, &resolved, &credential.name, &[], &[])?, secret));
        }
    }
    if !secrets.is_empty() {
        let mut vault = match parts::open_vault(&folder, &args.unlock)? {
            Some(_) if args.key_file => bail!("there is a vault already, so --key-file changes nothing: leave it out"),
            Some(vault) => vault,
            None => parts::create_vault(&folder, key_file(&answers, args.key_file, &args.unlock)?, &args.unlock)?,
        };
        for (record, secret) in secrets {
            credentials::add(&folder, &mut vault, record, &secret)?;
        }
    }
    let detail = serde_json::json!({ "model": config.provider.model, "settings": given });
    credentials::recorded(&folder, "set-up", &manifest.name, detail, || write(&folder.config(), &text))?;
    output::note(format_args!("Wrote {}.", folder.config().display()));
    output::note("Ready: start with `wirken run`.");
    Ok(ExitCode::SUCCESS)
}

fn choose_provider(answers: &Answers, manifests: &[Manifest], named: Option<&str>) -> anyhow::Result<Manifest> {
    let names: Vec<&str> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let known = |name: &str| Ok(parts::package(Kind::Provider, name)?.manifest);
    match named {
        Some(name) => known(name),
        None if answers.interactive => {
            for manifest in manifests {
                output::note(format_args!("  {:<10} {}", manifest.name, manifest.description));
            }
            answers.ask_until("Provider", names.first().copied(), known)
        }
        None => bail!("--non-interactive needs --provider; there are {}", names.join(", ")),
    }
}

/// The human's settings: only those that differ from the defaults are written.
fn settings(answers: &Answers, manifest: &Manifest, typed: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut given = Map::new();
    for pair in typed {
        let (key, text) = pair.split_once('=').ok_or_else(|| anyhow!("--setting takes KEY=VALUE, and {pair:?} has no '='"))?;
        given.insert(key.to_owned(), setting_value(manifest, key, text));
    }
    let checked = |given: Map<String, Value>| {
        manifest.network_origins(&manifest.settings(&given)?)?;
        anyhow::Ok(given)
    };
    if answers.interactive {
        for key in asked_settings(manifest).filter(|key| !given.contains_key(*key)).map(str::to_owned).collect::<Vec<_>>() {
            let default = property(manifest, &key).and_then(|property| property.get("default")).and_then(Value::as_str);
            given = answers.ask_until(&key, default, |text| {
                let mut given = given.clone();
                if Some(text) != default {
                    given.insert(key.clone(), setting_value(manifest, &key, text));
                }
                checked(given)
            })?;
        }
    }
    checked(given)
}

/// Settings that say where requests go: a person confirms these.
fn asked_settings(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.network.origins.iter().filter_map(|origin| origin.strip_prefix("{settings.")?.strip_suffix('}'))
}

fn property<'a>(manifest: &'a Manifest, key: &str) -> Option<&'a Value> {
    manifest.settings.get("properties")?.get(key)
}

/// Text stays text where the schema says so; a number or a boolean becomes one.
fn setting_value(manifest: &Manifest, key: &str, text: &str) -> Value {
    let is_text =
        property(manifest, key).and_then(|property| property.get("type")).and_then(Value::as_str).is_none_or(|kind| kind == "string");
    if is_text { Value::String(text.to_owned()) } else { serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())) }
}

fn workspace(answers: &Answers, folder: &Folder, typed: Option<PathBuf>) -> anyhow::Result<Option<PathBuf>> {
    let found =
        |path: &Path| fs::canonicalize(path).with_context(|| format!("the workspace {} cannot be used: make it first", path.display()));
    match typed {
        Some(path) => found(&path).map(Some),
        None if answers.interactive => {
            let default = folder.workspace().display().to_string();
            answers.ask_until("Folder that the agent works in", Some(&default), |text| {
                (text != default).then(|| found(Path::new(text))).transpose()
            })
        }
        None => Ok(None),
    }
}

fn value(answers: &Answers, manifest: &Manifest, credential: &Credential, stdin: bool) -> anyhow::Result<Option<Secret>> {
    if stdin {
        return parts::read_credential(io::stdin().lock(), "stdin").map(Some);
    }
    if answers.interactive {
        let description = credential.description.trim_end_matches('.');
        let hint = if credential.optional { ", or nothing for none" } else { "" };
        loop {
            let typed = parts::prompt_secret(&format!("{description} ({}{hint}): ", credential.name), "use --credential-stdin")?;
            if typed.is_empty() && credential.optional {
                return Ok(None);
            }
            match parts::credential(&typed) {
                Ok(secret) => return Ok(Some(secret)),
                Err(error) => output::note(format_args!("{error:#}.")),
            }
        }
    }
    if !credential.optional {
        output::note(format_args!("Keep its credential next: `wirken credentials add {} {}`.", manifest.name, credential.name));
    }
    Ok(None)
}

/// How a new vault keeps its key. Only a person who is asked, or an option, chooses a file.
fn key_file(answers: &Answers, chosen: bool, unlock: &crate::args::Unlock) -> anyhow::Result<bool> {
    if chosen || unlock.passphrase_file.is_some() {
        return Ok(chosen);
    }
    if !answers.interactive {
        bail!(
            "the credential needs a vault: choose --passphrase-file FILE, or --key-file to keep its key in a file that only you can read"
        );
    }
    let question = "Keep the vault under a passphrase (p), or its key in a file that only you can read (f)";
    answers.ask_until(question, Some("p"), |text| match text {
        "p" => Ok(false),
        "f" => Ok(true),
        other => Err(anyhow!("{other:?} is neither p nor f")),
    })
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let partial = path.with_extension("toml.partial");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)
        .with_context(|| format!("could not write {}", partial.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path).with_context(|| format!("could not write {}", path.display()))
}

/// Who is asked.
struct Answers {
    interactive: bool,
}

impl Answers {
    /// Asks until the answer is one that can be taken.
    fn ask_until<T>(&self, question: &str, default: Option<&str>, mut take: impl FnMut(&str) -> anyhow::Result<T>) -> anyhow::Result<T> {
        loop {
            match take(&self.ask(question, default)?) {
                Ok(taken) => return Ok(taken),
                Err(error) => output::note(format_args!("{error:#}.")),
            }
        }
    }

    /// One line from the terminal; an empty one means the default.
    fn ask(&self, question: &str, default: Option<&str>) -> anyhow::Result<String> {
        loop {
            let mut out = io::stderr().lock();
            match default {
                Some(default) => write!(out, "{question} [{default}]: ")?,
                None => write!(out, "{question}: ")?,
            }
            out.flush()?;
            drop(out);
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                bail!("the questions were not answered: nothing was changed");
            }
            match (line.trim(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => output::note("An answer is needed."),
                (text, _) => return Ok(text.to_owned()),
            }
        }
    }
}
