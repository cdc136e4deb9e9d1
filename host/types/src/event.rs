//! What the ledger keeps: every step of a session, and of the system around it.
//!
//! A variant's `content` is what people and models said. The ledger stores it apart from the row, under a salted
//! digest, so that it can be erased while the chain stays whole; `None` means that it was.

use serde::{Deserialize, Serialize};

use crate::approval::{ApprovalId, Choice, Grant, Question, Tier};
use crate::chat::{AssistantItem, Part, ToolCall, Usage};
use crate::policy::{Remarks, Treatment};
use crate::{Digest, GrantId, Timestamp, TurnId};

/// Where a session lives. Two messages with the same place belong to the same session while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    pub agent: String,
    /// `webchat`, `cli`, or the id of a channel account.
    pub account: String,
    pub conversation: String,
    pub thread: Option<String>,
}

/// What is special about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Its words are somebody else's: who passed them on may not have read them.
    Forwarded,
    /// It stands where several people read the answer.
    Shared,
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
        /// What is to be known of it when something is decided later on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        marks: Vec<Mark>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Vec<Part>>,
    },
    /// What became of a file that came with a message: it is kept, or the model is told why it is not. The message stands
    /// before it.
    MediumFetched {
        turn: TurnId,
        /// Of the message.
        key: String,
        /// In place of which of the message's parts, counted from 0.
        part: u64,
        kept: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Part>,
    },
    /// A command that a person gave to the gateway itself, in a chat. Its key is one of those that messages have, so that
    /// each is carried out once.
    Commanded {
        account: String,
        key: String,
        command: String,
    },
    /// The skills that the model is told of from here on: written where they are others than before.
    SkillsListed {
        /// How many.
        skills: u64,
        /// The block that tells of them, as it stands behind the agent's instructions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// The message that follows calls skills by name.
    SkillCalled {
        turn: TurnId,
        skills: Vec<String>,
        /// The tool that the skill's command calls, past the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// What the model reads in the message's place; with a tool, the arguments of the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
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
    /// A person is asked to allow a call. Nothing of it happens until one who may answers.
    ApprovalAsked {
        turn: TurnId,
        call_id: String,
        approval: ApprovalId,
        tier: Tier,
        /// Of everything that is asked: the component and its digest, the tool, its arguments and each action.
        action: Digest,
        expires_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Question>,
    },
    ApprovalAnswered {
        turn: TurnId,
        call_id: String,
        approval: ApprovalId,
        choice: Choice,
        /// Who, and through what: an account's id, `webchat` or `cli`.
        by: String,
        via: String,
        /// What the person wants the model to be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// Nobody answered in time, or the question is moot.
    ApprovalExpired {
        turn: TurnId,
        call_id: String,
        approval: ApprovalId,
        reason: String,
    },
    /// Written before a channel's adapter is given a question to show with buttons.
    PromptAttempted {
        turn: TurnId,
        approval: ApprovalId,
    },
    PromptOutcome {
        turn: TurnId,
        approval: ApprovalId,
        delivery: Delivery,
        detail: String,
        /// The platform's ids of the messages that show it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shown: Vec<String>,
    },
    /// A question that was shown is over, and its message says so; or may not, and `detail` says why.
    PromptClosed {
        turn: TurnId,
        approval: ApprovalId,
        delivery: Delivery,
        detail: String,
    },
    /// A right was given: in the session where it was asked for, or on the system's chain by the owner.
    Granted {
        #[serde(flatten)]
        grant: Grant,
        by: String,
    },
    GrantRevoked {
        grant: GrantId,
        by: String,
    },
    /// Written before the host does what a call asks of it.
    EffectStarted {
        turn: TurnId,
        call_id: String,
        /// Counts the effects of its call, from 1.
        effect: u64,
        /// `exec` …
        action: String,
        /// Exactly what is done.
        digest: Digest,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    EffectFinished {
        turn: TurnId,
        call_id: String,
        effect: u64,
        outcome: ToolOutcome,
        detail: String,
    },
    /// A call was ended by the host before it did something that nobody had allowed. What came before stands; a question
    /// follows where the call may be run again from its start, because all that it did was read.
    ToolBlocked {
        turn: TurnId,
        call_id: String,
        tool: String,
        reason: String,
    },
    /// Written before a tool call begins.
    ToolStarted {
        turn: TurnId,
        call_id: String,
        tool: String,
        component: String,
        component_digest: Digest,
        /// More than 1 where it was blocked and then allowed.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        attempt: u32,
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
    /// A policy found something in a text, or did not let it through as it was. It comes before the text's own row. Where
    /// a message was refused that would have opened a session, it stands on the system's chain.
    Screened {
        /// None where the text came into no turn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn: Option<TurnId>,
        policy: String,
        /// Whose words they are: `person`, `forward`, `tool` or `model`.
        source: String,
        /// The tool's; empty where it is none's.
        name: String,
        treatment: Treatment,
        /// Of the most severe finding: 1 low, 2 medium, 3 high; 0 where nothing was found. From 3 on, the session is taken
        /// to hold words that nobody answers for.
        severity: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Remarks>,
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

const fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_first(attempt: &u32) -> bool {
    *attempt == 1
}

impl Event {
    /// The name of the kind, as it stands in the row.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SessionOpened { .. } => "session-opened",
            Self::SessionClosed { .. } => "session-closed",
            Self::Inbound { .. } => "inbound",
            Self::MediumFetched { .. } => "medium-fetched",
            Self::Commanded { .. } => "commanded",
            Self::SkillsListed { .. } => "skills-listed",
            Self::SkillCalled { .. } => "skill-called",
            Self::TurnStarted { .. } => "turn-started",
            Self::TurnResumed { .. } => "turn-resumed",
            Self::Requested { .. } => "requested",
            Self::Responded { .. } => "responded",
            Self::RequestFailed { .. } => "request-failed",
            Self::ApprovalAsked { .. } => "approval-asked",
            Self::ApprovalAnswered { .. } => "approval-answered",
            Self::ApprovalExpired { .. } => "approval-expired",
            Self::PromptAttempted { .. } => "prompt-attempted",
            Self::PromptOutcome { .. } => "prompt-outcome",
            Self::PromptClosed { .. } => "prompt-closed",
            Self::Granted { .. } => "granted",
            Self::GrantRevoked { .. } => "grant-revoked",
            Self::EffectStarted { .. } => "effect-started",
            Self::EffectFinished { .. } => "effect-finished",
            Self::ToolBlocked { .. } => "tool-blocked",
            Self::ToolStarted { .. } => "tool-started",
            Self::ToolFinished { .. } => "tool-finished",
            Self::Screened { .. } => "screened",
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
            | Self::MediumFetched { turn, .. }
            | Self::SkillCalled { turn, .. }
            | Self::TurnStarted { turn }
            | Self::TurnResumed { turn, .. }
            | Self::Requested { turn, .. }
            | Self::Responded { turn, .. }
            | Self::RequestFailed { turn, .. }
            | Self::ApprovalAsked { turn, .. }
            | Self::ApprovalAnswered { turn, .. }
            | Self::ApprovalExpired { turn, .. }
            | Self::PromptAttempted { turn, .. }
            | Self::PromptOutcome { turn, .. }
            | Self::PromptClosed { turn, .. }
            | Self::EffectStarted { turn, .. }
            | Self::EffectFinished { turn, .. }
            | Self::ToolBlocked { turn, .. }
            | Self::ToolStarted { turn, .. }
            | Self::ToolFinished { turn, .. }
            | Self::OutboundQueued { turn, .. }
            | Self::OutboundAttempted { turn, .. }
            | Self::OutboundDrafted { turn, .. }
            | Self::OutboundOutcome { turn, .. }
            | Self::TurnFinished { turn, .. }
            | Self::TurnInterrupted { turn, .. } => Some(*turn),
            Self::Screened { turn, .. } => *turn,
            Self::SessionOpened { .. }
            | Self::SessionClosed { .. }
            | Self::Commanded { .. }
            | Self::SkillsListed { .. }
            | Self::Granted { .. }
            | Self::GrantRevoked { .. }
            | Self::PairingAsked { .. }
            | Self::PairingApproved { .. }
            | Self::PairingRevoked { .. }
            | Self::UpdateSkipped { .. }
            | Self::System { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
