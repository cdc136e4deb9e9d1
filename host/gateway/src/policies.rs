//! The owner's policies, asked in their order: before a call, at each of its effects, behind its result, in front of what a
//! model reads and behind what it wrote.
//!
//! Each answer only makes things stricter. What a policy did not let through as it was, and what it found, becomes an event
//! that is recorded before the text itself. The loaded component fails closed, so that nothing here can be left out by an
//! error.

mod outbound;

use std::sync::{Arc, PoisonError, RwLock};

use wirken_permissions::question::visible;
use wirken_plugin::{PolicyPlugin, ToolEnd};
use wirken_types::approval::{Judged, Tier};
use wirken_types::chat::{Part, ToolCall, ToolResult};
use wirken_types::event::{Event, Mark, ToolOutcome};
use wirken_types::policy::{Context, Decision, Finding, Passage, Remarks, Screening, Treatment, Verdict};
use wirken_types::tool::Intent;
use wirken_types::{Digest, Timestamp, TurnId};

use crate::permits::Asker;

pub(crate) use outbound::{Answering, answering};

/// Texts of one result that are screened one by one; more are put together first.
const PASSAGES: usize = 64;
/// Findings of one policy that one event holds.
const FINDINGS: usize = 64;

/// The policies in force, which may be exchanged for others at any time. None by default.
#[derive(Debug, Default)]
pub struct Policies {
    list: RwLock<Arc<[PolicyPlugin]>>,
}

/// What policies said of a call or an effect.
#[derive(Debug, Default)]
pub(crate) struct Ruled {
    /// Why it is not to be, in words that name the policy.
    pub(crate) denied: Option<String>,
    /// What a person has to allow besides.
    pub(crate) asks: Vec<Judged>,
}

/// What policies left of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Whole,
    Instead(String),
    /// By this policy, for this reason.
    Nothing(Refused),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) policy: String,
    pub(crate) reason: String,
}

impl Policies {
    pub fn new(list: Vec<PolicyPlugin>) -> Self {
        Self { list: RwLock::new(list.into()) }
    }

    /// These from now on, in this order. A question that is being asked is asked of those before.
    pub fn replace(&self, list: Vec<PolicyPlugin>) {
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = list.into();
    }

