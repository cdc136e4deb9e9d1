//! From two descriptors to a confined process that is known to its gateway. One thread, and no runtime yet.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use wirken_bindings::ChannelPre;
use wirken_egress::{Authority, Egress, Held, ProxyOptions};
use wirken_engine::{Engine, Limits, Options};
use wirken_manifest::Manifest;
use wirken_sandbox::{Confinement, Report};
use wirken_secret::Scanner;
use wirken_types::Digest;
use wirken_types::channel::State;
use wirken_wire::{
    AdapterHandshake, AdapterStep, BOOT_DESCRIPTOR, Boot, CODE_DESCRIPTOR, Credential, Frames, NONCE_BYTES, Network, Refusal, frame, limits,
};
use zeroize::Zeroizing;

/// What a response may have, in bytes: a component holds all of it.
pub(crate) const RESPONSE_BYTES: u64 = 16 * 1024 * 1024;
/// A gateway that does not answer by then is stuck.
const PATIENCE: Duration = Duration::from_secs(10);
/// Read at once during the handshake.
const READ_BYTES: usize = 16 * 1024;
/// Where names of hosts are looked up. The folders hold what `/etc/resolv.conf` often leads to: there a file may be
/// replaced when the network changes, and is another file then.
const NAMES: [&str; 5] = ["/etc/resolv.conf", "/etc/hosts", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf"];

/// Why the process cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("this is the process of a channel, which the gateway starts by itself: run `wirken run`")]
    NotAChild(#[source] io::Error),
    #[error("what the gateway told cannot be used: {0}")]
    Told(String),
    #[error("the component cannot be loaded: {0}")]
    Component(String),
    #[error("the gateway cannot be reached at {path}: {source}")]
    Connect { path: String, source: io::Error },
    #[error("the gateway refused this process: {0}")]
    Refused(Refusal),
    #[error("what answers at the gateway's socket is not the gateway: {0}")]
    Impostor(Refusal),
    #[error("the process cannot be confined: {0}")]
    Confine(#[from] wirken_sandbox::Error),
    #[error("the runtime does not start: {0}")]
    Runtime(io::Error),
}

/// All that the runtime needs.
pub(crate) struct Started {
    pub(crate) component: ChannelPre,
    pub(crate) limits: Limits,
    pub(crate) settings: String,
    pub(crate) state: Vec<State>,
    pub(crate) egress: Egress,
    pub(crate) authority: Authority,
    pub(crate) stream: UnixStream,
    pub(crate) frames: Frames,
    pub(crate) report: Report,
    /// Whether what the kernel lacks keeps the component from being run.
    pub(crate) require_sandbox: bool,
}

pub(crate) fn start(parent: u32) -> Result<Started, StartError> {
    wirken_sandbox::die_with_parent(parent)?;
    let boot = wirken_sandbox::inherited(BOOT_DESCRIPTOR).map_err(StartError::NotAChild)?;
    let code = wirken_sandbox::inherited(CODE_DESCRIPTOR).map_err(StartError::NotAChild)?;
    let boot = read(boot)?;
    let manifest = Manifest::parse(&boot.manifest).map_err(|error| told(&error))?;
    let given: Map<String, Value> = serde_json::from_str(&boot.settings).map_err(|error| told(&error))?;
    let settings = manifest.settings(&given).map_err(|error| told(&error))?;
    let authority = authority(&boot, &manifest, &given, &settings)?;
    let scanner = scanner(&boot)?;
    let proxy = proxy(&boot.network)?;

    let component = |error: &dyn std::fmt::Display| StartError::Component(format!("{error:#}"));
    let engine = Engine::new(&Options { compiles: false, concurrent_calls: 1, ..Options::default() }).map_err(|error| component(&error))?;
    let code = engine.adopt(&code, Digest::ZERO).map_err(|error| component(&error))?;
    let version = wirken_bindings::offered(ChannelPre::VERSIONS, &manifest.world)
        .ok_or_else(|| StartError::Component(format!("the world {} is not offered", manifest.world)))?;
    let pre = ChannelPre::new(version, &engine, &code).map_err(|error| component(&error))?;

    let connect = |source| StartError::Connect { path: boot.socket.clone(), source };
    let mut stream = UnixStream::connect(&boot.socket).map_err(connect)?;
    stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE))).map_err(connect)?;
    let mut frames = Frames::new();
    let state = prove(&mut stream, &mut frames, &boot)?;

    let report = wirken_sandbox::harden(&Confinement { readable: NAMES.map(PathBuf::from).to_vec() })?;
    let mut options = wirken_egress::Options {
        scanner: Arc::new(scanner),
        extra_roots: boot.network.roots.clone(),
        proxy,
        ..wirken_egress::Options::default()
    };
    // What goes on to the gateway as it comes may be larger than what a component is given.
    options.limits.response_body = RESPONSE_BYTES.max(wirken_types::media::MAX_BYTES);
    Ok(Started {
        component: pre,
        limits: Limits::asked(&manifest.limits),
        settings: Value::Object(settings).to_string(),
        state,
        egress: Egress::new(options),
        authority,
        stream,
        frames,
        report,
        require_sandbox: boot.require_sandbox,
    })
}

