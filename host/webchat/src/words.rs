//! What happened in a row of the ledger, in a sentence for people.

use wirken_types::chat::{AssistantItem, plain_text};
use wirken_types::event::{Delivery, Event, ToolOutcome};

/// Characters of a text that are quoted.
const QUOTED_CHARS: usize = 100;

pub(crate) fn of(event: &Event) -> String {
    match event {
        Event::SessionOpened { place } => format!("A chat with the agent {} was opened", place.agent),
        Event::SessionClosed { by } => format!("The chat was closed by {by}"),
        Event::Inbound { sender, content, .. } => match content {
            Some(parts) => format!("{sender} said {}", quoted(&plain_text(parts))),
            None => format!("{sender} said something that was erased"),
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
        Event::ToolStarted { tool, component, component_digest, content, .. } => {
            let arguments = content.as_ref().map_or_else(|| "arguments that were erased".into(), |call| shortened(&call.arguments));
            format!("The tool {tool} of {component} ({}) was started with {arguments}", component_digest.short())
        }
        Event::ToolFinished { tool, outcome, content, .. } => {
            let how = match outcome {
                ToolOutcome::Ok => "answered",
                ToolOutcome::Failed => "failed",
                ToolOutcome::Denied => "was refused",
                ToolOutcome::Crashed => "crashed",
                ToolOutcome::Interrupted => "was interrupted: what it did by then stands",
            };
            match content {
                Some(parts) => format!("The tool {tool} {how}: {}", quoted(&plain_text(parts))),
                None => format!("The tool {tool} {how}; its result was erased"),
            }
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
            let how = match delivery {
                Delivery::Delivered => "was delivered",
                Delivery::Failed => "could not be delivered",
                Delivery::InDoubt => "may have been delivered",
                Delivery::Unsent => "was not sent yet and is to be sent again",
            };
            let detail = if detail.is_empty() { String::new() } else { format!(": {}", shortened(detail)) };
            format!("Answer {outbound} {how}{detail}")
        }
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
    use wirken_types::TurnId;
    use wirken_types::chat::Part;

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
    }

    #[test]
    fn says_what_was_commanded() {
        let command = Event::Commanded { account: "a".into(), key: "k".into(), command: "/stop\nnow".into() };
        assert_eq!(of(&command), "The gateway was told “/stop now”");
    }

    #[test]
    fn says_what_was_erased() {
        let turn = TurnId::generate();
        let inbound =
            |content| Event::Inbound { turn, account: "webchat".into(), key: "k".into(), sender: "owner".into(), message: None, content };
        assert_eq!(of(&inbound(Some(vec![Part::text("hi")]))), "owner said “hi”");
        assert_eq!(of(&inbound(None)), "owner said something that was erased");
    }
}
