//! What happened in a row of the ledger, in a sentence for people.

use wirken_permissions::code_of;
use wirken_types::Timestamp;
use wirken_types::approval::{Choice, Grant, Lasts};
use wirken_types::chat::{AssistantItem, Part, plain_text};
use wirken_types::event::{Delivery, Event, ToolOutcome};
use wirken_types::policy::{Remarks, Treatment};

/// Characters of a text that are quoted.
const QUOTED_CHARS: usize = 100;
/// Findings that are named.
const FINDINGS: usize = 3;

pub(crate) fn of(event: &Event) -> String {
    match event {
        Event::SkillsListed { skills, content } => match content {
            Some(_) => format!("The model is told of {skills} skills from here on"),
            None => format!("The model was told of {skills} skills from here on; their list was erased"),
        },
        Event::SkillCalled { skills, tool, .. } => {
            let names: Vec<String> = skills.iter().map(|name| quoted(name)).collect();
            match tool {
                Some(tool) => format!("The message called the tool {} through the skill {}", quoted(tool), names.join(", ")),
                None => format!("The message called the skill {}", names.join(", ")),
            }
        }
        Event::SessionOpened { place } => format!("A chat with the agent {} was opened", place.agent),
        Event::SessionClosed { by } => format!("The chat was closed by {by}"),
        Event::Inbound { sender, content, .. } => match content {
            Some(parts) => format!("{sender} said {}", quoted(&plain_text(parts))),
            None => format!("{sender} said something that was erased"),
        },
        Event::MediumFetched { content, .. } => match content {
            Some(Part::Blob(blob)) => format!("The file that came with it was fetched: {}", shortened(&blob.described())),
            Some(other) => format!("A file that came with it was not fetched: {}", quoted(&plain_text(std::slice::from_ref(other)))),
            None => "A file that came with it was erased".into(),
        },
        Event::Commanded { command, .. } => format!("The gateway was told {}", quoted(command)),
        Event::TurnStarted { .. } => "An answer was begun".into(),
        Event::TurnResumed { attempt, .. } => format!("The gateway had stopped; the answer was taken up again (attempt {attempt})"),
        Event::Requested { round, provider, model, .. } => format!("Request {round}: {model} was asked through {provider}"),
        Event::Responded { round, stop, usage, content, .. } => {
            let said = content.as_deref().map_or_else(|| "what it said was erased".into(), summary);
            let usage: Vec<String> = usage.iter().map(|(name, count)| format!("{count} {name}")).collect();
            let tokens = if usage.is_empty() { String::new() } else { format!("; tokens: {}", usage.join(", ")) };
            format!("Response {round} came: {said}{tokens} ({stop})")
        }
        Event::RequestFailed { round, error, message, .. } => format!("Request {round} failed ({error}): {}", shortened(message)),
        Event::ApprovalAsked { approval, tier, content, .. } => {
            let what = content.as_ref().map_or_else(
                || "something that was erased".into(),
                |asked| format!("what the tool {} of {} is about to do", shortened(&asked.tool), shortened(&asked.component)),
            );
            format!("A person was asked to allow {what} (question {}, tier {})", code_of(*approval), u8::from(*tier))
        }
        Event::ApprovalAnswered { approval, choice, by, via, content, .. } => {
            let note = content.as_deref().map(|note| format!("; the model is told {}", quoted(note))).unwrap_or_default();
            format!("{} {} through {} (question {}){note}", shortened(by), answered(*choice), shortened(via), code_of(*approval))
        }
        Event::ApprovalExpired { approval, reason, .. } => {
            format!("Nobody answered the question {}: {}", code_of(*approval), shortened(reason))
        }
        Event::Granted { grant, by } => granted(grant, by),
        Event::GrantRevoked { grant, by } => format!("The right {grant} was revoked by {}", shortened(by)),
        Event::ToolStarted { tool, component, component_digest, attempt, content, .. } => {
            let arguments = content.as_ref().map_or_else(|| "arguments that were erased".into(), |call| shortened(&call.arguments));
            let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
            format!("The tool {tool} of {component} ({}) was started with {arguments}{again}", component_digest.short())
        }
        Event::EffectStarted { effect, action, content, .. } => match content {
            Some(content) => format!("Effect {effect} of the call was begun: {} {}", shortened(action), quoted(content)),
            None => format!("Effect {effect} of the call was begun: {}; what exactly was erased", shortened(action)),
        },
        Event::EffectFinished { effect, outcome, detail, .. } => {
            let detail = if detail.is_empty() { String::new() } else { format!(": {}", shortened(detail)) };
            format!("Effect {effect} of the call {}{detail}", ended(*outcome, "was done"))
        }
        Event::ToolBlocked { tool, reason, .. } => {
            format!("The tool {tool} was ended before it did something that nobody had allowed: {}", shortened(reason))
        }
        Event::ToolFinished { tool, outcome, content, .. } => {
            let how = ended(*outcome, "answered");
            match content {
                Some(parts) => format!("The tool {tool} {how}: {}", quoted(&plain_text(parts))),
                None => format!("The tool {tool} {how}; its result was erased"),
            }
        }
        Event::Screened { policy, source, name, treatment, severity, content, .. } => {
            screened(policy, &whose(source, name), *treatment, *severity, content.as_ref())
        }
        Event::OutboundQueued { outbound, content, .. } => match content {
            Some(text) => format!("Answer {outbound} was given: {}", quoted(text)),
            None => format!("Answer {outbound} was given; its text was erased"),
        },
        Event::OutboundAttempted { outbound, attempt, .. } => {
            let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
            format!("Answer {outbound} was sent to its channel{again}")
        }
        Event::OutboundDrafted { outbound, shown, .. } => {
            let how = if shown.is_empty() { "is about to be shown" } else { "is shown" };
            format!("The beginning of answer {outbound} {how}")
        }
        Event::OutboundOutcome { outbound, delivery, detail, .. } => {
            format!("Answer {outbound} {}{}", became(*delivery), reason(detail))
        }
        Event::PromptAttempted { .. } => "The question was sent to its channel".into(),
        Event::PromptOutcome { delivery, detail, .. } => format!("The question {}{}", became(*delivery), reason(detail)),
        Event::PromptClosed { delivery: Delivery::Delivered, .. } => "The question's message says what came of it".into(),
        Event::PromptClosed { detail, .. } => format!("The question's message may not say what came of it{}", reason(detail)),
        Event::TurnFinished { stop, .. } => format!("The answer was finished ({stop})"),
        Event::TurnInterrupted { reason, .. } => format!("The answer was interrupted: {}", shortened(reason)),
        Event::PairingAsked { account, sender, name, .. } => {
            let name = name.as_deref().map(|name| format!(" ({})", quoted(name))).unwrap_or_default();
            format!("{}{name} asked to be let in at {}", shortened(sender), shortened(account))
        }
        Event::PairingApproved { account, sender } => format!("{} was let in at {}", shortened(sender), shortened(account)),
        Event::PairingRevoked { account, sender } => format!("{} is let in at {} no more", shortened(sender), shortened(account)),
        Event::UpdateSkipped { account, reason, .. } => {
            format!("Something that came to {} was skipped: {}", shortened(account), shortened(reason))
        }
        Event::System { action, subject, .. } => format!("{action}: {subject}"),
    }
}

