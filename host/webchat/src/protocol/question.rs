//! Questions and rights as the page shows them. What others wrote in them is written out by host/permissions, so that it
//! cannot look like the host's own words; the page makes text nodes of it, and nothing else.

use serde::Serialize;
use serde_json::Value;
use wirken_ledger::{KnownApproval, KnownGrant};
use wirken_permissions::question::{choices, label, render, visible};
use wirken_types::approval::{ApprovalId, Choice, Lasts, Question, Tier};
use wirken_types::{GrantId, SessionId, Timestamp};

use crate::bounds::{LISTED_APPROVALS, LISTED_GRANTS};

/// The labels of host/permissions whose texts are shown letter by letter.
const VERBATIM: [&str; 2] = ["Arguments", "A longer answer is good for"];

/// What a person is shown, and may answer.
#[derive(Debug, Serialize)]
pub(crate) struct Prompt {
    tier: Tier,
    /// Until it expires. Not a time: the browser's clock may be another one.
    left_millis: u64,
    /// Made by the host, in the order in which they are to be read. None where what was asked was erased.
    fields: Vec<Field>,
    /// What the component says of it. It comes last, and is nothing but a claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<Field>,
    choices: Vec<Offered>,
}

#[derive(Debug, Serialize)]
struct Field {
    label: String,
    text: String,
    verbatim: bool,
}

#[derive(Debug, Serialize)]
struct Offered {
    choice: Choice,
    label: String,
}

impl Prompt {
    pub(crate) fn new(question: Option<&Question>, tier: Tier, expires_at: Timestamp, days: u32, now: Timestamp) -> Self {
        let rendered = question.map(|question| render(question, tier)).unwrap_or_default();
        let mut fields: Vec<Field> =
            rendered.into_iter().map(|(label, text)| Field { verbatim: VERBATIM.contains(&label.as_str()), label, text }).collect();
        let claim = fields.pop();
        // What was erased cannot be shown, and so cannot be allowed.
        let offered = if question.is_some() { choices(tier) } else { &[Choice::Deny] };
        let choices = offered.iter().map(|choice| Offered { choice: *choice, label: label(*choice, days) }).collect();
        Self { tier, left_millis: expires_at.0.saturating_sub(now.0), fields, claim, choices }
    }
}

/// The questions that wait.
#[derive(Debug, Serialize)]
pub(crate) struct Pending {
    approvals: Vec<Waiting>,
    /// How many there are beside.
    more: usize,
}

#[derive(Debug, Serialize)]
struct Waiting {
    approval: ApprovalId,
    session: SessionId,
    agent: String,
    account: String,
    conversation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    asked_at: Timestamp,
    prompt: Prompt,
}

impl Pending {
    pub(crate) fn of(known: &[KnownApproval], days: u32, now: Timestamp) -> Self {
        let listed = known.iter().take(LISTED_APPROVALS).map(|known| Waiting {
            approval: known.approval,
            session: known.session,
            agent: visible(&known.place.agent),
            account: visible(&known.place.account),
            conversation: visible(&known.place.conversation),
            thread: known.place.thread.as_deref().map(visible),
            asked_at: known.asked_at,
            prompt: Prompt::new(known.question.as_ref(), known.tier, known.expires_at, days, now),
        });
        Self { approvals: listed.collect(), more: known.len().saturating_sub(LISTED_APPROVALS) }
    }
}

/// The rights that were given, the last one first.
#[derive(Debug, Serialize)]
pub(crate) struct Rights {
    grants: Vec<Right>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct Right {
    grant: GrantId,
    agent: String,
    account: String,
    sender: String,
    component: String,
    /// What it is for, in words; none where the host knows none for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// The same, letter by letter.
    key: String,
    /// It ends with this session,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    /// or at this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    by: String,
    given_at: Timestamp,
}

impl Rights {
    pub(crate) fn of(known: &[KnownGrant], now: Timestamp) -> Self {
        let good: Vec<&KnownGrant> = known.iter().filter(|known| is_good(known, now)).collect();
        let more = good.len().saturating_sub(LISTED_GRANTS);
        Self { grants: good.into_iter().rev().take(LISTED_GRANTS).map(Right::of).collect(), more }
    }
}

/// The ledger lists those too that nobody revoked and whose time is up.
fn is_good(known: &KnownGrant, now: Timestamp) -> bool {
    known.revoked_at.is_none() && !matches!(known.grant.lasts, Lasts::Until(until) if until <= now)
}

impl Right {
    fn of(known: &KnownGrant) -> Self {
        let KnownGrant { grant, by, given_at, .. } = known;
        let (session, until) = match grant.lasts {
            Lasts::Session(session) => (Some(session), None),
            Lasts::Until(until) => (None, Some(until)),
        };
        Self {
            grant: grant.id,
            agent: visible(&grant.holder.agent),
            account: visible(&grant.holder.account),
            sender: visible(&grant.holder.sender),
            component: visible(&grant.component),
            words: in_words(&grant.key).map(|words| visible(&words)),
            key: visible(&grant.key),
            session,
            until,
            by: visible(by),
            given_at: *given_at,
        }
    }
}

/// What a key of host/permissions stands for.
fn in_words(key: &str) -> Option<String> {
    let parts: Vec<Value> = serde_json::from_str(key).ok()?;
    let texts = |value: &Value| -> Option<Vec<String>> { value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect() };
    match parts.as_slice() {
        [Value::String(kind), Value::String(program), options, places] if kind == "exec" => {
            let (options, places) = (texts(options)?, texts(places)?);
            let options = if options.is_empty() { "without options".to_owned() } else { format!("with {}", options.join(" ")) };
            let places = if places.is_empty() { String::new() } else { format!(", {}", places.join(", ")) };
            Some(format!("run {program} {options}{places}"))
        }
        [Value::String(kind), Value::String(class), Value::String(what)] => match (kind.as_str(), class.as_str()) {
            ("http", "read") => Some(format!("read from {what}")),
            ("http", "write") => Some(format!("send to {what}")),
            ("file", "read") => Some(format!("read files in {what}")),
            ("file", "write") => Some(format!("write files in {what}")),
            ("send", account) => Some(format!("write to the conversation {what} at {account}")),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
