//! The parts that commands are put together from: the data folder, the configuration, the vault, the components.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value};
use wirken_config::Config;
use wirken_egress::{Authority, Egress, Held};
use wirken_engine::{CacheEvent, Engine, Options};
use wirken_gateway::channel::Account;
use wirken_gateway::control::CallFailed;
use wirken_gateway::folder::{Folder, FolderError, Lock};
use wirken_gateway::{Gateway, Outward, Parts, Sandbox, control};
use wirken_ledger::{Batch, Blobs, Chain, Ledger, Reader};
use wirken_manifest::Manifest;
use wirken_secret::{Scanner, Secret};
use wirken_store::Store;
use wirken_types::event::Event;
use wirken_types::provider::Target;
use wirken_vault::{KeyKind, KeySource, Sealer, Vault};

use crate::args::Unlock;
use crate::channels::Hosts;
use crate::environment::{self, Environment};
use crate::network::Network;
use crate::provider::{MadeOf, Provider};
use crate::shelf::Shelf;
use crate::skills::OwnSkills;
use crate::tooling::Tooling;
use crate::{output, programs};

/// How long what is under way may take to end once a command is over.
pub(crate) const SHUTDOWN: Duration = Duration::from_secs(2);

/// A passphrase or a credential is not longer.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The data folder.
pub(crate) fn folder(environment: &Environment) -> anyhow::Result<Folder> {
    let root = environment
        .data_dir
        .as_deref()
        .ok_or_else(|| anyhow!("there is no home folder: name a data folder with {}", environment::DATA_DIR))?;
    Ok(Folder::open(root)?)
}

pub(crate) fn config(folder: &Folder) -> anyhow::Result<Config> {
    let path = folder.config();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => bail!("wirken is not set up here yet: run `wirken setup`"),
        Err(error) => return Err(error).with_context(|| format!("could not read {}", path.display())),
    };
    Config::parse(&text).with_context(|| format!("{} is not right", path.display()))
}

/// Takes the data folder, or says who has it and what to do about it.
pub(crate) fn lock(folder: &Folder, with_gateway: &str) -> anyhow::Result<Lock> {
    match take(folder)? {
        Taken::Lock(lock) => Ok(lock),
        Taken::ByGateway { holder } => bail!("the gateway runs (process {holder}): {with_gateway}"),
    }
}

/// Takes the data folder; none where a gateway runs, which is to be asked instead.
pub(crate) fn lock_unless_gateway(folder: &Folder) -> anyhow::Result<Option<Lock>> {
    Ok(match take(folder)? {
        Taken::Lock(lock) => Some(lock),
        Taken::ByGateway { .. } => None,
    })
}

enum Taken {
    Lock(Lock),
    ByGateway { holder: String },
}

fn take(folder: &Folder) -> anyhow::Result<Taken> {
    match folder.lock() {
        Err(FolderError::Locked { holder, .. }) => {
            match small_runtime()?.block_on(control::call(&folder.control(), &control::Request::Status)) {
                Ok(_) => Ok(Taken::ByGateway { holder }),
                Err(CallFailed::NotRunning) => {
                    bail!("another wirken command (process {holder}) is using the data folder: wait until it is done")
                }
                Err(error) => Err(error.into()),
            }
        }
        other => Ok(Taken::Lock(other?)),
    }
}

pub(crate) fn engine(folder: &Folder) -> anyhow::Result<Engine> {
    Ok(Engine::new(&Options { cache: Some(folder.cache()), ..Options::default() })?)
}

/// A secret from a prompt on the terminal; `instead` says what to do where there is none.
pub(crate) fn prompt_secret(prompt: &str, instead: &str) -> anyhow::Result<Secret> {
    if !io::stdin().is_terminal() {
        bail!("there is no terminal to ask on: {instead}");
    }
    Ok(Secret::from_string(rpassword::prompt_password(prompt)?))
}

/// A secret from stdin or a file, without the line break at its end.
pub(crate) fn read_secret(from: impl Read, name: &str) -> anyhow::Result<Secret> {
    let mut bytes = Vec::new();
    from.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes).with_context(|| format!("could not read {name}"))?;
    if bytes.len() as u64 > MAX_SECRET_BYTES {
        bail!("{name} holds more than {MAX_SECRET_BYTES} bytes: that is no secret");
    }
    Ok(Secret::trimmed(bytes))
}

pub(crate) fn read_secret_file(path: &Path) -> anyhow::Result<Secret> {
    let file = fs::File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    read_secret(file, &path.display().to_string())
}

/// A credential from stdin or a file. White space around it is no part of it: HTTP drops it, and the search for leaks
/// would look for what never leaves.
pub(crate) fn read_credential(from: impl Read, name: &str) -> anyhow::Result<Secret> {
    credential(&read_secret(from, name)?)
}

