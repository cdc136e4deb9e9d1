//! What a call does in the world: each thing judged once more by what it really is, recorded, done, and recorded again.
//!
//! A guest never waits for a person. What nobody allowed ends the call; whoever may allow it is asked meanwhile, and where
//! the call had changed nothing by then, it is run again from its start.

mod keeping;
mod requests;
mod sending;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use wirken_ledger::Batch;
use wirken_permissions::{Action, Decision};
use wirken_plugin::Access;
use wirken_plugin::ports::Refusal;
use wirken_turn::Ask;
use wirken_types::approval::{Judged, Tier};
use wirken_types::chat::ToolCall;
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::tool::Intent;
use wirken_types::{Digest, TurnId};

use crate::Update;
use crate::permits::Asker;
use crate::policies::Ruled;
use crate::registry::Watchers;
use crate::screen::Screen;
use crate::shared::Shared;

pub(crate) use keeping::RECALL;
pub use requests::{Authorities, Outward};
pub(crate) use requests::{REQUEST, room_for_requests};

/// Of what a call has done, so many are named to the model where it is ended.
const TOLD: usize = 8;
/// Of what was refused to it, so many, and so much of each, in characters.
const REFUSALS: usize = 4;
const REFUSAL_CHARS: usize = 400;

/// Why a call was ended: it asked for something that nobody had allowed.
#[derive(Debug)]
pub(crate) struct Blocked {
    /// What that was, in the host's words.
    pub(crate) reason: String,
    pub(crate) repeat: Option<Box<Ask>>,
    /// What it had done by then.
    pub(crate) done: String,
}

/// Whether something that was done would be done twice if its call were run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Reads,
    Changes,
}

/// What one call may do without being asked about again.
#[derive(Clone, Debug, Default)]
pub(crate) struct May {
    pub(crate) allowed: Vec<Digest>,
    pub(crate) writes: bool,
}

/// The effects of one call.
pub(crate) struct CallEffects {
    shared: Arc<Shared>,
    watchers: Watchers,
    asker: Asker,
    turn: TurnId,
    call: ToolCall,
    /// Its component.
    component: String,
    /// Whether the call can change files by itself.
    writes: bool,
    /// The session has read words from outside: set here, and read by whoever judges the next call.
    outside: Arc<AtomicBool>,
    state: Arc<Mutex<State>>,
    blocked: Notify,
}

#[derive(Default)]
struct State {
    /// What a person allowed, each once.
    allowed: Vec<Digest>,
    /// All of that, for as long as the call runs: what a policy asked for is asked once.
    agreed: Vec<Digest>,
    begun: u64,
    /// Those that have begun and not ended.
    underway: BTreeSet<u64>,
    changed: bool,
    counts: BTreeMap<&'static str, u64>,
    done: Vec<String>,
    refused: Vec<String>,
    blocked: Option<Blocked>,
    /// The call is being ended: whatever its guest asks for from here on is refused.
    over: bool,
}

/// An effect that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    effect: u64,
    words: String,
}

impl CallEffects {
    pub(crate) fn new(
        shared: Arc<Shared>,
        watchers: Watchers,
        asker: Asker,
        turn: TurnId,
        call: ToolCall,
        may: May,
        outside: Arc<AtomicBool>,
    ) -> Self {
        let May { allowed, writes } = may;
        let component = shared.permits.component(&call.name);
        let state = Arc::new(Mutex::new(State { agreed: allowed.clone(), allowed, ..State::default() }));
        Self { shared, watchers, asker, turn, call, component, writes, outside, state, blocked: Notify::new() }
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

    /// The call is stopped: from here on nothing of it begins or ends by itself. What is left to record of what runs.
    pub(crate) fn cut_off(&self) -> Vec<Event> {
        let mut state = self.state();
        state.over = true;
        let finished = |effect| Event::EffectFinished {
            turn: self.turn,
            call_id: self.call.id.clone(),
            effect,
            outcome: ToolOutcome::Interrupted,
            detail: "it was stopped while it ran".into(),
        };
        std::mem::take(&mut state.underway).into_iter().map(finished).collect()
    }

    /// What was refused to the call, in the host's words, for the model: the guest was told no more than that it was.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.state().refused.clone()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.shared.screen
    }

    pub(crate) fn call(&self) -> &ToolCall {
        &self.call
    }

    pub(crate) fn tell(&self, update: impl FnOnce(TurnId) -> Update) {
        self.watchers.tell(update(self.turn));
    }

    /// The folder that a program works in.
    pub(crate) fn workspace(&self) -> Option<PathBuf> {
        let permits = &self.shared.permits;
        permits.policy.workspace.clone().filter(|_| permits.has_workspace(&self.asker))
    }

