//! Keeps the process of each account running: starts it, serves it, and starts it again after a pause that grows, unless
//! the component says that this would not help.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use wirken_wire::PublicKey;
use wirken_wire::link::split;

use super::brand::{self, Connection};
use super::conversation::{self, Ended, StateError};
use super::listener::{Expected, Listener};
use super::process::{self, Process};
use super::{ChannelParts, Held, Runtime};

/// Between two starts, doubling.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// A process that ran for so long had started well: the next pause is short again.
const WELL: Duration = Duration::from_secs(60);
/// From its start to a connection that has proved itself.
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);
/// A process that was told to end gets this long.
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Supervisor {
    stop: watch::Sender<bool>,
    accounts: JoinSet<()>,
    listener: JoinHandle<()>,
}

/// What each account's task has.
#[derive(Clone)]
struct Shared {
    parts: Arc<ChannelParts>,
    expected: Arc<Expected>,
    gateway_key: PublicKey,
    socket: Arc<str>,
    stop: watch::Receiver<bool>,
}

impl Supervisor {
    pub(crate) fn start(parts: ChannelParts, runtimes: Vec<Arc<Runtime>>) -> io::Result<Self> {
        let Some(gateway) = runtimes.first().map(|runtime| runtime.gateway.clone()) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no channel"));
        };
        let listener = Listener::bind(&parts.folder, gateway)?;
        let socket = listener.path().to_str().ok_or_else(|| io::Error::other("its path is not UTF-8"))?.into();
        let (stop, stopped) = watch::channel(false);
        let (expected, gateway_key) = (listener.expected(), listener.key());
        let shared = Shared { parts: Arc::new(parts), expected, gateway_key, socket, stop: stopped };
        let mut accounts = JoinSet::new();
        for runtime in runtimes {
            accounts.spawn(supervise(shared.clone(), runtime));
        }
        Ok(Self { stop, accounts, listener: tokio::spawn(listener.serve()) })
    }

    pub(crate) async fn stop(mut self) {
        // Nobody listens where every account has stopped already.
        self.stop.send(true).ok();
        while self.accounts.join_next().await.is_some() {}
        self.listener.abort();
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// How one start ended.
enum End {
    Stop,
    Fatal(String),
    Failed(String),
    /// What it is started with is something else now.
    Changed,
}

async fn supervise(mut shared: Shared, runtime: Arc<Runtime>) {
    let mut pause = PAUSE;
    let mut held = runtime.held.subscribe();
    loop {
        let began = Instant::now();
        let end = run(&mut shared, &runtime, &mut held).await;
        shared.expected.forget(&runtime.account.id);
        match end {
            End::Stop => return runtime.status.stopped("the gateway stops"),
            End::Fatal(reason) => {
                tracing::error!(account = runtime.account.id, reason, "a channel gave up");
                runtime.record("channel-stopped", json!({ "reason": reason })).await;
                runtime.status.stopped(&reason);
                // Another credential, or another version, may be what it lacks.
                tokio::select! {
                    () = changed(&mut held) => pause = PAUSE,
                    () = told_to_stop(&mut shared.stop) => return,
                }
                continue;
            }
            End::Changed => {
                let what = runtime.held.borrow().changed;
                runtime.record("channel-restarting", json!({ "reason": what, "after-millis": 0 })).await;
                runtime.status.waiting(what);
                pause = PAUSE;
                continue;
            }
            End::Failed(reason) => {
                if began.elapsed() >= WELL {
                    pause = PAUSE;
                }
                tracing::warn!(account = runtime.account.id, reason, "a channel's process ended; it is started again");
                let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                runtime.record("channel-restarting", json!({ "reason": reason, "after-millis": millis })).await;
                runtime.status.waiting(&reason);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = pause.saturating_mul(2).min(PAUSE_MAX),
            () = changed(&mut held) => pause = PAUSE,
            () = told_to_stop(&mut shared.stop) => return runtime.status.stopped("the gateway stops"),
        }
    }
}

async fn run(shared: &mut Shared, runtime: &Arc<Runtime>, held: &mut watch::Receiver<Held>) -> End {
    let lacking = {
        let held = held.borrow_and_update();
        held.hosted.as_ref().err().or(held.missing.as_ref()).cloned()
    };
    if let Some(problem) = runtime.damaged.clone().or(lacking) {
        return End::Fatal(problem);
    }
    let state = match conversation::state_of(runtime).await {
        Ok(state) => state,
        Err(StateError::Unread(reason)) => return End::Failed(reason),
        Err(StateError::Lost(reason)) => return End::Fatal(reason),
    };
    let (expecting, mut expectation) = oneshot::channel();
    let (expected, account, theirs) = (Arc::clone(&shared.expected), runtime.account.id.clone(), Arc::clone(runtime));
    let known = move |pid, key| {
        theirs.status.started(pid);
        // Whoever started it waits for this.
        expecting.send(expected.expect(&account, pid, key, state)).ok();
    };
    let started = process::start(&shared.parts, runtime, shared.gateway_key, &shared.socket, known).await;
    let mut process = match started {
        Ok(process) => process,
        Err(error) => return End::Failed(format!("its process could not be started: {error}")),
    };
    let Ok(admitted) = expectation.try_recv() else {
        return End::Failed("its process could not be started".into());
    };
    let admitted = tokio::select! {
        admitted = tokio::time::timeout(CONNECTED_WITHIN, admitted) => admitted,
        how = process.ended() => return End::Failed(how),
        () = told_to_stop(&mut shared.stop) => return End::Stop,
        () = changed(held) => return End::Changed,
    };
    let Ok(Ok(admitted)) = admitted else {
        return End::Failed(format!("its process did not connect within {} s", CONNECTED_WITHIN.as_secs()));
    };
    runtime.status.running();
    let (receiver, sender) = split(admitted.stream, admitted.frames);
    let connection = Connection {
        account: runtime.account.id.clone(),
        sender,
        receiver,
        outbox: runtime.outbox.clone(),
        media: runtime.media.clone(),
        registry: Arc::clone(&runtime.gateway.registry),
    };
    // Whichever of the two it is, the process is told to end.
    let (stop, stopped) = watch::channel(false);
    let theirs = Arc::clone(runtime);
    let serving = brand::serve(connection, |channel, incoming| Box::pin(conversation::converse(channel, incoming, theirs, stopped)));
    let told = async {
        tokio::select! {
            () = told_to_stop(&mut shared.stop) => stop.send_replace(true),
            () = changed(held) => stop.send_replace(true),
        };
        std::future::pending::<Ended>().await
    };
    let ended = tokio::select! {
        ended = serving => ended,
        ended = told => ended,
    };
    let end = match ended {
        Ended::Stop if *shared.stop.borrow() => End::Stop,
        Ended::Stop => End::Changed,
        Ended::Gone(why) => End::Failed(why),
        Ended::Fatal(reason) => End::Fatal(reason),
        Ended::Gateway(error) => End::Failed(error.to_string()),
    };
    finish(&mut process, end).await
}

/// Waits a little for a process that was told to end or hung up, and kills it.
async fn finish(process: &mut Process, end: End) -> End {
    let how = tokio::time::timeout(FAREWELL, process.ended()).await;
    if how.is_err() {
        process.kill();
        process.ended().await;
    }
    match (end, how) {
        (End::Failed(why), Ok(how)) => End::Failed(format!("{why}; {how}")),
        (end, _) => end,
    }
}

/// Returns when the account has something else than what was looked at last.
async fn changed(held: &mut watch::Receiver<Held>) {
    // What holds it is gone only with the account.
    if held.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

pub(crate) async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // A supervisor that is gone stops nobody: whoever dropped it ends the runtime too.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
