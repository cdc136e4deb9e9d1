//! What a session does where a call may need a person's leave: it finds out what the call would do, asks, takes the answer,
//! and runs what was allowed.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wirken_ledger::Row;
use wirken_permissions::{Asked, Refusal, may_answer, prompt, question};
use wirken_plugin::ports::SkillFolder;
use wirken_plugin::{Ports, ToolEnd};
use wirken_turn::{Allowed, Answer, Ask, Effect, Input, Turn, Verdict};
use wirken_types::approval::{Choice, Holder, Tier};
use wirken_types::chat::{Part, ToolCall};
use wirken_types::event::{Event, Mark, ToolOutcome};
use wirken_types::{Timestamp, TurnId};

use super::{Actor, Work};
use crate::GatewayError;
use crate::approvals::Answering;
use crate::effects::{Blocked, CallEffects, May, RECALL, REQUEST};
use crate::permits::{Asker, Planned};
use crate::policies;
use crate::skills::Folder;

/// What the model is told where a component was exchanged at the moment of its call.
const EXCHANGED: &str = "This was not run: the tool's component was exchanged just now. Call it again.";

/// A call that runs.
pub(super) struct Calling {
    effects: Option<Arc<CallEffects>>,
    /// What policies remarked, and how it ended.
    pub(super) end: Pin<Box<dyn Future<Output = (Vec<Event>, Input)> + Send>>,
}

impl Calling {
    /// Ends it. What is left to record of what was cut off.
    pub(super) fn cut_off(self) -> Vec<Event> {
        self.effects.map(|effects| effects.cut_off()).unwrap_or_default()
    }
}

impl Actor {
    /// Takes an answer from whoever may give one.
    pub(super) async fn answer(&mut self, answering: Answering) -> Result<(), GatewayError> {
        // What was asked of a component that has been exchanged is asked no more.
        self.offer().await?;
        let asker = self.asker();
        let deciding = self.turn.as_ref().and_then(Turn::deciding).filter(|ask| ask.approval == answering.approval);
        let (Some(ask), Some(asker)) = (deciding, asker) else { return Err(GatewayError::NotOpen("it is not asked here".into())) };
        let Answering { approval, choice, note, digest, by } = answering;
        let permits = &self.shared.permits;
        let answer = wirken_permissions::Answer { by: by.answerer(), choice, digest: digest.unwrap_or(ask.action), at: Timestamp::now() };
        let asked = Asked { place: &asker.place, tier: ask.tier, digest: ask.action, expires_at: ask.expires_at };
        let refused = may_answer(&answer, &asked, &permits.policy.rules(&asker.place.account)).err();
        if let Some(Refusal::Expired) = refused {
            // The clock was set, or the machine slept: the timer has not noticed.
            let input = Input::Expired { approval, reason: "nobody answered in time".into() };
            let effects = self.turn.as_mut().map(|turn| turn.handle(input)).unwrap_or_default();
            self.carry_out(effects).await?;
            return Err(Refusal::Expired.into());
        }
        if let Some(refusal) = refused {
            return Err(refusal.into());
        }
        // What several people caused together is remembered for nobody, also where one of them came after the question.
        if asker.holder.is_none() && matches!(choice, Choice::Session | Choice::Remember) {
            return Err(Refusal::NotOffered(Tier::EveryTime).into());
        }
        let granted = permits.grants(ask, choice, &asker);
        let (by, via) = by.names();
        let input = Input::Answered(Answer { approval, choice, by, via, note, granted });
        let effects = match &mut self.turn {
            Some(turn) => turn.handle(input),
            None => Vec::new(),
        };
        self.carry_out(effects).await
    }

