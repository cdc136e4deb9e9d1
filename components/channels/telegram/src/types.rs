//! The values of `wirken:http` and `wirken:channel`, as plain Rust, as far as this channel uses them. `component`
//! converts.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// A call of the Bot API, which is a `POST` of JSON, or the `GET` of a file; with the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
    pub credentials: Vec<String>,
    pub timeout_millis: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<Header>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: String,
    /// False only when not one byte left.
    pub sent: bool,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub id: String,
    pub display_name: Option<String>,
    pub is_bot: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: String,
    pub kind: &'static str,
    pub parent: Option<String>,
    pub title: Option<String>,
}

/// A medium that Telegram keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteBlob {
    pub token: String,
    pub media_type: String,
    pub name: Option<String>,
    pub size: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMessage {
    pub key: String,
    pub id: String,
    pub edit_of: Option<String>,
    pub forwarded: bool,
    pub conversation: Conversation,
    pub sender: Sender,
    pub text: String,
    pub attachments: Vec<RemoteBlob>,
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
    pub kind: &'static str,
    pub conversation: Conversation,
    pub sender: Option<Sender>,
    /// A JSON object.
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
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub id: String,
    pub title: String,
    /// Label and text, shown verbatim.
    pub literal: Vec<(String, String)>,
    pub choices: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
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
pub enum Content {
    Text(Draft),
    Prompt(Prompt),
    PromptClosed(PromptEnd),
    Attachment,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    pub id: u64,
    pub attempt: u32,
    pub conversation_id: String,
    pub reply_to: Option<String>,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered(Vec<String>),
    Failed(Failure),
    InDoubt(String),
    /// Milliseconds.
    Later(u64),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    HttpResponse(u64, Response),
    HttpFailed(u64, Failure),
    Timer(u32),
    Outbound(Outbound),
    /// A conversation, and whether the agent is at work in it.
    Typing(String, bool),
    MediaWanted(String),
    /// The file that a request was to bring is with the host.
    Stored(u64),
    Poisoned(Response),
    Shutdown,
    /// What never comes of anything that this channel asks for: sockets, webhooks.
    Other,
}

/// What outlives the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub key: String,
    pub value: Vec<u8>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Http(u64, Request),
    HttpCancel(u64),
    /// In milliseconds.
    SetTimer(u32, u64),
    CancelTimer(u32),
    Inbound(Inbound),
    Outcome(u64, Outcome),
    /// The token of a medium, and the request that brings it, or why there is none.
    Media(String, Result<(u64, Request), String>),
    StatePut(State),
    Health(&'static str, String),
    Log(&'static str, String),
    Fatal(String),
}
