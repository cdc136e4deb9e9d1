//! The socket that account processes connect to, and who is let in.
//!
//! The kernel says whose process connects, and which; the handshake says that it has the key of this very start. Whoever
//! is refused is told a word, and the refusal is recorded.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, oneshot};
use wirken_types::channel::State;
use wirken_wire::{Frames, GatewayHandshake, GatewayStep, KeyPair, NONCE_BYTES, PublicKey, Refusal, frame};

use crate::{Gateway, Sparse};

/// Who has not proved itself by then is dropped.
const PATIENCE: Duration = Duration::from_secs(5);
/// Handshakes at the same time.
const CALLERS: usize = 16;
/// Read at once.
const READ_BYTES: usize = 4096;
/// Refusals of one kind that are recorded, and within what time: anybody of this user may be refused as often as he likes.
const REFUSALS_RECORDED: usize = 10;
const REFUSALS_WITHIN: Duration = Duration::from_secs(600);

/// A process that has proved itself.
pub(crate) struct Admitted {
    pub(crate) stream: UnixStream,
    pub(crate) frames: Frames,
}

/// Who is expected.
#[derive(Debug, Default)]
pub(crate) struct Expected(Mutex<HashMap<String, Guest>>);

#[derive(Debug)]
struct Guest {
    pid: u32,
    key: PublicKey,
    state: Vec<State>,
    /// None once it is connected: there is one connection of an account.
    admit: Option<oneshot::Sender<Admitted>>,
}

impl std::fmt::Debug for Admitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admitted").finish_non_exhaustive()
    }
}

impl Expected {
    /// From now on the process with this id is this account's, and takes the place of any before it.
    pub(crate) fn expect(&self, account: &str, pid: u32, key: PublicKey, state: Vec<State>) -> oneshot::Receiver<Admitted> {
        let (admit, admitted) = oneshot::channel();
        self.lock().insert(account.to_owned(), Guest { pid, key, state, admit: Some(admit) });
        admitted
    }

    pub(crate) fn forget(&self, account: &str) {
        self.lock().remove(account);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Guest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(crate) struct Listener {
    listener: UnixListener,
    path: PathBuf,
    key: Arc<KeyPair>,
    expected: Arc<Expected>,
    gateway: Gateway,
    refusals: Arc<Sparse>,
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug)]
enum Denied {
    OtherUser,
    /// It is not the process that was started for the account.
    OtherProcess,
    /// The account is connected.
    Connected,
    Handshake(Refusal),
    Silent,
}

impl Denied {
    fn code(self) -> &'static str {
        match self {
            Self::OtherUser => "other-user",
            Self::OtherProcess => "other-process",
            Self::Connected => "connected-already",
            Self::Handshake(refusal) => refusal.code(),
            Self::Silent => "silent",
        }
    }

    /// What it is told: nothing that it could use.
    fn told(self) -> Refusal {
        match self {
            Self::Handshake(refusal) => refusal,
            _ => Refusal::UnknownAdapter,
        }
    }
}

impl Listener {
    /// It needs the data folder's lock, since it replaces what an earlier run left.
    pub(crate) fn bind(folder: &Path, gateway: Gateway) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let path = folder.join("adapters.sock");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let key = Arc::new(KeyPair::generate().map_err(io::Error::other)?);
        let refusals = Arc::new(Sparse::new(REFUSALS_RECORDED, REFUSALS_WITHIN));
        Ok(Self { listener, path, key, expected: Arc::default(), gateway, refusals })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.key.public()
    }

    pub(crate) fn expected(&self) -> Arc<Expected> {
        Arc::clone(&self.expected)
    }

    /// Lets processes in until dropped.
    pub(crate) async fn serve(self) {
        let callers = Arc::new(Semaphore::new(CALLERS));
        loop {
            let Ok(permit) = Arc::clone(&callers).acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the socket for channels could not accept a process");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (key, expected) = (Arc::clone(&self.key), Arc::clone(&self.expected));
            let (gateway, refusals) = (self.gateway.clone(), Arc::clone(&self.refusals));
            tokio::spawn(async move {
                admit(stream, &key, &expected, &gateway, &refusals).await;
                drop(permit);
            });
        }
    }
}

