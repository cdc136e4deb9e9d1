//! What a channel tells the host and is told by it, whichever platform it connects. Mirrors the WIT package
//! `wirken:channel`, but for what this host does not offer: webhooks and sockets.

use serde::{Deserialize, Serialize};

use crate::http::{Blob, Failure, Request, Response};

/// The longest id or key that a channel may use, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// A platform's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Unique and for ever, unlike the name.
    pub id: String,
    pub display_name: Option<String>,
    pub is_bot: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: String,
    /// `direct`, `group`, `thread`, `channel` …
    pub kind: String,
    pub parent: Option<String>,
    pub title: Option<String>,
}

impl Conversation {
    /// One human and the agent. Any kind that is not known to be so has several humans in it.
    pub fn is_direct(&self) -> bool {
        self.kind == "direct"
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    Stored(Blob),
    Remote(RemoteBlob),
}

/// A medium that the platform keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteBlob {
    pub token: String,
    pub media_type: String,
    pub name: Option<String>,
    pub size: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMessage {
    /// Unique for its account for ever.
    pub key: String,
    pub id: String,
    pub edit_of: Option<String>,
    pub forwarded: bool,
    pub conversation: Conversation,
    pub sender: Sender,
    pub text: String,
    pub attachments: Vec<Attachment>,
    pub reply_to: Option<String>,
    pub mentions_agent: bool,
    pub sent_at_millis: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundChoice {
    pub key: String,
    pub prompt_id: String,
    pub choice_id: String,
    pub conversation: Conversation,
    pub sender: Sender,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundNotice {
    pub key: String,
    pub kind: String,
    pub conversation: Conversation,
    pub sender: Option<Sender>,
    /// A JSON document.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    Message(InboundMessage),
    Choice(InboundChoice),
    Notice(InboundNotice),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    pub label: String,
    /// `plain`, `good` or `danger`.
    pub style: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub id: String,
    pub title: String,
    /// Label and text, shown verbatim.
    pub literal: Vec<(String, String)>,
    pub choices: Vec<Choice>,
    pub expires_at_millis: u64,
}

/// A text for people, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The platform's ids of the messages that show an earlier draft.
    pub shown: Vec<String>,
    pub text: String,
    /// `final` is a word of the language.
    pub last: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptEnd {
    pub shown: Vec<String>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboundContent {
    Text(Draft),
    Prompt(Prompt),
    PromptClosed(PromptEnd),
    Attachment(Blob),
}

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Unique for the life of a connection.
    pub id: u64,
    pub attempt: u32,
    pub conversation_id: String,
    pub reply_to: Option<String>,
    pub content: OutboundContent,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered(Vec<String>),
    Failed(Failure),
    InDoubt(String),
    /// Nothing of it is shown; milliseconds to wait.
    Later(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    pub conversation_id: String,
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub key: String,
    pub value: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub state: String,
    pub detail: String,
}

/// Something that happened, for the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    HttpResponse(u64, Response),
    HttpFailed(u64, Failure),
    SocketFailed(u32, Failure),
    Timer(u32),
    Outbound(Outbound),
    Typing(Typing),
    /// The medium of this token is wanted.
    MediaWanted(String),
    /// The medium that this request fetched is kept.
    Stored(u64, Blob),
    Poisoned(Response),
    Shutdown,
}

/// Something to do, from the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Http(u64, Request),
    HttpCancel(u64),
    /// A socket to be opened, which this host does not.
    SocketConnect(u32),
    SetTimer(u32, u64),
    CancelTimer(u32),
    Inbound(Inbound),
    Outcome(u64, Outcome),
    /// How to fetch the medium of this token, or why it cannot be.
    Media(String, Result<(u64, Request), String>),
    StatePut(State),
    StateDelete(String),
    Health(Health),
    /// Level and message.
    Log(String, String),
    Fatal(String),
    /// What this host has no part for, by its name.
    Unavailable(&'static str),
}