pub(crate) fn credential(typed: &Secret) -> anyhow::Result<Secret> {
    let value = typed.expose().trim_ascii();
    if value.iter().any(|byte| byte.is_ascii_control()) {
        bail!("the value holds line breaks or control characters: paste the credential alone");
    }
    Ok(Secret::checked(value.to_vec())?)
}

/// The vault, where there is one. Asks for its passphrase when nothing else tells it.
pub(crate) fn open_vault(folder: &Folder, unlock: &Unlock) -> anyhow::Result<Option<Vault>> {
    let Some(kind) = Vault::key_kind(&folder.vault())? else { return Ok(None) };
    let source = match (kind, &unlock.passphrase_file) {
        (KeyKind::KeyFile, None) => KeySource::KeyFile,
        (KeyKind::KeyFile, Some(_)) => bail!("the vault has a key file and no passphrase: leave --passphrase-file out"),
        (KeyKind::Passphrase, Some(path)) => KeySource::Passphrase(read_secret_file(path)?),
        (KeyKind::Passphrase, None) => {
            KeySource::Passphrase(prompt_secret("Passphrase of the vault: ", "name a file that holds it with --passphrase-file")?)
        }
    };
    if kind == KeyKind::Passphrase {
        output::note("Opening the vault …");
    }
    Ok(Some(Vault::open(&folder.vault(), &source)?))
}

/// A new vault: under a passphrase, asked for twice, unless the human chose a key file.
pub(crate) fn create_vault(folder: &Folder, key_file: bool, unlock: &Unlock) -> anyhow::Result<Vault> {
    let source = if key_file {
        KeySource::KeyFile
    } else if let Some(path) = &unlock.passphrase_file {
        KeySource::Passphrase(read_secret_file(path)?)
    } else {
        let instead = "choose --passphrase-file FILE, or --key-file to keep the key in a file that only you can read";
        loop {
            let first = prompt_secret("New passphrase for the vault: ", instead)?;
            let again = prompt_secret("The same once more: ", instead)?;
            if first.expose() == again.expose() {
                break KeySource::Passphrase(first);
            }
            output::note("The two differ: once again.");
        }
    };
    if matches!(source, KeySource::Passphrase(_)) {
        output::note("Making the vault …");
    }
    Ok(Vault::create(&folder.vault(), &source)?)
}

/// The folder that the agent works in, made where it is ours to make.
pub(crate) fn workspace(folder: &Folder, config: &Config) -> anyhow::Result<PathBuf> {
    let path = config.agent.workspace.clone().unwrap_or_else(|| folder.workspace());
    if config.agent.workspace.is_none() {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).with_context(|| format!("could not make {}", path.display()))?;
    }
    let path = fs::canonicalize(&path).with_context(|| format!("the workspace {} cannot be used", path.display()))?;
    if folder.root().starts_with(&path) {
        bail!(
            "the workspace {} holds the data folder itself: the agent could read everything in it; choose another with `wirken setup --workspace`",
            path.display()
        );
    }
    if path.starts_with(folder.root()) && path != folder.workspace() {
        bail!("the workspace {} is inside the data folder: choose one outside of it", path.display());
    }
    Ok(path)
}

/// Everything that answers: the ledger open for writing, the model, the tools.
pub(crate) struct Assembly {
    pub(crate) gateway: Gateway,
    pub(crate) ledger: Ledger,
    /// The configured channels, and what encrypts their state.
    pub(crate) accounts: Vec<Account>,
    pub(crate) sealer: Option<Sealer>,
    /// Open for as long as this lasts: only who holds the lock may change what is in it.
    pub(crate) vault: Option<Vault>,
    pub(crate) provider: Provider,
    pub(crate) network: Network,
    pub(crate) sandbox: Sandbox,
    pub(crate) tooling: Tooling,
    pub(crate) hosts: Hosts,
}

