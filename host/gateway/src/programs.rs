//! The programs that a call has run: judged once more by what they really are, recorded, and run in the sandbox.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use wirken_ledger::{Batch, Ledger};
use wirken_permissions::{Action, Decision};
use wirken_plugin::Access;
use wirken_plugin::programs::{Command, Output, Programs, Refusal};
use wirken_sandbox::containers::Containers;
use wirken_sandbox::program::{Ended, Piece, Program, ProgramError};
use wirken_sandbox::spaces::Spaces;
use wirken_turn::{Ask, Shown};
use wirken_types::chat::ToolCall;
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::{Digest, TurnId};

use crate::Update;
use crate::permits::{Asker, Permits};
use crate::registry::Watchers;
use crate::screen::{Screen, Streamed};
use crate::shared::Shared;

/// What a program may be given to read, in bytes.
pub const MAX_STDIN_BYTES: usize = 1024 * 1024;
/// Pieces of output that wait to be shown; what comes faster waits in the program's pipe.
const PIECES: usize = 16;

/// Why a call is ended, as it stands in a row that nobody can erase.
const REASON: &str = "running a program";

/// Programs of one call.
const MAX_PROGRAMS: u64 = 32;
/// Programs at a time, of all calls together.
pub(crate) const AT_ONCE: usize = 8;
/// Of what a call has done, so many are named to the model where it is ended.
const TOLD: usize = 8;

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

/// Why a call was ended: it asked for something that nobody had allowed.
#[derive(Debug)]
pub(crate) struct Blocked {
    /// What that was, in the host's words.
    pub(crate) reason: String,
    pub(crate) repeat: Option<Box<Ask>>,
    /// What it had done by then.
    pub(crate) done: String,
}

/// The programs of one call.
pub(crate) struct CallPrograms {
    permits: Permits,
    ledger: Ledger,
    shared: Arc<Shared>,
    watchers: Watchers,
    screen: Screen,
    asker: Asker,
    turn: TurnId,
    call: ToolCall,
    /// Whether the call can change files by itself.
    writes: bool,
    state: Mutex<State>,
    blocked: Notify,
}

/// What one call may do without being asked about again.
#[derive(Clone, Debug, Default)]
pub(crate) struct May {
    pub(crate) allowed: Vec<Digest>,
    pub(crate) writes: bool,
}

#[derive(Default)]
struct State {
    /// What a person allowed, each once.
    allowed: Vec<Digest>,
    begun: u64,
    /// The one that runs: a guest waits for each.
    underway: Option<u64>,
    done: Vec<String>,
    blocked: Option<Blocked>,
    /// The call is being ended: whatever its guest asks for from here on is refused.
    over: bool,
}

impl CallPrograms {
    pub(crate) fn new(shared: Arc<Shared>, watchers: Watchers, asker: Asker, turn: TurnId, call: ToolCall, may: May) -> Self {
        let May { allowed, writes } = may;
        let (permits, ledger, screen) = (shared.permits.clone(), shared.ledger.clone(), shared.screen.clone());
        let state = Mutex::new(State { allowed, ..State::default() });
        Self { permits, ledger, shared, watchers, screen, asker, turn, call, writes, state, blocked: Notify::new() }
    }

    /// Returns once the call is to be ended.
    pub(crate) async fn blocked(&self) -> Blocked {
        loop {
            if let Some(blocked) = self.take_blocked() {
                return blocked;
            }
            self.blocked.notified().await;
        }
    }

    pub(crate) fn take_blocked(&self) -> Option<Blocked> {
        self.state().blocked.take()
    }

