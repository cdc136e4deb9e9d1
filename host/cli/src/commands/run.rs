//! `wirken run`: the gateway and its browser chat, until it is told to stop.

mod handler;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use wirken_gateway::Sparse;
use wirken_gateway::channel::{ChannelParts, Channels};
use wirken_gateway::control;
use wirken_types::Timestamp;
use wirken_vault::{Rotation, Vault};
use wirken_webchat::bounds::{REFUSALS_RECORDED, REFUSALS_WITHIN};
use wirken_webchat::{Logins, WebChat};

use crate::args::Run;
use crate::commands::ask;
use crate::environment::Environment;
use crate::keys::Keys;
use crate::{memory, output, parts};
use handler::Handler;

/// How long an engine may take to say what an earlier run has left.
const SWEEP: Duration = Duration::from_secs(5);

pub(crate) fn run(environment: &Environment, args: &Run) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let folder = parts::folder(environment)?;
    remark(concat!("wirken ", env!("CARGO_PKG_VERSION")));
    let lock = folder.lock()?;
    let config = parts::config(&folder)?;
    let runtime = parts::runtime()?;
    let code = runtime.block_on(async {
        let assembly = parts::assemble(environment, &folder, &config, &args.unlock, true).await?;
        let logins = Logins::default();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port.unwrap_or_else(|| config.port())));
        let webchat = WebChat::bind(address, assembly.gateway.clone(), logins.clone())?;
        let address = webchat.local_addr();
        let control = control::Server::bind(&folder.control())
            .with_context(|| format!("the control socket in {} cannot be made", folder.control().display()))?;
        let channels = Arc::new(Channels::prepare(&assembly.gateway, assembly.accounts, assembly.sealer.as_ref()).await?);
        channels.set_network(assembly.network.for_channels(assembly.vault.as_ref())?);
        remind(assembly.vault.as_ref());
        let provider = format!("{} with {}", config.provider.component, config.provider.model);
        let handler = Arc::new(Handler {
            gateway: assembly.gateway.clone(),
            folder: folder.clone(),
            keys: Keys {
                vault: Mutex::new(assembly.vault),
                provider: assembly.provider,
                network: assembly.network,
                config: config.clone(),
                gateway: assembly.gateway.clone(),
                channels: Arc::clone(&channels),
                tooling: assembly.tooling.clone(),
                hosts: assembly.hosts,
            },
            tooling: assembly.tooling.clone(),
            channels: Arc::clone(&channels),
            logins: logins.clone(),
            address,
            provider: provider.clone(),
            started: Timestamp::now(),
            refusals: Sparse::new(REFUSALS_RECORDED, REFUSALS_WITHIN),
        });

        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        assembly.gateway.record_system("webchat-login-issued", "webchat", json!({ "by": "run" })).await?;
        remark(&format!("Open this address to chat (it works once, for ten minutes):\n  {}", logins.issue(Timestamp::now())?.url(address)));
        remark(&format!("Answers come from {provider}. Another address: `wirken webchat login`. Stop with Ctrl-C."));
        tracing::info!(millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), "ready");
        assembly.gateway.abandon(ask::ACCOUNT, ask::GONE).await?;
        let (told, mut crashing) = tokio::sync::mpsc::unbounded_channel();
        // The other end is there for as long as anything is called.
        assembly.tooling.catalogue().on_quarantine(Box::new(move |name, why| drop(told.send((name.to_owned(), why.to_owned())))));
        let watched = Arc::clone(&handler);
        let quarantine = tokio::spawn(async move {
            while let Some((name, why)) = crashing.recv().await {
                if let Err(error) = watched.quarantine(&name, &why).await {
                    tracing::error!(component = name, %error, "a component that crashes could not be taken out of use");
                }
            }
        });
        // What a run that was killed has left, before anything that is resumed here runs a program. An engine that does not
        // answer in time runs none either.
        tokio::time::timeout(SWEEP, assembly.sandbox.sweep()).await.ok();
        let resumed = assembly.gateway.resume().await?;
        let started = channels.start(ChannelParts {
            folder: folder.adapters(),
            program: "/proc/self/exe".into(),
            argument: "adapter",
            require_sandbox: config.sandbox.require,
        });
        if let Err(error) = started {
            output::note(format_args!("No channel runs: {error}."));
        }
        // A question that came before would be taken for one that an earlier run left open. Until then callers wait.
        let control = tokio::spawn(control.serve(Arc::clone(&handler) as _));
        let tidy = tokio::spawn(memory::tidy());
        if resumed > 0 {
            remark(&format!("Took up {resumed} unfinished {}.", if resumed == 1 { "answer" } else { "answers" }));
        }
        webchat
            .serve(async move {
                tokio::select! {
                    _ = interrupted.recv() => {}
                    _ = terminated.recv() => {}
                    _ = hung_up.recv() => {}
                }
            })
            .await;
        control.abort();
        tidy.abort();
        quarantine.abort();
        channels.stop().await;
        tokio::time::timeout(wirken_gateway::SETTLE, assembly.sandbox.settled()).await.ok();
        assembly.ledger.close().await?;
        remark("Stopped. What was under way is taken up at the next start.");
        Ok(ExitCode::SUCCESS)
    });
    // A tool that hangs in a file of its workspace keeps nobody from stopping.
    runtime.shutdown_timeout(parts::SHUTDOWN);
    drop(lock);
    code
}

/// Says which credentials are old enough to be replaced.
fn remind(vault: Option<&Vault>) {
    let now = Timestamp::now();
    for record in vault.map(Vault::list).unwrap_or_default() {
        let (age, name) = (record.age(now), format!("{}/{}", record.component, record.name));
        if record.problem.is_none() && age.rotation != Rotation::Fresh {
            let command = format!("wirken credentials rotate {} {}", record.component, record.name);
            output::note(format_args!("The credential {name} is {} days old: replace it with `{command}`.", age.age_days));
        }
    }
}

/// Whoever read the output may have gone; the gateway goes on.
fn remark(text: &str) {
    output::line(text).ok();
}
