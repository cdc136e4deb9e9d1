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
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::MissedTickBehavior;
use wirken_secret::Secret;

use super::client::read_key;
use super::frame::{self, KEY_BYTES, Key, Role};
use super::{Reply, Request, key_path, kin, socket_path};

/// A caller that has not made itself known and said what it wants by then is dropped.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Callers at the same time that have not said yet what they want.
const CALLERS: usize = 16;

/// Requests at the same time that are being carried out.
pub const WORKING: usize = 64;

/// Pieces of an answer that wait to be read. Past them whoever makes them waits.
const PIECES: usize = 32;

/// How often a caller hears that the gateway lives while there is nothing to say.
const BEAT: Duration = Duration::from_secs(10);

/// A caller that reads nothing for so long is taken for gone. A person may have stopped it, or be reading.
const UNREAD: Duration = Duration::from_secs(10 * 60);

/// What a caller that proved itself asks.
#[derive(Debug)]
pub struct Asked {
    pub request: Request,
    /// The secret that came with it, where it is of a kind that brings one.
    pub value: Option<Secret>,
    pub progress: Progress,
}

/// Where the pieces of an answer go.
#[derive(Debug)]
pub struct Progress(mpsc::Sender<Value>);

/// Nobody waits for the answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the caller has gone")]
pub struct Gone;

impl Progress {
    /// The two ends of it. Who drops the other has gone.
    pub fn channel() -> (Self, mpsc::Receiver<Value>) {
        let (pieces, told) = mpsc::channel(PIECES);
        (Self(pieces), told)
    }

    /// Hands over a piece, once there is room for it.
    pub async fn tell(&self, piece: Value) -> Result<(), Gone> {
        self.0.send(piece).await.map_err(|_| Gone)
    }

    /// Returns when nobody waits any more.
    pub async fn gone(&self) {
        self.0.closed().await;
    }
}

/// Carries out a command of a caller that proved itself.
pub trait Handler: Send + Sync + 'static {
    /// It is waited for even when the caller goes away, so that nothing stops halfway: what takes long has to watch
    /// [`Progress::gone`].
    fn handle(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>>;
    /// Somebody reached the socket who may not.
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
        let working = Arc::new(Semaphore::new(WORKING));
        let key = Arc::new(self.key);
        loop {
            let Ok(permit) = Arc::clone(&callers).acquire_owned().await else { return };
            let mut stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept a caller");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (handler, key, working) = (Arc::clone(&handler), Arc::clone(&key), Arc::clone(&working));
            tokio::spawn(async move {
                // A caller that breaks off is its own concern.
                let Ok(Some(said)) = introduce(&mut stream, &key, &*handler).await else { return };
                drop(permit);
                serve_one(stream, said, &*handler, &working).await.ok();
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

/// What a caller said once it had proved itself.
enum Said {
    Asked(Request, Option<Secret>),
    /// It cannot be understood, and why.
    Unknown(String),
}

/// What the caller says, where it may say anything.
async fn introduce(stream: &mut UnixStream, key: &Key, handler: &dyn Handler) -> io::Result<Option<Said>> {
    let peer = stream.peer_cred()?;
    let (uid, pid) = (peer.uid(), peer.pid().unwrap_or(0));
    if uid != rustix::process::geteuid().as_raw() {
        handler.refused(uid, pid, "another user");
        return Ok(None);
    }
    if kin::descends(pid) {
        handler.refused(uid, pid, "a process of the gateway's own");
        return Ok(None);
    }
    let said = tokio::time::timeout(TIMEOUT, receive(stream, key)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if said.is_none() {
        handler.refused(uid, pid, "no proof of control.key");
    }
    Ok(said)
}

/// The request of a caller that proves itself; none of one that does not.
async fn receive(stream: &mut UnixStream, key: &Key) -> io::Result<Option<Said>> {
    let client = frame::nonce_from(&frame::read(stream).await?)?;
    let server = frame::nonce()?;
    frame::write(stream, &server).await?;
    frame::write(stream, &frame::proof(key, Role::Server, &server, &client).finalize().into_bytes()).await?;
    let proof = frame::read(stream).await?;
    if frame::proof(key, Role::Client, &server, &client).verify_slice(&proof).is_err() {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice::<Request>(&frame::read(stream).await?) {
        Ok(request) if request.has_value() => Said::Asked(request, Some(frame::read_value(stream).await?)),
        Ok(request) => Said::Asked(request, None),
        Err(error) => Said::Unknown(format!("the gateway does not know this command ({error}): it may be of another version")),
    }))
}

async fn serve_one(mut stream: UnixStream, said: Said, handler: &dyn Handler, working: &Semaphore) -> io::Result<()> {
    let (request, value) = match said {
        Said::Asked(request, value) => (request, value),
        Said::Unknown(why) => return write(&mut stream, &Reply::Refused(why)).await,
    };
    let Ok(_permit) = working.try_acquire() else {
        let why = format!("the gateway is busy with {WORKING} commands already: try again when some of them are done");
        return write(&mut stream, &Reply::Refused(why)).await;
    };
    let (progress, mut told) = Progress::channel();
    let mut reply = handler.handle(Asked { request, value, progress });
    match accompany(&mut stream, &mut reply, &mut told).await {
        Ok(Some(reply)) => write(&mut stream, &reply).await,
        // It went, or cannot be told: whoever works for it learns that, and ends in its own way. A caller that only ended
        // its side of the connection waits for that.
        gone => {
            drop(told);
            let reply = reply.await;
            gone?;
            write(&mut stream, &reply).await
        }
    }
}

/// Passes on what there is to say until the answer is there; none where the caller goes away before.
async fn accompany(
    stream: &mut UnixStream,
    reply: &mut (impl Future<Output = Reply> + Unpin),
    told: &mut mpsc::Receiver<Value>,
) -> io::Result<Option<Reply>> {
    let (mut reading, mut writing) = stream.split();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.reset();
    // A caller has said all that it has to say.
    let mut nothing = [0];
    let mut more = true;
    loop {
        tokio::select! {
            biased;
            piece = told.recv(), if more => match piece {
                Some(piece) => write(&mut writing, &Reply::Progress(piece)).await?,
                None => more = false,
            },
            reply = &mut *reply => {
                while let Ok(piece) = told.try_recv() {
                    write(&mut writing, &Reply::Progress(piece)).await?;
                }
                return Ok(Some(reply));
            }
            _ = reading.read(&mut nothing) => return Ok(None),
            _ = beat.tick() => write(&mut writing, &Reply::Beat).await?,
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), reply: &Reply) -> io::Result<()> {
    let bytes = serde_json::to_vec(reply).map_err(io::Error::other)?;
    let written = tokio::time::timeout(UNREAD, frame::write_reply(stream, &bytes)).await;
    written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