    /// On whose behalf a call is made now.
    pub(super) fn asker(&self) -> Option<Asker> {
        let place = self.place.clone()?;
        let mut speakers = self.speakers.iter();
        let holder = match (speakers.next(), speakers.next()) {
            (Some(sender), None) => Some(Holder { agent: place.agent.clone(), account: place.account.clone(), sender: sender.clone() }),
            _ => None,
        };
        let tainted = self.marks.contains(&Mark::Forwarded) || self.outside.load(Ordering::Relaxed);
        Some(Asker { session: self.id, place, holder, tainted, shared: self.marks.contains(&Mark::Shared), skills: self.skills.clone() })
    }

    /// Finds out what a call would do, and whether somebody has to be asked.
    pub(super) fn plan(&self, call: ToolCall) -> Pin<Box<dyn Future<Output = Planned> + Send>> {
        let (shared, asker) = (Arc::clone(&self.shared), self.asker());
        Box::pin(async move {
            let Some(asker) = asker else { return refused("the session has no place") };
            // What needs nobody's leave needs no right.
            let holder = asker.holder.clone().filter(|_| shared.permits.is_gated(&call.name));
            match shared.granted(holder).await {
                Ok(grants) => shared.permits.plan(&call, &asker, grants, &shared.screen).await,
                Err(error) => refused(&format!("what is granted could not be read: {error}")),
            }
        })
    }

    /// Runs a call, with what was allowed of it.
    pub(super) fn call(&self, turn: TurnId, call: ToolCall, allowed: Allowed) -> Calling {
        let (shared, screen) = (Arc::clone(&self.shared), self.shared.screen.clone());
        let Some(asker) = self.asker() else {
            let end = (Vec::new(), ended(ToolEnd::denied("the session has no place")));
            return Calling { effects: None, end: Box::pin(std::future::ready(end)) };
        };
        // It was exchanged while the start was being recorded: what is on record is not what would run.
        let recorded = self.turn.as_ref().and_then(|turn| turn.origin(&call.name)).map(|origin| origin.digest);
        if shared.permits.tools.about(&call.name).is_some_and(|about| Some(about.digest) != recorded) {
            let end = (Vec::new(), ended(ToolEnd::denied(EXCHANGED)));
            return Calling { effects: None, end: Box::pin(std::future::ready(end)) };
        }
        // A tool that is not gated has no plan.
        let gated = shared.permits.tools.about(&call.name).is_some_and(|about| about.gated);
        let writes = !gated || self.writes;
        let permits = shared.permits.clone();
        let workspace = permits.access(&asker, writes);
        let may = May { allowed: allowed.actions, writes };
        let (watchers, outside) = (self.watchers.clone(), Arc::clone(&self.outside));
        let effects = Arc::new(CallEffects::new(shared, watchers, asker, turn, call.clone(), may, outside));
        let mine = Arc::clone(&effects);
        let reads = self.reads.clone().filter(|_| gated);
        let end = Box::pin(async move {
            let ports = Ports {
                workspace,
                skill: opened(reads).await,
                programs: Arc::clone(&effects) as _,
                requests: Arc::clone(&effects) as _,
                store: Arc::clone(&effects) as _,
                messages: Arc::clone(&effects) as _,
                credentials: effects.credentials(),
                log: Arc::clone(&effects) as _,
            };
            let running = permits.tools.call(call.clone(), ports);
            let end = tokio::select! {
                biased;
                blocked = effects.blocked() => Err(blocked),
                end = running => effects.take_blocked().map_or(Ok(end), Err),
            };
            // Whether or not it had gated anything: what it read meanwhile counts.
            let context = effects.asker().context(&permits.component(&call.name), None);
            match end {
                Err(mut blocked) => {
                    let mut remarks = Vec::new();
                    if !blocked.done.is_empty() {
                        (blocked.done, remarks) = permits.policies.told(&context, turn, &call.name, blocked.done).await;
                    }
                    (remarks, blocked_input(blocked))
                }
                Ok(end) => {
                    let end = screen.tool_end(&call.name, explained(end, &effects.refusals())).await;
                    let (mut end, remarks) = permits.policies.result(&context, turn, &call, end).await;
                    // What a policy put together may be what it was not before.
                    if !remarks.is_empty() {
                        end = screen.tool_end(&call.name, end).await;
                    }
                    (remarks, ended(end))
                }
            }
        });
        Calling { effects: Some(mine), end }
    }

