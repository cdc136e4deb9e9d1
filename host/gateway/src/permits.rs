//! Who is asked before a call does something, and whether it may.
//!
//! What an action is and which tier it has is decided in `wirken-permissions`, from values; here it is put together what
//! those are: the plan that a component gives, who speaks in the session, what was granted, what the owner configured.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wirken_ledger::Reader;
use wirken_permissions::{
    Action, Ceilings, Conversation, Deciding, Decision, MAX_ACTIONS, Resolved, Rules, Surroundings, WORKSPACE, Weighed, decide, question,
    weigh,
};
use wirken_plugin::Access;
use wirken_turn::{Ask, Verdict};
use wirken_types::approval::{ApprovalId, Choice, Grant, Holder, Judged, Lasts, Question, Tier};
use wirken_types::chat::ToolCall;
use wirken_types::event::Place;
use wirken_types::tool::{CallPlan, Intent};
use wirken_types::{Digest, GrantId, SessionId, Timestamp};

use crate::screen::Screen;
use crate::skills::{Folder, Ready};
use crate::{Policies, Tools};

/// What the model is told where several people read the answers.
const NO_WORKSPACE: &str = "This was not run: a conversation of several people has no workspace, unless its owner gives it one.";

/// What the owner configured.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Days for which what is allowed for longer than a session is remembered.
    pub remember_days: u32,
    /// How long a question waits.
    pub expire: Duration,
    pub ceilings: Ceilings,
    /// Who may answer through which channel.
    pub channels: HashMap<String, Rules>,
    /// The channels whose groups have the workspace.
    pub shared_workspace: BTreeSet<String>,
    /// Where the workspace is on this machine.
    pub workspace: Option<PathBuf>,
    /// Folders that are private wherever they are: the data folder.
    pub private: Vec<String>,
}

impl Default for Policy {
    /// What a configuration that says nothing says.
    fn default() -> Self {
        Self {
            remember_days: 30,
            expire: Duration::from_secs(60 * 60),
            ceilings: Ceilings::default(),
            channels: HashMap::new(),
            shared_workspace: BTreeSet::new(),
            workspace: None,
            private: Vec::new(),
        }
    }
}

impl Policy {
    /// Who may answer in an account that is a channel's. One that is not configured has nobody who may.
    pub(crate) fn rules(&self, account: &str) -> Rules {
        self.channels.get(account).cloned().unwrap_or_default()
    }
}

/// On whose behalf a call is made, and where.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) session: SessionId,
    pub(crate) place: Place,
    /// None where several people speak in this turn: nobody's grants are another's.
    pub(crate) holder: Option<Holder>,
    /// The session holds words that nobody who may speak here wrote.
    pub(crate) tainted: bool,
    /// Several people read the answers.
    pub(crate) shared: bool,
    /// The skills that may be used here.
    pub(crate) skills: Option<Arc<Ready>>,
}

/// What became of a plan.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) verdict: Verdict,
    /// Whether the call may write into the workspace. One that does not say so can only read there, and so can be run again
    /// from its start.
    pub(crate) writes: bool,
    /// The skill's folder that it reads, where it reads one and changes nothing.
    pub(crate) reads: Option<Folder>,
}

#[derive(Clone)]
pub(crate) struct Permits {
    pub(crate) policy: Arc<Policy>,
    pub(crate) tools: Arc<dyn Tools>,
    pub(crate) policies: Arc<Policies>,
}

impl Permits {
    /// Whether a call made here has the workspace.
    pub(crate) fn has_workspace(&self, asker: &Asker) -> bool {
        !asker.shared || self.policy.shared_workspace.contains(&asker.place.account)
    }

    /// How far a call made here reaches into it.
    pub(crate) fn access(&self, asker: &Asker, writes: bool) -> Access {
        match (self.has_workspace(asker), writes) {
            (false, _) => Access::None,
            (true, false) => Access::ReadOnly,
            (true, true) => Access::ReadWrite,
        }
    }

    /// Whether a call of a tool can do what a person may have to allow. One that nobody knows is taken to.
    pub(crate) fn is_gated(&self, tool: &str) -> bool {
        self.tools.about(tool).is_none_or(|about| about.gated)
    }

