//! The answering side, in the gateway.

use std::fs::{self, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hmac::Mac;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::client::read_key;
use super::frame::{self, KEY_BYTES, Key, Role};
use super::{Reply, Request, key_path, socket_path};

/// A caller that has not made itself known and said what it wants by then is dropped.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Callers at the same time.
const CALLERS: usize = 16;

/// Carries out a command of a caller that proved itself.
pub trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>>;
    /// Somebody reached the socket and could not prove itself.
    fn refused(&self, uid: u32, pid: i32, reason: &'static str);
}

/// The listening socket. It needs the data folder's lock, since it replaces what an earlier run left.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    key: Key,
}

impl Server {
    pub fn bind(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let key = own_key(folder)?;
        let path = socket_path(folder);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, key })
    }

    /// Serves callers until dropped.
    pub async fn serve(self, handler: Arc<dyn Handler>) {
        let callers = Arc::new(Semaphore::new(CALLERS));
        let key = Arc::new(self.key);
        loop {
            let Ok(permit) = Arc::clone(&callers).acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept a caller");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (handler, key) = (Arc::clone(&handler), Arc::clone(&key));
            tokio::spawn(async move {
                // A caller that breaks off is its own concern.
                serve_one(stream, &key, &*handler).await.ok();
                drop(permit);
            });
        }
    }
}

/// The folder's key, made anew where it is missing, torn, or was open to others.
fn own_key(folder: &Path) -> io::Result<Key> {
    let path = key_path(folder);
    let private = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o077 == 0);
    if private && let Ok(key) = read_key(folder) {
        return Ok(key);
    }
    let mut key = Key::new([0; KEY_BYTES]);
    getrandom::fill(&mut *key).map_err(|error| io::Error::other(error.to_string()))?;
    let partial = path.with_extension("partial");
    fs::remove_file(&partial).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    file.write_all(&*key)?;
    fs::rename(&partial, &path)?;
    Ok(key)
}

async fn serve_one(mut stream: UnixStream, key: &Key, handler: &dyn Handler) -> io::Result<()> {
    let peer = stream.peer_cred()?;
    let pid = peer.pid().unwrap_or(0);
    if peer.uid() != rustix::process::geteuid().as_raw() {
        handler.refused(peer.uid(), pid, "another user");
        return Ok(());
    }
    let request =
        tokio::time::timeout(TIMEOUT, receive(&mut stream, key)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let Some(request) = request else {
        handler.refused(peer.uid(), pid, "no proof of control.key");
        return Ok(());
    };
    let reply = match serde_json::from_slice(&request) {
        Ok(request) => handler.handle(request).await,
        Err(error) => Reply::Refused(format!("the gateway does not know this command ({error}): it may be of another version")),
    };
    let bytes = serde_json::to_vec(&reply).map_err(io::Error::other)?;
    frame::write(&mut stream, &bytes).await
}

/// The request of a caller that proves itself; none of one that does not.
async fn receive(stream: &mut UnixStream, key: &Key) -> io::Result<Option<Vec<u8>>> {
    let client = frame::nonce_from(&frame::read(stream).await?)?;
    let server = frame::nonce()?;
    frame::write(stream, &server).await?;
    frame::write(stream, &frame::proof(key, Role::Server, &server, &client).finalize().into_bytes()).await?;
    let proof = frame::read(stream).await?;
    if frame::proof(key, Role::Client, &server, &client).verify_slice(&proof).is_err() {
        return Ok(None);
    }
    frame::read(stream).await.map(Some)
}
