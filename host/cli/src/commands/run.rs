//! `wirken run`: the gateway and its browser chat, until it is told to stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use wirken_gateway::control::{self, Reply, Request};
use wirken_gateway::{Gateway, Sparse};
use wirken_types::Timestamp;
use wirken_webchat::bounds::{REFUSALS_RECORDED, REFUSALS_WITHIN};
use wirken_webchat::{Logins, WebChat};

use crate::args::Run;
use crate::commands::ask;
use crate::environment::Environment;
use crate::{output, parts};

pub(crate) fn run(environment: &Environment, args: &Run) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let folder = parts::folder(environment)?;
    remark(concat!("wirken ", env!("CARGO_PKG_VERSION")));
    let lock = folder.lock()?;
    let config = parts::config(&folder)?;
    let runtime = parts::runtime()?;
    let code = runtime.block_on(async {
        let assembly = parts::assemble(&folder, &config, &args.unlock).await?;
        let logins = Logins::default();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port.unwrap_or_else(|| config.port())));
        let webchat = WebChat::bind(address, assembly.gateway.clone(), logins.clone())?;
        let address = webchat.local_addr();
        let control = control::Server::bind(&folder.control())
            .with_context(|| format!("the control socket in {} cannot be made", folder.control().display()))?;
        let provider = format!("{} with {}", config.provider.component, config.provider.model);
        let handler = Arc::new(Handler {
            gateway: assembly.gateway.clone(),
            logins: logins.clone(),
            address,
            provider: provider.clone(),
            started: Timestamp::now(),
            refusals: Sparse::new(REFUSALS_RECORDED, REFUSALS_WITHIN),
        });
        let control = tokio::spawn(control.serve(handler));

        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        assembly.gateway.record_system("webchat-login-issued", "webchat", json!({ "by": "run" })).await?;
        remark(&format!("Open this address to chat (it works once, for ten minutes):\n  {}", logins.issue(Timestamp::now())?.url(address)));
        remark(&format!("Answers come from {provider}. Another address: `wirken webchat login`. Stop with Ctrl-C."));
        tracing::info!(millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), "ready");
        assembly.gateway.abandon(ask::ACCOUNT, ask::GONE).await?;
        let resumed = assembly.gateway.resume().await?;
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
        assembly.ledger.close().await?;
        remark("Stopped. What was under way is taken up at the next start.");
        Ok(ExitCode::SUCCESS)
    });
    // A tool that hangs in a file of its workspace keeps nobody from stopping.
    runtime.shutdown_timeout(parts::SHUTDOWN);
    drop(lock);
    code
}

/// Whoever read the output may have gone; the gateway goes on.
fn remark(text: &str) {
    output::line(text).ok();
}

struct Handler {
    gateway: Gateway,
    logins: Logins,
    address: SocketAddr,
    provider: String,
    started: Timestamp,
    refusals: Sparse,
}

impl control::Handler for Handler {
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move { self.carry_out(request).await.unwrap_or_else(Reply::Refused) })
    }

    fn refused(&self, uid: u32, pid: i32, reason: &'static str) {
        if !self.refusals.passes() {
            return;
        }
        let gateway = self.gateway.clone();
        tokio::spawn(async move {
            let detail = json!({ "uid": uid, "pid": pid, "reason": reason });
            if let Err(error) = gateway.record_system("control-refused", "control.sock", detail).await {
                tracing::error!(%error, uid, pid, "a refused caller could not be recorded");
            }
        });
    }
}

impl Handler {
    async fn carry_out(&self, request: Request) -> Result<Reply, String> {
        let value = match request {
            Request::Status => json!({
                "running": true,
                "pid": std::process::id(),
                "since": self.started,
                "webchat": format!("http://{}/", self.address),
                "provider": self.provider,
            }),
            Request::WebchatLogin => {
                self.record("webchat-login-issued", "webchat", json!({ "by": "wirken webchat login" })).await?;
                let token = self.logins.issue(Timestamp::now()).map_err(|error| error.to_string())?;
                json!({ "url": token.url(self.address) })
            }
            Request::SessionClose { session } => {
                let id = session.parse().map_err(|error| format!("{error}"))?;
                self.gateway.close_session(id, "owner").await.map_err(|error| error.to_string())?;
                json!({ "closed": session })
            }
        };
        Ok(Reply::Done(value))
    }

    async fn record(&self, action: &str, subject: &str, detail: serde_json::Value) -> Result<(), String> {
        self.gateway.record_system(action, subject, detail).await.map_err(|error| error.to_string())
    }
}
