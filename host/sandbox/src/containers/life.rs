//! One container from its making to its removal.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, EventsOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::engine::failed;
use super::shape::{OWNER, compare};
use crate::program::{Bounds, Ended, Output, Piece, ProgramError};

/// How long an engine may take to tell the end of a container, and to remove one.
const END: Duration = Duration::from_secs(60);
/// How often it is asked whether a container is gone.
const LOOK: Duration = Duration::from_millis(20);
/// By when an engine has told that it was the memory.
const TOLD: Duration = Duration::from_millis(300);
/// As a shell tells that a program was killed.
const KILLED: i32 = 128 + 9;

pub(crate) struct Life {
    pub(crate) docker: Docker,
    pub(crate) name: String,
    pub(crate) shape: ContainerCreateBody,
    pub(crate) stdin: Vec<u8>,
    pub(crate) time: Duration,
    pub(crate) bounds: Bounds,
    pub(crate) program: String,
    /// Podman forgets how a container ended when it removes it by itself.
    pub(crate) podman: bool,
}

impl Life {
    /// Until the program ends, its time is up, or whoever waits has left. The container is gone then.
    pub(crate) async fn live(mut self, pieces: mpsc::Sender<Piece>, left: oneshot::Receiver<()>) -> Result<Ended, ProgramError> {
        let ended = self.follow(pieces, left).await;
        if let Err(error) = remove(&self.docker, &self.name).await {
            tracing::warn!(container = self.name, %error, "a container is left, until the gateway starts again");
        }
        ended
    }

    async fn follow(&mut self, pieces: mpsc::Sender<Piece>, mut left: oneshot::Receiver<()>) -> Result<Ended, ProgramError> {
        let begun = SystemTime::now();
        self.make().await?;
        // Asked before it starts: it is gone soon after its end.
        let end = (!self.podman).then(|| self.end("removed"));
        let attached = self.attach().await?;
        // Nothing waits for it any more: nothing is started.
        if left.try_recv() != Err(oneshot::error::TryRecvError::Empty) {
            return Err(abandoned());
        }
        self.docker.start_container(&self.name, None).await.map_err(|error| failed("start the program", &error))?;
        let mut end = end.unwrap_or_else(|| self.end("not-running"));
        let AttachContainerResults { output: mut told, input } = attached;
        let writer = Task(tokio::spawn(feed(input, std::mem::take(&mut self.stdin))));
        let mut output = Output::new(self.bounds.output, pieces);
        let read = async {
            while let Some(piece) = told.next().await {
                match piece {
                    Ok(piece) => output.take(piece_of(piece)).await,
                    // So ends the connection where the program left some of its input.
                    Err(Error::IOError { err }) if err.kind() == ErrorKind::ConnectionReset => break,
                    Err(error) => return Err(failed("pass on what the program wrote", &error)),
                }
            }
            Ok(())
        };
        let mut deadline = std::pin::pin!(sleep(self.time));
        tokio::select! {
            read = read => read?,
            () = &mut deadline => return Err(ProgramError::Timeout { after: self.time }),
            _ = &mut left => return Err(abandoned()),
        }
        drop(writer);
        // A program may close its outputs, and go on.
        let code = tokio::select! {
            code = self.code(&mut end, begun) => code?,
            () = &mut deadline => match self.runs().await {
                true => return Err(ProgramError::Timeout { after: self.time }),
                false => timeout(END, self.code(&mut end, begun)).await.unwrap_or_else(|_| Err(untold()))?,
            },
            _ = &mut left => return Err(abandoned()),
        };
        let ended = output.ended(code);
        if code == KILLED && self.wanted_more_memory(begun).await {
            let megabytes = self.bounds.memory / 1024 / 1024;
            return Err(ProgramError::Limit(format!(
                "the program was ended: it needs more than the {megabytes} MB of memory that it may have"
            )));
        }
        match missing(&ended, &self.program) {
            true => Err(ProgramError::Invalid(format!("the sandbox cannot run {:?}: its image has no such program", self.program))),
            false => Ok(ended),
        }
    }

    async fn make(&self) -> Result<(), ProgramError> {
        let options = CreateContainerOptionsBuilder::default().name(&self.name).build();
        let made = self.docker.create_container(Some(options), self.shape.clone()).await;
        let made = made.map_err(|error| failed("make a container", &error))?;
        for warning in &made.warnings {
            tracing::warn!(warning, "the container engine warns");
        }
        let found = self.docker.inspect_container(&self.name, None).await.map_err(|error| failed("show the container", &error))?;
        compare(&self.shape, &found, &self.bounds)
    }

    async fn attach(&self) -> Result<AttachContainerResults, ProgramError> {
        let speaks = self.shape.open_stdin == Some(true);
        let options = AttachContainerOptionsBuilder::default().stream(true).stdin(speaks).stdout(true).stderr(true).build();
        self.docker.attach_container(&self.name, Some(options)).await.map_err(|error| failed("connect to the container", &error))
    }

