//! The control plane: how a command reaches the gateway that runs.
//!
//! A Unix socket in a folder of its own. A caller must be the same user and no process that the gateway started (the
//! kernel says both), and both sides prove that they can read `control.key` before anything else is said: an adapter or a
//! sandboxed program runs as the same user, and cannot. Each proof is over both sides' nonces and a role, so that none can
//! be sent back or used twice.
//!
//! After that the caller says one thing. The answer is a [`Reply`], and before it come as many pieces as there are.

mod client;
mod frame;
mod kin;
mod server;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wirken_types::approval::{ApprovalId, Choice};
use wirken_types::{Digest, GrantId};

pub use client::{Answer, Call, CallFailed, call, call_with_value};
pub use frame::{MAX_FRAME_BYTES, MAX_VALUE_BYTES};
pub use server::{Asked, Gone, Handler, Progress, Server, WORKING};

/// What a command asks of the running gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    Status,
    /// A new log-in address for the browser.
    WebchatLogin,
    SessionClose {
        session: String,
    },
    ChannelApprove {
        account: String,
        code: String,
    },
    ChannelRevoke {
        account: String,
        sender: String,
    },
    /// One question; what is seen of its answer comes in pieces.
    Ask {
        message: String,
    },
    /// The value follows in a frame of its own, so that it is in no document.
    CredentialAdd {
        component: String,
        name: String,
        origins: Vec<String>,
        places: Vec<String>,
    },
    /// Another value for one that is kept; the value follows as above.
    CredentialRotate {
        component: String,
        name: String,
    },
    CredentialRemove {
        component: String,
        name: String,
    },
    /// The owner's answer to what the agent asks.
    ApprovalAnswer {
        approval: ApprovalId,
        choice: Choice,
        note: Option<String>,
    },
    /// The right to run a program in this form.
    GrantAdd {
        account: String,
        sender: String,
        component: String,
        program: String,
        arguments: Vec<String>,
    },
    GrantRevoke {
        grant: GrantId,
    },
    /// A component that the owner was shown and allowed: its files as they were then, where the gateway finds them.
    ComponentAdd {
        manifest: String,
        wasm: PathBuf,
        digest: Digest,
    },
    /// A skill is of use from now on, or not: by its name, and by its entry in the configuration.
    SkillSwitch {
        skill: String,
        key: String,
        enabled: bool,
    },
    ComponentEnable {
        name: String,
    },
    ComponentDisable {
        name: String,
    },
    ComponentRemove {
        name: String,
    },
    /// Read the components anew.
    ComponentReload,
}

impl Request {
    /// Whether a secret follows it.
    fn has_value(&self) -> bool {
        matches!(self, Self::CredentialAdd { .. } | Self::CredentialRotate { .. })
    }
}

/// Its answer: a document of the command's own, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// A piece of what is under way; more follows.
    Progress(serde_json::Value),
    /// Nothing new, and the gateway lives.
    Beat,
    Done(serde_json::Value),
    Refused(String),
}

fn socket_path(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

fn key_path(folder: &Path) -> PathBuf {
    folder.join("control.key")
}
