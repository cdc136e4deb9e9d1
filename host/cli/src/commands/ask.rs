//! `wirken ask`: one question, in a session of its own. The gateway that runs answers it; where none does, this process.

mod answer;
mod approve;
mod show;

use std::process::ExitCode;

use anyhow::bail;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use wirken_gateway::Gateway;
use wirken_gateway::control::{Answer, Call, Progress, Request};
use wirken_gateway::folder::Folder;
use wirken_manifest::Kind;

use crate::args::Ask;
use crate::environment::Environment;
use crate::output::{self, Format};
use crate::parts;
use crate::shelf::Shelf;

pub(crate) use answer::{ACCOUNT, GONE, answer};
use approve::{Lines, Way};
use show::Shown;

/// The only agent that there is.
const AGENT: &str = "default";

pub(crate) fn run(environment: &Environment, args: &Ask) -> anyhow::Result<ExitCode> {
    if args.agent != AGENT {
        bail!("there is no agent named {:?}; the one there is is named {AGENT}", args.agent);
    }
    let folder = parts::folder(environment)?;
    let config = parts::config(&folder)?;
    let lock = parts::lock_unless_gateway(&folder)?;
    if args.report.format == Format::Text {
        output::note(format_args!("Asking {} of {} …", output::one_line(&config.provider.model, 80), config.provider.component));
    }
    let shown = match lock {
        None => parts::small_runtime()?.block_on(through_gateway(&folder, args, config.approvals.remember_days()))?,
        Some(lock) => {
            let (runtime, days) = (parts::runtime()?, config.approvals.remember_days());
            let shown = runtime.block_on(async {
                let assembly = parts::assemble(environment, &folder, &config, &args.unlock, false).await?;
                assembly.gateway.abandon(ACCOUNT, GONE).await?;
                assembly.sandbox.sweep().await;
                let (progress, pieces) = Progress::channel();
                let (answered, shown) =
                    tokio::join!(answer(&assembly.gateway, &args.message, progress), read(pieces, &assembly.gateway, args, days));
                // A program that was given up is killed in the background.
                tokio::time::timeout(wirken_gateway::SETTLE, assembly.sandbox.settled()).await.ok();
                assembly.ledger.close().await?;
                // Whoever stopped reading knows why; that nobody read is no news then.
                shown.and_then(|shown| answered.map(|()| shown))
            });
            runtime.shutdown_timeout(parts::SHUTDOWN);
            drop(lock);
            shown?
        }
    };
    shown.report()?;
    match shown.interrupted() {
        Some(reason) => {
            let hint =
                if shown.failed_for("authentication") { key_hint(&Shelf::of(&folder), &config.provider.component) } else { String::new() };
            bail!("the answer was interrupted: {reason}{hint}")
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

fn key_hint(shelf: &Shelf, provider: &str) -> String {
    match shelf.find(Kind::Provider, provider).ok().and_then(|found| found.manifest.credentials.into_iter().next()) {
        Some(credential) => format!(" (keep the right key with `wirken credentials add {provider} {}`)", credential.name),
        None => String::new(),
    }
}

/// Shows the pieces as they come. Whoever makes them stops once this has ended.
async fn read(mut pieces: mpsc::Receiver<Value>, gateway: &Gateway, args: &Ask, days: u32) -> anyhow::Result<Shown> {
    let (mut signals, mut shown) = (Signals::new()?, Shown::new(args.report.format, days));
    let (way, mut lines) = (Way::Here(gateway), Lines::default());
    loop {
        tokio::select! {
            piece = pieces.recv() => match piece {
                Some(piece) => taken(&mut shown, piece, &way, &mut lines).await?,
                None => return Ok(shown),
            },
            line = lines.next() => typed(&shown, &line, &way).await?,
            () = signals.any() => bail!("stopped"),
        }
    }
}

async fn through_gateway(folder: &Folder, args: &Ask, days: u32) -> anyhow::Result<Shown> {
    let (mut signals, mut shown) = (Signals::new()?, Shown::new(args.report.format, days));
    let (way, mut lines) = (Way::Gateway(folder), Lines::default());
    let mut call = Call::begin(&folder.control(), &Request::Ask { message: args.message.clone() }).await?;
    loop {
        // A piece that has begun to come is read to its end, whatever is typed meanwhile.
        let next = {
            let mut next = std::pin::pin!(call.next());
            loop {
                tokio::select! {
                    next = &mut next => break Some(next?),
                    line = lines.next() => typed(&shown, &line, &way).await?,
                    () = signals.any() => break None,
                }
            }
        };
        let taken = match next {
            Some(Answer::Done(_)) => return Ok(shown),
            Some(Answer::Progress(piece)) => taken(&mut shown, piece, &way, &mut lines).await,
            None => Err(anyhow::anyhow!("stopped")),
        };
        if let Err(error) = taken {
            // So that its session is closed when this command is over. Where that fails, the gateway sees it go.
            call.stop().await.ok();
            return Err(error);
        }
    }
}

/// Takes a piece, and asks whoever sits here where it is a question.
async fn taken(shown: &mut Shown, piece: Value, way: &Way<'_>, lines: &mut Lines) -> anyhow::Result<()> {
    let before = shown.asked().map(|asked| asked.approval);
    shown.take(piece)?;
    match shown.asked() {
        Some(asked) if before != Some(asked.approval) => way.ask(asked, lines).await,
        _ => Ok(()),
    }
}

/// Takes a line that was typed.
async fn typed(shown: &Shown, line: &str, way: &Way<'_>) -> anyhow::Result<()> {
    let Some(asked) = shown.asked() else { return Ok(()) };
    match approve::answer(line, asked) {
        Some((choice, note)) => way.answer(asked.approval, choice, note).await,
        None => {
            output::note("That is none of the answers: type one of them with the question's code.");
            Ok(())
        }
    }
}

/// What ends a command from outside.
struct Signals([Signal; 3]);

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn any(&mut self) {
        let [interrupted, terminated, hung_up] = &mut self.0;
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            _ = hung_up.recv() => {}
        }
    }
}
