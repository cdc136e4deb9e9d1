//! The calling side, in a short-lived command.

use std::io;
use std::path::Path;
use std::time::Duration;

use hmac::Mac;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use wirken_secret::Secret;

use super::frame::{self, KEY_BYTES, Key, Role};
use super::{Reply, Request, key_path, socket_path};

/// A gateway that does not answer by then is stuck.
const TIMEOUT: Duration = Duration::from_secs(10);
/// One that works on something says so more often.
const SILENCE: Duration = Duration::from_secs(30);

/// Why the gateway could not be asked, or would not.
#[derive(Debug, thiserror::Error)]
pub enum CallFailed {
    #[error("no gateway is running for this data folder: start it with `wirken run`")]
    NotRunning,
    #[error("the gateway does not answer: {0}")]
    Io(io::Error),
    #[error("the gateway hung up before it had answered: it was stopped, or refuses this process")]
    HungUp,
    #[error("the gateway runs, and its control.key is gone or damaged: stop it and start it again, which makes a new one")]
    NoKey,
    #[error("what answers at the control socket is not this data folder's gateway: stop it, then start `wirken run` again")]
    Impostor,
    #[error("{0}")]
    Refused(String),
}

/// What the gateway says next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A piece; more follows.
    Progress(Value),
    /// Nothing follows.
    Done(Value),
}

/// Asks the running gateway something that it answers at once.
pub async fn call(folder: &Path, request: &Request) -> Result<Value, CallFailed> {
    whole(folder, request, None).await
}

/// The same, of a request that a secret follows.
pub async fn call_with_value(folder: &Path, request: &Request, value: &Secret) -> Result<Value, CallFailed> {
    whole(folder, request, Some(value)).await
}

async fn whole(folder: &Path, request: &Request, value: Option<&Secret>) -> Result<Value, CallFailed> {
    let exchange = async {
        let mut call = Call { stream: introduced(folder, request, value).await? };
        loop {
            if let Answer::Done(value) = call.next().await? {
                return Ok(value);
            }
        }
    };
    timely(exchange, TIMEOUT).await
}

/// A request that is answered in pieces, for as long as that takes. Dropping it tells the gateway that nobody waits.
#[derive(Debug)]
pub struct Call {
    stream: UnixStream,
}

impl Call {
    pub async fn begin(folder: &Path, request: &Request) -> Result<Self, CallFailed> {
        Ok(Self { stream: timely(introduced(folder, request, None), TIMEOUT).await? })
    }

    /// Not to be dropped before it returns, unless nothing more is wanted.
    pub async fn next(&mut self) -> Result<Answer, CallFailed> {
        loop {
            let reply = timely(async { frame::read_reply(&mut self.stream).await.map_err(failed) }, SILENCE).await?;
            match serde_json::from_slice(&reply).map_err(|error| CallFailed::Io(error.into()))? {
                Reply::Beat => {}
                Reply::Progress(value) => return Ok(Answer::Progress(value)),
                Reply::Done(value) => return Ok(Answer::Done(value)),
                Reply::Refused(reason) => return Err(CallFailed::Refused(reason)),
            }
        }
    }

    /// Gives up, and waits until the gateway has ended what was under way.
    pub async fn stop(mut self) -> Result<(), CallFailed> {
        self.stream.shutdown().await.map_err(CallFailed::Io)?;
        // What still comes may begin in the middle of something.
        let ended = async { tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await.map_err(failed) };
        timely(ended, TIMEOUT).await.map(drop)
    }
}

async fn timely<T>(what: impl Future<Output = Result<T, CallFailed>>, within: Duration) -> Result<T, CallFailed> {
    tokio::time::timeout(within, what).await.unwrap_or_else(|_| Err(CallFailed::Io(io::ErrorKind::TimedOut.into())))
}

fn failed(error: io::Error) -> CallFailed {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => CallFailed::HungUp,
        _ => CallFailed::Io(error),
    }
}

/// A connection on which both sides proved themselves and the request was said.
async fn introduced(folder: &Path, request: &Request, value: Option<&Secret>) -> Result<UnixStream, CallFailed> {
    let mut stream = UnixStream::connect(socket_path(folder)).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => CallFailed::NotRunning,
        _ => CallFailed::Io(error),
    })?;
    let key = read_key(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidData => CallFailed::NoKey,
        _ => CallFailed::Io(error),
    })?;
    let client = frame::nonce().map_err(CallFailed::Io)?;
    frame::write(&mut stream, &client).await.map_err(failed)?;
    let server = frame::nonce_from(&frame::read(&mut stream).await.map_err(failed)?).map_err(CallFailed::Io)?;
    let proof = frame::read(&mut stream).await.map_err(failed)?;
    frame::proof(&key, Role::Server, &server, &client).verify_slice(&proof).map_err(|_| CallFailed::Impostor)?;
    let proof = frame::proof(&key, Role::Client, &server, &client).finalize().into_bytes();
    frame::write(&mut stream, &proof).await.map_err(failed)?;
    let request = serde_json::to_vec(request).map_err(|error| CallFailed::Io(error.into()))?;
    frame::write(&mut stream, &request).await.map_err(failed)?;
    if let Some(value) = value {
        frame::write(&mut stream, value.expose()).await.map_err(failed)?;
    }
    Ok(stream)
}

pub(super) fn read_key(folder: &Path) -> io::Result<Key> {
    let bytes = zeroize::Zeroizing::new(std::fs::read(key_path(folder))?);
    let mut key = Key::new([0; KEY_BYTES]);
    if bytes.len() != KEY_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "control.key is damaged"));
    }
    key.copy_from_slice(&bytes);
    Ok(key)
}