fn became(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Delivered => "was delivered",
        Delivery::Failed => "could not be delivered",
        Delivery::InDoubt => "may have been delivered",
        Delivery::Unsent => "was not sent yet and is to be sent again",
    }
}

fn reason(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {}", shortened(detail)) }
}

fn ended(outcome: ToolOutcome, well: &'static str) -> &'static str {
    match outcome {
        ToolOutcome::Ok => well,
        ToolOutcome::Failed => "failed",
        ToolOutcome::Denied => "was refused",
        ToolOutcome::Crashed => "crashed",
        ToolOutcome::Interrupted => "was interrupted: what it did by then stands",
    }
}

fn whose(source: &str, name: &str) -> String {
    match source {
        "person" => "a message".to_owned(),
        "forward" => "a forwarded message".to_owned(),
        "model" => "what the model wrote".to_owned(),
        "tool" => format!("a result of {}", shortened(name)),
        other => shortened(other),
    }
}

fn screened(policy: &str, what: &str, treatment: Treatment, severity: u8, remarks: Option<&Remarks>) -> String {
    let policy = shortened(policy);
    let mut text = match treatment {
        Treatment::Passed => format!("The policy {policy} let {what} pass"),
        Treatment::Replaced => format!("The policy {policy} changed {what}"),
        Treatment::Refused => format!("The policy {policy} withheld {what}"),
    };
    if let Some(reason) = remarks.map(|remarks| remarks.reason.as_str()).filter(|reason| !reason.is_empty()) {
        text.push_str(&format!(": {}", shortened(reason)));
    }
    let weight = match severity {
        0 => return text,
        1 => "something of little weight",
        2 => "something shaped like an attack on the model",
        _ => "what looks like an attack on the model, and from here on what the session sends out is asked for more often",
    };
    text.push_str(&format!("; it found {weight}"));
    match remarks {
        None => text.push_str(", which was erased"),
        Some(Remarks { findings, .. }) => {
            let found: Vec<String> =
                findings.iter().take(FINDINGS).map(|found| format!("{} in {}", shortened(&found.rule), quoted(&found.excerpt))).collect();
            text.push_str(&format!(": {}", found.join(", ")));
            if findings.len() > FINDINGS {
                text.push_str(&format!(" and {} more", findings.len() - FINDINGS));
            }
        }
    }
    text
}

fn answered(choice: Choice) -> &'static str {
    match choice {
        Choice::Once => "allowed it once",
        Choice::Session => "allowed it for this session",
        Choice::Remember => "allowed it, and it is remembered,",
        Choice::Deny => "denied it",
    }
}

