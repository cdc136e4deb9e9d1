//! The calling side, in a short-lived command.

use std::io;
use std::path::Path;
use std::time::Duration;

use hmac::Mac;
use tokio::net::UnixStream;

use super::frame::{self, KEY_BYTES, Key, Role};
use super::{Reply, Request, key_path, socket_path};

/// A gateway that does not answer by then is stuck.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why the gateway could not be asked, or would not.
#[derive(Debug, thiserror::Error)]
pub enum CallFailed {
    #[error("no gateway is running for this data folder: start it with `wirken run`")]
    NotRunning,
    #[error("the gateway does not answer: {0}")]
    Io(io::Error),
    #[error("the gateway runs, and its control.key is gone or damaged: stop it and start it again, which makes a new one")]
    NoKey,
    #[error("what answers at the control socket is not this data folder's gateway: stop it, then start `wirken run` again")]
    Impostor,
    #[error("{0}")]
    Refused(String),
}

/// Asks the running gateway.
pub async fn call(folder: &Path, request: &Request) -> Result<serde_json::Value, CallFailed> {
    let exchange = tokio::time::timeout(TIMEOUT, exchange(folder, request));
    exchange.await.unwrap_or_else(|_| Err(CallFailed::Io(io::ErrorKind::TimedOut.into())))
}

async fn exchange(folder: &Path, request: &Request) -> Result<serde_json::Value, CallFailed> {
    let mut stream = UnixStream::connect(socket_path(folder)).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => CallFailed::NotRunning,
        _ => CallFailed::Io(error),
    })?;
    let key = read_key(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidData => CallFailed::NoKey,
        _ => CallFailed::Io(error),
    })?;
    let client = frame::nonce().map_err(CallFailed::Io)?;
    frame::write(&mut stream, &client).await.map_err(CallFailed::Io)?;
    let server = frame::nonce_from(&frame::read(&mut stream).await.map_err(CallFailed::Io)?).map_err(CallFailed::Io)?;
    let proof = frame::read(&mut stream).await.map_err(CallFailed::Io)?;
    frame::proof(&key, Role::Server, &server, &client).verify_slice(&proof).map_err(|_| CallFailed::Impostor)?;
    let proof = frame::proof(&key, Role::Client, &server, &client).finalize().into_bytes();
    frame::write(&mut stream, &proof).await.map_err(CallFailed::Io)?;
    let request = serde_json::to_vec(request).map_err(|error| CallFailed::Io(error.into()))?;
    frame::write(&mut stream, &request).await.map_err(CallFailed::Io)?;
    let reply = frame::read(&mut stream).await.map_err(CallFailed::Io)?;
    match serde_json::from_slice(&reply).map_err(|error| CallFailed::Io(error.into()))? {
        Reply::Done(value) => Ok(value),
        Reply::Refused(reason) => Err(CallFailed::Refused(reason)),
    }
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