async fn admit(mut stream: UnixStream, key: &KeyPair, expected: &Expected, gateway: &Gateway, refusals: &Sparse) {
    let peer = stream.peer_cred();
    let (uid, pid) = peer.map_or((None, None), |peer| (Some(peer.uid()), peer.pid().and_then(|pid| u32::try_from(pid).ok())));
    let mut claimed = None;
    let shaken = tokio::time::timeout(PATIENCE, shake(&mut stream, uid, pid, key, expected, &mut claimed)).await;
    let denied = match shaken {
        Ok(Ok((frames, admit))) => {
            // Nobody waits any more where the process ended meanwhile.
            drop(admit.send(Admitted { stream, frames }));
            return;
        }
        Ok(Err(denied)) => denied,
        Err(_) => Denied::Silent,
    };
    if let Ok(message) = frame(&denied.told().encode()) {
        tokio::time::timeout(PATIENCE, stream.write_all(&message)).await.ok();
    }
    if refusals.passes() {
        let account: String = claimed.unwrap_or_default().chars().filter(|c| !c.is_control()).take(64).collect();
        let detail = json!({ "reason": denied.code(), "uid": uid, "pid": pid, "claimed": account });
        if let Err(error) = gateway.record_system("adapter-refused", "adapters.sock", detail).await {
            tracing::error!(%error, "a refused process could not be recorded");
        }
    }
}

async fn shake(
    stream: &mut UnixStream,
    uid: Option<u32>,
    pid: Option<u32>,
    key: &KeyPair,
    expected: &Expected,
    claimed: &mut Option<String>,
) -> Result<(Frames, oneshot::Sender<Admitted>), Denied> {
    if uid != Some(rustix::process::geteuid().as_raw()) {
        return Err(Denied::OtherUser);
    }
    // Whoever it is, it keeps nobody waiting who is expected.
    if !pid.is_some_and(|pid| expected.lock().values().any(|guest| guest.pid == pid)) {
        return Err(Denied::OtherProcess);
    }
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| Denied::Silent)?;
    let mut process = Ok(());
    let lookup = |account: &str| {
        *claimed = Some(account.to_owned());
        let expected = expected.lock();
        let guest = expected.get(account)?;
        if Some(guest.pid) != pid {
            process = Err(Denied::OtherProcess);
            return None;
        }
        if guest.admit.is_none() {
            process = Err(Denied::Connected);
            return None;
        }
        Some(guest.key)
    };
    let mut frames = Frames::new();
    let mut buffer = vec![0; READ_BYTES];
    let authenticated = {
        let mut handshake = GatewayHandshake::new(key, nonce, lookup);
        loop {
            let step = match frames.next_frame().map_err(|error| Denied::Handshake(error.into()))? {
                Some(message) => handshake.take(message),
                None => {
                    let count = stream.read(&mut buffer).await.map_err(|_| Denied::Silent)?;
                    let bytes = buffer.get(..count).filter(|bytes| !bytes.is_empty());
                    frames.push(bytes.ok_or(Denied::Silent)?);
                    continue;
                }
            };
            match step {
                Ok(GatewayStep::Challenge(challenge)) => send(stream, &challenge).await?,
                Ok(GatewayStep::Authenticated(authenticated)) => break Ok(authenticated),
                Err(refusal) => break Err(refusal),
            }
        }
    };
    process?;
    let authenticated = authenticated.map_err(Denied::Handshake)?;
    let (admit, state) = {
        let mut expected = expected.lock();
        // Another connection may have been quicker, or the process have been replaced.
        let guest = expected.get_mut(authenticated.adapter_id()).filter(|guest| Some(guest.pid) == pid).ok_or(Denied::OtherProcess)?;
        let admit = guest.admit.take().ok_or(Denied::Connected)?;
        (admit, std::mem::take(&mut guest.state))
    };
    let welcome = authenticated.welcome(&state).map_err(|error| Denied::Handshake(error.into()))?;
    send(stream, &welcome).await?;
    Ok((frames, admit))
}

async fn send(stream: &mut UnixStream, message: &[u8]) -> Result<(), Denied> {
    let framed = frame(message).map_err(|error| Denied::Handshake(error.into()))?;
    stream.write_all(&framed).await.map_err(|_| Denied::Silent)
}