    /// The call is stopped: from here on nothing of it begins or ends by itself. What is left to record, if a program runs.
    pub(crate) fn cut_off(&self) -> Option<Event> {
        let mut state = self.state();
        state.over = true;
        let (turn, call_id, effect) = (self.turn, self.call.id.clone(), state.underway.take()?);
        let detail = "it was stopped while it ran".into();
        Some(Event::EffectFinished { turn, call_id, effect, outcome: ToolOutcome::Interrupted, detail })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn carry_out(&self, command: Command) -> Result<Output, Refusal> {
        let workspace = self.permits.policy.workspace.clone().filter(|_| self.permits.has_workspace(&self.asker));
        let Some(workspace) = workspace else { return Err(refusal("denied", "there is no workspace here for a program to work in")) };
        let Command { program, arguments, stdin, timeout } = command;
        if stdin.len() > MAX_STDIN_BYTES {
            let bytes = stdin.len();
            return Err(refusal("limit", format!("the input has {bytes} bytes, and {MAX_STDIN_BYTES} are the most: put it into a file")));
        }
        let program = Program { program, arguments, stdin, workspace, skill: None, timeout };
        program.check().map_err(|error| refusal(error.kind(), error.to_string()))?;
        // It would stand in a question, and in the record.
        if self.screen.holds([program.program.as_str()].into_iter().chain(program.arguments.iter().map(String::as_str))) {
            return Err(refusal("denied", "it holds the value of a credential"));
        }
        if self.state().begun >= MAX_PROGRAMS {
            return Err(refusal("limit", format!("one call runs {MAX_PROGRAMS} programs at most")));
        }
        let input = (!program.stdin.is_empty()).then(|| Digest::of(&program.stdin));
        let action = Action::Exec { program: program.program.clone(), arguments: program.arguments.clone(), stdin: input };
        let (words, digest) = (action.words(), action.digest());
        // Each may take all the memory that one program may have.
        let _room = self.shared.programs.acquire().await.map_err(|_| refusal("unavailable", "the gateway is ending"))?;
        self.judge(action).await?;
        let effect = {
            let mut state = self.state();
            if state.over {
                return Err(not_allowed());
            }
            state.begun += 1;
            state.underway = Some(state.begun);
            state.begun
        };
        let (turn, call_id) = (self.turn, self.call.id.clone());
        let content = Some(words.clone());
        let started = Event::EffectStarted { turn, call_id: call_id.clone(), effect, action: "exec".into(), digest, content };
        if let Err(error) = self.ledger.append(Batch::of(self.asker.session, [started])).await {
            self.state().underway = None;
            return Err(refusal("failed", format!("it could not be recorded, and so was not done: {error}")));
        }
        // It was stopped meanwhile, and its end is on record.
        if self.state().underway != Some(effect) {
            return Err(not_allowed());
        }
        let ran = self.run(&program).await;
        let (outcome, detail) = match &ran {
            Ok(ended) => (ToolOutcome::Ok, format!("it ended with {}", ended.code)),
            // Nobody can erase it, so that what the program said of itself is not in it.
            Err(error) => (ToolOutcome::Failed, error.kind().to_owned()),
        };
        {
            let mut state = self.state();
            if state.underway.take() != Some(effect) {
                return Err(refusal("failed", "it was stopped while it ran"));
            }
            if state.done.len() < TOLD {
                state.done.push(words);
            }
        }
        let finished = Event::EffectFinished { turn, call_id, effect, outcome, detail };
        if let Err(error) = self.ledger.append_lazily(Batch::of(self.asker.session, [finished])).await {
            tracing::error!(%error, "the end of a program could not be recorded");
        }
        let Ended { code, stdout, stderr, truncated } = ran.map_err(|error| refusal(error.kind(), error.to_string()))?;
        Ok(Output { code, stdout, stderr, truncated })
    }

    /// Whether somebody allowed exactly this, or nobody has to. Grants are read now: one that was revoked is none.
    async fn judge(&self, action: Action) -> Result<(), Refusal> {
        let weighed = self.permits.weigh(vec![action.clone()], &self.asker).await;
        if weighed.is_empty() {
            return Err(refusal("failed", "it could not be judged"));
        }
        let grants = match self.shared.granted(self.asker.holder.clone()).await {
            Ok(grants) => grants,
            Err(error) => return Err(refusal("failed", format!("what is granted could not be read: {error}"))),
        };
        let decide = |allowed: &[Digest]| self.permits.decide(&weighed, &self.call, &self.asker, &grants, allowed);
        let mut state = self.state();
        if state.over {
            return Err(not_allowed());
        }
        match decide(&[]) {
            Decision::Allow => return Ok(()),
            Decision::Refuse { text } => return Err(refusal("denied", text)),
            Decision::Ask { .. } => {}
        }
        let digest = action.digest();
        if let Some(at) = state.allowed.iter().position(|allowed| *allowed == digest)
            && matches!(decide(&[digest]), Decision::Allow)
        {
            state.allowed.remove(at);
            return Ok(());
        }
        let Decision::Ask { tier, .. } = decide(&[]) else { return Err(not_allowed()) };
        // Only what changed nothing is run again from its start.
        let able = self.permits.tools.about(&self.call.name).is_none_or(|about| about.writes);
        let writes = able && self.permits.access(&self.asker, self.writes) == Access::ReadWrite;
        let repeatable = state.begun == 0 && !writes;
        let done = state.done.join("; ");
        let after = Some(if done.is_empty() { "it had done nothing else by then".to_owned() } else { done.clone() });
        let judged = weighed.into_iter().map(|weighed| weighed.judged).collect();
        let ask = repeatable.then(|| self.permits.ask(&self.call, tier, judged, String::new(), after, &self.asker));
        let repeat = ask.and_then(Result::ok).map(Box::new);
        let done = if writes && done.is_empty() { "it may have changed files of the workspace".into() } else { done };
        state.over = true;
        state.blocked = Some(Blocked { reason: REASON.into(), repeat, done });
        drop(state);
        self.blocked.notify_one();
        Err(not_allowed())
    }

    async fn run(&self, program: &Program) -> Result<Ended, ProgramError> {
        let (pieces, mut written) = mpsc::channel(PIECES);
        let mut streamed = self.screen.streamed();
        let shows = async {
            while let Some(piece) = written.recv().await {
                self.show(&mut streamed, piece);
            }
        };
        let sandbox = self.shared.sandbox.clone();
        let (ended, ()) = tokio::join!(sandbox.run(program, pieces), shows);
        ended
    }

    /// A glimpse of what a program writes, for whoever watches. What would tell a secret is not shown, nor is what follows.
    fn show(&self, streamed: &mut Streamed, piece: Piece) {
        let bytes = match piece {
            Piece::Stdout(bytes) | Piece::Stderr(bytes) => bytes,
        };
        if let Some(text) = streamed.pass(&bytes).filter(|text| !text.is_empty()) {
            let shown = Shown::Output { id: self.call.id.clone(), text };
            self.watchers.tell(Update::Glimpse { turn: self.turn, shown });
        }
    }
}

impl Programs for CallPrograms {
    fn run(&self, command: Command) -> Pin<Box<dyn Future<Output = Result<Output, Refusal>> + Send + '_>> {
        Box::pin(self.carry_out(command))
    }
}

fn refusal(kind: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { kind, message: message.into() }
}

fn not_allowed() -> Refusal {
    refusal("denied", "nobody has allowed this")
}

/// How long programs may take to be gone when the gateway stops.
pub const SETTLE: Duration = Duration::from_secs(5);
