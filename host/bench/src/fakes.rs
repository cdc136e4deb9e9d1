//! The platform, its people and the model's server in a process of their own, so that what they cost is not counted as
//! the gateway's. It is this program once more; it is asked on its stdin and answers on its stdout, one line of JSON each.
//!
//! People are timed where they are: from an update that waits until its answer's request has arrived.

mod people;
mod serve;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::process;

pub(crate) use people::Plan;
pub(crate) use serve::serve;

/// The argument that makes this program that process.
pub(crate) const ARGUMENT: &str = "fakes";
/// What the model says. Whoever waits for an answer waits for this.
pub(crate) const ANSWER: &str = "A short answer, in one piece.";
/// For one answer to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where they are.
#[derive(Debug, Serialize, Deserialize)]
struct Addresses {
    llm: String,
    platform: String,
    token: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ask {
    /// How many polls have come? A number.
    Polls,
    /// Answered when one more has come than these: true, or false where none did.
    PollAfter(u64),
    /// Answered with [`Talked`] when it is over.
    Talk(Plan),
}

/// What became of a [`Plan`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Talked {
    /// Of each answer, in the order in which they came.
    micros: Vec<u64>,
    /// From the first message to the last answer.
    wall_micros: u64,
}

impl Talked {
    pub(crate) fn times(&self) -> Vec<Duration> {
        self.micros.iter().copied().map(Duration::from_micros).collect()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.micros.len() as f64 / Duration::from_micros(self.wall_micros).as_secs_f64()
    }
}

/// The process, for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Fakes {
    child: Child,
    asking: ChildStdin,
    /// Each with when it came.
    lines: mpsc::Receiver<(Instant, String)>,
    addresses: Addresses,
}

impl Fakes {
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("the fakes do not start")?;
        let asking = child.stdin.take().context("no stdin")?;
        let output = BufReader::new(child.stdout.take().context("no stdout")?);
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        let addresses = parse(&next(&lines)?.1)?;
        Ok(Self { child, asking, lines, addresses })
    }

    pub(crate) fn llm(&self) -> &str {
        &self.addresses.llm
    }

    pub(crate) fn platform(&self) -> &str {
        &self.addresses.platform
    }

    pub(crate) fn token(&self) -> &str {
        &self.addresses.token
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        process::cpu_of(self.child.id())
    }

    /// Does something that makes an account poll, and gives when the first poll came.
    pub(crate) fn first_poll<T>(&mut self, act: impl FnOnce() -> Result<T>) -> Result<(T, Instant)> {
        self.ask(&Ask::Polls)?;
        let before = parse(&next(&self.lines)?.1)?;
        self.ask(&Ask::PollAfter(before))?;
        let acted = act()?;
        let (at, came) = next(&self.lines)?;
        anyhow::ensure!(parse::<bool>(&came)?, "the platform was not polled within {} s", PATIENCE.as_secs());
        Ok((acted, at))
    }

    pub(crate) fn talk(&mut self, plan: Plan) -> Result<Talked> {
        self.ask(&Ask::Talk(plan))?;
        parse(&next(&self.lines)?.1)
    }

    fn ask(&mut self, ask: &Ask) -> Result<()> {
        let line = serde_json::to_string(ask)? + "\n";
        self.asking.write_all(line.as_bytes()).context("the fakes do not listen")
    }
}

/// They give up by themselves where nothing happens, and say why on stderr.
fn next(lines: &mpsc::Receiver<(Instant, String)>) -> Result<(Instant, String)> {
    lines.recv().context("the fakes ended")
}

fn parse<T: DeserializeOwned>(line: &str) -> Result<T> {
    serde_json::from_str(line).with_context(|| format!("the fakes said {line:?}"))
}

impl Drop for Fakes {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