fn granted(grant: &Grant, by: &str) -> String {
    let Grant { id, holder, component, key, lasts } = grant;
    let lasts = match lasts {
        Lasts::Session(_) => "until the session ends".to_owned(),
        Lasts::Until(end) => format!("until {}", time(*end)),
    };
    format!(
        "{} gave the right {id}: {} at {} may have the agent {} do {} through {} {lasts}",
        shortened(by),
        shortened(&holder.sender),
        shortened(&holder.account),
        shortened(&holder.agent),
        shortened(key),
        shortened(component)
    )
}

/// In UTC: who reads it may be anywhere.
fn time(at: Timestamp) -> String {
    let millis = i64::try_from(at.0).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    millis.map_or_else(|| format!("{} ms after 1970", at.0), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// What a response consists of.
fn summary(items: &[AssistantItem]) -> String {
    let (mut text, mut reasoning, mut calls) = (0, 0, Vec::new());
    for item in items {
        match item {
            AssistantItem::Text(piece) => text += piece.chars().count(),
            AssistantItem::Reasoning(piece) => reasoning += piece.chars().count(),
            AssistantItem::ToolCall(call) => calls.push(call.name.as_str()),
            AssistantItem::Blob(_) | AssistantItem::Opaque(_) | AssistantItem::Other(..) => {}
        }
    }
    let mut parts = Vec::new();
    if text > 0 {
        parts.push(format!("{text} characters of text"));
    }
    if reasoning > 0 {
        parts.push(format!("{reasoning} of reasoning"));
    }
    if !calls.is_empty() {
        parts.push(format!("calls of {}", calls.join(", ")));
    }
    if parts.is_empty() { "it was empty".into() } else { parts.join(", ") }
}

fn quoted(text: &str) -> String {
    format!("“{}”", shortened(text))
}

/// The beginning, on one line.
fn shortened(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut line = String::new();
    while line.len() <= QUOTED_CHARS * 4 {
        let Some(word) = words.next() else { break };
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(QUOTED_CHARS) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirken_types::approval::{ApprovalId, Holder, Tier};
    use wirken_types::http::Blob;
    use wirken_types::{Digest, GrantId, SessionId, TurnId};

    #[test]
    fn quotes_the_beginning_on_one_line() {
        let exact = "ü".repeat(QUOTED_CHARS);
        assert_eq!(shortened(&exact), exact);
        assert_eq!(shortened(&format!("{exact}x")), format!("{exact}…"));
        assert_eq!(shortened(" a\n\t b "), "a b");
        assert_eq!(shortened(&"a ".repeat(1_000_000)).chars().count(), QUOTED_CHARS + 1);
    }

    #[test]
    fn says_what_became_of_an_answer() {
        let turn = TurnId::generate();
        let outcome =
            |delivery, detail: &str| Event::OutboundOutcome { turn, outbound: 2, delivery, detail: detail.into(), shown: Vec::new() };
        assert_eq!(of(&outcome(Delivery::Delivered, "")), "Answer 2 was delivered");
        assert_eq!(of(&outcome(Delivery::Unsent, "too many")), "Answer 2 was not sent yet and is to be sent again: too many");
        let approval = wirken_types::approval::ApprovalId::from_random([7; 16]);
        let closed = |delivery, detail: &str| of(&Event::PromptClosed { turn, approval, delivery, detail: detail.into() });
        assert_eq!(closed(Delivery::Delivered, ""), "The question's message says what came of it");
        assert_eq!(closed(Delivery::Failed, "gone"), "The question's message may not say what came of it: gone");
    }

    #[test]
    fn says_what_a_policy_found_and_did() {
        let found = |severity| wirken_types::policy::Finding { rule: "override".into(), severity, excerpt: "ignore all\nthat".into() };
        let screened = |source: &str, treatment, severity, content| {
            let (policy, source, name) = ("injection".into(), source.into(), "fetch".into());
            of(&Event::Screened { turn: None, policy, source, name, treatment, severity, content })
        };
        let remarks = |reason: &str, count| Some(Remarks { reason: reason.into(), findings: vec![found(2); count] });
        assert_eq!(
            screened("tool", Treatment::Passed, 2, remarks("", 1)),
            "The policy injection let a result of fetch pass; it found something shaped like an attack on the model: override in “ignore all that”"
        );
        assert_eq!(screened("model", Treatment::Refused, 0, remarks("no", 0)), "The policy injection withheld what the model wrote: no");
        assert!(screened("forward", Treatment::Replaced, 3, None).ends_with("which was erased"));
        assert!(screened("person", Treatment::Passed, 1, remarks("", FINDINGS + 1)).ends_with(" and 1 more"));
    }

    #[test]
    fn says_what_was_commanded() {
        let command = Event::Commanded { account: "a".into(), key: "k".into(), command: "/stop\nnow".into() };
        assert_eq!(of(&command), "The gateway was told “/stop now”");
    }

    #[test]
    fn says_who_was_asked_what_and_how_it_was_answered() {
        let (turn, call_id, approval) = (TurnId::generate(), "c".to_owned(), ApprovalId::from_random([0xab; 16]));
        let asked = Event::ApprovalAsked {
            turn,
            call_id: call_id.clone(),
            approval,
            tier: Tier::EveryTime,
            action: Digest::ZERO,
            expires_at: Timestamp(1),
            content: None,
        };
        assert_eq!(of(&asked), "A person was asked to allow something that was erased (question ababab, tier 3)");
        let answered = |choice, content: Option<&str>| {
            let (call_id, content) = (call_id.clone(), content.map(str::to_owned));
            of(&Event::ApprovalAnswered { turn, call_id, approval, choice, by: "owner".into(), via: "cli".into(), content })
        };
        assert_eq!(answered(Choice::Once, None), "owner allowed it once through cli (question ababab)");
        assert_eq!(answered(Choice::Deny, Some("use\nls")), "owner denied it through cli (question ababab); the model is told “use ls”");
        let expired = Event::ApprovalExpired { turn, call_id, approval, reason: "the time was up".into() };
        assert_eq!(of(&expired), "Nobody answered the question ababab: the time was up");
    }

    #[test]
    fn says_what_was_given_and_until_when() {
        let (id, holder) = (GrantId::generate(), Holder { agent: "default".into(), account: "mail".into(), sender: "ann".into() });
        let given = |lasts| {
            let grant = Grant { id, holder: holder.clone(), component: "exec".into(), key: "[\"exec\"]".into(), lasts };
            of(&Event::Granted { grant, by: "owner".into() })
        };
        let begin = format!("owner gave the right {id}: ann at mail may have the agent default do [\"exec\"] through exec ");
        assert_eq!(given(Lasts::Session(SessionId::generate())), format!("{begin}until the session ends"));
        assert_eq!(given(Lasts::Until(Timestamp(86_400_000))), format!("{begin}until 1970-01-02 00:00 UTC"));
        assert_eq!(given(Lasts::Until(Timestamp(u64::MAX))), format!("{begin}until {} ms after 1970", u64::MAX));
        assert_eq!(of(&Event::GrantRevoked { grant: id, by: "owner".into() }), format!("The right {id} was revoked by owner"));
    }

    #[test]
    fn says_what_a_call_did_and_where_it_was_ended() {
        let (turn, call_id) = (TurnId::generate(), "c".to_owned());
        let effect = |content: Option<&str>| {
            let (call_id, content) = (call_id.clone(), content.map(str::to_owned));
            of(&Event::EffectStarted { turn, call_id, effect: 1, action: "exec".into(), digest: Digest::ZERO, content })
        };
        assert_eq!(effect(Some("ls")), "Effect 1 of the call was begun: exec “ls”");
        assert_eq!(effect(None), "Effect 1 of the call was begun: exec; what exactly was erased");
        let finished = |outcome, detail: &str| {
            of(&Event::EffectFinished { turn, call_id: call_id.clone(), effect: 1, outcome, detail: detail.into() })
        };
        assert_eq!(finished(ToolOutcome::Ok, ""), "Effect 1 of the call was done");
        assert_eq!(finished(ToolOutcome::Failed, "no engine"), "Effect 1 of the call failed: no engine");
        let blocked = Event::ToolBlocked { turn, call_id, tool: "exec".into(), reason: "it ran rm".into() };
        assert_eq!(of(&blocked), "The tool exec was ended before it did something that nobody had allowed: it ran rm");
    }

    #[test]
    fn says_what_became_of_a_file() {
        let fetched = |kept, content| of(&Event::MediumFetched { turn: TurnId::generate(), key: "k".into(), part: 1, kept, content });
        let blob = Blob { id: "d".into(), media_type: "image/png".into(), name: Some("cat.png".into()), size: 2_000 };
        assert_eq!(fetched(true, Some(Part::Blob(blob))), "The file that came with it was fetched: image/png cat.png (2 KB)");
        assert_eq!(fetched(false, Some(Part::text("gone"))), "A file that came with it was not fetched: “gone”");
        assert_eq!(fetched(true, None), "A file that came with it was erased");
    }

    #[test]
    fn says_what_was_erased() {
        let turn = TurnId::generate();
        let inbound = |content| Event::Inbound {
            turn,
            account: "webchat".into(),
            key: "k".into(),
            sender: "owner".into(),
            message: None,
            marks: Vec::new(),
            content,
        };
        assert_eq!(of(&inbound(Some(vec![Part::text("hi")]))), "owner said “hi”");
        assert_eq!(of(&inbound(None)), "owner said something that was erased");
    }
}
