//! What the message of a question says once the question is over.

use wirken_permissions::question::visible;
use wirken_types::TurnId;
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::event::Event;

/// Which questions a record ends.
pub(super) enum Ends {
    Question(ApprovalId),
    /// Whatever is open in it.
    Turn(TurnId),
}

/// Which questions a record ends, and what is to be said of them.
pub(super) fn ended(event: &Event) -> Option<(Ends, String)> {
    Some(match event {
        Event::ApprovalAnswered { approval, choice, by, via, .. } => {
            let what = match choice {
                Choice::Once => "Allowed once",
                Choice::Session => "Allowed for this session",
                Choice::Remember => "Allowed, and remembered",
                Choice::Deny => "Denied",
            };
            (Ends::Question(*approval), format!("{what}: by {}.", who(by, via)))
        }
        Event::ApprovalExpired { approval, reason, .. } => (Ends::Question(*approval), format!("Not allowed: {}.", visible(reason))),
        Event::TurnFinished { turn, .. } | Event::TurnInterrupted { turn, .. } => {
            (Ends::Turn(*turn), "Not allowed: what it was asked for has ended.".to_owned())
        }
        _ => return None,
    })
}

fn who(by: &str, via: &str) -> String {
    match (by, via) {
        ("owner", "webchat") => "the owner, in WebChat".to_owned(),
        ("owner", "cli") => "the owner, on the command line".to_owned(),
        _ => visible(by),
    }
}
