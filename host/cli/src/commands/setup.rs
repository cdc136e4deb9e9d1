//! `wirken setup`: a provider, its credential, a workspace. Asks, or takes everything from its options.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use wirken_config::{Agent, Config, Provider};
use wirken_gateway::folder::Folder;
use wirken_manifest::{Kind, Manifest};

use crate::args::Setup;
use crate::commands::{channel, credentials};
use crate::environment::Environment;
use crate::questions::{self, Answers};
use crate::shelf::Shelf;
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
    let shelf = Shelf::of(&folder);
    let manifest = choose_provider(&answers, &shelf, args.provider.as_deref())?;
    let given = questions::settings(&answers, &manifest, &args.settings)?;
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
    let provider = Provider { component: manifest.name.clone(), model, settings: given.clone(), options: options.unwrap_or_default() };
    // Whatever else was configured stays.
    let config = match &old {
        Some(old) => Config { provider, agent: Agent { workspace, ..old.agent.clone() }, ..old.clone() },
        None => Config { agent: Agent { workspace, ..Agent::default() }, ..Config::of(provider) },
    };
    // Read back as `run` will read it, so that what is written is right.
    let text = config.render()?;
    Config::parse(&text)?;
    parts::workspace(&folder, &config)?;
    shelf.whole(Kind::Provider, &manifest.name, &config, &given)?;

    if manifest.credentials.is_empty() && (args.credential_stdin || args.key_file) {
        bail!("the provider {} takes no credential: leave --credential-stdin and --key-file out", manifest.name);
    }
    let resolved = manifest.settings(&given)?;
    let mut secrets = Vec::new();
    for credential in manifest.own_credentials() {
        if let Some(secret) = questions::value(&answers, &manifest.name, credential, args.credential_stdin)? {
            secrets.push((credentials::record_for(&manifest.name, &manifest, &resolved, &credential.name)?, secret));
        }
    }
    if !secrets.is_empty() {
        let mut vault = match parts::open_vault(&folder, &args.unlock)? {
            Some(_) if args.key_file => bail!("there is a vault already, so --key-file changes nothing: leave it out"),
            Some(vault) => vault,
            None => parts::create_vault(&folder, questions::key_file(&answers, args.key_file, &args.unlock)?, &args.unlock)?,
        };
        for (record, secret) in secrets {
            credentials::add(&folder, &mut vault, record, &secret)?;
        }
    }
    let detail = serde_json::json!({ "model": config.provider.model, "settings": given });
    credentials::recorded(&folder, "set-up", &manifest.name, detail, || questions::write(&folder.config(), &text))?;
    output::note(format_args!("Wrote {}.", folder.config().display()));
    if answers.interactive {
        channel::offer(&answers, &folder, &args.unlock)?;
    }
    output::note("Ready: start with `wirken run`.");
    Ok(ExitCode::SUCCESS)
}

fn choose_provider(answers: &Answers, shelf: &Shelf, named: Option<&str>) -> anyhow::Result<Manifest> {
    let manifests = shelf.manifests(Kind::Provider)?;
    let names: Vec<&str> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let known = |name: &str| Ok(shelf.find(Kind::Provider, name)?.manifest);
    match named {
        Some(name) => known(name),
        None if answers.interactive => {
            for manifest in &manifests {
                output::note(format_args!("  {:<10} {}", manifest.name, manifest.description));
            }
            answers.ask_until("Provider", names.first().copied(), known)
        }
        None => bail!("--non-interactive needs --provider; there are {}", names.join(", ")),
    }
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