    /// Refuses what would put a credential into a question, and into the record.
    pub(crate) fn holds_no_secret<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
        if self.shared.screen.holds(texts) { Err(refusal("denied", "it holds the value of a credential")) } else { Ok(()) }
    }

    /// One more of its kind; `most` are the most of one call.
    pub(crate) fn count(&self, kind: &'static str, most: u64, what: &str) -> Result<(), Refusal> {
        let mut state = self.state();
        let count = state.counts.entry(kind).or_default();
        if *count >= most {
            return Err(refusal("limit", format!("one call has {most} {what} at most")));
        }
        *count += 1;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For whom it is done, as it is now: words from outside may have come since the call began.
    pub(crate) fn asker(&self) -> Asker {
        let mut asker = self.asker.clone();
        asker.tainted |= self.outside.load(Ordering::Relaxed);
        asker
    }

    fn refuse(&self, refusal: Refusal) -> Refusal {
        told(&self.state, &refusal.message);
        refusal
    }

    /// Judges an action and records that it begins. What comes after is done, and then [`CallEffects::finish`] said.
    pub(crate) async fn begin(&self, action: Action, weight: Weight) -> Result<Begun, Refusal> {
        self.begin_with(action, weight, String::new()).await
    }

    /// The same, with what else the record is to hold of it.
    pub(crate) async fn begin_with(&self, action: Action, weight: Weight, more: String) -> Result<Begun, Refusal> {
        let (words, digest, name) = (action.words() + &more, action.digest(), name_of(&action));
        self.judge(action).await?;
        self.start(name, words, digest, weight).await
    }

    /// Records that something begins which nobody has to allow.
    async fn start(&self, name: &'static str, words: String, digest: Digest, weight: Weight) -> Result<Begun, Refusal> {
        let effect = {
            let mut state = self.state();
            if state.over {
                return Err(not_allowed());
            }
            state.begun += 1;
            let effect = state.begun;
            state.underway.insert(effect);
            state.changed |= weight == Weight::Changes;
            effect
        };
        let (turn, call_id, content) = (self.turn, self.call.id.clone(), Some(words.clone()));
        let started = Event::EffectStarted { turn, call_id, effect, action: name.into(), digest, content };
        if let Err(error) = self.shared.ledger.append(Batch::of(self.asker.session, [started])).await {
            self.state().underway.remove(&effect);
            return Err(refusal("failed", format!("it could not be recorded, and so was not done: {error}")));
        }
        // It was stopped meanwhile, and its end is on record.
        if !self.state().underway.contains(&effect) {
            return Err(not_allowed());
        }
        if name == REQUEST || name == RECALL {
            self.outside.store(true, Ordering::Relaxed);
        }
        Ok(Begun { effect, words })
    }

    /// Records what policies remarked on something.
    pub(crate) async fn note(&self, events: Vec<Event>) -> Result<(), Refusal> {
        if events.is_empty() {
            return Ok(());
        }
        let recorded = self.shared.ledger.append(Batch::of(self.asker.session, events)).await;
        recorded.map(drop).map_err(|error| refusal("failed", format!("it could not be recorded, and so was not done: {error}")))
    }

    /// Records what became of it. `detail` stands in a row that nobody can erase.
    pub(crate) async fn finish(&self, begun: Begun, outcome: ToolOutcome, detail: String) {
        let Begun { effect, words } = begun;
        {
            let mut state = self.state();
            // It was cut off, and that is on record.
            if !state.underway.remove(&effect) {
                return;
            }
            if state.done.len() < TOLD {
                state.done.push(words);
            }
        }
        let finished = Event::EffectFinished { turn: self.turn, call_id: self.call.id.clone(), effect, outcome, detail };
        if let Err(error) = self.shared.ledger.append_lazily(Batch::of(self.asker.session, [finished])).await {
            tracing::error!(%error, "the end of an effect could not be recorded");
        }
    }

    /// Whether somebody allowed exactly this, or nobody has to. Grants are read now: one that was revoked is none.
    async fn judge(&self, action: Action) -> Result<(), Refusal> {
        let permits = &self.shared.permits;
        // As the model was when it asked for the call: what came since, it has not read.
        let asker = self.asker.clone();
        let reason = reason_of(&action);
        let weighed = permits.weigh(vec![action.clone()], &self.call.name, &asker).await;
        if weighed.is_empty() {
            return Err(refusal("failed", "it could not be judged"));
        }
        let grants = match self.shared.granted(asker.holder.clone()).await {
            Ok(grants) => grants,
            Err(error) => return Err(refusal("failed", format!("what is granted could not be read: {error}"))),
        };
        let judged: Vec<Judged> = weighed.iter().map(|weighed| weighed.judged.clone()).collect();
        let matter = Matter { digest: action.digest(), reason, judged };
        let ruled = self.rule(&action.intent(), matter.tier()).await;
        self.settle(matter, ruled, &|allowed| permits.decide(&weighed, &self.call, &asker, &grants, allowed))
    }

    /// The same of what nobody has to allow, unless a policy says so.
    pub(crate) async fn judge_by_policies(&self, intent: &Intent, words: &str, reason: &'static str) -> Result<(), Refusal> {
        let parts = [intent.action.as_bytes(), intent.target.as_bytes(), intent.detail.as_bytes()];
        let action = Digest::of_parts("wirken/action/own", &parts);
        let judged = vec![Judged { words: words.to_owned(), tier: Tier::Always, reasons: Vec::new(), key: None, action }];
        let matter = Matter { digest: action, reason, judged };
        let ruled = self.rule(intent, matter.tier()).await;
        self.settle(matter, ruled, &|_| Decision::Allow)
    }

    /// What the policies say of an effect.
    async fn rule(&self, effect: &Intent, tier: Tier) -> Ruled {
        let context = self.asker().context(&self.component, Some(tier));
        self.shared.permits.policies.check_effect(&context, &self.call, effect).await
    }

    /// Lets it be done, refuses it, or ends the call so that a person can be asked.
    fn settle(&self, matter: Matter, ruled: Ruled, decide: &dyn Fn(&[Digest]) -> Decision) -> Result<(), Refusal> {
        let Matter { digest, reason, judged } = matter;
        let mut state = self.state();
        if state.over {
            return Err(not_allowed());
        }
        let (asked, used) = match decide(&[]) {
            Decision::Allow => (None, None),
            Decision::Refuse { text } => {
                drop(state);
                return Err(self.refuse(refusal("denied", text)));
            }
            Decision::Ask { tier, .. } => match state.allowed.iter().position(|allowed| *allowed == digest) {
                Some(at) if matches!(decide(&[digest]), Decision::Allow) => (None, Some(at)),
                _ => (Some(tier), None),
            },
        };
        if let Some(text) = ruled.denied {
            drop(state);
            return Err(self.refuse(refusal("denied", text)));
        }
        // A reason that a person was shown counts for what he was shown beside it, and for nothing else.
        let shown = state.agreed.contains(&digest);
        let asks: Vec<Judged> = ruled.asks.into_iter().filter(|ask| !shown || !state.agreed.contains(&ask.action)).collect();
        let Some(tier) = asked.max((!asks.is_empty()).then_some(Tier::EveryTime)) else {
            if let Some(at) = used {
                state.allowed.remove(at);
            }
            return Ok(());
        };
        let (permits, asker) = (&self.shared.permits, self.asker());
        // Only what changed nothing is run again from its start.
        let able = permits.tools.about(&self.call.name).is_none_or(|about| about.writes);
        let writes = able && permits.access(&asker, self.writes) == Access::ReadWrite;
        let repeatable = !state.changed && !writes;
        let done = state.done.join("; ");
        let after = Some(if done.is_empty() { "it had done nothing else by then".to_owned() } else { done.clone() });
        let judged = judged.into_iter().chain(asks).collect();
        let ask = repeatable.then(|| permits.ask(&self.call, tier, judged, String::new(), after, &asker));
        let repeat = ask.and_then(Result::ok).map(Box::new);
        let done = if writes && done.is_empty() { "it may have changed files of the workspace".into() } else { done };
        state.over = true;
        state.blocked = Some(Blocked { reason: reason.into(), repeat, done });
        drop(state);
        self.blocked.notify_one();
        Err(not_allowed())
    }
}

