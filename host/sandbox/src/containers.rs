//! Running programs in containers that are made for one program each, by the Docker or Podman that this machine has.
//!
//! [`Containers::run`] asks the engine what it is (`engine`), says what the container may be (`shape`), and follows it to its end
//! (`life`). The engine is trusted: it is root, or the gateway's own user. What it is not trusted with is to have understood:
//! engines leave out what they do not know, so the container that it made is compared with the one that was wanted before
//! it starts. Where something is missing no program runs, and nothing else takes the sandbox's place.
//!
//! A container belongs to the gateway by a label. It is removed when its program ends, when its time is up, and when whoever waits
//! for it stops waiting; [`Containers::sweep`] removes what a gateway that was killed has left.
//!
//! *Not* held: how much is written into the workspace, how much of the processors is used, and what the kernel itself gets wrong,
//! unless gVisor stands between.

mod engine;
mod image;
mod life;
mod shape;
mod user;

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

pub use engine::Description;
pub use image::Image;

use crate::mounts::{Places, resolve};
use crate::program::{Bounds, Ended, Piece, Program, ProgramError};

/// What stands between a program and the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// The engine's own choice: namespaces of the host's kernel.
    #[default]
    Engine,
    /// A kernel of its own, in user space: `runsc`.
    Gvisor,
}

impl Runtime {
    /// As the engine calls it.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Engine => None,
            Self::Gvisor => Some("runsc"),
        }
    }
}

/// What the operator decided, and what the gateway knows of itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where an engine may listen. The first that answers is used, so that a configured one stands alone.
    pub sockets: Vec<PathBuf>,
    pub image: Image,
    pub runtime: Runtime,
    /// Names this gateway among those that use the engine: the data folder's id. Visible to all who may use the engine.
    pub owner: String,
    /// User and group of the gateway: those who own the data folder.
    pub user: (u32, u32),
    pub places: Places,
    pub bounds: Bounds,
}

/// Runs programs in containers. Nothing is kept between two: each finds the engine as it is then.
#[derive(Clone, Debug)]
pub struct Containers {
    settings: Settings,
    lives: TaskTracker,
}

impl Containers {
    /// Asks nobody anything.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, lives: TaskTracker::new() }
    }

    /// Runs a program to its end, and sends what it writes on the way.
    ///
    /// Dropping the future kills the program: its container is removed in the background, see [`Containers::settled`].
    pub async fn run(&self, program: &Program, pieces: mpsc::Sender<Piece>) -> Result<Ended, ProgramError> {
        program.check()?;
        let folders = resolve(program, &self.settings.places)?;
        let user = user::choose(self.settings.user, folders.owner, folders.mode)?;
        let engine = engine::connect(&self.settings).await?;
        let shape = shape::shape(program, &folders, user, &engine, &self.settings)?;
        let life = life::Life {
            docker: engine.docker,
            name: name(&self.settings.owner)?,
            shape,
            stdin: program.stdin.clone(),
            time: self.settings.bounds.time_of(program),
            bounds: self.settings.bounds,
            program: program.program.clone(),
            podman: engine.facts.podman,
        };
        // It goes on by itself, since a container that is being made cannot be left alone. What is dropped with this future tells it to end.
        let (_waiting, left) = oneshot::channel();
        let ended = self.lives.spawn(life.live(pieces, left)).await;
        ended.unwrap_or_else(|_| Err(ProgramError::Failed("the container of the program was abandoned: the gateway is ending".to_owned())))
    }

    /// What there is, in the words of a person, and why no program runs if none would.
    pub async fn describe(&self) -> Description {
        engine::describe(&self.settings).await
    }

    /// Removes every container of this gateway, and tells how many there were. To be called before the first program, while the gateway
    /// is known to be the only one with its data folder.
    pub async fn sweep(&self) -> Result<usize, ProgramError> {
        life::sweep(&engine::find(&self.settings).await?, &self.settings.owner).await
    }

    /// Waits until the containers of all programs that were begun are gone. To be awaited before the runtime ends.
    pub async fn settled(&self) {
        self.lives.close();
        self.lives.wait().await;
    }
}

/// A name that no other container has.
fn name(owner: &str) -> Result<String, ProgramError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| ProgramError::Failed(format!("the system gives no random numbers: {error}")))?;
    let owner: String = owner.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    Ok(format!("wirken-{owner}-{:016x}", u64::from_ne_bytes(random)))
}