fn told(error: &dyn std::fmt::Display) -> StartError {
    StartError::Told(error.to_string())
}

/// To the end, into one buffer: one that grows leaves copies of secrets behind.
fn read(pipe: OwnedFd) -> Result<Boot, StartError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limits::MAX_BOOT_BYTES + 1));
    File::from(pipe).take(limits::MAX_BOOT_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| told(&error))?;
    Boot::decode(bytes).map_err(|error| told(&error))
}

fn authority(boot: &Boot, manifest: &Manifest, given: &Map<String, Value>, settings: &Map<String, Value>) -> Result<Authority, StartError> {
    let mut problem = None;
    let mut record = |name: &str| {
        let credential = boot.credentials.iter().find(|credential| credential.name == name)?;
        held(credential).map_err(|error| problem = Some(error)).ok()
    };
    let authority = Authority::for_component(&boot.account, manifest, given, settings, &mut record).map_err(|error| told(&error))?;
    match problem {
        Some(problem) => Err(problem),
        None => Ok(authority),
    }
}

fn held(credential: &Credential) -> Result<Held, StartError> {
    let origins = credential.origins.iter().map(|text| text.parse()).collect::<Result<_, _>>();
    let places = credential.places.iter().map(|text| text.parse()).collect::<Result<_, _>>();
    match (origins, places) {
        (Ok(origins), Ok(places)) => Ok(Held { origins, places, secret: Arc::clone(&credential.secret) }),
        _ => Err(StartError::Told(format!("the credential {} is bound to what this version does not know", credential.name))),
    }
}

fn proxy(network: &Network) -> Result<Option<ProxyOptions>, StartError> {
    let Some(proxy) = &network.proxy else { return Ok(None) };
    let password = network.proxy_password.as_ref().map(held).transpose()?;
    Ok(Some(ProxyOptions { proxy: proxy.parse().map_err(|error| told(&error))?, user: network.proxy_user.clone(), password }))
}

fn scanner(boot: &Boot) -> Result<Scanner, StartError> {
    let own = boot.credentials.iter().map(|credential| (format!("{}/{}", boot.account, credential.name), credential));
    let proxy = boot.network.proxy_password.iter().map(|credential| (format!("network/{}", credential.name), credential));
    Scanner::new(own.chain(proxy).map(|(label, credential)| (label, Arc::clone(&credential.secret)))).map_err(|error| told(&error))
}

/// The handshake: the state that the gateway keeps for this account.
fn prove(stream: &mut UnixStream, frames: &mut Frames, boot: &Boot) -> Result<Vec<State>, StartError> {
    let lost = |source| StartError::Connect { path: boot.socket.clone(), source };
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| lost(io::Error::other(error.to_string())))?;
    let mut handshake = AdapterHandshake::new(boot.account.clone(), &boot.key, boot.gateway, nonce).map_err(|error| told(&error))?;
    let say = |stream: &mut UnixStream, message: &[u8]| {
        let framed = frame(message).map_err(|error| told(&error))?;
        stream.write_all(&framed).map_err(lost)
    };
    say(stream, &handshake.hello())?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let step = match frames.next_frame().map_err(|error| StartError::Impostor(error.into()))? {
            Some(message) => handshake.take(message).map_err(StartError::Impostor)?,
            None => {
                let count = stream.read(&mut buffer).map_err(lost)?;
                let bytes = buffer.get(..count).filter(|bytes| !bytes.is_empty());
                frames.push(bytes.ok_or_else(|| lost(io::ErrorKind::UnexpectedEof.into()))?);
                continue;
            }
        };
        match step {
            AdapterStep::Proof(proof) => {
                frames.authenticated();
                say(stream, &proof)?;
            }
            AdapterStep::Welcome(state) => return Ok(state),
            AdapterStep::Refused(refusal) => return Err(StartError::Refused(refusal)),
        }
    }
}