/// Of what was refused, what the model is told.
fn told(state: &Mutex<State>, why: &str) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.refused.len() < REFUSALS {
        state.refused.push(why.chars().take(REFUSAL_CHARS).collect());
    }
}

/// What is about to be done, as it is decided about.
struct Matter {
    digest: Digest,
    /// Why the call is ended, where it is.
    reason: &'static str,
    judged: Vec<Judged>,
}

impl Matter {
    fn tier(&self) -> Tier {
        self.judged.iter().map(|judged| judged.tier).max().unwrap_or_default()
    }
}

/// As the record names it.
fn name_of(action: &Action) -> &'static str {
    match action {
        Action::Exec { .. } => "exec",
        Action::Http { .. } => REQUEST,
        Action::Send { .. } => "send",
        Action::File { .. } => "file",
        Action::Other { .. } => "other",
    }
}

/// Why a call is ended, as it stands in a row that nobody can erase.
fn reason_of(action: &Action) -> &'static str {
    match action {
        Action::Exec { .. } => "running a program",
        Action::Http { .. } => "sending a request",
        Action::Send { .. } => "sending a message",
        Action::File { .. } => "using a file",
        Action::Other { .. } => "something that this host does not know",
    }
}

pub(crate) fn refusal(kind: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { kind, message: message.into() }
}

fn not_allowed() -> Refusal {
    refusal("denied", "nobody has allowed this")
}

impl wirken_plugin::ports::Log for CallEffects {
    fn log(&self, level: &'static str, message: &str) {
        // A secret that a component came by has no business in a log either.
        let message = if self.shared.screen.holds([message]) { "(it holds the value of a credential)" } else { message };
        let component = &*self.component;
        match level {
            "error" => tracing::error!(component, "{message:?}"),
            "warn" => tracing::warn!(component, "{message:?}"),
            "debug" => tracing::debug!(component, "{message:?}"),
            _ => tracing::info!(component, "{message:?}"),
        }
    }
}