/// Puts the gateway together. The caller holds the data folder's lock.
pub(crate) async fn assemble(
    environment: &Environment,
    folder: &Folder,
    config: &Config,
    unlock: &Unlock,
    with_channels: bool,
) -> anyhow::Result<Assembly> {
    let home = environment.home.clone();
    let network = Network::read(config)?;
    let vault = open_vault(folder, unlock)?;
    let engine = engine(folder)?;
    let path = wirken_ledger::path_in(folder.root());
    let ledger = Ledger::open(&path, wirken_ledger::Options::default())?;
    let (reader, history) = (Reader::open(&path)?, Reader::open(&path)?);

    let shelf = Shelf::of(folder);
    let scanner = Arc::new(match &vault {
        Some(vault) => Scanner::new(vault.secrets())?,
        None => Scanner::empty(),
    });
    let egress = Egress::new(wirken_egress::Options {
        scanner: Arc::clone(&scanner),
        extra_roots: network.roots.clone(),
        proxy: network.proxy(vault.as_ref())?,
        ..wirken_egress::Options::default()
    });
    let blobs = files(folder, config, &reader)?;
    let made_of = MadeOf {
        engine: engine.clone(),
        shelf: shelf.clone(),
        config: config.clone(),
        egress: egress.clone(),
        ledger: ledger.clone(),
        files: blobs.clone(),
    };
    let (provider, info) = Provider::load(made_of, vault.as_ref())?;
    let mut components = vec![info];
    let workspace = workspace(folder, config)?;
    let (tooling, infos) = Tooling::load(&engine, shelf.clone(), config, workspace.clone(), vault.as_ref()).await?;
    components.extend(infos);
    for (name, why) in tooling.resting() {
        output::note(format_args!("The component {name} is not in use: {why}. `wirken component inspect {name}` tells more."));
    }
    let sandbox = programs::sandbox(folder, config, home);
    let hosts = Hosts { engine, shelf, config: config.clone() };
    let accounts = if with_channels { hosts.accounts(vault.as_ref()) } else { Vec::new() };
    components.extend(accounts.iter().filter_map(|account| account.hosted.as_ref().ok()).map(|hosted| hosted.plugin.info().clone()));
    record_rejected(&ledger, &components).await?;
    let sealer = vault.as_ref().map(|vault| vault.sealer("channel-state"));

    let outward = {
        let tooling = tooling.clone();
        Outward { egress, authority: Box::new(move |component| tooling.authority(component)) }
    };
    let skills = OwnSkills::new(environment, folder, config, &workspace, sandbox.clone());
    let instructions = config.instructions().to_owned();
    let gateway = Gateway::start(Parts {
        ledger: ledger.clone(),
        reader,
        history,
        model: provider.model(),
        tools: tooling.catalogue(),
        instructions,
        scanner,
        policy: programs::policy(folder, config, workspace),
        sandbox: Arc::new(sandbox.clone()),
        outward,
        store: Some(Store::open(&Store::path_in(folder.root()))?),
        blobs: Some(blobs),
        policies: tooling.policies(),
        skills: Arc::new(skills),
    });
    Ok(Assembly { gateway, ledger, accounts, sealer, vault, provider, network, sandbox, tooling, hosts })
}

/// Where the files of messages are kept. What no row names any more is removed.
fn files(folder: &Folder, config: &Config, reader: &Reader) -> anyhow::Result<Blobs> {
    let named = match reader.named_blobs(None) {
        Ok(named) => Some(named.into_iter().map(|named| named.digest).collect()),
        Err(error) => {
            output::note(format_args!("Files that nothing names are kept for now: {error}. `wirken audit verify` says more."));
            None
        }
    };
    Ok(Blobs::open(&Blobs::path_in(folder.root()), config.media.total_bytes(), named.as_ref())?)
}

/// A compiled component that this installation did not write is a sign of somebody else's hand.
async fn record_rejected(ledger: &Ledger, components: &[wirken_plugin::Info]) -> anyhow::Result<()> {
    for info in components.iter().filter(|info| info.cache.event == CacheEvent::Rejected) {
        let detail = serde_json::json!({ "digest": info.digest, "reason": info.cache.detail });
        let event = Event::System { action: "compiled-component-rejected".into(), subject: info.name.clone(), detail };
        ledger.append(Batch::of(Chain::System, [event])).await?;
        let reason = info.cache.detail.as_deref().unwrap_or_default();
        output::note(format_args!("The compiled copy of {} was thrown away and made again: {reason}.", info.name));
    }
    Ok(())
}

/// Where a provider's requests go, under these settings.
pub(crate) fn target(settings: &Map<String, Value>) -> Target {
    Target {
        base_url: settings.get("base-url").and_then(Value::as_str).unwrap_or_default().to_owned(),
        settings: Value::Object(settings.clone()).to_string(),
    }
}

/// What a component's requests may do, from its manifest, the human's settings and the vault's records. `label` is whose
/// credentials they carry: a provider's name, or that of a channel's account.
pub(crate) fn hold(
    label: &str,
    manifest: &Manifest,
    given: &Map<String, Value>,
    settings: &Map<String, Value>,
    vault: Option<&Vault>,
) -> anyhow::Result<Authority> {
    let mut records = BTreeMap::new();
    for credential in manifest.own_credentials() {
        let record = vault.map(|vault| vault.get(label, &credential.name)).transpose()?.flatten();
        records.extend(record.map(|record| (credential.name.as_str(), record)));
    }
    let held = |name: &str| {
        records.get(name).map(|record: &wirken_vault::Credential| Held {
            origins: record.origins.clone(),
            places: record.places.clone(),
            secret: Arc::clone(&record.secret),
        })
    };
    Ok(Authority::for_component(label, manifest, given, settings, held)?)
}

/// The reading side of the ledger; none on a new installation.
pub(crate) fn reader(folder: &Folder) -> anyhow::Result<Option<Reader>> {
    match Reader::open(&wirken_ledger::path_in(folder.root())) {
        Ok(reader) => Ok(Some(reader)),
        Err(wirken_ledger::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A runtime for a command that is done soon.
pub(crate) fn small_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The runtime of the gateway.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