    /// Tells the person who speaks through a channel what is asked. Whoever reads the ledger finds it there.
    pub(super) fn ask_person(&mut self) {
        let (Some(outgoing), Some(place)) = (&mut self.outgoing, &self.place) else { return };
        let Some((turn, ask)) = self.turn.as_ref().and_then(|turn| Some((turn, turn.deciding()?))) else { return };
        let policy = &self.shared.permits.policy;
        let code = wirken_permissions::code_of(ask.approval);
        let offered = prompt::offered(&ask.question, ask.tier, &policy.rules(&place.account));
        let text = if offered.contains(&Choice::Once) {
            question::message(&ask.question, ask.tier, &code, policy.remember_days)
        } else {
            question::told(&ask.question, ask.tier, &format!("{}.", prompt::elsewhere(&code)))
        };
        if offered.is_empty() {
            return outgoing.tell(ask.approval, &text);
        }
        let Ask { approval, tier, action, expires_at, question } = ask;
        let asked = prompt::Asked { approval: *approval, question, tier: *tier, action: *action, expires_at: *expires_at };
        let shown = prompt::prompt(&asked, offered, policy.remember_days);
        outgoing.ask(turn.id(), *approval, shown, &text, &prompt::about(question));
    }

    /// While a person is asked, the agent is not shown as being at work.
    pub(super) fn goes_on(&self, effect: &Effect) {
        let Some(outgoing) = &self.outgoing else { return };
        match effect {
            Effect::Await { .. } => outgoing.at_work(false),
            Effect::Ask | Effect::Call(..) | Effect::Plan(_) if matches!(self.work, Work::Deciding(..)) => outgoing.at_work(true),
            _ => {}
        }
    }
}

/// The skill's folder that a call reads. One that cannot be opened, or to which a link leads by now, is not given.
async fn opened(folder: Option<Folder>) -> Option<SkillFolder> {
    let Folder { path, folder } = folder?;
    let opening = tokio::task::spawn_blocking(move || wirken_skills::open_folder(&folder));
    match opening.await {
        Ok(Ok(folder)) => Some(SkillFolder { path, folder: Arc::new(folder) }),
        Ok(Err(error)) => {
            tracing::warn!(path, %error, "the folder of a skill cannot be opened");
            None
        }
        Err(_) => None,
    }
}

/// Who spoke in a turn that is taken up again, or in the whole session.
pub(super) fn speakers_of(turn: Option<TurnId>, rows: &[Row]) -> BTreeSet<String> {
    let sender = |row: &Row| match &row.event {
        Event::Inbound { turn: its, sender, .. } if turn.is_none_or(|turn| *its == turn) => Some(sender.clone()),
        _ => None,
    };
    rows.iter().filter_map(sender).collect()
}

/// Whether a record says that words from outside were read.
pub(super) fn reads_outside(event: &Event) -> bool {
    policies::taints(event) || matches!(event, Event::EffectStarted { action, .. } if action == REQUEST || action == RECALL)
}

/// A guest is told in a word that something was refused; the model is told why.
fn explained(mut end: ToolEnd, refusals: &[String]) -> ToolEnd {
    if end.outcome != ToolOutcome::Ok && !refusals.is_empty() {
        end.content.push(Part::text(format!("The host refused something: {}", refusals.join(" "))));
    }
    end
}

fn refused(why: &str) -> Planned {
    Planned { verdict: Verdict::Refuse { text: format!("This was not run: {why}.") }, writes: false, reads: None }
}

fn ended(end: ToolEnd) -> Input {
    let ToolEnd { outcome, code, content } = end;
    Input::ToolEnded { outcome, code: code.map(str::to_owned), content }
}

fn blocked_input(blocked: Blocked) -> Input {
    let Blocked { reason, repeat, done } = blocked;
    Input::ToolBlocked { reason, repeat, done }
}
