//! Whether actions may happen now: what the owner forbids, what a person allowed for this call, what a grant covers, and
//! what is left to ask.

use std::collections::BTreeSet;

use wirken_types::approval::{Grant, Holder, Judged, Lasts, Tier};
use wirken_types::{Digest, SessionId, Timestamp};

use crate::action::Action;
use crate::judge::Weighed;
use crate::launch;
use crate::program::WORD_CHARS;
use crate::shown::quoted;

/// More at once is refused: nobody reads a longer list before allowing it.
pub const MAX_ACTIONS: usize = 32;

/// What the owner forbids whatever anybody answers.
///
/// A program is blocked by its name wherever the host sees it, behind a wrapper and in a shell's text too. That is a
/// guard against mistakes: a program can be copied under another name, and then it is tier 3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// None for all tools.
    pub allowed_tools: Option<BTreeSet<String>>,
    pub blocked_tools: BTreeSet<String>,
    pub blocked_programs: BTreeSet<String>,
}

/// What is decided by, as it stands at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Deciding<'a> {
    /// For whom the turn runs; none where more than one person speaks in it, and then no grant counts.
    pub holder: Option<&'a Holder>,
    pub component: &'a str,
    pub tool: &'a str,
    pub session: SessionId,
    pub now: Timestamp,
    pub grants: &'a [Grant],
    /// The actions that a person allowed for this very call and that have not happened in it: each stands for one. The
    /// caller takes one out before it does it.
    pub allowed: &'a [Digest],
    pub ceilings: &'a Ceilings,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// A person has to allow the actions at these places in the list. `tier` is the highest of theirs.
    Ask {
        tier: Tier,
        missing: Vec<usize>,
    },
    /// Nobody is asked. The text is for the model.
    Refuse {
        text: String,
    },
}

/// Decides about all that a call plans, or about one host call that it makes.
pub fn decide(weighed: &[Weighed], deciding: &Deciding<'_>) -> Decision {
    if let Some(text) = deciding.ceilings.refusal(deciding.tool, weighed) {
        return Decision::Refuse { text };
    }
    if weighed.len() > MAX_ACTIONS {
        let text = format!(
            "it would do {} things at once, and no more than {MAX_ACTIONS} can be asked for: do it in several calls",
            weighed.len()
        );
        return Decision::Refuse { text };
    }
    let mut allowed = deciding.allowed.to_vec();
    let mut tier = Tier::Always;
    let mut missing = Vec::new();
    for (at, Weighed { judged, .. }) in weighed.iter().enumerate() {
        if judged.tier == Tier::Always || is_granted(judged, deciding) {
            continue;
        }
        if let Some(used) = allowed.iter().position(|digest| *digest == judged.action) {
            allowed.swap_remove(used);
            continue;
        }
        tier = tier.max(judged.tier);
        missing.push(at);
    }
    if missing.is_empty() { Decision::Allow } else { Decision::Ask { tier, missing } }
}

fn is_granted(judged: &Judged, deciding: &Deciding<'_>) -> bool {
    let (Tier::Remembered, Some(key)) = (judged.tier, &judged.key) else { return false };
    deciding.grants.iter().any(|grant| counts(grant, key, deciding))
}

/// Whether a grant covers a key here and now. It is good up to its end, and not at it.
pub fn counts(grant: &Grant, key: &str, deciding: &Deciding<'_>) -> bool {
    let lasts = match grant.lasts {
        Lasts::Session(session) => session == deciding.session,
        Lasts::Until(end) => end > deciding.now,
    };
    lasts && deciding.holder == Some(&grant.holder) && grant.component == deciding.component && grant.key == key
}

impl Ceilings {
    fn refusal(&self, tool: &str, weighed: &[Weighed]) -> Option<String> {
        let shown = quoted(tool, WORD_CHARS);
        if self.blocked_tools.contains(tool) {
            return Some(format!("the owner blocked the tool {shown}"));
        }
        if self.allowed_tools.as_ref().is_some_and(|tools| !tools.contains(tool)) {
            return Some(format!("the tool {shown} is not among those that the owner allows"));
        }
        let blocked: BTreeSet<String> = self.blocked_programs.iter().map(|name| launch::known_name(name)).collect();
        if blocked.is_empty() {
            return None;
        }
        weighed.iter().find_map(|weighed| {
            let Action::Exec { program, arguments, .. } = &weighed.action else { return None };
            let programs = launch::explain(program, arguments).programs;
            let name = programs.into_iter().find(|name| blocked.contains(name))?;
            Some(format!("the owner blocked the program {}", quoted(&name, WORD_CHARS)))
        })
    }
}
