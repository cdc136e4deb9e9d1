//! What the ledger keeps: every step of a session, and of the system around it.
//!
//! A variant's `content` is what people and models said. The ledger stores it apart from the row, under a salted
//! digest, so that it can be erased while the chain stays whole; `None` means that it was.

use serde::{Deserialize, Serialize};

use crate::chat::{AssistantItem, Part, ToolCall, Usage};
use crate::{Digest, TurnId};

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
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Vec<Part>>,
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
    /// An answer is about to leave for its account.
    OutboundAttempted {
        turn: TurnId,
        outbound: u64,
        attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    OutboundOutcome {
        turn: TurnId,
        outbound: u64,
        delivery: Delivery,
        detail: String,
    },
    TurnFinished {
        turn: TurnId,
        stop: String,
    },
    TurnInterrupted {
        turn: TurnId,
        reason: String,
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
            Self::TurnStarted { .. } => "turn-started",
            Self::TurnResumed { .. } => "turn-resumed",
            Self::Requested { .. } => "requested",
            Self::Responded { .. } => "responded",
            Self::RequestFailed { .. } => "request-failed",
            Self::ToolStarted { .. } => "tool-started",
            Self::ToolFinished { .. } => "tool-finished",
            Self::OutboundAttempted { .. } => "outbound-attempted",
            Self::OutboundOutcome { .. } => "outbound-outcome",
            Self::TurnFinished { .. } => "turn-finished",
            Self::TurnInterrupted { .. } => "turn-interrupted",
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
            | Self::OutboundAttempted { turn, .. }
            | Self::OutboundOutcome { turn, .. }
            | Self::TurnFinished { turn, .. }
            | Self::TurnInterrupted { turn, .. } => Some(*turn),
            Self::SessionOpened { .. } | Self::SessionClosed { .. } | Self::System { .. } => None,
        }
    }
}