    /// Their names, in their order.
    pub fn names(&self) -> Vec<String> {
        self.list().iter().map(|policy| policy.name().to_owned()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    fn list(&self) -> Arc<[PolicyPlugin]> {
        Arc::clone(&self.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a call may be made.
    pub(crate) async fn check(&self, context: &Context, call: &ToolCall, intents: &[Intent]) -> Ruled {
        let mut ruled = Ruled::default();
        for policy in self.list().iter() {
            if ruled.take(policy.name(), policy.check(context, call, intents).await) {
                break;
            }
        }
        ruled
    }

    /// Whether a call may do this now.
    pub(crate) async fn check_effect(&self, context: &Context, call: &ToolCall, effect: &Intent) -> Ruled {
        let mut ruled = Ruled::default();
        for policy in self.list().iter() {
            if ruled.take(policy.name(), policy.check_effect(context, call, effect).await) {
                break;
            }
        }
        ruled
    }

    /// What a text that a model is about to read is to be.
    pub(crate) async fn passage(&self, context: &Context, turn: Option<TurnId>, mut passage: Passage) -> (Left, Vec<Event>) {
        let mut notes = Notes::new(turn, passage.source, &passage.name);
        let left = screen(&self.list(), context, &mut passage, &mut notes).await;
        (left, notes.into_events())
    }

    /// The same of a text that was put together here and may hold words of a component's choice.
    pub(crate) async fn told(&self, context: &Context, turn: TurnId, tool: &str, text: String) -> (String, Vec<Event>) {
        let passage = Passage { source: "tool", name: tool.to_owned(), text: text.clone() };
        let (left, events) = self.passage(context, Some(turn), passage).await;
        (left.or(text), events)
    }

    /// What a model is to read of a result: reviewed as a whole, and then each text in it screened.
    pub(crate) async fn result(&self, context: &Context, turn: TurnId, call: &ToolCall, end: ToolEnd) -> (ToolEnd, Vec<Event>) {
        let list = self.list();
        if list.is_empty() {
            return (end, Vec::new());
        }
        let mut notes = Notes::new(Some(turn), "tool", &call.name);
        let ToolEnd { outcome, code, content } = end;
        let mut output = ToolResult { call_id: call.id.clone(), name: call.name.clone(), content, is_error: outcome != ToolOutcome::Ok };
        for policy in list.iter() {
            match policy.review(context, call, &output).await {
                Decision::Pass => {}
                Decision::Replace(parts) => {
                    notes.note(policy.name(), Treatment::Replaced, String::new(), Vec::new());
                    output.content = parts;
                }
                Decision::Refuse(reason) => {
                    notes.note(policy.name(), Treatment::Refused, reason.clone(), Vec::new());
                    let refused = Refused { policy: policy.name().to_owned(), reason };
                    let content = vec![Part::text(format!("{} What the call did stands.", refused.words("result")))];
                    return (ToolEnd { outcome: ToolOutcome::Failed, code: None, content }, notes.into_events());
                }
            }
        }
        let mut content = Vec::with_capacity(output.content.len());
        for part in gathered(output.content) {
            let text = match &part {
                // A provider hands a document that it does not know to the model as text.
                Part::Text(text) | Part::Other(_, text) => text.clone(),
                Part::Blob(_) => {
                    content.push(part);
                    continue;
                }
            };
            let mut passage = Passage { source: "tool", name: call.name.clone(), text };
            content.push(match screen(&list, context, &mut passage, &mut notes).await {
                Left::Whole => part,
                Left::Instead(text) => Part::Text(text),
                Left::Nothing(refused) => Part::Text(refused.words("text")),
            });
        }
        (ToolEnd { outcome, code, content }, notes.into_events())
    }

    /// What people are to read of a text that a model wrote.
    pub(crate) async fn outbound(&self, context: &Context, turn: TurnId, text: &str, complete: bool) -> (Left, Vec<Event>) {
        let mut notes = Notes::new(Some(turn), "model", "");
        let mut left: Option<String> = None;
        for policy in self.list().iter() {
            match policy.review_outbound(context, left.as_deref().unwrap_or(text), complete).await {
                Decision::Pass => {}
                Decision::Replace(parts) => {
                    notes.note(policy.name(), Treatment::Replaced, String::new(), Vec::new());
                    left = Some(texts(&parts));
                }
                Decision::Refuse(reason) => {
                    notes.note(policy.name(), Treatment::Refused, reason.clone(), Vec::new());
                    return (Left::Nothing(Refused { policy: policy.name().to_owned(), reason }), notes.into_events());
                }
            }
        }
        (left.map_or(Left::Whole, Left::Instead), notes.into_events())
    }
}

impl Ruled {
    /// True once nobody else has to be asked.
    fn take(&mut self, policy: &str, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Allow => {}
            Verdict::Ask(reason) => self.asks.push(Judged {
                words: format!("The policy {policy} wants it to be asked for: {}", sentence(&visible(&reason))),
                tier: Tier::EveryTime,
                reasons: Vec::new(),
                key: None,
                action: Digest::of_parts("wirken/policy/ask", &[policy.as_bytes(), reason.as_bytes()]),
            }),
            Verdict::Deny(reason) => self.denied = Some(format!("The policy {policy} does not allow it: {}", sentence(&reason))),
        }
        self.denied.is_some()
    }
}

impl Left {
    /// The text as it is, what stands for it, or that it was withheld.
    pub(crate) fn or(self, text: String) -> String {
        match self {
            Self::Whole => text,
            Self::Instead(text) => text,
            Self::Nothing(refused) => refused.words("text"),
        }
    }
}

impl Refused {
    /// For whoever would have read it.
    pub(crate) fn words(&self, what: &str) -> String {
        format!("(The policy {} withheld this {what}: {})", self.policy, sentence(&self.reason))
    }
}

impl Asker {
    /// As a policy is told of it.
    pub(crate) fn context(&self, component: &str, tier: Option<Tier>) -> Context {
        Context {
            agent: self.place.agent.clone(),
            channel: self.place.account.clone(),
            conversation: crate::channel::conversation(&self.place).to_owned(),
            shared: self.shared,
            // Where several people caused it, nobody in particular did.
            sender: self.holder.as_ref().map(|holder| holder.sender.clone()).unwrap_or_default(),
            session: self.session.to_string(),
            component: component.to_owned(),
            tier: tier.map_or(0, u8::from),
            tainted: self.tainted,
            now: Timestamp::now(),
        }
    }
}

/// Whose words a message is.
pub(crate) fn source(marks: &[Mark]) -> &'static str {
    if marks.contains(&Mark::Forwarded) { "forward" } else { "person" }
}

/// From here on, something hardly ever honest was read, or a picture was seen, whose words nobody looked at.
pub(crate) fn taints(event: &Event) -> bool {
    matches!(event, Event::Screened { severity: 3.., .. } | Event::MediumFetched { kept: true, .. })
}

async fn screen(list: &[PolicyPlugin], context: &Context, passage: &mut Passage, notes: &mut Notes) -> Left {
    let mut left = Left::Whole;
    for policy in list {
        let Screening { decision, findings } = policy.screen(context, passage).await;
        match decision {
            Decision::Pass => notes.note(policy.name(), Treatment::Passed, String::new(), findings),
            Decision::Replace(parts) => {
                notes.note(policy.name(), Treatment::Replaced, String::new(), findings);
                passage.text = texts(&parts);
                left = Left::Instead(passage.text.clone());
            }
            Decision::Refuse(reason) => {
                notes.note(policy.name(), Treatment::Refused, reason.clone(), findings);
                return Left::Nothing(Refused { policy: policy.name().to_owned(), reason });
            }
        }
    }
    left
}

/// What the policies remarked on one text or result, one event each.
struct Notes {
    turn: Option<TurnId>,
    source: &'static str,
    name: String,
    notes: Vec<(String, Treatment, Remarks)>,
}

impl Notes {
    fn new(turn: Option<TurnId>, source: &'static str, name: &str) -> Self {
        Self { turn, source, name: name.to_owned(), notes: Vec::new() }
    }

    fn note(&mut self, policy: &str, treatment: Treatment, reason: String, mut findings: Vec<Finding>) {
        if treatment == Treatment::Passed && findings.is_empty() {
            return;
        }
        match self.notes.iter_mut().find(|(name, ..)| name == policy) {
            Some((_, its, remarks)) => {
                *its = treatment.max(*its);
                if remarks.reason.is_empty() {
                    remarks.reason = reason;
                }
                remarks.findings.append(&mut findings);
            }
            None => self.notes.push((policy.to_owned(), treatment, Remarks { reason, findings })),
        }
    }

    fn into_events(self) -> Vec<Event> {
        let Self { turn, source, name, notes } = self;
        let event = |(policy, treatment, mut remarks): (String, Treatment, Remarks)| {
            remarks.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            remarks.findings.truncate(FINDINGS);
            let severity = remarks.findings.first().map_or(0, |finding| finding.severity);
            Event::Screened { turn, policy, source: source.into(), name: name.clone(), treatment, severity, content: Some(remarks) }
        };
        notes.into_iter().map(event).collect()
    }
}

/// The same content with no more than so many texts in it.
fn gathered(content: Vec<Part>) -> Vec<Part> {
    if content.iter().filter(|part| !matches!(part, Part::Blob(_))).count() <= PASSAGES {
        return content;
    }
    let (mut text, mut others) = (String::new(), Vec::new());
    for part in content {
        match part {
            Part::Text(piece) | Part::Other(_, piece) => {
                text.push_str(if text.is_empty() { "" } else { "\n" });
                text.push_str(&piece);
            }
            Part::Blob(_) => others.push(part),
        }
    }
    others.insert(0, Part::Text(text));
    others
}

fn texts(parts: &[Part]) -> String {
    parts.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { "" }).collect()
}

fn sentence(reason: &str) -> String {
    let reason = reason.trim();
    match reason.chars().last() {
        None => "it gave no reason.".to_owned(),
        Some('.' | '!' | '?' | '…') => reason.to_owned(),
        Some(_) => format!("{reason}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_texts_than_are_screened_one_by_one_become_one() {
        let many = |count: usize| vec![Part::text("a"); count];
        assert_eq!(gathered(many(PASSAGES)).len(), PASSAGES);
        let one = gathered([many(PASSAGES), vec![Part::Other("kind".into(), "{}".into())]].concat());
        assert_eq!(one, [Part::Text(format!("{}{{}}", "a\n".repeat(PASSAGES)))]);
    }

    #[test]
    fn one_event_a_policy_tells_the_worst() {
        let mut notes = Notes::new(None, "tool", "t");
        let found = |severity| Finding { rule: "r".into(), severity, excerpt: String::new() };
        notes.note("a", Treatment::Passed, String::new(), Vec::new());
        assert!(notes.notes.is_empty(), "nothing is no remark");
        notes.note("a", Treatment::Passed, String::new(), vec![found(1)]);
        notes.note("a", Treatment::Refused, "no".into(), vec![found(3); FINDINGS]);
        notes.note("b", Treatment::Replaced, String::new(), Vec::new());
        let events = notes.into_events();
        let [Event::Screened { severity: 3, treatment: Treatment::Refused, content: Some(remarks), .. }, second] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((remarks.findings.len(), remarks.findings[0].severity, remarks.reason.as_str()), (FINDINGS, 3, "no"));
        assert!(matches!(second, Event::Screened { severity: 0, treatment: Treatment::Replaced, .. }));
        assert!(taints(&events[0]) && !taints(second));
    }

    #[test]
    fn a_picture_that_is_shown_is_read_from_outside() {
        let fetched = |kept| Event::MediumFetched { turn: wirken_types::TurnId::generate(), key: "k".into(), part: 1, kept, content: None };
        assert!(taints(&fetched(true)) && !taints(&fetched(false)), "also where it was erased since");
    }

    #[test]
    fn a_reason_becomes_a_sentence() {
        assert_eq!(sentence(" no "), "no.");
        assert_eq!(sentence("no!"), "no!");
        assert_eq!(sentence(""), "it gave no reason.");
    }
}
