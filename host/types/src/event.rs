//! What the ledger keeps: every step of a session, and of the system around it.
//!
//! A variant's `content` is what people and models said. The ledger stores it apart from the row, under a salted
//! digest, so that it can be erased while the chain stays whole; `None` means that it was.

use serde::{Deserialize, Serialize};

use crate::chat::{AssistantItem, Part, ToolCall, Usage};
use crate::{Digest, Timestamp, TurnId};

/// Where a session lives. Two messages with the same place belong to the same session while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    pub agent: String,
    /// `webchat`, `cli`, or the id of a channel account.
    pub account: String,
    pub conversation: String,
    pub thread: Option<String>,
}

/// How a tool call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolOutcome {
    /// The tool answered.
    Ok,
    /// The tool answered with a failure of its own.
    Failed,
    /// The host refused it.
    Denied,
    /// The component trapped or exhausted a limit.
    Crashed,
    /// The host stopped between its start and its end: what it did is unknown, and it is not run again.
    Interrupted,
}

/// What became of an answer on its way to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    Delivered,
    Failed,
    /// It may have been delivered.
    InDoubt,
    /// Nothing of it was sent: it waits to be attempted again.
    Unsent,
}

/// One step, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    SessionOpened {
        #[serde(flatten)]
        place: Place,
    },
    SessionClosed {
        by: String,
    },
    /// A message from a person. Its key is unique within its account for ever, so that each is taken once.
    Inbound {
        turn: TurnId,
        account: String,
        key: String,
        sender: String,
        /// The platform's id of the message, by which a reply names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Vec<Part>>,
    },
    /// A command that a person gave to the gateway itself, in a chat. Its key is one of those that messages have, so that
    /// each is carried out once.
    Commanded {
        account: String,
        key: String,
        command: String,
    },
    TurnStarted {
        turn: TurnId,
    },
    /// The host stopped in the middle of this turn and takes it up again.
    TurnResumed {
        turn: TurnId,
        attempt: u32,
    },
    /// Written before a request leaves.
    Requested {
        turn: TurnId,
        round: u32,
        provider: String,
        model: String,
    },
    /// What the model said. The calls in it have not been started.
    Responded {
        turn: TurnId,
        round: u32,
        stop: String,
        usage: Usage,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Vec<AssistantItem>>,
    },
    /// A response that broke off or never came.
    RequestFailed {
        turn: TurnId,
        round: u32,
        error: String,
        message: String,
    },
    /// Written before a tool call begins.
    ToolStarted {
        turn: TurnId,
        call_id: String,
        tool: String,
        component: String,
        component_digest: Digest,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<ToolCall>,
    },
    ToolFinished {
        turn: TurnId,
        call_id: String,
        tool: String,
        outcome: ToolOutcome,
        /// Of a crash: which limit was exhausted, or which trap ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Vec<Part>>,
    },
    /// An answer that is to be shown. Its text is here, and in no other row.
    OutboundQueued {
        turn: TurnId,
        /// Counts the answers of its turn, from 1.
        outbound: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// Written before a channel's adapter is given the answer.
    OutboundAttempted {
        turn: TurnId,
        outbound: u64,
        attempt: u32,
    },
    /// The beginning of an answer is about to be shown, or is shown as these messages of the platform's.
    OutboundDrafted {
        turn: TurnId,
        outbound: u64,
        shown: Vec<String>,
    },
    OutboundOutcome {
        turn: TurnId,
        outbound: u64,
        delivery: Delivery,
        detail: String,
        /// The platform's ids of the messages that show it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shown: Vec<String>,
    },
    TurnFinished {
        turn: TurnId,
        stop: String,
    },
    TurnInterrupted {
        turn: TurnId,
        reason: String,
    },
    /// A stranger wrote, and was told a code by which the owner can let him in. On the system's own chain, as the three
    /// that follow.
    PairingAsked {
        account: String,
        sender: String,
        /// What the sender calls himself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Of the code, which only the sender was told.
        code: Digest,
        expires_at: Timestamp,
    },
    PairingApproved {
        account: String,
        sender: String,
    },
    PairingRevoked {
        account: String,
        sender: String,
    },
    /// Something that a platform sent was taken as handled although it was not, so that it stops nothing.
    UpdateSkipped {
        account: String,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// Something that belongs to no session, on the system's own chain: a component loaded, a credential changed, a
    /// leak refused, a control command.
    System {
        action: String,
        subject: String,
        detail: serde_json::Value,
    },
}

impl Event {
    /// The name of the kind, as it stands in the row.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SessionOpened { .. } => "session-opened",
            Self::SessionClosed { .. } => "session-closed",
            Self::Inbound { .. } => "inbound",
            Self::Commanded { .. } => "commanded",
            Self::TurnStarted { .. } => "turn-started",
            Self::TurnResumed { .. } => "turn-resumed",
            Self::Requested { .. } => "requested",
            Self::Responded { .. } => "responded",
            Self::RequestFailed { .. } => "request-failed",
            Self::ToolStarted { .. } => "tool-started",
            Self::ToolFinished { .. } => "tool-finished",
            Self::OutboundQueued { .. } => "outbound-queued",
            Self::OutboundAttempted { .. } => "outbound-attempted",
            Self::OutboundDrafted { .. } => "outbound-drafted",
            Self::OutboundOutcome { .. } => "outbound-outcome",
            Self::TurnFinished { .. } => "turn-finished",
            Self::TurnInterrupted { .. } => "turn-interrupted",
            Self::PairingAsked { .. } => "pairing-asked",
            Self::PairingApproved { .. } => "pairing-approved",
            Self::PairingRevoked { .. } => "pairing-revoked",
            Self::UpdateSkipped { .. } => "update-skipped",
            Self::System { .. } => "system",
        }
    }

    /// The turn that it is a step of.
    pub fn turn(&self) -> Option<TurnId> {
        match self {
            Self::Inbound { turn, .. }
            | Self::TurnStarted { turn }
            | Self::TurnResumed { turn, .. }
            | Self::Requested { turn, .. }
            | Self::Responded { turn, .. }
            | Self::RequestFailed { turn, .. }
            | Self::ToolStarted { turn, .. }
            | Self::ToolFinished { turn, .. }
            | Self::OutboundQueued { turn, .. }
            | Self::OutboundAttempted { turn, .. }
            | Self::OutboundDrafted { turn, .. }
            | Self::OutboundOutcome { turn, .. }
            | Self::TurnFinished { turn, .. }
            | Self::TurnInterrupted { turn, .. } => Some(*turn),
            Self::SessionOpened { .. }
            | Self::SessionClosed { .. }
            | Self::Commanded { .. }
            | Self::PairingAsked { .. }
            | Self::PairingApproved { .. }
            | Self::PairingRevoked { .. }
            | Self::UpdateSkipped { .. }
            | Self::System { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_written_and_reads_as_nothing() {
        let turn = TurnId::generate();
        let inbound = |message| Event::Inbound { turn, account: "a".into(), key: "k".into(), sender: "s".into(), message, content: None };
        let outcome = |shown| Event::OutboundOutcome { turn, outbound: 1, delivery: Delivery::InDoubt, detail: String::new(), shown };
        for (event, absent) in [(inbound(None), "message"), (outcome(Vec::new()), "shown")] {
            let text = serde_json::to_string(&event).unwrap();
            assert!(!text.contains(absent), "{text}");
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
        for event in [inbound(Some("17".into())), outcome(vec!["17".into()])] {
            let text = serde_json::to_string(&event).unwrap();
            assert!(text.contains("\"17\""), "{text}");
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }

    #[test]
    fn a_command_belongs_to_no_turn() {
        let command = Event::Commanded { account: "a".into(), key: "k".into(), command: "/stop".into() };
        assert_eq!(command.turn(), None);
        let value = serde_json::to_value(&command).unwrap();
        assert_eq!(value, serde_json::json!({ "kind": "commanded", "account": "a", "key": "k", "command": "/stop" }));
        assert_eq!(serde_json::from_value::<Event>(value).unwrap(), command);
    }

    #[test]
    fn only_the_queued_answer_holds_its_text() {
        let turn = TurnId::generate();
        let queued = Event::OutboundQueued { turn, outbound: 1, content: Some("text".into()) };
        assert_eq!(
            serde_json::to_value(&queued).unwrap(),
            serde_json::json!({ "kind": "outbound-queued", "turn": turn, "outbound": 1, "content": "text" })
        );
        let attempted = serde_json::to_value(Event::OutboundAttempted { turn, outbound: 1, attempt: 2 }).unwrap();
        assert_eq!(attempted, serde_json::json!({ "kind": "outbound-attempted", "turn": turn, "outbound": 1, "attempt": 2 }));
    }
}
