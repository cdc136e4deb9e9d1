//! One start of an account's process.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::io::Errno;
use rustix::process::{Signal, pidfd_send_signal};
use tokio::sync::oneshot;
use wirken_sandbox::{Child, Spawn};
use wirken_wire::{BOOT_DESCRIPTOR, Boot, CODE_DESCRIPTOR, Credential, KeyPair, Network, PublicKey};

use super::{AccountCredential, ChannelParts, Hosted, Runtime};

/// A process that was started. Dropping it kills it.
pub(crate) struct Process {
    pid: u32,
    /// It names this process and no later one, however numbers are used again.
    handle: OwnedFd,
    ended: oneshot::Receiver<String>,
    how: Option<String>,
}

/// Starts the process with a key of its own. `known` is told its number and the other half of that key before the process
/// is told where to connect.
pub(crate) async fn start(
    parts: &Arc<ChannelParts>,
    runtime: &Arc<Runtime>,
    gateway: PublicKey,
    socket: &str,
    known: impl FnOnce(u32, PublicKey) + Send + 'static,
) -> io::Result<Process> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let public = key.public();
    let account = &runtime.account;
    let credential = |credential: &AccountCredential| Credential {
        name: credential.name.clone(),
        origins: credential.origins.clone(),
        places: credential.places.clone(),
        secret: Arc::clone(&credential.secret),
    };
    let (Hosted { plugin, manifest }, credentials, network) = {
        let held = runtime.held.borrow();
        let hosted = held.hosted.clone().map_err(io::Error::other)?;
        let network = Network {
            roots: held.network.roots.clone(),
            proxy: held.network.proxy.clone(),
            proxy_user: held.network.proxy_user.clone(),
            proxy_password: held.network.proxy_password.as_ref().map(credential),
        };
        (hosted, held.credentials.iter().map(credential).collect(), network)
    };
    let boot = Boot {
        account: account.id.clone(),
        component: account.component.clone(),
        manifest,
        settings: account.given.clone(),
        credentials,
        key,
        gateway,
        socket: socket.to_owned(),
        require_sandbox: parts.require_sandbox,
        network,
    };
    let parts = Arc::clone(parts);
    // Forking and filling the pipe block.
    let child = tokio::task::spawn_blocking(move || {
        let code = plugin.seal().map_err(io::Error::other)?;
        let bytes = boot.encode().map_err(io::Error::other)?;
        let (reader, writer) = io::pipe()?;
        let child = wirken_sandbox::spawn(Spawn {
            program: parts.program.clone(),
            arguments: vec![parts.argument.into(), std::process::id().to_string().into()],
            descriptors: vec![(reader.into(), BOOT_DESCRIPTOR), (code, CODE_DESCRIPTOR)],
            stderr: None,
        })?;
        known(child.pid(), public);
        File::from(OwnedFd::from(writer)).write_all(&bytes)?;
        Ok::<Child, io::Error>(child)
    });
    let child = child.await.map_err(io::Error::other)??;
    let (pid, handle) = (child.pid(), child.as_fd().try_clone_to_owned()?);
    let (told, ended) = oneshot::channel();
    std::thread::Builder::new().name("channel-process".into()).spawn(move || wait(child, told))?;
    Ok(Process { pid, handle, ended, how: None })
}

fn wait(child: Child, told: oneshot::Sender<String>) {
    let how = match child.wait() {
        Ok(status) => format!("its process ended: {status}"),
        Err(error) => format!("its process cannot be watched: {error}"),
    };
    // Nobody may want to know.
    told.send(how).ok();
}

impl Process {
    /// Waits for its end, and says how it was. Dropping the future loses nothing.
    pub(crate) async fn ended(&mut self) -> String {
        if let Some(how) = &self.how {
            return how.clone();
        }
        let how = (&mut self.ended).await.unwrap_or_else(|_| "its process cannot be watched".into());
        self.how.insert(how).clone()
    }

    pub(crate) fn kill(&self) {
        match pidfd_send_signal(&self.handle, Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => tracing::error!(pid = self.pid, %error, "a channel's process could not be ended"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