    /// Waits until the container has ended in this sense, and tells how the program did.
    fn end(&self, condition: &'static str) -> Task<Option<i64>> {
        let (docker, name) = (self.docker.clone(), self.name.clone());
        Task(tokio::spawn(async move {
            let options = WaitContainerOptionsBuilder::default().condition(condition).build();
            let mut answers = std::pin::pin!(docker.wait_container(&name, Some(options)));
            match answers.next().await? {
                Ok(answer) => Some(answer.status_code),
                // That is how this client tells any other than 0.
                Err(Error::DockerContainerWaitError { code, .. }) => Some(code),
                Err(_) => None,
            }
        }))
    }

    /// How the program ended, once its container has.
    async fn code(&self, end: &mut Task<Option<i64>>, begun: SystemTime) -> Result<i32, ProgramError> {
        let told = (&mut end.0).await.ok().flatten();
        let code = match told.filter(|code| *code >= 0) {
            Some(code) => Some(code),
            // The container was gone before that question arrived.
            None => self.event("die", begun, TOLD).await.and_then(|about| about.get("exitCode")?.parse().ok()),
        };
        code.and_then(|code| i32::try_from(code).ok()).ok_or_else(untold)
    }

    async fn wanted_more_memory(&self, begun: SystemTime) -> bool {
        if !self.podman {
            return self.event("oom", begun, TOLD).await.is_some();
        }
        let found = self.docker.inspect_container(&self.name, None).await;
        found.is_ok_and(|found| found.state.and_then(|state| state.oom_killed) == Some(true))
    }

    async fn runs(&self) -> bool {
        let found = self.docker.inspect_container(&self.name, None).await;
        found.is_ok_and(|found| found.state.and_then(|state| state.running) == Some(true))
    }

    /// What the engine remembers to have happened to the container, or is about to tell.
    async fn event(&self, action: &str, begun: SystemTime, wait: Duration) -> Option<HashMap<String, String>> {
        let seconds = |time: SystemTime| {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
        };
        let filters = HashMap::from([("container", vec![self.name.as_str()]), ("event", vec![action])]);
        let (from, to) = (seconds(begun), seconds(SystemTime::now() + wait));
        let options = EventsOptionsBuilder::default().since(&from).until(&to).filters(&filters).build();
        let mut events = std::pin::pin!(self.docker.events(Some(options)));
        let event = timeout(wait * 2, events.next()).await.ok()??.ok()?;
        Some(event.actor.and_then(|actor| actor.attributes).unwrap_or_default())
    }
}

/// A task that ends with its handle.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn untold() -> ProgramError {
    ProgramError::Failed("the container engine did not tell how the program ended".to_owned())
}

fn abandoned() -> ProgramError {
    ProgramError::Failed("nobody waits for the program any more".to_owned())
}

/// A program may end without having read it all.
async fn feed(mut input: impl AsyncWrite + Unpin, stdin: Vec<u8>) {
    if !stdin.is_empty() && input.write_all(&stdin).await.is_ok() {
        let _ = input.shutdown().await;
    }
}

fn piece_of(output: LogOutput) -> Piece {
    match output {
        LogOutput::StdErr { message } => Piece::Stderr(message.into()),
        LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => Piece::Stdout(message.into()),
    }
}

/// Whether it was the container's first process that could not start the program, by what those of Docker and Podman say then.
fn missing(ended: &Ended, program: &str) -> bool {
    let told = String::from_utf8_lossy(&ended.stderr);
    let docker = told.starts_with("[FATAL tini (") && told.contains(&format!(")] exec {program} failed: "));
    let podman = told.starts_with("ERROR (catatonit:") && told.contains("failed to exec pid1");
    matches!(ended.code, 1 | 126 | 127) && ended.stdout.is_empty() && (docker || podman)
}

/// Ends a container if it runs, and returns when it is gone.
async fn remove(docker: &Docker, name: &str) -> Result<(), ProgramError> {
    let begun = tokio::time::Instant::now();
    loop {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        let error = match docker.remove_container(name, Some(options)).await {
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => return Ok(()),
            // Seen to be so by the next answer.
            Ok(()) => None,
            // It is being removed already, or was busy.
            Err(error) => Some(error),
        };
        if begun.elapsed() > END {
            return Err(error.map_or_else(
                || ProgramError::Failed("the container engine did not remove a container".to_owned()),
                |error| failed("remove a container", &error),
            ));
        }
        if error.is_some() {
            sleep(LOOK).await;
        }
    }
}

/// Removes every container with this owner's label.
pub(crate) async fn sweep(docker: &Docker, owner: &str) -> Result<usize, ProgramError> {
    let filters = HashMap::from([("label", vec![format!("{OWNER}={owner}")])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let listed = docker.list_containers(Some(options)).await.map_err(|error| failed("list its containers", &error))?;
    let mut removed = 0;
    for id in listed.into_iter().filter_map(|container| container.id) {
        remove(docker, &id).await?;
        removed += 1;
    }
    Ok(removed)
}
