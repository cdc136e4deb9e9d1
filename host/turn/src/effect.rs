//! What a turn is told, and what it answers with.

use serde::{Deserialize, Serialize};
use wirken_types::approval::{ApprovalId, Choice, Grant, Question, Tier};
use wirken_types::chat::{Part, ToolCall};
use wirken_types::event::{Event, ToolOutcome};
use wirken_types::media::Remote;
use wirken_types::provider::{Event as Step, ProviderError};
use wirken_types::{Digest, Timestamp};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A person said something more, which has been recorded. It is answered within this turn.
    Said,
    /// Files came with what was said last: the next request waits for them.
    Sent { files: Vec<(File, Remote)> },
    /// What became of one of them has been recorded.
    Fetched { file: File },
    /// The model's response goes on.
    Step(Step),
    /// What the response says to people, in place of all the text that has come of it.
    Revised { text: String },
    /// The response is complete.
    ResponseEnded,
    /// The request could not be sent, or its response broke off.
    RequestFailed { error: ProviderError },
    /// The time that the provider asked for has passed.
    Waited,
    /// The call that was to be planned was judged.
    Planned(Verdict),
    /// Somebody who may decide did. An answer to another question than the one that waits changes nothing.
    Answered(Answer),
    /// Nobody will answer: the time is up, or what was asked is moot. The reason is told to the model.
    Expired { approval: ApprovalId, reason: String },
    /// The host ended the call that runs before it did something that nobody had allowed.
    ToolBlocked {
        /// What that was, in the host's words. It stands in a row, and can be erased by nobody.
        reason: String,
        /// What to ask of a person, so that the call can be run again from its start: only where all that it did was read.
        repeat: Option<Box<Ask>>,
        /// What it had done by then, in the host's words; empty where that is nothing.
        done: String,
    },
    ToolEnded {
        outcome: ToolOutcome,
        /// Of a crash.
        code: Option<String>,
        content: Vec<Part>,
    },
    /// A person, or the host, ends the turn now.
    Stop { reason: String },
}

/// A file that came with a message: which part of which message stands for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Of the message.
    pub key: String,
    pub part: u64,
}

/// What the host makes of the plan of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has to be asked.
    Allow,
    Ask(Box<Ask>),
    /// It is not run; the model is told the text.
    Refuse {
        text: String,
    },
}

/// A question for a person, and how long it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub approval: ApprovalId,
    pub tier: Tier,
    /// Of everything that is asked.
    pub action: Digest,
    pub expires_at: Timestamp,
    pub question: Question,
}

/// What a person answered, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub approval: ApprovalId,
    pub choice: Choice,
    pub by: String,
    pub via: String,
    /// What the model is told of a denial.
    pub note: Option<String>,
    /// What is to be remembered. Only what the question offered, and only as long as the choice says, is.
    pub granted: Vec<Grant>,
}

/// What people allowed of one call; nothing where nobody had to be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The last question that was answered so.
    pub approval: Option<ApprovalId>,
    /// Exactly these actions, each as often as it stands here.
    pub actions: Vec<Digest>,
}

/// Something to do. Effects are carried out in order; what follows a `Record` waits until it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Record(Vec<Event>),
    /// Send the conversation, as it now is, to the model.
    Ask,
    /// Give up the request that is out, or the call that runs.
    Abandon,
    /// Ask again after this many milliseconds.
    Wait(u64),
    /// Find out what the call is about to do, and judge it. Nothing of it happens meanwhile.
    Plan(ToolCall),
    /// A person is asked what was recorded last. No guest is held until he answers, or until the time is up.
    Await {
        approval: ApprovalId,
        expires_at: Timestamp,
    },
    Call(ToolCall, Allowed),
    /// Find out what becomes of these files, each by itself. What runs goes on meanwhile.
    Fetch(Vec<(File, Remote)>),
    Show(Shown),
    End,
}

/// A glimpse of a response under way. It is not recorded: the finished response is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Shown {
    Text {
        text: String,
    },
    Reasoning {
        text: String,
    },
    CallBegun {
        id: String,
        tool: String,
    },
    Progress {
        label: String,
        done: u64,
        total: Option<u64>,
    },
    /// What a program of the call with this id writes, as it writes it.
    Output {
        id: String,
        text: String,
    },
    /// The provider is busy; the next attempt comes after this many milliseconds.
    Waiting {
        millis: u64,
        message: String,
    },
}
