//! What a call reaches through the host, one port each. Who implements them decides, records and acts; by default each
//! refuses.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use wirken_egress::{Error as RequestError, Response};
use wirken_types::http::Request;

use crate::authority::Access;

/// What a port answers, sooner or later.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What one call reaches of that which its component was granted.
#[derive(Clone)]
pub struct Ports {
    /// How far the workspace is open at most.
    pub workspace: Access,
    /// The folder of the skill that the call reads, if it reads one.
    pub skill: Option<SkillFolder>,
    pub programs: Arc<dyn Programs>,
    pub requests: Arc<dyn Requests>,
    pub store: Arc<dyn Store>,
    pub messages: Arc<dyn Messages>,
    /// The names of the component's credentials that the vault holds.
    pub credentials: Arc<BTreeSet<String>>,
    pub log: Arc<dyn Log>,
}

impl Default for Ports {
    fn default() -> Self {
        let deny = Arc::new(Deny);
        Self {
            workspace: Access::ReadWrite,
            skill: None,
            programs: Arc::clone(&deny) as _,
            requests: Arc::clone(&deny) as _,
            store: Arc::clone(&deny) as _,
            messages: Arc::clone(&deny) as _,
            credentials: Arc::default(),
            log: deny,
        }
    }
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

/// A skill's folder, open to be read.
#[derive(Clone, Debug)]
pub struct SkillFolder {
    /// The absolute path by which tools know it.
    pub path: String,
    pub folder: Arc<OwnedFd>,
}

/// Grants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deny;

/// What a component asks for, as it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub program: String,
    /// Without the program's name.
    pub arguments: Vec<String>,
    pub stdin: Vec<u8>,
    pub timeout: Option<Duration>,
}

/// What a program that ended left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub truncated: bool,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One of those that `wirken:host` names.
    pub kind: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn denied(what: &str) -> Self {
        Self { kind: "denied", message: format!("{what} is not granted to this component") }
    }
}

/// Runs programs for one call.
pub trait Programs: Send + Sync {
    fn run(&self, command: Command) -> Answering<'_, Result<Output, Refusal>>;
}

impl Programs for Deny {
    fn run(&self, _command: Command) -> Answering<'_, Result<Output, Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::denied("running programs"))))
    }
}

/// Sends requests for one call. What its component was not granted has been refused before.
pub trait Requests: Send + Sync {
    fn send(&self, request: Request) -> Answering<'_, Result<Response, RequestError>>;
}

impl Requests for Deny {
    fn send(&self, _request: Request) -> Answering<'_, Result<Response, RequestError>> {
        Box::pin(std::future::ready(Err(RequestError::Denied("the network is not granted to this component".into()))))
    }
}

/// Keeps what a component leaves for its next call.
pub trait Store: Send + Sync {
    fn get(&self, key: String) -> Answering<'_, Result<Option<Vec<u8>>, Refusal>>;
    fn set(&self, key: String, value: Vec<u8>) -> Answering<'_, Result<(), Refusal>>;
    fn delete(&self, key: String) -> Answering<'_, Result<(), Refusal>>;
    fn keys(&self, prefix: String) -> Answering<'_, Result<Vec<String>, Refusal>>;
}

const KEEPING: &str = "keeping state";

impl Store for Deny {
    fn get(&self, _key: String) -> Answering<'_, Result<Option<Vec<u8>>, Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::denied(KEEPING))))
    }

    fn set(&self, _key: String, _value: Vec<u8>) -> Answering<'_, Result<(), Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::denied(KEEPING))))
    }

    fn delete(&self, _key: String) -> Answering<'_, Result<(), Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::denied(KEEPING))))
    }

    fn keys(&self, _prefix: String) -> Answering<'_, Result<Vec<String>, Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::denied(KEEPING))))
    }
}

/// Speaks to people, elsewhere than where the call came from.
pub trait Messages: Send + Sync {
    fn send(&self, channel: String, conversation: String, text: String) -> Answering<'_, Result<(), Refusal>>;
}

impl Messages for Deny {
    fn send(&self, _channel: String, _conversation: String, _text: String) -> Answering<'_, Result<(), Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::denied("sending messages"))))
    }
}

/// Takes what a component has to say to whoever looks after the host.
pub trait Log: Send + Sync {
    /// `level` is one of the four that `wirken:host/log` names; `message` is bounded.
    fn log(&self, level: &'static str, message: &str);
}

impl Log for Deny {
    fn log(&self, _level: &'static str, _message: &str) {}
}
