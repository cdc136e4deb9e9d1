//! An action's tier, why it has it, and what a grant would remember of it.

use std::fmt;

use serde_json::json;
use wirken_types::approval::{Judged, Tier};
use wirken_types::credential::Origin;

use crate::action::Action;
use crate::path;
use crate::program;

/// What is around an action, as the caller saw it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The session's workspace as the sandbox sees it, [`crate::WORKSPACE`]; none where it has none.
    pub workspace: Option<&'a str>,
    /// The session holds text that strangers or the web wrote.
    pub tainted: bool,
    /// Where the message came from that the turn answers.
    pub home: Option<Conversation<'a>>,
    /// Folders that are the gateway's own, as absolute paths.
    pub private: &'a [String],
    /// Folders that may be read wherever they are, as absolute paths without links: those of skills.
    pub readable: &'a [String],
    /// Whether the owner opened an origin to the component, by its name or its domain's. To any other a request is tier 3.
    pub opened: &'a dyn Fn(&Origin) -> bool,
    /// Where an absolute path leads once links are followed, `..` in it as the file system takes it. It is asked for
    /// paths that guests chose.
    pub resolve: &'a dyn Fn(&str) -> Resolved,
}

/// A conversation at an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation<'a> {
    pub account: &'a str,
    pub conversation: &'a str,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// No link is on it. It may name a file that is not there yet, in a folder that is.
    Itself,
    /// To this absolute path, on which no link is.
    Elsewhere(String),
    /// Nobody can tell: a link that leads to nothing, in a circle, or out of what can be seen; or nobody looked.
    Unknown,
}

/// For a caller that cannot see the files: no path is known.
pub fn unseen(_: &str) -> Resolved {
    Resolved::Unknown
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("workspace", &self.workspace)
            .field("tainted", &self.tainted)
            .field("home", &self.home)
            .field("private", &self.private)
            .field("readable", &self.readable)
            .finish_non_exhaustive()
    }
}

/// An action with what was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    pub action: Action,
    pub judged: Judged,
}

/// Judges an action and keeps it beside the judgement, as [`crate::decide`] needs them.
pub fn weigh(action: Action, surroundings: &Surroundings<'_>) -> Weighed {
    Weighed { judged: judge(&action, surroundings), action }
}

/// What is found before an action becomes a [`Judged`]. A key means something with tier 2 alone.
pub(crate) struct Finding {
    pub(crate) tier: Tier,
    pub(crate) reasons: Vec<String>,
    pub(crate) key: Option<String>,
}

impl Finding {
    pub(crate) fn never(reasons: Vec<String>) -> Self {
        Self { tier: Tier::EveryTime, reasons, key: None }
    }
}

pub fn judge(action: &Action, surroundings: &Surroundings<'_>) -> Judged {
    let mut finding = match action {
        Action::Exec { program, arguments, .. } => program::judge(program, arguments, surroundings),
        Action::Http { method, origin, .. } => http(method, origin, surroundings),
        Action::File { path, write } => file(path, *write, surroundings),
        Action::Send { account, conversation } => send(account, conversation, surroundings),
        Action::Other { .. } => Finding::never(vec!["The host does not know what this does.".to_owned()]),
    };
    if surroundings.tainted && sends_out(action, surroundings) {
        finding.tier = finding.tier.raised();
        finding.reasons.push(
            "This session holds text that came from outside, and what it asks for here sends something out: the text may be what asks."
                .to_owned(),
        );
    }
    // The only place where a key meets a tier.
    let key = finding.key.filter(|_| finding.tier == Tier::Remembered);
    Judged { words: action.words(), tier: finding.tier, reasons: finding.reasons, key, action: action.digest() }
}

/// Whether something leaves for where the message did not come from. A program in the sandbox has no network; what the
/// host does not know is tier 3 already.
fn sends_out(action: &Action, surroundings: &Surroundings<'_>) -> bool {
    match action {
        Action::Http { .. } => true,
        Action::Send { account, conversation } => !is_home(account, conversation, surroundings),
        Action::Exec { .. } | Action::File { .. } | Action::Other { .. } => false,
    }
}

fn is_home(account: &str, conversation: &str, surroundings: &Surroundings<'_>) -> bool {
    surroundings.home == Some(Conversation { account, conversation })
}

fn http(method: &str, origin: &Origin, surroundings: &Surroundings<'_>) -> Finding {
    if !(surroundings.opened)(origin) {
        return Finding::never(vec!["It speaks with a host that the owner did not open to this component.".to_owned()]);
    }
    // Any other word is one that a server may take for anything.
    let (class, tier) = if matches!(method, "GET" | "HEAD") { ("read", Tier::Always) } else { ("write", Tier::Remembered) };
    let key = json!(["http", class, origin.to_string()]).to_string();
    let reasons = if tier == Tier::Always { Vec::new() } else { vec!["It changes something on another machine.".to_owned()] };
    Finding { tier, reasons, key: Some(key) }
}

fn file(path: &str, write: bool, surroundings: &Surroundings<'_>) -> Finding {
    let judged = path::judge(path, write, surroundings);
    let key = json!(["file", if write { "write" } else { "read" }, path::folder(&judged.real)]).to_string();
    Finding { tier: judged.tier, reasons: judged.reason.into_iter().collect(), key: Some(key) }
}

fn send(account: &str, conversation: &str, surroundings: &Surroundings<'_>) -> Finding {
    if is_home(account, conversation, surroundings) {
        return Finding { tier: Tier::Always, reasons: Vec::new(), key: None };
    }
    let key = json!(["send", account, conversation]).to_string();
    let reasons = vec!["It goes to a conversation other than the one that the message came from.".to_owned()];
    Finding { tier: Tier::Remembered, reasons, key: Some(key) }
}