    /// What is to become of a call, by what its component says that it would do, and by what the policies say of it. A
    /// component that says nothing is let begin: each thing that it then asks of the host is judged as it comes.
    pub(crate) async fn plan(&self, call: &ToolCall, asker: &Asker, grants: Vec<Grant>, screen: &Screen) -> Planned {
        let nothing = || CallPlan { purpose: String::new(), intents: Vec::new() };
        let mut plan = if self.is_gated(&call.name) {
            self.tools.plan(call).await.unwrap_or_else(|error| {
                tracing::debug!(tool = call.name, error, "a call has no plan");
                nothing()
            })
        } else {
            nothing()
        };
        let refuse = |text: String| Planned { verdict: Verdict::Refuse { text }, writes: false, reads: None };
        if plan.intents.len() > MAX_ACTIONS {
            return refuse(format!("This was not run: it would do {} things, and {MAX_ACTIONS} are the most.", plan.intents.len()));
        }
        let texts = plan.intents.iter().flat_map(|intent| [intent.action.as_str(), &intent.target, &intent.detail]);
        if screen.holds(texts.chain([plan.purpose.as_str()])) {
            return refuse("This was not run: what it says that it would do holds the value of a credential.".into());
        }
        let reads = asker.skills.as_deref().and_then(|skills| reads(skills, &mut plan.intents));
        let actions: Vec<Action> = plan.intents.iter().map(Action::from_intent).collect();
        let writes = actions.iter().any(|action| matches!(action, Action::File { write: true, .. }));
        // Nobody is asked for what could not be done anyway.
        let needs = |action: &Action| matches!(action, Action::Exec { .. } | Action::File { .. });
        if !self.has_workspace(asker) && actions.iter().any(needs) {
            return refuse(NO_WORKSPACE.into());
        }
        let weighed = if actions.is_empty() { Vec::new() } else { self.weigh(actions, &call.name, asker).await };
        let asked = match self.decide(&weighed, call, asker, &grants, &[]) {
            Decision::Allow => None,
            Decision::Refuse { text } => return refuse(text),
            Decision::Ask { tier, .. } => Some(tier),
        };
        let highest = weighed.iter().map(|weighed| weighed.judged.tier).max().unwrap_or_default();
        let ruled = self.policies.check(&asker.context(&self.component(&call.name), Some(highest)), call, &plan.intents).await;
        if let Some(text) = ruled.denied {
            return refuse(format!("This was not run. {text}"));
        }
        let Some(tier) = asked.max((!ruled.asks.is_empty()).then_some(Tier::EveryTime)) else {
            return Planned { verdict: Verdict::Allow, writes, reads };
        };
        let judged = weighed.into_iter().map(|weighed| weighed.judged).chain(ruled.asks).collect();
        let verdict = match self.ask(call, tier, judged, plan.purpose, None, asker) {
            Ok(ask) => Verdict::Ask(Box::new(ask)),
            Err(text) => Verdict::Refuse { text },
        };
        Planned { verdict, writes, reads }
    }

    /// The component that a tool is from.
    pub(crate) fn component(&self, tool: &str) -> String {
        self.tools.about(tool).map(|about| about.component).unwrap_or_default()
    }

    /// The tier and the key of each action. Looks at the workspace's links, and so at a disk.
    pub(crate) async fn weigh(&self, actions: Vec<Action>, tool: &str, asker: &Asker) -> Vec<Weighed> {
        let network = self.tools.about(tool).map(|about| about.network).unwrap_or_default();
        let (policy, asker, shown) = (Arc::clone(&self.policy), asker.clone(), self.has_workspace(asker));
        let readable = asker.skills.as_deref().map(|skills| readable(skills, &actions)).unwrap_or_default();
        let weighing = tokio::task::spawn_blocking(move || {
            let resolve = |path: &str| resolve(policy.workspace.as_deref(), path);
            let surroundings = Surroundings {
                workspace: shown.then_some(WORKSPACE),
                tainted: asker.tainted,
                home: Some(Conversation { account: &asker.place.account, conversation: crate::channel::conversation(&asker.place) }),
                private: &policy.private,
                readable: &readable,
                opened: &|origin| network.is_opened(origin),
                resolve: &resolve,
            };
            actions.into_iter().map(|action| weigh(action, &surroundings)).collect()
        });
        // Nothing in it panics; were it to, nothing would be allowed that way.
        weighing.await.unwrap_or_default()
    }

    pub(crate) fn decide(&self, weighed: &[Weighed], call: &ToolCall, asker: &Asker, grants: &[Grant], allowed: &[Digest]) -> Decision {
        let component = self.component(&call.name);
        decide(
            weighed,
            &Deciding {
                holder: asker.holder.as_ref(),
                component: &component,
                tool: &call.name,
                session: asker.session,
                now: Timestamp::now(),
                grants,
                allowed,
                ceilings: &self.policy.ceilings,
            },
        )
    }

    /// The question to a person; the error is for the model, where none can be put.
    pub(crate) fn ask(
        &self,
        call: &ToolCall,
        tier: Tier,
        actions: Vec<Judged>,
        purpose: String,
        after: Option<String>,
        asker: &Asker,
    ) -> Result<Ask, String> {
        let Some(about) = self.tools.about(&call.name) else { return Err(format!("There is no tool named {:?}.", call.name)) };
        let mut id = [0; 16];
        getrandom::fill(&mut id)
            .map_err(|error| format!("The gateway could not ask anybody: the system gave no random bytes ({error})."))?;
        // What several people caused together is nobody's to remember.
        let tier = if asker.holder.is_some() { tier } else { Tier::EveryTime };
        let question = Question {
            component: about.component,
            version: about.version,
            component_digest: about.digest,
            tool: call.name.clone(),
            arguments: call.arguments.clone(),
            actions,
            purpose,
            after,
            holder: asker.holder.clone().filter(|_| tier == Tier::Remembered),
        };
        let expires_at = Timestamp(Timestamp::now().0.saturating_add(u64::try_from(self.policy.expire.as_millis()).unwrap_or(u64::MAX)));
        Ok(Ask { approval: ApprovalId::from_random(id), tier, action: question::digest(&question), expires_at, question })
    }

