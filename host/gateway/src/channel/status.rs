//! How each channel does, for people who ask.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use wirken_types::Timestamp;

/// Of an account's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessState {
    /// Not started, or about to be started again.
    #[default]
    Waiting,
    /// Started, and not connected yet.
    Starting,
    Running,
    /// It will not be started again by itself.
    Stopped,
}

/// How a channel does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ChannelStatus {
    pub account: String,
    pub component: String,
    pub process: ProcessState,
    /// In the component's word: `ok`, `connecting`, `unreachable` …
    pub health: String,
    /// Why, for people.
    pub detail: String,
    pub since: Timestamp,
    pub pid: Option<u32>,
    /// Starts after the first.
    pub restarts: u64,
    /// Answers that wait to be sent, or for word of what became of them.
    pub waiting: usize,
    /// What the kernel does not confine of its process.
    pub not_confined: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct StatusCell(Mutex<Known>);

#[derive(Debug)]
struct Known {
    process: ProcessState,
    health: String,
    detail: String,
    since: Timestamp,
    pid: Option<u32>,
    starts: u64,
    not_confined: Vec<String>,
}

impl Default for StatusCell {
    fn default() -> Self {
        Self(Mutex::new(Known {
            process: ProcessState::Waiting,
            health: "waiting".into(),
            detail: String::new(),
            since: Timestamp::now(),
            pid: None,
            starts: 0,
            not_confined: Vec::new(),
        }))
    }
}

impl StatusCell {
    pub(crate) fn started(&self, pid: u32) {
        let mut known = self.lock();
        (known.process, known.pid, known.since) = (ProcessState::Starting, Some(pid), Timestamp::now());
        known.starts += 1;
        (known.health, known.detail) = ("connecting".into(), String::new());
    }

    pub(crate) fn running(&self) {
        let mut known = self.lock();
        (known.process, known.since) = (ProcessState::Running, Timestamp::now());
    }

    /// What the component says of itself. Whatever the platform said is in it, so it is bounded and on one line.
    pub(crate) fn health(&self, state: &str, detail: &str) {
        let mut known = self.lock();
        (known.health, known.detail, known.since) = (line(state, 40), line(detail, 400), Timestamp::now());
    }

    pub(crate) fn not_confined(&self, lacking: Vec<String>) {
        self.lock().not_confined = lacking.iter().take(16).map(|text| line(text, 400)).collect();
    }

    pub(crate) fn waiting(&self, why: &str) {
        let mut known = self.lock();
        (known.process, known.pid, known.since) = (ProcessState::Waiting, None, Timestamp::now());
        (known.health, known.detail) = ("restarting".into(), line(why, 400));
    }

    pub(crate) fn stopped(&self, why: &str) {
        let mut known = self.lock();
        (known.process, known.pid, known.since) = (ProcessState::Stopped, None, Timestamp::now());
        (known.health, known.detail) = ("stopped".into(), line(why, 400));
    }

    pub(crate) fn describe(&self, account: &str, component: &str, waiting: usize) -> ChannelStatus {
        let known = self.lock();
        ChannelStatus {
            account: account.to_owned(),
            component: component.to_owned(),
            process: known.process,
            health: known.health.clone(),
            detail: known.detail.clone(),
            since: known.since,
            pid: known.pid,
            restarts: known.starts.saturating_sub(1),
            waiting,
            not_confined: known.not_confined.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Other people's words on one line.
pub(crate) fn line(text: &str, most: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}
