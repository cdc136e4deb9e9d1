//! The programs that a call has run, and where.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;
use wirken_permissions::Action;
use wirken_plugin::ports::{Answering, Command, Output, Programs, Refusal};
use wirken_sandbox::containers::Containers;
use wirken_sandbox::program::{Ended, Piece, Program, ProgramError};
use wirken_sandbox::spaces::Spaces;
use wirken_turn::Shown;
use wirken_types::Digest;
use wirken_types::event::ToolOutcome;

use crate::Update;
use crate::effects::{CallEffects, Weight, refusal};
use crate::screen::Streamed;

/// What a program may be given to read, in bytes.
pub const MAX_STDIN_BYTES: usize = 1024 * 1024;
/// Pieces of output that wait to be shown; what comes faster waits in the program's pipe.
const PIECES: usize = 16;

/// Programs of one call.
const MAX_PROGRAMS: u64 = 32;
/// Programs at a time, of all calls together.
pub(crate) const AT_ONCE: usize = 8;

/// Where programs run.
#[derive(Clone, Debug)]
pub enum Sandbox {
    Containers(Containers),
    Spaces(Spaces),
    /// Nowhere, and why, with what to do about it.
    Missing(String),
}

/// Runs a program that was allowed and recorded, and kills it where it is dropped.
pub trait Runner: Send + Sync {
    fn run<'a>(
        &'a self,
        program: &'a Program,
        pieces: mpsc::Sender<Piece>,
    ) -> Pin<Box<dyn Future<Output = Result<Ended, ProgramError>> + Send + 'a>>;
}

impl Runner for Sandbox {
    fn run<'a>(
        &'a self,
        program: &'a Program,
        pieces: mpsc::Sender<Piece>,
    ) -> Pin<Box<dyn Future<Output = Result<Ended, ProgramError>> + Send + 'a>> {
        Box::pin(async move {
            match self {
                Self::Containers(containers) => containers.run(program, pieces).await,
                Self::Spaces(spaces) => spaces.run(program, pieces).await,
                Self::Missing(why) => Err(ProgramError::Unavailable(why.clone())),
            }
        })
    }
}

impl Sandbox {
    /// Removes what an earlier run left. To be called at the start, by who holds the data folder.
    pub async fn sweep(&self) {
        if let Self::Containers(containers) = self
            && let Err(error) = containers.sweep().await
        {
            tracing::debug!(%error, "containers of an earlier run were not looked for");
        }
    }

    /// Waits until every program is gone.
    pub async fn settled(&self) {
        if let Self::Containers(containers) = self {
            containers.settled().await;
        }
    }
}

impl CallEffects {
    async fn run_program(&self, command: Command) -> Result<Output, Refusal> {
        let workspace = self.workspace();
        let Some(workspace) = workspace else { return Err(refusal("denied", "there is no workspace here for a program to work in")) };
        let Command { program, arguments, stdin, timeout } = command;
        if stdin.len() > MAX_STDIN_BYTES {
            let bytes = stdin.len();
            return Err(refusal("limit", format!("the input has {bytes} bytes, and {MAX_STDIN_BYTES} are the most: put it into a file")));
        }
        let skill = self.skill(&program, &arguments)?;
        let program = Program { program, arguments, stdin, workspace, skill, timeout };
        program.check().map_err(|error| refusal(error.kind(), error.to_string()))?;
        // It would stand in a question, and in the record.
        self.holds_no_secret([program.program.as_str()].into_iter().chain(program.arguments.iter().map(String::as_str)))?;
        let input = (!program.stdin.is_empty()).then(|| Digest::of(&program.stdin));
        let action = Action::Exec { program: program.program.clone(), arguments: program.arguments.clone(), stdin: input };
        self.count("exec", MAX_PROGRAMS, "programs")?;
        // Each may take all the memory that one program may have.
        let _room = self.shared().programs.acquire().await.map_err(|_| refusal("unavailable", "the gateway is ending"))?;
        let effect = self.begin(action, Weight::Changes).await?;
        let ran = self.run_in_sandbox(&program).await;
        let (outcome, detail) = match &ran {
            Ok(ended) => (ToolOutcome::Ok, format!("it ended with {}", ended.code)),
            // Nobody can erase it, so that what the program said of itself is not in it.
            Err(error) => (ToolOutcome::Failed, error.kind().to_owned()),
        };
        self.finish(effect, outcome, detail).await;
        let Ended { code, stdout, stderr, truncated } = ran.map_err(|error| refusal(error.kind(), error.to_string()))?;
        Ok(Output { code, stdout, stderr, truncated })
    }

    /// The folder of the skill that a command line names, which the program is given to read.
    fn skill(&self, program: &str, arguments: &[String]) -> Result<Option<PathBuf>, Refusal> {
        let skills = self.asker().skills;
        let words = std::iter::once(program).chain(arguments.iter().map(String::as_str));
        let named = skills.as_deref().map(|skills| skills.named(words)).unwrap_or_default();
        match named.as_slice() {
            [] => Ok(None),
            [folder] => Ok(Some(folder.folder.clone())),
            [first, second, ..] => {
                let both = format!("{} and {}", first.path, second.path);
                Err(refusal("denied", format!("it names the folders of two skills, {both}, and a program is given that of one")))
            }
        }
    }

    async fn run_in_sandbox(&self, program: &Program) -> Result<Ended, ProgramError> {
        let (pieces, mut written) = mpsc::channel(PIECES);
        let mut streamed = self.screen().streamed();
        let shows = async {
            while let Some(piece) = written.recv().await {
                self.show(&mut streamed, piece);
            }
        };
        let sandbox = self.shared().sandbox.clone();
        let (ended, ()) = tokio::join!(sandbox.run(program, pieces), shows);
        ended
    }

    /// A glimpse of what a program writes, for whoever watches. What would tell a secret is not shown, nor is what follows.
    fn show(&self, streamed: &mut Streamed, piece: Piece) {
        let bytes = match piece {
            Piece::Stdout(bytes) | Piece::Stderr(bytes) => bytes,
        };
        if let Some(text) = streamed.pass(&bytes).filter(|text| !text.is_empty()) {
            let shown = Shown::Output { id: self.call().id.clone(), text };
            self.tell(|turn| Update::Glimpse { turn, shown });
        }
    }
}

impl Programs for CallEffects {
    fn run(&self, command: Command) -> Answering<'_, Result<Output, Refusal>> {
        Box::pin(self.run_program(command))
    }
}

/// How long programs may take to be gone when the gateway stops.
pub const SETTLE: Duration = Duration::from_secs(5);