    /// How long what is remembered from now on is.
    pub(crate) fn until(&self) -> Timestamp {
        let days = u64::from(self.policy.remember_days).saturating_mul(24 * 60 * 60 * 1000);
        Timestamp(Timestamp::now().0.saturating_add(days))
    }

    /// What an answer lets be remembered.
    pub(crate) fn grants(&self, ask: &Ask, choice: Choice, asker: &Asker) -> Vec<Grant> {
        let Some(holder) = &asker.holder else { return Vec::new() };
        let lasts = match choice {
            Choice::Session => Lasts::Session(asker.session),
            Choice::Remember => Lasts::Until(self.until()),
            Choice::Once | Choice::Deny => return Vec::new(),
        };
        let keys: BTreeSet<&String> = ask.question.actions.iter().filter_map(|judged| judged.key.as_ref()).collect();
        let grant = |key: &String| Grant {
            id: GrantId::generate(),
            holder: holder.clone(),
            component: ask.question.component.clone(),
            key: key.clone(),
            lasts,
        };
        keys.into_iter().map(grant).collect()
    }
}

/// What is granted to somebody now.
pub(crate) fn granted(reader: &Reader, holder: &Holder) -> Result<Vec<Grant>, wirken_ledger::Error> {
    Ok(reader.grants(Some(holder))?.into_iter().map(|known| known.grant).collect())
}

/// The one skill's folder that a plan reads and does not write, its paths in the plan made absolute.
fn reads(skills: &Ready, intents: &mut [Intent]) -> Option<Folder> {
    let mut reads: Option<Folder> = None;
    for intent in intents {
        let Some((folder, path)) = skills.folder_of(&intent.target) else { continue };
        match intent.action.as_str() {
            "read" if reads.as_ref().is_none_or(|known| known == folder) => reads = Some(folder.clone()),
            "read" | "write" => return None,
            _ => continue,
        }
        intent.target = path;
    }
    reads
}

/// The folders of skills that actions read.
fn readable(skills: &Ready, actions: &[Action]) -> Vec<String> {
    let words = actions.iter().flat_map(|action| match action {
        Action::File { path, write: false } => vec![path.as_str()],
        Action::Exec { program, arguments, .. } => std::iter::once(program).chain(arguments).map(String::as_str).collect(),
        _ => Vec::new(),
    });
    skills.named(words).into_iter().map(|folder| folder.path.clone()).collect()
}

/// What a path of the workspace is, as a program would find it. Any link on the way, and whatever cannot be looked at, is
/// unknown; a path outside belongs to the sandbox, in which nothing of the owner's is.
fn resolve(workspace: Option<&Path>, path: &str) -> Resolved {
    let mut inside: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            inside.pop();
            continue;
        }
        inside.push(part);
        let Some((first, rest)) = inside.split_first() else { continue };
        if Some(*first) != WORKSPACE.strip_prefix('/') {
            continue;
        }
        let Some(workspace) = workspace else { return Resolved::Unknown };
        match workspace.join(rest.iter().collect::<PathBuf>()).symlink_metadata() {
            Ok(found) if found.is_symlink() && !rest.is_empty() => return Resolved::Unknown,
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Resolved::Unknown,
            Ok(_) | Err(_) => {}
        }
    }
    Resolved::Itself
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_link_on_its_way_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().canonicalize().unwrap();
        std::fs::create_dir(workspace.join("notes")).unwrap();
        std::fs::write(workspace.join("notes/a"), "a").unwrap();
        std::os::unix::fs::symlink("/etc", workspace.join("out")).unwrap();
        std::os::unix::fs::symlink("nowhere", workspace.join("dangling")).unwrap();
        let look = |path: &str| resolve(Some(&workspace), path);
        for path in
            ["/workspace", "/workspace/", "/workspace/notes/a", "/workspace/notes/new", "/workspace/./notes//../notes/a", "/etc/passwd"]
        {
            assert_eq!(look(path), Resolved::Itself, "{path}");
        }
        for path in [
            "/workspace/out",
            "/workspace/out/passwd",
            "/workspace/out/../notes/a",
            "/workspace/notes/../out",
            "/etc/../workspace/out/x",
            "/workspace/dangling",
            "/workspace/notes/a/below",
        ] {
            assert_eq!(look(path), Resolved::Unknown, "{path}");
        }
        assert_eq!(resolve(None, "/workspace/notes"), Resolved::Unknown);
    }
}
