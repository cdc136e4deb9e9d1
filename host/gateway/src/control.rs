//! The control plane: how a command reaches the gateway that runs.
//!
//! A Unix socket in a folder of its own. A caller must be the same user (the kernel says so), and both sides prove that
//! they can read `control.key` before anything else is said: an adapter or a sandboxed program runs as the same user,
//! and cannot. Each proof is over both sides' nonces and a role, so that none can be sent back or used twice.

mod client;
mod frame;
mod server;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use client::{CallFailed, call};
pub use server::{Handler, Server};

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
}

/// Its answer: a document of the command's own, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    Done(serde_json::Value),
    Refused(String),
}

fn socket_path(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

fn key_path(folder: &Path) -> PathBuf {
    folder.join("control.key")
}
